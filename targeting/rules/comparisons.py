"""One field's test: a value, a list, or one operator with its operands."""

from __future__ import annotations

from targeting.rules.model import Constant, OtherField, Test, Value
from targeting.rules.scope import Scope
from targeting.rules.values import (
    read_period_of,
    read_value,
    read_values,
    read_yes_or_no,
    shared_list,
)
from targeting.workspace.catalogue import Field
from targeting.workspace.words import OPERATORS, OPERATORS_BY_TYPE
from targeting.workspace.yaml import Mapping, Node, Scalar, Sequence


def read_test(known: Field, key: Scalar, node: Node, scope: Scope) -> Test | None:
    """Read what follows a field's name."""
    if isinstance(node, Mapping) and [k.text for k, _ in node.entries] != ["field"]:
        return _operator_test(known, key, node, scope)
    if known.type == "list":
        message = f"'{known.name}' is a list: say what it should have"
        word = node.text if isinstance(node, Scalar) and node.text else "…"
        instead = "{has_any: […]}" if isinstance(node, Sequence) else f"{{has: {word}}}"
        scope.report("T003", message, node.place, f"{known.name}: {instead}")
        return None
    shared = shared_list(node, scope)
    if isinstance(node, Sequence) or shared is not None:
        return _made(known, "one_of", read_values(known, node, scope), None, key)
    value = read_value(known, node, scope)
    return _made(known, "is", None if value is None else (value,), None, key)


def _operator_test(known: Field, key: Scalar, node: Mapping, scope: Scope) -> Test | None:
    or_missing: bool | None = None
    chosen: list[tuple[Scalar, Node]] = []
    for name, value in node.entries:
        if name.text == "or_missing":
            or_missing = read_yes_or_no(value, scope)
        elif name.text in OPERATORS_BY_TYPE[known.type]:
            chosen.append((name, value))
        else:
            _unknown_operator(known, name, value, scope)
            return None
    if len(chosen) != 1:
        _not_one_operator(known, node, chosen, scope)
        return None
    operator, operand = chosen[0]
    if operator.text == "missing" and len(node.entries) > 1:
        place = next(name.place for name, _ in node.entries if name.text == "or_missing")
        message = "or_missing cannot stand beside missing"
        scope.report("P004", message, place, "delete or_missing")
        return None
    values = _operands(known, operator, operand, scope)
    return _made(known, operator.text, values, or_missing, key)


def _unknown_operator(known: Field, name: Scalar, value: Node, scope: Scope) -> None:
    allowed = (*OPERATORS_BY_TYPE[known.type], "or_missing")
    if name.text not in OPERATORS:
        nested = name.text in scope.catalogue and isinstance(value, (Scalar, Mapping, Sequence))
        instead = scope.suggest(name.text, allowed)
        if nested:
            instead = f"write '- {name.text}: …' on a line of its own, after '- '"
        scope.report("P003", f"'{name.text}' is not an operator", name.place, instead)
        return
    message = f"'{name.text}' is not an operator for {_kind(known)}"
    scope.report("P003", message, name.place, _operator_instead(known, name, value, allowed))


def _operator_instead(known: Field, name: Scalar, value: Node, allowed: tuple[str, ...]) -> str:
    """Say what does the same for this type, or which operators there are."""
    written = value.text if isinstance(value, Scalar) else ""
    items = value.items if isinstance(value, Sequence) else ()
    listed = f"[{', '.join(_typed(item) for item in items)}]" if items else "[1, 2]"
    same = {
        ("is", "date"): f"type {known.name}: {written or '2026-11-24'}",
        ("is", "list"): f"has: {written or '…'}",
        ("is_not", "list"): "has_none: […]",
        ("one_of", "list"): "has_any: […]",
        ("not_one_of", "list"): "has_none: […]",
        ("one_of", "number"): f"type {known.name}: {listed}",
        ("at_least", "date"): "within_last: 30 days, or between: [2026-11-01, 2026-11-30]",
        ("at_most", "date"): "older_than: 30 days, or between: [2026-11-01, 2026-11-30]",
        ("more_than", "date"): "older_than: 30 days, or after: 2026-11-24",
        ("less_than", "date"): "within_last: 30 days, or before: 2026-11-24",
        ("before", "number"): f"less_than: {written or '…'}",
        ("after", "number"): f"more_than: {written or '…'}",
    }
    kind = "number" if known.type == "money" else known.type
    return same.get((name.text, kind), f"one of: {', '.join(allowed)}")


