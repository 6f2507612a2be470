"""A finding of the analysis, and the words it is told in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from targeting.problems import Place, Problem, Severity
from targeting.rules.model import Condition, Constant, Line, OtherField, Rule, tests_in
from targeting.rules.say import says
from targeting.rules.witness import Example
from targeting.workspace.literals import Period


@dataclass(frozen=True)
class Finding:
    """A problem, the rules (or the segment) it is about, and a customer that shows it."""

    problem: Problem
    about: tuple[str, ...]
    example: Example | None = None


def finding(  # the parts of a problem, and whom it is about
    code: str,
    message: str,
    place: Place,
    about: Iterable[Rule],
    *,
    instead: str | None = None,
    severity: Severity = "warning",
    example: Example | None = None,
) -> Finding:
    """Make a finding about rules."""
    problem = Problem(code, message, place, instead, severity)
    return Finding(problem, tuple(rule.name for rule in about), example)


def undecided(code: str, why: str, rule: Rule, *others: Rule) -> Finding:
    """Say that something about a rule cannot be decided."""
    return finding(code, f"cannot decide {why}", rule.place, (rule, *others))


def says_example(example: Example, as_of: dt.date) -> str:
    """Say a customer in a few words, such as `age 18, segment Uncommitted, seen_on missing`."""
    return ", ".join(
        f"{field.name} {_says(value, field.type, as_of)}" for field, value in example.items()
    )


def where(line: Line) -> str:
    """Say where a line stands."""
    if line.step == "guardrail":
        return f"guardrail '{line.guardrail}'"
    return f"line {line.condition.place.line}"


def compared(conditions: Iterable[Condition]) -> str:
    """Name the comparisons of two fields that a question hangs on."""
    tests = (test for condition in conditions for test in tests_in(condition))
    found = (
        f"'{says(test)}'" for test in tests if any(isinstance(v, OtherField) for v in test.values)
    )
    return f"it depends on how two fields compare: {', '.join(dict.fromkeys(found))}"


def on_the_day(message: str, conditions: Iterable[Condition], as_of: dt.date) -> str:
    """Add the day, where periods move against each other or against fixed dates from day to day."""
    ways: dict[str, set[str]] = {}
    for condition in conditions:
        for test in tests_in(condition):
            for value in test.values:
                if isinstance(value, Constant) and test.field.type == "date":
                    ways.setdefault(test.field.name, set()).add(_moves(value))
    moving = sorted(name for name, found in ways.items() if len(found - {""}) > 1)
    if not moving:
        return message
    return f"{message} (on {as_of}; for {' and '.join(moving)} another day may differ)"


def _moves(constant: Constant) -> str:
    match constant.value:
        case Period(unit="day" | "week"):
            return "days"
        case Period():
            return "months"
        case dt.date():
            return "fixed"
        case _:
            return ""


def _says(value: object, kind: str, as_of: dt.date) -> str:
    match value:
        case None:
            text = "missing"
        case bool():
            text = "yes" if value else "no"
        case Decimal() if kind == "date":
            text = str(as_of + dt.timedelta(days=int(value)))
        case Decimal():
            text = f"{value.normalize():f}"
        case tuple():
            text = f"[{', '.join(map(str, value))}]"
        case _:
            text = str(value) or '""'
    return text
