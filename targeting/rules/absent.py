"""Fields that are not here, and why: another source would bring them, or other rules read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from targeting.frames import LIKELIHOOD
from targeting.workspace.catalogue import (
    Field,
    because_field,
    customer_fields,
    product_fields,
    spending_fields,
)
from targeting.workspace.columns import SourceName
from targeting.workspace.load import Workspace
from targeting.workspace.settings import Settings, Source


@dataclass(frozen=True)
class Absence:
    """Why a field is not here, and what would bring it; `known` is false where nobody can say."""

    why: str = ""
    instead: str = ""
    known: bool = True


Absent = Mapping[str, Absence]

_SEGMENTS, _LIKELIHOOD = "segments/customers.yaml", "segments/likelihood.yaml"


def absent_for_customers(workspace: Workspace) -> Absent:
    """Name the fields that a marketing or retention rule might look for in vain."""
    settings = workspace.settings
    found = _scored(workspace)
    for field in spending_fields(_with_sources(settings, "purchases", "products")):
        found[field.name] = _lacks_source(settings, field, "purchases", "products")
    for name in settings.measures:
        found[name] = _no_source("purchases")
    for name in settings.fields:
        if name not in workspace.product_fields:
            found.setdefault(name, _NO_COLUMN)
    for name in product_fields(_with_sources(settings, *_ALL), workspace.segments):
        found.setdefault(name, _OF_PRODUCTS)
    return _without(found, workspace.customer_fields)


def absent_for_products(workspace: Workspace) -> Absent:
    """Name the fields that an inventory rule might look for in vain."""
    settings = workspace.settings
    found: dict[str, Absence] = {}
    if workspace.segments is None:
        reason = _no_file(workspace, _SEGMENTS)
        found |= dict.fromkeys(("wanted_by", "top_segment"), reason)
    for field in product_fields(_with_sources(settings, *_ALL), workspace.segments).values():
        needs: SourceName = "stock" if field.origin == "stock" else "purchases"
        found.setdefault(field.name, _lacks_source(settings, field, needs))
    for name in customer_fields(
        _with_sources(settings, *_ALL), workspace.segments, workspace.scores
    ):
        found.setdefault(name, _OF_CUSTOMERS)
    return _without(found, workspace.product_fields)


_ALL: tuple[SourceName, ...] = ("purchases", "products", "stock")
_OF_PRODUCTS = Absence(
    "it is a field of products, for inventory rules", "name a field of customers"
)
_OF_CUSTOMERS = Absence(
    "it is a field of customers, for marketing and retention rules", "name a field of products"
)
_NO_COLUMN = Absence(
    "targeting.yaml says its type, but no column of customers is called so",
    "add it to sources: customers: columns in targeting.yaml",
)


def _scored(workspace: Workspace) -> dict[str, Absence]:
    found: dict[str, Absence] = {}
    if workspace.segments is None:
        found["segment"] = _no_file(workspace, _SEGMENTS)
    if workspace.scores is None:
        for name in (LIKELIHOOD, because_field(LIKELIHOOD)):
            found[name] = _no_file(workspace, _LIKELIHOOD)
    return found


def _no_file(workspace: Workspace, name: str) -> Absence:
    if name in workspace.unsure:
        return Absence(known=False)
    return Absence(f"there is no {name}", f"add {name}")


def _no_source(source: str) -> Absence:
    why = f"it is computed from {source}, and targeting.yaml names no {source} source"
    return Absence(why, f"add {source} to sources in targeting.yaml")


def _lacks_source(settings: Settings, field: Field, *sources: SourceName) -> Absence:
    for source in sources:
        if source not in settings.sources:
            return _no_source(source)
    column = "brand" if "brand" in field.name else "category"
    why = f"it needs a column '{column}' of purchases or products"
    return Absence(why, f"add {column} to the columns of products in targeting.yaml")


def _with_sources(settings: Settings, *names: SourceName) -> Settings:
    """Imagine a shop that has these sources, with every column they can have."""
    sources = settings.sources | {name: Source(file="-") for name in names}
    return settings.model_copy(update={"sources": sources})


def _without(found: dict[str, Absence], here: Iterable[str]) -> Absent:
    present = set(here)
    return {name: absence for name, absence in found.items() if name not in present}
