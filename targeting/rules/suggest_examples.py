"""Boundary cases that a rule's examples lack: just in, just out, missing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from targeting.rules.examples import MEMBERS
from targeting.rules.model import Constant, Example, Rule, Test, tests_in
from targeting.rules.try_examples import passes
from targeting.workspace.catalogue import Field
from targeting.workspace.literals import Period


def suggest(rule: Rule, as_of: dt.date, minor: int) -> list[str]:
    """Write the cases as YAML lines, one a boundary that no example of the rule stands on.

    Each begins from the rule's first `in` example and moves one field.
    """
    start = next((example for example in rule.examples if example.expect), None)
    if start is None:
        return []
    moved = list(_moved(rule, start))
    tried = passes(replace(rule, examples=tuple(moved)), as_of, minor)
    known = {_key(example) for example in rule.examples}
    lines = []
    for example, met in zip(moved, tried, strict=True):
        if _key(example) not in known:
            known.add(_key(example))
            lines.append(_as_yaml(replace(example, expect=all(met))))
    return lines


def _moved(rule: Rule, start: Example) -> Iterator[Example]:
    conditions = (*rule.when, *rule.exclude)
    for test in (test for condition in conditions for test in tests_in(condition)):
        name = test.field.name
        for words, value in _values(test):
            yield replace(
                start,
                case=f"{name.replace('_', ' ')} {words}",
                given={**start.given, name: value},
                ahead=start.ahead - {name} | ({name} if test.operator == "within_next" else set()),
            )


def _values(test: Test) -> Iterator[tuple[str, Constant | None]]:
    for value in test.values:
        if isinstance(value, Constant) and not isinstance(value.value, bool):
            yield from _around(test, value)
    if test.field.type == "yes/no":
        yield "yes", Constant(True)
        yield "no", Constant(False)
    yield "missing", None


def _around(test: Test, constant: Constant) -> Iterator[tuple[str, Constant]]:
    """Give the values on and beside a boundary."""
    match constant.value:
        case Decimal() as number:
            step = Decimal(1) if number == number.to_integral_value() else Decimal("0.01")
            for moved in (number - step, number, number + step):
                if _inside(test.field, moved):
                    yield f"{moved:f}", Constant(moved)
        case Period(count=count, unit=unit):
            for days in (count - 1, count, count + 1):
                if days >= 0:
                    moved_period = Period(days, unit)
                    ahead = test.operator == "within_next"
                    said = f"in {moved_period}" if ahead else f"{moved_period} ago"
                    yield said, Constant(moved_period)
        case dt.date() as day:
            for moved_day in (day - dt.timedelta(1), day, day + dt.timedelta(1)):
                yield moved_day.isoformat(), Constant(moved_day)
        case str(word) if test.field.type == "list":
            yield f"only {word}", Constant(word)
            yield "empty", Constant("")
        case str(word):
            yield word, Constant(word)
            others = [other for other in test.field.values or () if other != word]
            for other in others[:1]:
                yield other, Constant(other)


def _inside(field: Field, number: Decimal) -> bool:
    low, high = field.low, field.high
    return (low is None or number >= Decimal(str(low))) and (
        high is None or number <= Decimal(str(high))
    )


def _key(example: Example) -> tuple[tuple[str, str, bool], ...]:
    return tuple(
        sorted((name, str(value), name in example.ahead) for name, value in example.given.items())
    )


def _as_yaml(example: Example) -> str:
    given = ", ".join(
        f"{name}: {_word(value, name in example.ahead)}" for name, value in example.given.items()
    )
    expect = "in" if example.expect else "out"
    return f"  - case: {example.case}\n    given: {{{given}}}\n    expect: {expect}"


def _word(constant: Constant | None, ahead: bool) -> str:
    match constant:
        case None:
            return "missing"
        case Constant(value=bool(answer)):
            return "yes" if answer else "no"
        case Constant(value=Period() as period):
            return f"in {period}" if ahead else f"{period} ago"
        case Constant(value=Decimal() as number):
            return f"{number:f}"
        case Constant(value=str(text)) if MEMBERS in text or not text:
            return f"[{', '.join(filter(None, text.split(MEMBERS)))}]"
        case Constant(value=str(text)):
            plain = text.replace(" ", "").replace("_", "").isalnum() and text != "missing"
            return text if plain else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case Constant(value=plain_value):
            return str(plain_value)
