"""Values in conditions: literals read by the field's type, `$name`, and other fields."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence as Several
from decimal import Decimal

from targeting.problems import Problem, has_invisible
from targeting.rules.model import Constant, OtherField, Value
from targeting.rules.scope import Scope
from targeting.workspace.catalogue import Field
from targeting.workspace.literals import (
    Misread,
    Period,
    read_date,
    read_number,
    read_period,
    read_yes_no,
)
from targeting.workspace.yaml import Mapping, Node, Scalar, Sequence


def read_value(known: Field, node: Node, scope: Scope) -> Value | None:
    """Read a literal, `$name`, or `{field: other}`."""
    if isinstance(node, Mapping) and [k.text for k, _ in node.entries] == ["field"]:
        return _other(known, node.entries[0][1], scope)
    if not isinstance(node, Scalar):
        scope.report("T001", "must be one value", node.place, _example(known))
        return None
    if not _is_name(node):
        return read_literal(known, node, scope)
    setting = _setting(node, scope)
    return None if setting is None else read_literal(known, setting, scope)


def read_values(
    known: Field, node: Node, scope: Scope, operator: str = "one_of"
) -> tuple[Value, ...] | None:
    """Read a list of values, or the list of rules/shared.yaml that `$name` stands for."""
    shared = shared_list(node, scope)
    if shared is not None:
        return _read_shared(known, node, shared, scope)
    if not isinstance(node, Sequence):
        text = node.text if isinstance(node, Scalar) and node.text else "one, another"
        message = f"{operator} takes a list"
        if isinstance(node, Scalar) and _is_name(node) and node.text[1:] not in scope.settings:
            _setting(node, scope)
        elif scope.sound or not _waits(node, scope):
            scope.report("T001", message, node.place, f"{operator}: [{text}]")
        return None
    if not node.items:
        message = "an empty list says nothing"
        scope.report("P005", message, node.place, "name at least one value")
        return None
    values = [read_value(known, item, scope) for item in node.items]
    found = tuple(value for value in values if value is not None)
    if len(found) != len(values):
        return None
    if operator != "between":
        _warn_of_doubles(node, found, scope)
    return found


def read_literal(known: Field, node: Scalar, scope: Scope) -> Constant | None:
    """Read one literal from its raw text by the type of the field it is compared with."""
    refusal = _refusal(known, node)
    if refusal is not None:
        code, message, instead = refusal
        scope.report(code, message, node.place, instead)
        return None
    try:
        return _by_type(known, node, scope)
    except Misread as error:
        message = f"{error.message}; '{known.name}' is {_a(known.type)}"
        instead = error.instead
        if node.text == "today":
            instead = "type {within_last: 1 day}, or a date like 2026-11-24"
        scope.report("T003", message, node.place, instead)
        return None


def read_period_of(node: Node, scope: Scope) -> Period | None:
    """Read a period, or the setting that holds one."""
    if not isinstance(node, Scalar):
        scope.report("T001", "must be one period", node.place, "type a period like 30 days")
        return None
    literal = _setting(node, scope) if _is_name(node) else node
    if literal is None:
        return None
    if literal.quoted:
        message = "a value in quotes is a text"
        scope.report("T003", message, literal.place, f"type {literal.text} without quotes")
        return None
    try:
        return read_period(literal.text)
    except Misread as error:
        message = error.message if literal.text else "no period is given"
        scope.report("T003", message, literal.place, error.instead)
        return None


def read_yes_or_no(node: Node, scope: Scope) -> bool | None:
    """Read the yes or no of `missing:` and `or_missing:`."""
    text = node.text if isinstance(node, Scalar) else ""
    if isinstance(node, Scalar) and node.quoted:
        instead = f"type {text} without quotes" if text in ("yes", "no") else "type yes or no"
        scope.report("T003", "must be yes or no, without quotes", node.place, instead)
        return None
    try:
        return read_yes_no(text)
    except Misread as error:
        scope.report("T003", "must be yes or no", node.place, error.instead)
        return None


def shared_list(node: Node, scope: Scope) -> Node | None:
    """Find the list of rules/shared.yaml that `$name` stands for."""
    if not (isinstance(node, Scalar) and _is_name(node)):
        return None
    return scope.shared.lists.get(node.text[1:])


def unknown_field(name: Scalar, scope: Scope, also: Several[str] = ()) -> None:
    """Report a name that is no field here: misspelled, or not brought by any source."""
    absence = scope.absent.get(name.text)
    if absence is not None and not absence.known:
        scope.sound = False
    elif absence is not None:
        message = f"there is no '{name.text}' here: {absence.why}"
        scope.report("F002", message, name.place, absence.instead)
    else:
        known = [*scope.catalogue, *also]
        instead = scope.suggest(name.text, known, what="fields")
        message = f"'{name.text}' is not a field" if name.text else "a field's name is missing here"
        scope.report("F001", message, name.place, instead)


def _refusal(known: Field, node: Scalar) -> tuple[str, str, str] | None:
    """Say what is wrong with a literal whatever its type."""
    if node.text == "missing" and not node.quoted:
        return "V004", "'missing' is not a value", f"type {known.name}: {{missing: yes}}"
    if node.text == "" and not node.quoted:
        return "V004", "no value is given", f"type a value, such as {_example(known)}"
    if node.block or node.last_line:
        return "T004", "this value goes on over several lines", "write it on one line"
    if node.quoted and known.type not in ("category", "text", "list"):
        message = f"'{known.name}' is {_a(known.type)}, and a value in quotes is a text"
        return "T003", message, f"type {node.text} without quotes"
    return None


def _by_type(known: Field, node: Scalar, scope: Scope) -> Constant | None:
    match known.type:
        case "number" | "money":
            return _in_range(known, read_number(node.text), node, scope)
        case "date":
            return Constant(read_date(node.text))
        case "yes/no":
            return Constant(read_yes_no(node.text))
        case _:
            return _word(known, node, scope)


def _word(known: Field, node: Scalar, scope: Scope) -> Constant | None:
    if known.values is not None and node.text not in known.values:
        message = f"'{node.text}' is not {_value_of(known)}"
        scope.report("V001", message, node.place, scope.suggest(node.text, known.values))
        return None
    if known.values is None and has_invisible(node.text):
        message = "a character that cannot be seen stands in this text"
        scope.warn("V006", message, node.place, "type it again")
    return Constant(node.text)


def _in_range(known: Field, number: Decimal, node: Scalar, scope: Scope) -> Constant | None:
    low, high = known.low, known.high
    below = low is not None and number < Decimal(str(low))
    above = high is not None and number > Decimal(str(high))
    if not below and not above:
        return Constant(number)
    if low is None or high is None:
        span = f"{low:g} or more" if low is not None else f"{high:g} or less"
    else:
        span = f"from {low:g} to {high:g}"
    share = high == 1 and 1 < number <= 100 and not node.text.endswith("%")
    instead = f"a share is typed like {node.text}%" if share else f"a value {span}"
    scope.report("V002", f"'{known.name}' goes {span}", node.place, instead)
    return None


def _other(known: Field, node: Node, scope: Scope) -> OtherField | None:
    if not isinstance(node, Scalar):
        scope.report("T001", "a field is named by one word", node.place, "{field: other_field}")
        return None
    other = scope.catalogue.get(node.text)
    if other is None:
        unknown_field(node, scope)
        return None
    if _family(other) != _family(known):
        message = f"'{known.name}' is {_a(known.type)}, '{other.name}' is {_a(other.type)}"
        like = [f.name for f in scope.catalogue.values() if _family(f) == _family(known)]
        instead = scope.suggest(node.text, [name for name in like if name != known.name])
        scope.report("T003", message, node.place, instead)
        return None
    if other == known:
        message = f"'{known.name}' is compared with itself"
        scope.warn("V006", message, node.place, "name another field")
    return OtherField(other)


def _setting(node: Scalar, scope: Scope) -> Scalar | None:
    """Find the value that `$name` stands for; it is judged where it was typed, in the settings."""
    name = node.text[1:]
    if name in scope.settings:
        if name in scope.shared.lists:
            message = f"'{node.text}' is both a setting here and a list of rules/shared.yaml"
            scope.report("R004", message, node.place, "rename the setting")
        scope.used.add(f"${name}")
        setting = scope.settings[name]
        if setting.text == "":  # the outline of the file is told about it
            scope.sound = False
            return None
        return setting
    if name in scope.shared.lists:
        message = f"'{node.text}' is a list, and one value stands here"
        instead = f"type {node.text} alone, without brackets, or after one_of, has_any, …"
        scope.report("R003", message, node.place, instead)
    elif _waits(node, scope):
        scope.sound = False
    else:
        known = [f"${word}" for word in (*scope.settings, *scope.shared.lists)]
        instead = f"add  settings: {{{name}: …}}"
        if known:
            instead = scope.suggest(node.text, known) or instead
        if not name:
            instead = 'type a name after $, or "$" in quotes'
        message = f"'{node.text}' is neither a setting of this rule nor a list"
        scope.report("R001", message, node.place, instead)
    return None


def _waits(node: Node, scope: Scope) -> bool:
    """Say whether a name may stand in rules/shared.yaml, which cannot be read for now."""
    return isinstance(node, Scalar) and _is_name(node) and scope.shared.unsure


def _read_shared(known: Field, use: Node, values: Node, scope: Scope) -> tuple[Value, ...] | None:
    """Read a shared list for a field; where no value fits, the list is the wrong one."""
    assert isinstance(use, Scalar)
    name = use.text[1:]
    if name in scope.settings:
        message = f"'{use.text}' is both a setting here and a list of rules/shared.yaml"
        scope.report("R004", message, use.place, "rename the setting")
    scope.used |= {name, use.text}
    if not isinstance(values, Sequence) or not values.items:
        scope.sound = False  # rules/shared.yaml is told about it
        return None
    inner = scope.within(name)
    found = [read_value(known, item, inner) for item in values.items]
    fitting = tuple(value for value in found if value is not None)
    if not fitting and len(found) > 1:
        scope.report("R003", f"no value of the list {use.text} fits '{known.name}'", use.place,
                     _first_help(inner.problems) or "name another list")  # fmt: skip
        return None
    scope.problems += inner.problems
    scope.sound = scope.sound and inner.sound
    return fitting if len(fitting) == len(found) else None


def _first_help(problems: list[Problem]) -> str | None:
    first = problems[0] if problems else None
    return None if first is None else f"{first.message} ({first.place.file}:{first.place.line})"


def _warn_of_doubles(node: Sequence, values: tuple[Value, ...], scope: Scope) -> None:
    seen: set[Value] = set()
    for item, value in zip(node.items, values, strict=True):
        if value in seen:
            scope.warn("V006", "this value stands twice in the list", item.place, "delete one")
        seen.add(value)


def _is_name(node: Scalar) -> bool:
    return node.text.startswith("$") and not node.quoted


def _family(known: Field) -> str:
    if known.type in ("number", "money"):
        return "number"
    return "word" if known.type in ("category", "text") else known.type


def _value_of(known: Field) -> str:
    return "a segment" if known.name == "segment" else f"a value of '{known.name}'"


def _a(kind: str) -> str:
    return {"yes/no": "yes or no", "money": "money"}.get(kind, f"a {kind}")


def _example(known: Field) -> str:
    examples: dict[str, str] = {
        "number": "7, or {at_least: 7}",
        "money": "5000, or {at_least: 5000}",
        "date": f"{{within_last: 30 days}}, or a date like {dt.date(2026, 11, 24)}",
        "yes/no": "yes or no",
        "list": "{has: …}",
    }
    if known.type in examples:
        return examples[known.type]
    return known.values[0] if known.values else "a word"
