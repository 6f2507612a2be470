"""Which fields a table of customers has: those that are needed, in the order of the catalogue."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeVar

import polars as pl

from targeting.customers.derived import DTYPES, order_of
from targeting.frames import CUSTOMER
from targeting.problems import Problem
from targeting.workspace.catalogue import spending_fields
from targeting.workspace.columns import FieldType
from targeting.workspace.load import Workspace
from targeting.workspace.settings import Derived
from targeting.workspace.sql import fields_in

_Form = TypeVar("_Form")


def replaced_fields(workspace: Workspace) -> list[Problem]:
    """Say which computed fields a source's own column replaces."""
    settings = workspace.settings
    if not {"customers", "purchases"} <= set(settings.sources):
        return []
    computed = [*(field.name for field in spending_fields(settings)), *settings.measures]
    return [
        Problem(
            "N101",
            f"'{name}' is taken from the customers source, not computed from purchases",
            workspace.place("targeting.yaml", "sources", "customers", "columns", name),
            severity="warning",
        )
        for name in computed
        if workspace.customer_fields[name].origin == "customers"
    ]


def read_of_lines(workspace: Workspace) -> set[str]:
    """Name the columns of purchases and products that tables of customers are made from."""
    names = {"purchased_on", "amount", "quantity", "category", "brand"}
    for form in workspace.settings.measures.values():
        names |= {form.of} | (fields_in(form.where) if form.where else set())
    for likelihood in workspace.scores.likelihoods.values() if workspace.scores else ():
        names |= set(likelihood.predicts.within or ())
    return names


def reading(forms: Mapping[str, Derived], only: Collection[str] | None) -> set[str] | None:
    """Name the fields that some fields are made of, themselves too; None: all fields."""
    if only is None:
        return None
    read = set(only)
    for name in reversed(order_of(forms)):
        if name in read:
            read |= fields_in(forms[name].sql)
    return read


def among(forms: Mapping[str, _Form], read: Collection[str] | None) -> dict[str, _Form]:
    """Keep the forms of the fields that are read; None: all."""
    return {name: form for name, form in forms.items() if read is None or name in read}


def in_catalogue_order(
    table: pl.LazyFrame, workspace: Workspace, only: Collection[str] | None
) -> pl.LazyFrame:
    """Put customer_id first, then the fields as the catalogue lists them, in their own types."""
    have = table.collect_schema()
    fields = [
        f
        for f in workspace.customer_fields.values()
        if f.name in have and (only is None or f.name in only)
    ]
    return table.select(
        CUSTOMER, *(_typed(f.name, f.type, have[f.name]) for f in fields if f.name != CUSTOMER)
    )


def _typed(name: str, kind: FieldType, now: pl.DataType) -> pl.Expr:
    """Keep the integers and exact sums that a number or money column already is."""
    if kind in ("number", "money") and now.is_numeric():
        return pl.col(name)
    return pl.col(name).cast(DTYPES[kind])
