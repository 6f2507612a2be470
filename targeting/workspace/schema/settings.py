"""The settings files: targeting.yaml, segments/, rules/policy.yaml and exports/."""

from __future__ import annotations

from collections.abc import Sequence

from targeting.workspace.catalogue import Catalogue, purchase_columns
from targeting.workspace.columns import EVENTS
from targeting.workspace.destinations import ColumnForm, Destination
from targeting.workspace.load import Workspace
from targeting.workspace.policy import After, Policy
from targeting.workspace.schema.forms import Instead, form_schema, keyed
from targeting.workspace.schema.names import Named
from targeting.workspace.schema.parts import (
    DATE,
    NUMBER,
    Schema,
    Typed,
    described,
    inline,
    mapping,
    named,
    offering,
    one_of,
    one_or_more,
    several,
    text,
    words,
)
from targeting.workspace.schema.setting_words import SETTING_WORDS
from targeting.workspace.scores import Compare, Feature, Level, Likelihood, Segments
from targeting.workspace.settings import Settings
from targeting.workspace.words import RULE_KINDS

_ROWS = Typed(("string",), r"[1-9]\d* rows?", "typed like 100000 rows", ("100000 rows",))
_LONGEST = Typed(
    ("string",),
    r"[1-9]\d{0,5} (segment|character)s?",
    "typed like 2 segments or 600 characters",
    ("1 segment", "2 segments", "600 characters"),
)
_CURRENCY = Typed(("string",), "[A-Z]{3}", "three capital letters, like EUR")
_REGION = Typed(("string",), "[A-Z]{2}", "two capital letters, like DE")
_CONTACT_COLUMNS = ("rule", "channel", "address", "offer", "message", "because")


def targeting_yaml(_: Workspace, __: Named) -> Schema:
    """Make the schema of targeting.yaml."""
    ranges = (NUMBER | DATE).schema()
    instead: Instead = {
        ("Source", "columns"): named(text()),
        ("FieldForm", "range"): several(ranges, 2) | {"maxItems": 2},
        ("FieldForm", "yes"): _any_one_or_more(),
        ("FieldForm", "no"): _any_one_or_more(),
        ("Shop", "currency"): _CURRENCY.schema(),
        ("Shop", "region"): _REGION.schema(),
    }
    return form_schema(Settings, SETTING_WORDS, instead) | {"title": "targeting.yaml"}


def segments(workspace: Workspace, _: Named) -> Schema:
    """Make the schema of segments/customers.yaml."""
    features = _inputs(workspace.customer_fields, ("number", "money", "yes/no"))
    feature = inline(form_schema(Feature, SETTING_WORDS, {}))
    level = words(*Level.__args__).schema()  # type: ignore[attr-defined]  # a Literal's words
    profile = inline(mapping(dict.fromkeys(features, level), title="description"))
    instead: Instead = {
        ("Segments", "features"): mapping(dict.fromkeys(features, feature)),
        ("Segments", "names"): keyed(profile),
    }
    return form_schema(Segments, SETTING_WORDS, instead) | {"title": "segments"}


def likelihood(workspace: Workspace, _: Named) -> Schema:
    """Make the schema of segments/likelihood.yaml: a likelihood under each key but compare."""
    inputs = one_of(_inputs(workspace.customer_fields))
    numbers = one_of(_inputs(workspace.customer_fields, ("number", "money")))
    columns = {name: text() for name in purchase_columns(workspace.settings)}
    instead: Instead = {
        ("Predicts", "field"): inputs,
        ("Predicts", "in"): mapping(columns),
        ("Likelihood", "from"): several(inputs),
        ("LinearRegression", "target"): numbers,
        ("LinearRegression", "from"): several(inputs),
    }
    compare = form_schema(Compare, SETTING_WORDS, instead)
    about = SETTING_WORDS["Scores"]
    made = keyed(
        described(form_schema(Likelihood, SETTING_WORDS, instead), about["likelihoods"]),
        like={"compare": described(compare, about["compare"], "compare")},
    )
    return made | {"title": "likelihoods"}


def policy(workspace: Workspace, names: Named) -> Schema:
    """Make the schema of rules/policy.yaml."""
    fields = workspace.customer_fields
    texts = [f.name for f in fields.values() if f.type == "text" and f.origin != "likelihood"]
    consents = [field.name for field in fields.values() if field.type == "yes/no"]
    channels = names.channels or ()
    after = _after("same", "any", *channels)
    instead: Instead = {
        ("Channel", "address"): one_of(texts),
        ("Channel", "consent"): one_of(consents),
        ("Channel", "longest"): _LONGEST.schema(),
        ("ContactLimit", "channel"): _offering("any", *channels),
        ("Policy", "same_person"): one_or_more(one_of(list(fields))),
        ("Policy", "unsubscribe_line"): one_or_more(_offering(*channels)),
        ("Policy", "after"): mapping(dict.fromkeys(EVENTS, after)),
    }
    return form_schema(Policy, SETTING_WORDS, instead) | {"title": "contact policy"}


def export(workspace: Workspace, names: Named) -> Schema:
    """Make the schema of exports/*.yaml."""
    fields = [*workspace.customer_fields, *_CONTACT_COLUMNS]
    seed = inline(keyed(text(), like=dict.fromkeys(workspace.customer_fields, text())))
    only_rules = one_or_more(one_of(names.all_rules))
    column: Instead = {
        ("ColumnForm", "field"): _offering(*fields),
        ("ColumnForm", "yes_no"): {"type": "array", "minItems": 2, "maxItems": 2},
    }
    form = form_schema(ColumnForm, SETTING_WORDS, column)
    single = keyed(inline(form)) | {"title": "column", "minProperties": 1, "maxProperties": 1}
    instead: Instead = {
        ("Destination", "split_at"): _ROWS.schema(),
        ("Destination", "columns"): several(single),
        ("Destination", "seeds"): several(seed, 0),
        ("Only", "rule"): only_rules,
        ("Only", "kind"): one_or_more(one_of(RULE_KINDS)),
        ("Only", "channel"): one_or_more(one_of(names.channels)),
    }
    return form_schema(Destination, SETTING_WORDS, instead) | {"title": "export"}


def _inputs(catalogue: Catalogue, types: Sequence[str] = ()) -> list[str]:
    """List the fields that a score may be made from: none that is a score itself."""
    return [
        field.name
        for field in catalogue.values()
        if field.origin not in ("segments", "likelihood") and (not types or field.type in types)
    ]


def _after(*channels: str) -> Schema:
    """Make the schema of what follows a response."""
    instead = {("After", "channel"): _offering(*channels)}
    return inline(form_schema(After, SETTING_WORDS, instead))


def _offering(*names: str) -> Schema:
    """Make the schema of a word of which some are known."""
    return text() | offering(names)


def _any_one_or_more() -> Schema:
    """Make the schema of words of the data, whatever YAML takes them for."""
    return {"type": ["string", "number", "boolean", "array"]}
