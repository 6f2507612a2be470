"""Conditions: `field: test` lines, by the type and the values of each field."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from targeting.workspace.catalogue import Catalogue, Field
from targeting.workspace.schema.about_fields import describe
from targeting.workspace.schema.alike import Alike, as_yaml_reads, groups, json_types
from targeting.workspace.schema.names import Named
from targeting.workspace.schema.operators import listed, operator_test, tests_to_offer
from targeting.workspace.schema.parts import (
    NEVER,
    NOT_A_NAME,
    SETTING,
    Schema,
    Step,
    as_pattern,
    chain,
    described,
    in_snippet,
    mapping,
    offered,
    one_of,
    spelled,
)

GROUPS = {
    "all": "Every line below must hold.",
    "any": "At least one line below must hold.",
    "none": "No line below may hold.",
}
_NONE_SAID = "say what: a value, [one, another] or {operator: value}"


def definitions(catalogue: Catalogue, named: Named) -> dict[str, Schema]:
    """Make the definitions of `condition`, `conditions`, `when`, and a test for each kind of field.

    Every group of fields that are alike shares one test, so that a schema stays small.
    """
    alike = groups(catalogue, named)
    made = {group.definition: operator_test(group) for group in alike}
    lines: Schema = {
        "type": ["array"],
        "items": {"$ref": "#/definitions/condition"},
        "minItems": 1,
        "errorMessage": "conditions are lines that begin with '- '",
    }
    blocks = {key: described(_conditions(), says, key) for key, says in GROUPS.items()}
    when = mapping(blocks, minProperties=1, errorMessage="write all:, any: or none:")
    return made | {
        "condition": _condition(catalogue, alike, named),
        "conditions": lines,
        "when": when,
    }


def _conditions() -> Schema:
    return {"$ref": "#/definitions/conditions"}


def _condition(catalogue: Catalogue, alike: Sequence[Alike], named: Named) -> Schema:
    group_of = {name: group for group in alike for name in group.names}
    lines = {name: _line(field, group_of[name]) for name, field in catalogue.items()}
    audience = described(one_of(named.audiences), "Who meets this definition of rules/shared.yaml.")
    nested = {key: described(_conditions(), says, key) for key, says in GROUPS.items()}
    starts = ["segment", *catalogue]
    first = next(name for name in starts if name in catalogue)
    bodies = {f"{first}: …": f"{first}: ${{1:{group_of[first].example}}}"}
    bodies |= {"audience: …": f"audience: ${{1:{named.audiences[0]}}}"} if named.audiences else {}
    help_ = "no field, audience, all, any or none; `targeting fields` lists the fields"
    made = mapping(
        lines | {"audience": audience | {"title": "audience"}} | nested,
        title="condition",
        minProperties=1,
        maxProperties=1,
        errorMessage=help_,
    )
    steps = (step for group in alike for step in _typed_after(group))
    return made | chain(*steps) | offered(bodies.values(), bodies)


def _line(field: Field, group: Alike) -> Schema:
    """Make the schema of what stands behind a field's name."""
    test: Schema = {"$ref": f"#/definitions/{group.definition}"}
    made: Schema
    if group.family == "list":
        says = "a list: say what it should have, {has: …} or {has_any: […]}"
        made = {"type": ["string", "object"], "pattern": NEVER, "errorMessage": says}
        made |= chain(({"type": "object"}, test))
    else:
        value = group.value
        steps: list[Step] = [({"type": "object"}, test), ({"type": "array"}, listed(group))]
        if value is not None:
            steps.append(({"type": list(value.types)}, (value | SETTING).schema()))
        types = json_types(group.values or ("1",)) if value is None else list(value.types)
        made = {"type": [*types, "array", "object"], "errorMessage": _NONE_SAID}
        made |= chain(*_without_snippets(steps))
    return described(made | _limits(field), describe(field), field.name)


def _without_snippets(steps: Iterable[Step]) -> Iterable[Step]:
    """Drop completions of a value that may be a mapping: inside its braces they are wrong."""
    for condition, wanted in steps:
        yield condition, {k: v for k, v in wanted.items() if k != "defaultSnippets"}


def _limits(field: Field) -> Schema:
    low: Schema = {} if field.low is None else {"minimum": field.low}
    return low | ({} if field.high is None else {"maximum": field.high})


def _typed_after(group: Alike) -> Iterable[Step]:
    """Make the steps of a condition that know the value behind these fields' names.

    As `completed`, but for a whole group of fields: the condition has one key, so its name is
    matched by a pattern (an `enum` would take `age` for `age_group` while completing).
    """
    tests = tests_to_offer(group)
    bodies, labels = tests
    one_word = group.values if group.values and group.family != "list" else ()
    shown = [in_snippet(spelled(value)) for value in one_word]
    empty = offered([*shown, *bodies], [*one_word, *labels])
    yield _named(group, {"type": "null"}), {"additionalProperties": empty}
    if one_word:
        types = json_types(one_word)
        among: Schema = {"type": types, "enum": as_yaml_reads(one_word)}
        wanted = {"additionalProperties": among | offered(*tests)}
        yield _named(group, {"type": types, "pattern": NOT_A_NAME}), wanted


def _named(group: Alike, value: Schema) -> Schema:
    names = "|".join(map(as_pattern, group.names))
    return {"propertyNames": {"pattern": f"^({names})$"}, "additionalProperties": value}
