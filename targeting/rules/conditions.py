"""Conditions: from YAML nodes to tests of fields, every value read by its field's type."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping as Lookup
from dataclasses import dataclass, field
from decimal import Decimal

from targeting.problems import Place, Problem, did_you_mean
from targeting.rules.model import Audience, Condition, Constant, Group, OtherField, Test, Value
from targeting.workspace.catalogue import Catalogue, Field
from targeting.workspace.literals import (
    Misread,
    Period,
    read_date,
    read_number,
    read_period,
    read_yes_no,
)
from targeting.workspace.words import OPERATORS, OPERATORS_BY_TYPE
from targeting.workspace.yaml import Mapping, Node, Scalar, Sequence

GROUPS = ("all", "any", "none")


@dataclass
class Scope:
    """What names mean where a condition stands; collects the problems found on the way."""

    catalogue: Catalogue
    absent: Lookup[str, str]  # a field that is not there -> why
    audiences: Lookup[str, Node]
    lists: Lookup[str, Node]
    settings: Lookup[str, Scalar]
    problems: list[Problem] = field(default_factory=list)
    used: set[str] = field(default_factory=set)  # names of audiences, lists and settings
    inside: tuple[str, ...] = ()  # audiences being read, for circles

    def report(self, code: str, message: str, place: Place, instead: str | None = None) -> None:
        """Note a problem and go on."""
        self.problems.append(Problem(code, message, place, instead))


def read_when(node: Node, scope: Scope) -> tuple[Group, ...]:
    """Read `all:`, `any:`, `none:` blocks, joined by and."""
    if not isinstance(node, Mapping) or not node.entries:
        scope.report("P005", "needs at least one of all, any, none", node.place, "all:\n  - …")
        return ()
    groups = []
    for key, value in node.entries:
        if key.text in GROUPS:
            groups.append(_group(key, value, scope))
        else:
            help_ = f"write it as a line under all:  - {key.text}: …"
            if key.text not in scope.catalogue:
                help_ = did_you_mean(key.text, GROUPS)
            scope.report("P001", f"'{key.text}' is not all, any or none", key.place, help_)
    return tuple(groups)


def read_conditions(node: Node, scope: Scope) -> tuple[Condition, ...]:
    """Read `- condition` lines."""
    if not isinstance(node, Sequence):
        scope.report("T001", "must be a list of conditions", node.place, "begin each with '- '")
        return ()
    if not node.items:
        scope.report(
            "P005", "an empty list of conditions", node.place, "add one, or delete the key"
        )
    found = (read_condition(item, scope) for item in node.items)
    return tuple(condition for condition in found if condition is not None)


def read_condition(node: Node, scope: Scope) -> Condition | None:
    """Read one line: a field and its test, an audience, or a nested group."""
    if not isinstance(node, Mapping):
        scope.report(
            "T001", "a condition is written  field: test", node.place, "- age: {at_least: 18}"
        )
        return None
    if len(node.entries) != 1:
        extra = node.entries[1][0] if len(node.entries) > 1 else None
        place = extra.place if extra is not None else node.place
        message = "a condition has one key, this one has " + (
            f"{len(node.entries)}" if extra is not None else "none"
        )
        scope.report("P004", message, place, "begin a new line with '- '")
        return None
    key, value = node.entries[0]
    if key.text in GROUPS:
        return _group(key, value, scope)
    if key.text == "audience":
        return _audience(value, scope)
    known = scope.catalogue.get(key.text)
    if known is None:
        _unknown_field(key, scope)
        return None
    return _test(known, key, value, scope)


def _group(key: Scalar, node: Node, scope: Scope) -> Group:
    conditions = read_conditions(node, scope)
    kind = {"all": "all", "any": "any"}.get(key.text, "none")
    return Group(kind, conditions, key.place)  # type: ignore[arg-type]


def _audience(node: Node, scope: Scope) -> Audience | None:
    if not isinstance(node, Scalar):
        scope.report(
            "T001", "an audience is named by one word", node.place, "- audience: reachable"
        )
        return None
    definition = scope.audiences.get(node.text)
    if definition is None:
        message = f"'{node.text}' is not an audience of rules/shared.yaml"
        scope.report("R001", message, node.place, did_you_mean(node.text, scope.audiences))
        return None
    scope.used.add(node.text)
    if node.text in scope.inside:
        message = f"a circle: {' uses '.join((*scope.inside, node.text))}"
        scope.report("R002", message, node.place, "let one of them name its conditions")
        return None
    inner = Scope(
        scope.catalogue, scope.absent, scope.audiences, scope.lists, {}, scope.problems, scope.used,
        (*scope.inside, node.text),
    )  # fmt: skip
    return Audience(node.text, read_when(definition, inner), node.place)


def _unknown_field(key: Scalar, scope: Scope) -> None:
    why = scope.absent.get(key.text)
    if why is not None:
        scope.report("F002", f"there is no '{key.text}' here: {why}", key.place)
        return
    help_ = did_you_mean(key.text, scope.catalogue, what="fields")
    scope.report("F001", f"'{key.text}' is not a field", key.place, help_)


def _test(known: Field, key: Scalar, node: Node, scope: Scope) -> Test | None:
    """Read what follows a field's name: a value, a list, or one operator."""
    if isinstance(node, Mapping) and [k.text for k, _ in node.entries] != ["field"]:
        return _operator_test(known, key, node, scope)
    if known.type == "list":
        message = f"'{known.name}' is a list: say what it should have"
        scope.report(
            "T003", message, node.place, "has: …, has_any: […], has_all: […], has_none: […]"
        )
        return None
    shared = _shared_list(node, scope)
    if isinstance(node, Sequence) or shared is not None:
        values = _values(known, shared if shared is not None else node, scope)
        return _made(known, "one_of", values, None, key)
    value = _value(known, node, scope)
    return _made(known, "is", None if value is None else (value,), None, key)


