"""Examples: the cases inside a rule that say who is in and who is out."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection
from dataclasses import dataclass

from targeting.problems import did_you_mean
from targeting.rules.conditions import Scope, read_literal
from targeting.rules.model import Constant, Example
from targeting.workspace.catalogue import Field
from targeting.workspace.literals import Misread, read_date, read_period
from targeting.workspace.yaml import Mapping, Node, Scalar, Sequence

_KEYS = ("case", "given", "expect", "as_of")


def read_examples(node: Node, needed: Collection[str], scope: Scope) -> tuple[Example, ...]:
    """Read a rule's examples; every field that the rule reads must be stated in each."""
    if not isinstance(node, Sequence):
        scope.report("T001", "must be a list of cases", node.place, "- case: …")
        return ()
    found = [_example(item, needed, scope) for item in node.items]
    examples = tuple(example for example in found if example is not None)
    missing = {"in", "out"} - {"in" if example.expect else "out" for example in examples}
    if missing and len(examples) == len(found):
        message = f"no example expects '{sorted(missing)[0]}'"
        scope.report("E001", message, node.place, "at least one in and one out in every rule")
    return examples


def _example(node: Node, needed: Collection[str], scope: Scope) -> Example | None:
    if not isinstance(node, Mapping):
        scope.report("T001", "a case has case, given and expect", node.place, "- case: …")
        return None
    entries = {key.text: value for key, value in node.entries}
    for key, _ in node.entries:
        if key.text not in _KEYS:
            help_ = did_you_mean(key.text, _KEYS)
            scope.report("P001", f"'{key.text}' is not a key here", key.place, help_)
    absent = [key for key in ("case", "given", "expect") if key not in entries]
    if absent:
        scope.report(
            "P002", f"'{absent[0]}' is missing", node.first, f"add a line '{absent[0]}: …'"
        )
        return None
    case, expect, given = entries["case"], entries["expect"], entries["given"]
    if not isinstance(expect, Scalar) or expect.text not in ("in", "out"):
        scope.report("V005", "expect is in or out", expect.place, "expect: in")
        return None
    values, ahead = _given(given, needed, scope)
    return Example(
        case.text if isinstance(case, Scalar) else "",
        values,
        frozenset(ahead),
        expect.text == "in",
        _as_of(entries.get("as_of"), scope),
        node.place,
    )


def _as_of(node: Node | None, scope: Scope) -> dt.date | None:
    if node is None:
        return None
    try:
        return read_date(node.text if isinstance(node, Scalar) else "")
    except Misread as error:
        scope.report("T003", error.message, node.place, error.instead)
        return None


@dataclass(frozen=True)
class _Stated:
    value: Constant | None
    ahead: bool = False


def _given(
    node: Node, needed: Collection[str], scope: Scope
) -> tuple[dict[str, Constant | None], set[str]]:
    if not isinstance(node, Mapping):
        scope.report("T001", "given holds field: value", node.place, "given: {age: 18}")
        return {}, set()
    values: dict[str, Constant | None] = {}
    ahead: set[str] = set()
    for key, value in node.entries:
        known = scope.catalogue.get(key.text)
        if known is None:
            help_ = did_you_mean(key.text, scope.catalogue)
            scope.report("F001", f"'{key.text}' is not a field", key.place, help_)
            continue
        stated = _stated(known, value, scope)
        if stated is not None:
            values[key.text] = stated.value
            ahead |= {key.text} if stated.ahead else set()
    unstated = [name for name in needed if name not in {key.text for key, _ in node.entries}]
    if unstated:
        message = f"this example does not state '{unstated[0]}', which the rule reads"
        scope.report("E002", message, node.place, f"add {unstated[0]}: … (or missing)")
    return values, ahead


def _stated(known: Field, node: Node, scope: Scope) -> _Stated | None:
    if isinstance(node, Scalar) and node.text == "missing" and not node.quoted:
        return _Stated(None)
    if known.type == "list":
        return _stated_list(known, node, scope)
    if not isinstance(node, Scalar):
        scope.report("T001", "must be one value", node.place, "or missing")
        return None
    if known.type == "date" and (relative := _relative(node)) is not None:
        return relative
    value = read_literal(known, node, scope)
    return None if value is None else _Stated(value)


def _relative(node: Scalar) -> _Stated | None:
    """Read `29 days ago` and `in 14 days`."""
    ago = re.fullmatch(r"(.+) ago", node.text)
    ahead = re.fullmatch(r"in (.+)", node.text)
    found = ago or ahead
    if found is None:
        return None
    try:
        return _Stated(Constant(read_period(found[1])), ahead=ago is None)
    except Misread:
        return None


def _stated_list(known: Field, node: Node, scope: Scope) -> _Stated | None:
    """Read a list field's value; kept as one text, its members joined by U+001F."""
    items = node.items if isinstance(node, Sequence) else (node,)
    members = []
    for item in items:
        if not isinstance(item, Scalar):
            scope.report("T001", "must be a list of words", item.place, "[one, another]")
            return None
        value = read_literal(known, item, scope)
        if value is None:
            return None
        members.append(str(value.value))
    return _Stated(Constant("\x1f".join(members)))
