"""The operators of a field, by its type: `{operator: value}`."""

from __future__ import annotations

from targeting.workspace.schema.alike import Alike, as_yaml_reads, json_types
from targeting.workspace.schema.parts import (
    NOT_A_NAME,
    PERIOD,
    SETTING,
    YES_NO,
    Schema,
    chain,
    completed,
    described,
    in_snippet,
    inline,
    mapping,
    offered,
    offering,
    one_of,
    several,
)
from targeting.workspace.words import OPERATORS, OPERATORS_BY_TYPE


def operator_test(group: Alike) -> Schema:
    """Make the schema of `{operator: value}` for a group of fields."""
    operators = OPERATORS_BY_TYPE[group.type]
    keys = {op: described(_operand(op, group), _about(op), op) for op in operators}
    keys["or_missing"] = described(
        YES_NO.schema(), "Whether a missing value meets this line.", "or_missing"
    )
    keys["field"] = described(one_of(group.others), "Equal to this other field.", "field")
    lone: Schema = {"maxProperties": 1, "errorMessage": "stands alone"}
    two: Schema = {"required": ["or_missing"], "errorMessage": "one operator a line"}
    says = f"{_a(group.type)} takes one of {', '.join(operators)}"
    one_word = [completed(op, group.values) for op in operators if _is_one_word(op, group)]
    made = mapping(
        keys,
        minProperties=1,
        maxProperties=2,
        errorMessage=says,
        dependencies={"missing": lone, "field": lone, "or_missing": {"minProperties": 2}},
        allOf=[*one_word, chain(({"minProperties": 2}, two))],
    )
    return inline(made)


def _is_one_word(operator: str, group: Alike) -> bool:
    one = OPERATORS[operator].takes == "value" and operator != "starts_with"
    return one and group.values is not None


def _about(operator: str) -> str:
    known = OPERATORS[operator]
    takes = {
        "value": "a value",
        "values": "a list: [one, another]",
        "two values": "[low, high], both included",
        "period": "a period, like 30 days",
        "yes": "yes or no",
    }[known.takes]
    missing = "A missing value meets it too." if known.negates else ""
    return f"The field {known.says}: {takes}. {missing}".rstrip()


def _operand(operator: str, group: Alike) -> Schema:
    match OPERATORS[operator].takes:
        case "period":
            return (PERIOD | SETTING).schema()
        case "yes":
            return YES_NO.schema()
        case "values":
            says = f"{operator} takes a list: [one, another]"
            made: Schema = {"type": ["string", "array"], "errorMessage": says}
            made |= {"pattern": f"^{SETTING.pattern}$"}
            bodies = [f"[{group.example}]", *map(in_snippet, group.lists)]
            labels = [f"[{group.example}]", *group.lists]
            return made | chain(({"type": "array"}, listed(group))) | offered(bodies, labels)
        case "two values":
            pair = several(_item(group), 2) | {"maxItems": 2}
            body = f"[${{1:{group.example}}}, ${{2:{group.example}}}]"
            made = {"type": "array", "errorMessage": "between: [low, high]"}
            return made | chain(({"type": "array"}, pair)) | offered([body], ["[low, high]"])
        case "value":
            return _one(group)


def _one(group: Alike) -> Schema:
    """Make the schema of one value: a literal, a $name or {field: other}."""
    if group.value is not None:
        made = (group.value | SETTING).schema()
        types = list(group.value.types)
    else:
        types = json_types(group.values or ("1",))
        made = {"errorMessage": "one value"}
    made["type"] = [*types, "object"]
    return made | chain(({"type": "object"}, _other(group)))


def listed(group: Alike) -> Schema:
    """Make the schema of [one, another]."""
    return several(_item(group))


def _item(group: Alike) -> Schema:
    """Make the schema of one value in a list; its snippets are what completion offers there."""
    made = _one(group)
    if group.values is None or group.value is not None:
        return made
    among: Schema = {"enum": as_yaml_reads(group.values)}
    steps = chain(({"type": "object"}, _other(group)), ({"pattern": NOT_A_NAME}, among))
    return made | steps | offering(group.values)


def _other(group: Alike) -> Schema:
    return mapping({"field": one_of(group.others)}, ["field"], errorMessage="{field: other_field}")


def _a(kind: str) -> str:
    return {"yes/no": "a yes/no field", "list": "a list"}.get(kind, f"a {kind} field")


def tests_to_offer(group: Alike) -> tuple[list[str], list[str]]:
    """List what completion offers behind a field's name: texts to insert, and labels."""
    plain = ("yes", "no") if group.family == "yes/no" else ()
    operators = [op for op in OPERATORS_BY_TYPE[group.type] if not (plain and op == "is")]
    names = group.lists if group.family != "list" else ()
    bodies = [f"{{{op}: {_operand_body(op, group)}}}" for op in operators]
    labels = [f"{{{op}: …}}" for op in operators]
    return [*plain, *map(in_snippet, names), *bodies], [*plain, *names, *labels]


def _operand_body(operator: str, group: Alike) -> str:
    match OPERATORS[operator].takes:
        case "period":
            return "${1:30 days}"
        case "yes":
            return "${1:yes}"
        case "values":
            return f"[${{1:{group.example}}}]"
        case "two values":
            return f"[${{1:{group.example}}}, ${{2:{group.example}}}]"
        case "value":
            return f"${{1:{group.example}}}"