def _operator_test(known: Field, key: Scalar, node: Mapping, scope: Scope) -> Test | None:
    allowed = OPERATORS_BY_TYPE[known.type]
    or_missing: bool | None = None
    chosen: list[tuple[Scalar, Node]] = []
    for name, value in node.entries:
        if name.text == "or_missing":
            or_missing = _yes_no(value, scope)
        elif name.text in allowed:
            chosen.append((name, value))
        else:
            what = "an operator" if name.text not in OPERATORS else f"an operator for {known.type}"
            message = f"'{name.text}' is not {what}"
            scope.report(
                "P003", message, name.place, did_you_mean(name.text, (*allowed, "or_missing"))
            )
            return None
    if len(chosen) != 1:
        place = chosen[1][0].place if len(chosen) > 1 else node.place
        help_ = (
            "between: [low, high], or two lines"
            if len(chosen) > 1
            else f"one of {', '.join(allowed)}"
        )
        scope.report("P004", f"needs exactly one operator, has {len(chosen)}", place, help_)
        return None
    operator, operand = chosen[0]
    if operator.text == "missing" and len(node.entries) > 1:
        scope.report(
            "P004", "or_missing cannot stand beside missing", node.place, "delete or_missing"
        )
        return None
    return _made(
        known, operator.text, _operands(known, operator.text, operand, scope), or_missing, key
    )


def _made(
    known: Field,
    operator: str,
    values: tuple[Value, ...] | None,
    or_missing: bool | None,
    key: Scalar,
) -> Test | None:
    return None if values is None else Test(known, operator, values, or_missing, key.place)


def _operands(known: Field, operator: str, node: Node, scope: Scope) -> tuple[Value, ...] | None:
    match OPERATORS[operator].takes:
        case "yes":
            answer = _yes_no(node, scope)
            return None if answer is None else (Constant(answer),)
        case "period":
            period = _period(node, scope)
            return None if period is None else (Constant(period),)
        case "values":
            shared = _shared_list(node, scope)
            return _values(known, shared if shared is not None else node, scope)
        case "two values":
            return _between(known, node, scope)
        case "value":
            value = _value(known, node, scope)
            return None if value is None else (value,)


def _between(known: Field, node: Node, scope: Scope) -> tuple[Value, ...] | None:
    if not isinstance(node, Sequence) or len(node.items) != 2:
        scope.report("T001", "between takes two values", node.place, "between: [low, high]")
        return None
    values = _values(known, node, scope)
    if values is None:
        return None
    low, high = values
    both = isinstance(low, Constant) and isinstance(high, Constant)
    if both and low.value > high.value:  # type: ignore[union-attr,operator]  # one type, read alike
        scope.report(
            "V003", "the low end is above the high end", node.place, "between: [low, high]"
        )
        return None
    return values


def _values(known: Field, node: Node, scope: Scope) -> tuple[Value, ...] | None:
    if not isinstance(node, Sequence):
        scope.report("T001", "must be a list", node.place, "[one, another]")
        return None
    if not node.items:
        scope.report("P005", "an empty list matches nobody", node.place, "name at least one value")
        return None
    values = [_value(known, item, scope) for item in node.items]
    found = tuple(value for value in values if value is not None)
    return found if len(found) == len(values) else None


