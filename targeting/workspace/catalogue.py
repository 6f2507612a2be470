"""Every field that a rule may name: its type, its values, and whether it may be missing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from targeting.workspace.columns import SOURCE_COLUMNS, FieldType
from targeting.workspace.scores import Scores, Segments
from targeting.workspace.settings import FieldForm, Settings

Origin = Literal[
    "customers",
    "purchases",
    "measures",
    "derived",
    "segments",
    "likelihood",
    "ledger",
    "responses",
    "products",
    "stock",
]


@dataclass(frozen=True)
class Field:
    """One field: what a rule's condition may compare."""

    name: str
    type: FieldType
    origin: Origin
    values: tuple[str, ...] | None = None
    may_be_missing: bool = True
    low: float | None = None
    high: float | None = None
    unit: str | None = None
    title: str | None = None
    personal: bool = False
    may_be_future: bool = False


Catalogue = Mapping[str, Field]


def slug(name: str) -> str:
    """Make the part of a file or field name that stands for a category or segment."""
    text = unicodedata.normalize("NFKC", name).lower()
    kept = (c if unicodedata.category(c)[0] in "LMN" else "_" for c in text)
    return re.sub("_+", "_", "".join(kept)).strip("_")


def because_field(likelihood: str) -> str:
    """Name the field that says why a customer has a likelihood."""
    return f"{likelihood}_because"


def customer_fields(
    settings: Settings, segments: Segments | None, scores: Scores | None
) -> Catalogue:
    """List the fields of a customer; a source's own replaces the computed one of its name."""
    computed = (
        spending_fields(settings) + _measures(settings) if "purchases" in settings.sources else []
    )
    given = list(_attributes(settings))
    derived = [
        Field(name, form.type, "derived", form.values, unit=form.unit, title=form.title)
        for name, form in settings.derived.items()
    ]
    return {
        field.name: field
        for field in [*computed, *_contacts(settings), *given, *derived, *_scored(segments, scores)]
    }


def product_fields(settings: Settings, segments: Segments | None) -> Catalogue:
    """List the fields of a product (and location), for inventory rules."""
    names = tuple(segments.names) if segments is not None and segments.names else None
    found = [
        _written(settings, Field(n, c.type, "products"))
        for n, c in SOURCE_COLUMNS["products"].items()
    ]
    if "purchases" in settings.sources:
        found += _DEMAND
        if segments is not None:
            found += [
                Field("wanted_by", "list", "purchases", names, may_be_missing=False),
                Field("top_segment", "category", "purchases", names),
            ]
    if "stock" in settings.sources:
        found += _STOCK
        if "purchases" in settings.sources:
            found.append(Field("days_of_cover", "number", "stock", unit="days", low=0))
    found.append(Field("location", "text", "stock"))
    return {field.name: field for field in found}


def listed_categories(settings: Settings) -> tuple[str, ...]:
    """Give the categories that `share_SLUG` fields are computed for."""
    form = settings.fields.get("category")
    return form.values or () if form is not None else ()


def spending_fields(settings: Settings) -> list[Field]:
    """Name the spending fields (`customers.spending`) that these purchases can feed."""
    days, times = "days", "purchases"
    fields = [
        Field("recency_days", "number", "purchases", unit=days, low=0),
        Field("frequency", "number", "purchases", unit=times, low=0, may_be_missing=False),
        Field("monetary", "money", "purchases", may_be_missing=False),
        Field("average_order_value", "money", "purchases"),
        Field("tenure_days", "number", "purchases", unit=days, low=0),
        Field("days_between_purchases", "number", "purchases", unit=days, low=0),
        Field("return_rate", "number", "purchases", low=0),
        Field("spend_90_days", "money", "purchases", may_be_missing=False),
        Field("spend_trend", "number", "purchases"),
    ]
    if _purchases_know(settings, "brand"):
        fields += [
            Field("favourite_brand", "category", "purchases", _values(settings, "brand")),
            Field("brand_affinity", "number", "purchases", low=0, high=10),
        ]
    if _purchases_know(settings, "category"):
        values = _values(settings, "category")
        fields += [
            Field("favourite_category", "category", "purchases", values),
            Field("categories_bought", "list", "purchases", values, may_be_missing=False),
        ]
        fields += [
            Field(f"share_{slug(c)}", "number", "purchases", low=0, high=1) for c in values or ()
        ]
    return fields


