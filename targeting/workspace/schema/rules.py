"""The rule files: marketing, retention, inventory; the shared definitions and whole-set tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from targeting.workspace.catalogue import Catalogue, Field
from targeting.workspace.load import Workspace
from targeting.workspace.new_rule import skeleton
from targeting.workspace.schema.about_fields import describe
from targeting.workspace.schema.alike import as_yaml_reads, family, json_types
from targeting.workspace.schema.conditions import definitions
from targeting.workspace.schema.names import Named
from targeting.workspace.schema.parts import (
    DATE,
    MISSING,
    MONEY,
    NAME,
    NUMBER,
    PERCENTAGE,
    PERIOD,
    WHOLE,
    YES_NO,
    Schema,
    Typed,
    chain,
    completed,
    described,
    in_snippet,
    inline,
    mapping,
    named,
    offered,
    offering,
    one_of,
    one_or_more,
    several,
    text,
    words,
)
from targeting.workspace.schema.rule_words import CODES, RULE_WORDS, SHARED_WORDS, TEST_WORDS
from targeting.workspace.words import CONTACT_KINDS, RuleKind

_ORDERED = ("number", "money", "date")
_DAYS_AWAY = Typed(
    ("string",),
    rf"{DATE.pattern}|({PERIOD.pattern}) ago|in ({PERIOD.pattern})",
    "a date here is typed like 29 days ago, in 14 days, or 2026-11-24",
    ("29 days ago", "in 14 days"),
)
_GIVEN = {"number": NUMBER | MISSING, "date": _DAYS_AWAY | MISSING, "yes/no": YES_NO | MISSING}


def marketing(workspace: Workspace, names: Named) -> Schema:
    """Make the schema of rules/marketing/*.yaml."""
    return _rule(workspace, "marketing", names)


def retention(workspace: Workspace, names: Named) -> Schema:
    """Make the schema of rules/retention/*.yaml."""
    return _rule(workspace, "retention", names)


def inventory(workspace: Workspace, names: Named) -> Schema:
    """Make the schema of rules/inventory/*.yaml."""
    return _rule(workspace, "inventory", names)


def _rule(workspace: Workspace, kind: RuleKind, names: Named) -> Schema:
    contact = kind in CONTACT_KINDS
    catalogue = workspace.customer_fields if contact else workspace.product_fields
    keys = _contact_keys(catalogue, kind, names) if contact else {"then": _planning()}
    keys = _common_keys(catalogue, names) | keys
    template = names.templates[0] if names.templates else None
    body = _as_snippet(skeleton(workspace, kind, "new_rule", template))
    made = mapping(
        {key: _about("rule", key, schema) for key, schema in keys.items()},
        ["title", "priority", "when", "then", "examples"],
        title=f"{kind} rule",
        definitions=definitions(catalogue, names),
    )
    return made | offered([body], [f"a whole {kind} rule"])


def shared(workspace: Workspace, names: Named) -> Schema:
    """Make the schema of rules/shared.yaml; an audience may speak of customers or of products."""
    both = dict(workspace.product_fields) | dict(workspace.customer_fields)
    guardrail = mapping({"title": text(), "exclude": _ref("conditions")}, ["title", "exclude"])
    keys: dict[str, Schema] = {
        "audiences": named(_ref("when")),
        "lists": named(several({})),
        "guardrails": mapping({kind: named(guardrail) for kind in CONTACT_KINDS}),
    }
    return mapping(
        {key: described(schema, SHARED_WORDS.get(key, ""), key) for key, schema in keys.items()},
        title="shared definitions",
        definitions=definitions(both, names),
    )


def whole_set_test(workspace: Workspace, names: Named) -> Schema:
    """Make the schema of rules/tests/*.yaml."""
    customer = _given(workspace.customer_fields)
    ids = several({"type": ["string", "number"]}, 0)
    rules = {name: ids for kind in CONTACT_KINDS for name in names.rules[kind]}
    keys: dict[str, Schema] = {
        "title": text(),
        "as_of": DATE.schema(),
        "customers": several(customer | {"title": "customer", "required": ["customer_id"]}),
        "expect": mapping(rules, errorMessage="no contact rule of this workspace"),
        "nobody_else": YES_NO.schema(),
    }
    return mapping(
        {key: described(schema, TEST_WORDS.get(key, ""), key) for key, schema in keys.items()},
        ["title", "as_of", "customers", "expect"],
        title="whole-set test",
    )


def _common_keys(catalogue: Catalogue, names: Named) -> dict[str, Schema]:
    acceptance = mapping(
        {
            "check": one_of(CODES),
            "with": text() | offered(names.all_rules),
            "reason": text(),
            "until": DATE.schema(),
        },
        ["check", "reason", "until"],
        title="accepted finding",
    )
    active = mapping({"from": DATE.schema(), "until": DATE.schema()})
    return {
        "title": text(),
        "owner": text(),
        "priority": WHOLE.schema() | {"minimum": 1},
        "active": inline(_inside("active", active)),
        "settings": named({"type": ["string", "number"], "errorMessage": "one value"}),
        "when": _ref("when"),
        "exclude": _ref("conditions"),
        "then": {},
        "examples": several(_example(catalogue)),
        "accept": several(_inside("accept", acceptance)),
    }


def _contact_keys(catalogue: Catalogue, kind: str, names: Named) -> dict[str, Schema]:
    without = mapping(
        {"guardrail": one_of(names.guardrails[kind]), "reason": text()},
        ["guardrail", "reason"],
        title="opt-out",
    )
    ordered = one_of(_of_types(catalogue, _ORDERED))
    pick = mapping(
        {"at_most": WHOLE.schema() | {"minimum": 1}, "highest": ordered, "lowest": ordered},
        minProperties=1,
    )
    group = mapping({"share": PERCENTAGE.schema(), "name": text()}, ["share", "name"])
    return {
        "then": _contact(catalogue, names),
        "without": several(_inside("without", without)),
        "pick": inline(_inside("pick", pick)),
        "holdout": _text_or(PERCENTAGE, inline(_inside("holdout", group))) | offered(["10%"]),
        "cooldown": (PERIOD | words("ever")).schema(),
        "budget": MONEY.schema(),
        "formerly": one_or_more({"pattern": NAME, "errorMessage": "the name of a rule"}),
    }


def _contact(catalogue: Catalogue, names: Named) -> Schema:
    """Make the schema of a contact rule's `then`."""
    money = mapping({"field": one_of(_of_types(catalogue, ("number", "money")))}, ["field"])
    variants: Schema = {"type": "object", "additionalProperties": one_of(names.templates)}
    made = mapping(
        {
            "offer": text(),
            "channel": one_or_more(one_of(names.channels), alone=False),
            "message": {
                "type": ["string", "object"],
                "errorMessage": "a file of templates/messages/, or {variant: file}",
                **chain(({"type": "object"}, variants)),
            },
            "value": _text_or(MONEY, money),
            "uplift": PERCENTAGE.schema(),
        },
        ["offer", "channel", "message"],
        allOf=[
            completed("message", names.templates),
            completed("channel", names.channels),
        ],
    )
    return _inside("then", made)


def _planning() -> Schema:
    """Make the schema of an inventory rule's `then`."""
    caps = {unit: MONEY.schema() for unit in ("units", "packs", "money", "weeks")}
    cap = mapping(caps, minProperties=1, maxProperties=1, errorMessage="one limit, in one unit")
    made = mapping(
        {
            "service_level": PERCENTAGE.schema() | offered(["95%", "98%"]),
            "cover": PERIOD.schema(),
            "order_at_most": inline(_inside("order_at_most", cap)),
            "flag": text(),
            "note": text(),
        },
        minProperties=1,
    )
    return _inside("then", made)


def _example(catalogue: Catalogue) -> Schema:
    made = mapping(
        {
            "case": text(),
            "given": _given(catalogue),
            "expect": one_of(("in", "out")),
            "as_of": DATE.schema(),
        },
        ["case", "given", "expect"],
        title="example",
    )
    body = "case: ${1:just in}\n  given: {${2:field: value}}\n  expect: ${3:in}"
    return _inside("examples", made) | offered([body], ["an example"])


def _given(catalogue: Catalogue) -> Schema:
    """Make the schema of a customer's or product's values: plain ones, or `missing`."""
    help_ = "no field; `targeting fields` lists the fields"
    return inline(mapping({n: _stated(f) for n, f in catalogue.items()}, errorMessage=help_))


def _stated(field: Field) -> Schema:
    typed = _GIVEN.get(family(field))
    if typed is not None:
        return described(typed.schema(), describe(field), field.name)
    word = _word(field.values)
    if field.type == "list":
        steps = chain(({"type": "array"}, several(_word(field.values, ()), 0)), ({}, word))
        word = {"type": ["array", "string"], "errorMessage": "[one, another] or missing"} | steps
    return described(word, describe(field), field.name)


def _word(values: Sequence[str] | None, also: tuple[str, ...] = ("missing",)) -> Schema:
    if values is None:
        return text() | offered(also)
    shown = {} if also else offering(values)
    return {"type": json_types(values), "enum": as_yaml_reads((*values, *also))} | shown


def _text_or(typed: Typed, other: Schema) -> Schema:
    """Make the schema of one value or a mapping."""
    made = typed.schema()
    return made | {"type": [*typed.types, "object"]} | chain(({"type": "object"}, other))


def _of_types(catalogue: Catalogue, types: Sequence[str]) -> tuple[str, ...]:
    return tuple(field.name for field in catalogue.values() if field.type in types)


def _inside(part: str, schema: Schema) -> Schema:
    """Describe the keys of one part of a rule."""
    keys = schema["properties"]
    assert isinstance(keys, Mapping)
    return schema | {"properties": {key: _about(part, key, value) for key, value in keys.items()}}


def _about(part: str, key: str, schema: Schema) -> Schema:
    return described(schema, RULE_WORDS[part].get(key, ""), str(schema.get("title", key)))


def _ref(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


def _as_snippet(rule: str) -> str:
    """Take a rule's text as a completion: its first line, the modeline, stands there already."""
    _, _, body = rule.partition("\n")
    return in_snippet(body.rstrip("\n"))