def _not_one_operator(
    known: Field, node: Mapping, chosen: list[tuple[Scalar, Node]], scope: Scope
) -> None:
    if not chosen:
        instead = f"one of: {', '.join(OPERATORS_BY_TYPE[known.type])}"
        scope.report("P004", "no operator stands here", node.place, instead)
        return
    ends = {name.text for name, _ in chosen} == {"at_least", "at_most"}
    instead = "between: [low, high]" if ends else f"a second line  - {known.name}: {{…}}"
    message = f"one operator can stand here, not {len(chosen)}"
    scope.report("P004", message, chosen[1][0].place, instead)


def _made(
    known: Field,
    operator: str,
    values: tuple[Value, ...] | None,
    or_missing: bool | None,
    key: Scalar,
) -> Test | None:
    return None if values is None else Test(known, operator, values, or_missing, key.place)


def _operands(known: Field, operator: Scalar, node: Node, scope: Scope) -> tuple[Value, ...] | None:
    match OPERATORS[operator.text].takes:
        case "yes":
            answer = read_yes_or_no(node, scope)
            return None if answer is None else (Constant(answer),)
        case "period":
            period = read_period_of(node, scope)
            return None if period is None else (Constant(period),)
        case "values":
            return read_values(known, node, scope, operator.text)
        case "two values":
            return _between(known, node, scope)
        case "value":
            return _single(known, operator.text, node, scope)


def _single(known: Field, operator: str, node: Node, scope: Scope) -> tuple[Value, ...] | None:
    if isinstance(node, Sequence):
        many = {"is": "one_of", "is_not": "not_one_of", "has": "has_any or has_all"}
        instead = f"use {many[operator]}" if operator in many else "one value, without brackets"
        if operator in ("is", "is_not") and "one_of" not in OPERATORS_BY_TYPE[known.type]:
            instead = "one value, without brackets"
        scope.report("T001", f"'{operator}' takes one value", node.place, instead)
        return None
    if operator == "starts_with" and isinstance(node, Scalar) and node.quoted and not node.text:
        scope.report("V004", "every text starts with this", node.place, "type some letters")
        return None
    value = read_value(known, node, scope)
    return None if value is None else (value,)


def _between(known: Field, node: Node, scope: Scope) -> tuple[Value, ...] | None:
    if not isinstance(node, Sequence) or len(node.items) != 2:
        instead = "between: [low, high]"
        scope.report("T001", "between takes two values", node.place, instead)
        return None
    values = read_values(known, node, scope, "between")
    if values is None:
        return None
    low, high = values
    if isinstance(low, Constant) and isinstance(high, Constant) and _above(low, high):
        first, second = (_typed(item) for item in node.items)
        instead = f"between: [{second}, {first}]"
        scope.report("V003", "the low end is above the high end", node.place, instead)
        return None
    if isinstance(low, OtherField) and low == high:
        scope.warn("V006", "both ends are one field", node.place, "use is, or name another field")
    return values


def _typed(node: Node) -> str:
    """Show a value as it was typed."""
    return node.text if isinstance(node, Scalar) else "…"


def _above(low: Constant, high: Constant) -> bool:
    return bool(low.value > high.value)  # type: ignore[operator]  # one type, read alike


def _kind(known: Field) -> str:
    return {"yes/no": "yes/no fields"}.get(known.type, f"{known.type} fields")