def _value(known: Field, node: Node, scope: Scope) -> Value | None:
    """Read a literal, `$name`, or `{field: other}`."""
    if isinstance(node, Mapping) and [k.text for k, _ in node.entries] == ["field"]:
        return _other(known, node.entries[0][1], scope)
    if not isinstance(node, Scalar):
        scope.report("T001", "must be one value", node.place, _example(known))
        return None
    literal = node
    if _is_name(node):
        setting = _setting(node, scope)
        if setting is None:
            return None
        literal = Scalar(setting.text, node.place, quoted=setting.quoted)
    return read_literal(known, literal, scope)


def read_literal(known: Field, node: Scalar, scope: Scope) -> Constant | None:
    """Read one literal from its raw text by the type of the field it is compared with."""
    if node.text == "missing" and not node.quoted:
        help_ = f"{known.name}: {{missing: yes}}"
        scope.report("V004", "'missing' is not a value", node.place, help_)
        return None
    if node.text == "" and not node.quoted:
        scope.report("V004", "no value is given", node.place, _example(known))
        return None
    words = known.type in ("category", "text", "list")
    if node.quoted and not words:
        message = f"'{known.name}' is {_a(known.type)}, and a value in quotes is a text"
        scope.report("T003", message, node.place, f"type {node.text} without quotes")
        return None
    try:
        return _by_type(known, node, scope)
    except Misread as error:
        message = f"{error.message}; '{known.name}' is {_a(known.type)}"
        scope.report("T003", message, node.place, error.instead)
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
            if known.values is not None and node.text not in known.values:
                message = f"'{node.text}' is not {_value_of(known)}"
                scope.report("V001", message, node.place, did_you_mean(node.text, known.values))
                return None
            return Constant(node.text)


def _in_range(known: Field, number: Decimal, node: Scalar, scope: Scope) -> Constant | None:
    low, high = known.low, known.high
    if (low is not None and number < Decimal(str(low))) or (
        high is not None and number > Decimal(str(high))
    ):
        span = (
            f"from {low:g} to {high:g}"
            if low is not None and high is not None
            else (f"{low:g} or more" if low is not None else f"{high:g} or less")
        )
        help_ = f"a value {span}"
        if high == 1 and 1 < number <= 100:
            help_ = f"a share: type {number}%"
        scope.report("V002", f"'{known.name}' goes {span}", node.place, help_)
        return None
    return Constant(number)


def _other(known: Field, node: Node, scope: Scope) -> OtherField | None:
    if not isinstance(node, Scalar):
        scope.report("T001", "a field is named by one word", node.place, "{field: other_field}")
        return None
    other = scope.catalogue.get(node.text)
    if other is None:
        _unknown_field(node, scope)
        return None
    if _family(other) != _family(known):
        message = f"'{known.name}' is {_a(known.type)}, '{other.name}' is {_a(other.type)}"
        scope.report("T003", message, node.place, "compare fields of one type")
        return None
    return OtherField(other)


def _setting(node: Scalar, scope: Scope) -> Scalar | None:
    name = node.text[1:]
    setting = scope.settings.get(name)
    if setting is None:
        known = [f"${word}" for word in (*scope.settings, *scope.lists)]
        if name in scope.lists:
            message = f"'{node.text}' is a list, and one value stands here"
            scope.report("R003", message, node.place, "use one_of, has_any, …")
        else:
            message = f"'{node.text}' is neither a setting of this rule nor a list"
            scope.report("R001", message, node.place, did_you_mean(node.text, known))
        return None
    scope.used.add(f"${name}")
    return setting


def _shared_list(node: Node, scope: Scope) -> Sequence | None:
    """Give the list of rules/shared.yaml that `$name` stands for."""
    if not (isinstance(node, Scalar) and _is_name(node)):
        return None
    name = node.text[1:]
    values = scope.lists.get(name)
    if values is None:
        return None
    if name in scope.settings:
        message = f"'{node.text}' is both a setting of this rule and a list of rules/shared.yaml"
        scope.report("R004", message, node.place, "rename the setting")
    scope.used.add(name)
    return values if isinstance(values, Sequence) else None


def _is_name(node: Scalar) -> bool:
    return node.text.startswith("$") and not node.quoted


def _period(node: Node, scope: Scope) -> Period | None:
    if not isinstance(node, Scalar):
        scope.report("T001", "must be one period", node.place, "30 days")
        return None
    literal = _setting(node, scope) if _is_name(node) else node
    if literal is None:
        return None
    try:
        return read_period(literal.text)
    except Misread as error:
        scope.report("T003", error.message, node.place, error.instead)
        return None


def _yes_no(node: Node, scope: Scope) -> bool | None:
    text = node.text if isinstance(node, Scalar) and not node.quoted else ""
    try:
        return read_yes_no(text)
    except Misread as error:
        scope.report(
            "T003", "must be yes or no", node.place, error.instead if text else "yes or no"
        )
        return None


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
    return examples.get(known.type, "a word")
