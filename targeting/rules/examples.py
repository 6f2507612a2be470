"""Examples: the cases inside a rule that say who is in and who is out."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from targeting.problems import Place
from targeting.rules.model import Condition, Constant, Example, fields_read, tests_in
from targeting.rules.scope import Scope
from targeting.rules.values import read_literal, unknown_field
from targeting.workspace.catalogue import Field
from targeting.workspace.literals import Misread, Period, read_date, read_period
from targeting.workspace.yaml import Mapping, Node, Scalar
from targeting.workspace.yaml import Sequence as Items

_KEYS = ("case", "given", "expect", "as_of")
_SHAPE = "- {case: just old enough, given: {age: 18}, expect: in}"


@dataclass(frozen=True)
class _Needs:
    """What every example of a rule must state, and in which form."""

    fields: Collection[str]
    on_fixed_days: frozenset[str]  # dates that the rule compares with days of the calendar


def read_examples(
    node: Node, conditions: Sequence[Condition] | None, scope: Scope
) -> tuple[Example, ...]:
    """Read a rule's examples; every field that the rule reads must be stated in each.

    `conditions` is None where the rule has problems of its own: what it reads is not known then.
    """
    if not isinstance(node, Items):
        scope.report("T001", "must be a list of cases", node.place, _SHAPE)
        return ()
    needs = _needs(tuple(conditions or ()))
    found = [_example(item, needs, scope) for item in node.items]
    examples = tuple(example for example in found if example is not None)
    said = {"in" if example.expect else "out" for example in examples}
    lacking = [word for word in ("in", "out") if word not in said]
    if lacking and len(examples) == len(found):
        message = f"no example expects {' or '.join(lacking)}"
        place = node.items[0].place if node.items else node.place
        scope.report("E001", message, place, f"add one: {_SHAPE.replace('in}', lacking[0] + '}')}")
    return examples


def _needs(conditions: tuple[Condition, ...]) -> _Needs:
    fixed = {
        test.field.name
        for condition in conditions
        for test in tests_in(condition)
        if any(isinstance(v, Constant) and isinstance(v.value, dt.date) for v in test.values)
    }
    return _Needs(tuple(fields_read(conditions)), frozenset(fixed))


def _example(node: Node, needs: _Needs, scope: Scope) -> Example | None:
    if not isinstance(node, Mapping):
        message = "an example has case, given and expect"
        scope.report("T001", message, node.place, _SHAPE)
        return None
    unknown = [key for key, _ in node.entries if key.text not in _KEYS]
    for key in unknown:
        instead = scope.suggest(key.text, _KEYS)
        scope.report("P001", f"'{key.text}' is not a key here", key.place, instead)
    absent = [key for key in ("case", "given", "expect") if node.get(key) is None]
    if absent:
        if not unknown:
            message = f"the example lacks {' and '.join(absent)}"
            scope.report("P002", message, node.first, f"add '{absent[0]}: …'")
        return None
    return _read_example(node, needs, scope)


def _read_example(node: Mapping, needs: _Needs, scope: Scope) -> Example | None:
    case, expect, given = node.get("case"), node.get("expect"), node.get("given")
    assert case is not None
    assert expect is not None
    assert given is not None
    before = len(scope.problems)
    if not isinstance(case, Scalar) or not case.text:
        scope.report("T001", "a case is one text", case.place, "case: just old enough")
    if not isinstance(expect, Scalar) or expect.text not in ("in", "out"):
        scope.report("V005", "expect is in or out", expect.place, "type expect: in, or expect: out")
    as_of = _as_of(node.get("as_of"), scope)
    values, ahead = _given(given, needs, node.get("as_of") is not None, scope)
    if len(scope.problems) > before or not isinstance(case, Scalar):
        return None
    met = isinstance(expect, Scalar) and expect.text == "in"
    return Example(case.text, values, frozenset(ahead), met, as_of, node.place)


def _as_of(node: Node | None, scope: Scope) -> dt.date | None:
    if node is None:
        return None
    try:
        return read_date(node.text if isinstance(node, Scalar) and not node.quoted else "")
    except Misread as error:
        message = error.message if isinstance(node, Scalar) else "as_of is one date"
        scope.report("T003", message, node.place, error.instead)
        return None


@dataclass(frozen=True)
class Stated:
    """A value as an example states it; None is missing, `ahead` a period after as_of."""

    value: Constant | None
    ahead: bool = False


def _given(
    node: Node, needs: _Needs, has_as_of: bool, scope: Scope
) -> tuple[dict[str, Constant | None], set[str]]:
    if not isinstance(node, Mapping):
        scope.report("T001", "given holds field: value", node.place, "given: {age: 18}")
        return {}, set()
    values: dict[str, Constant | None] = {}
    ahead: set[str] = set()
    unknown = False
    for key, value in node.entries:
        known = scope.catalogue.get(key.text)
        if known is None:
            unknown = True
            unknown_field(key, scope)
            continue
        stated = read_stated(known, value, scope)
        if stated is not None:
            _check_day(known, stated, value.place, needs, has_as_of, scope)
            values[key.text] = stated.value
            ahead |= {key.text} if stated.ahead else set()
    unstated = [name for name in needs.fields if node.get(name) is None]
    if unstated and not unknown:
        names = " and ".join(f"'{name}'" for name in unstated)
        message = f"this example does not state {names}, which the rule reads"
        scope.report("E002", message, node.place, f"add {unstated[0]}: and its value, or missing")
    return values, ahead


def _check_day(
    known: Field, stated: Stated, place: Place, needs: _Needs, has_as_of: bool, scope: Scope
) -> None:
    """Let no example depend on the day on which it is tried."""
    if known.type != "date" or stated.value is None or has_as_of:
        return
    relative = isinstance(stated.value.value, Period)
    if not relative:
        message = "a day of the calendar needs the example's as_of"
        instead = "say 29 days ago, or add as_of: 2026-11-24 to the example"
        scope.report("E003", message, place, instead)
    elif known.name in needs.on_fixed_days:
        message = f"the rule compares '{known.name}' with a day of the calendar, and this one moves"
        scope.report("E003", message, place, "add as_of: 2026-11-24 to the example")


def read_stated(known: Field, node: Node, scope: Scope) -> Stated | None:
    """Read what an example states of a field: a value, a list, a day, or missing."""
    if isinstance(node, Scalar) and node.text == "missing" and not node.quoted:
        return Stated(None)
    if known.type == "list":
        return _stated_list(known, node, scope)
    if not isinstance(node, Scalar):
        scope.report("T001", "must be one value", node.place, "type one value, or missing")
        return None
    if known.type == "date" and not node.quoted and re.search(r" ago$|^in ", node.text):
        return _relative(node, scope)
    value = read_literal(known, node, scope)
    return None if value is None else Stated(value)


def _relative(node: Scalar, scope: Scope) -> Stated | None:
    """Read `29 days ago` and `in 14 days`."""
    ago = node.text.endswith(" ago")
    text = node.text.removesuffix(" ago") if ago else node.text.removeprefix("in ")
    try:
        return Stated(Constant(read_period(text)), ahead=not ago)
    except Misread as error:
        instead = "type 29 days ago, in 14 days, a date like 2026-11-24, or missing"
        scope.report("T003", error.message, node.place, instead)
        return None


def _stated_list(known: Field, node: Node, scope: Scope) -> Stated | None:
    """Read a list field's value; kept as one text, its members joined by U+001F."""
    if not isinstance(node, Items):
        word = node.text if isinstance(node, Scalar) else "one, another"
        message = f"'{known.name}' is a list"
        scope.report("T001", message, node.place, f"{known.name}: [{word}], [] or missing")
        return None
    members = []
    for item in node.items:
        if not isinstance(item, Scalar):
            scope.report("T001", "must be a list of words", item.place, "[one, another]")
            return None
        value = read_literal(known, item, scope)
        if value is None:
            return None
        members.append(str(value.value))
    return Stated(Constant(MEMBERS.join(members)))


MEMBERS = "\x1f"  # between the members of a list in an example