def purchase_columns(settings: Settings) -> dict[str, FieldType]:
    """Say which columns a purchase line has for `where` and measures, products joined on."""
    found: dict[str, FieldType] = {}
    if "products" in settings.sources:
        own = settings.sources["products"].columns
        names = list(own) if own is not None else list(SOURCE_COLUMNS["products"])
        found |= {name: settings.column_form("products", name).type for name in names}
    source = settings.sources.get("purchases")
    if source is not None:
        names = (
            list(source.columns)
            if source.columns is not None
            else list(SOURCE_COLUMNS["purchases"])
        )
        found |= {name: settings.column_form("purchases", name).type for name in names}
        found |= {name: SOURCE_COLUMNS["purchases"][name].type for name in ("amount", "quantity")}
    return found


def _purchases_know(settings: Settings, column: str) -> bool:
    return column in purchase_columns(settings)


def _values(settings: Settings, name: str) -> tuple[str, ...] | None:
    form = settings.fields.get(name)
    return form.values if form is not None else None


def _attributes(settings: Settings) -> Iterable[Field]:
    source = settings.sources.get("customers")
    names = (
        [] if source is None else list(source.columns or {}) or ["customer_id", *settings.fields]
    )
    if "customer_id" not in names:
        names.append("customer_id")
    for name in names:
        form = settings.column_form("customers", name)
        field = Field(
            name, form.type, "customers", may_be_missing=name != "customer_id" and not form.required
        )
        yield _described(field, form)


def _contacts(settings: Settings) -> list[Field]:
    """Name what is known of past contacts, and of what came back."""
    if "responses" not in settings.sources:
        return [_LAST_CONTACT]
    counted = [name for name in RESPONSE_FIELDS if name.endswith("_90_days")]
    fields = [
        Field(name, "number", "responses", low=0, may_be_missing=False)
        if name in counted
        else Field(name, "date", "responses")
        for name in RESPONSE_FIELDS
    ]
    return [_LAST_CONTACT, *fields]


def _measures(settings: Settings) -> list[Field]:
    columns = purchase_columns(settings)
    fields = []
    for name, form in settings.measures.items():
        kind: FieldType = "number"
        if form.way in ("sum", "mean", "newest", "oldest"):
            kind = columns.get(form.of, "number")
        counted = form.way in ("count", "sum", "distinct")
        fields.append(
            Field(
                name, kind, "measures", unit=form.unit, title=form.title, may_be_missing=not counted
            )
        )
    return fields


def _scored(segments: Segments | None, scores: Scores | None) -> Iterable[Field]:
    if segments is not None:
        names = tuple(segments.names) or (
            tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ"[: segments.choose.at_most])
            if segments.choose
            else None
        )
        yield Field("segment", "category", "segments", names)
    for name in scores.likelihoods if scores is not None else ():
        yield Field(name, "number", "likelihood", low=0, high=1)
        yield Field(because_field(name), "text", "likelihood", title=f"why {name}")


def _written(settings: Settings, field: Field) -> Field:
    form = settings.fields.get(field.name)
    return field if form is None else _described(replace(field, type=form.type), form)


def _described(field: Field, form: FieldForm) -> Field:
    low, high = (
        form.range if form.range is not None and form.type in ("number", "money") else (None, None)
    )
    return replace(
        field,
        values=form.values,
        unit=form.unit,
        title=form.title,
        personal=form.personal,
        may_be_future=form.may_be_future,
        low=float(low) if isinstance(low, Decimal) else None,
        high=float(high) if isinstance(high, Decimal) else None,
    )


_LAST_CONTACT = Field("last_contacted_on", "date", "ledger")

# What came back (source responses), and of which event each field tells.
RESPONSE_FIELDS: Mapping[str, str] = {
    "last_delivered_on": "delivered",
    "last_opened_on": "opened",
    "last_clicked_on": "clicked",
    "last_bounced_on": "bounced",
    "opens_90_days": "opened",
    "clicks_90_days": "clicked",
}

_DEMAND = [
    Field("abc", "category", "purchases", ("A", "B", "C")),
    Field("xyz", "category", "purchases", ("X", "Y", "Z")),
    Field(
        "demand_class",
        "category",
        "purchases",
        ("smooth", "erratic", "intermittent", "lumpy", "new", "none"),
        may_be_missing=False,
    ),
    Field("weekly_demand", "number", "purchases", unit="units", low=0, may_be_missing=False),
    Field("weekly_sd", "number", "purchases", unit="units", low=0),
]

_STOCK = [
    Field("on_hand", "number", "stock", unit="units"),
    Field("on_order", "number", "stock", unit="units"),
    Field("reserved", "number", "stock", unit="units"),
    Field("available", "number", "stock", unit="units"),
    Field("counted_on", "date", "stock"),
]
