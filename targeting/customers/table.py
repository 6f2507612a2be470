"""One row a customer: attributes, spending, measures and derived fields joined by id."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl

from targeting.customers.derived import DTYPES, derived, minor_units
from targeting.customers.measures import measures, zeroes
from targeting.customers.spending import (
    BOUGHT,
    purchase_lines,
    spending,
    windowed_spending,
    without_purchases,
)
from targeting.frames import CUSTOMER
from targeting.problems import Problem
from targeting.workspace.catalogue import listed_categories, purchase_columns, spending_fields
from targeting.workspace.columns import FieldType, SourceName
from targeting.workspace.literals import Period
from targeting.workspace.load import Workspace


@dataclass(frozen=True)
class CustomerData:
    """The clean sources that customers are made of, and how."""

    workspace: Workspace
    attributes: pl.LazyFrame | None
    lines: pl.LazyFrame | None  # purchases, the attributes of their products joined on

    @classmethod
    def of(cls, workspace: Workspace, frames: Mapping[SourceName, pl.DataFrame]) -> CustomerData:
        """Join purchases to products once, for every table made of them."""
        lines = None
        if "purchases" in frames:
            products = frames["products"].lazy() if "products" in frames else None
            lines = purchase_lines(frames["purchases"].lazy(), products)
        attributes = frames["customers"].lazy() if "customers" in frames else None
        return cls(workspace, attributes, lines)

    def only(self, ids: pl.DataFrame) -> CustomerData:
        """Keep the customers of a column `customer_id`, and nobody's purchases but theirs."""
        wanted = ids.lazy().select(CUSTOMER)
        attributes, lines = self.attributes, self.lines
        if attributes is not None:
            attributes = attributes.join(wanted, on=CUSTOMER, how="semi")
        if lines is not None:
            lines = lines.join(wanted, on=CUSTOMER, how="semi").collect().lazy()
        return replace(self, attributes=attributes, lines=lines)

    def table(self, as_of: dt.date, *, window: Period | None = None) -> pl.LazyFrame:
        """Make one row for each id in customers or purchases, sorted by customer_id.

        Only purchases up to as_of count; with a window, spending and measures are taken over the
        trailing window (recency and tenure never are).
        """
        settings = self.workspace.settings
        table = self._people(as_of)
        if self.lines is not None:
            table = table.join(self._spent(as_of, window), on=CUSTOMER, how="left")
            known = table.collect_schema().names()
            table = table.with_columns(**without_purchases(known))
            table = table.with_columns(zeroes(settings.measures))
        if self.attributes is not None:
            given = set(self.attributes.collect_schema().names()) - {CUSTOMER}
            table = table.drop(given, strict=False).join(self.attributes, on=CUSTOMER, how="left")
        if "last_contacted_on" not in table.collect_schema():
            table = table.with_columns(last_contacted_on=pl.lit(None, dtype=pl.Date))
        table = derived(table, settings.derived, as_of, minor=minor_units(self.workspace))
        return _in_catalogue_order(table, self.workspace).sort(CUSTOMER)

    def buyers(self, cut_off: dt.date) -> pl.DataFrame:
        """Make the table of a past day: customers who had bought by then, as they looked then."""
        if self.lines is None:
            return pl.DataFrame()
        bought = self._up_to(cut_off).filter(BOUGHT)
        return self.table(cut_off).join(bought, on=CUSTOMER, how="semi").sort(CUSTOMER).collect()

    def _people(self, as_of: dt.date) -> pl.LazyFrame:
        ids = []
        if self.attributes is not None:
            ids.append(self.attributes.select(CUSTOMER))
        if self.lines is not None:
            ids.append(self._up_to(as_of).select(CUSTOMER).drop_nulls())
        return pl.concat(ids).unique()

    def _up_to(self, as_of: dt.date) -> pl.LazyFrame:
        assert self.lines is not None
        return self.lines.filter(pl.col("purchased_on") <= as_of)

    def _spent(self, as_of: dt.date, window: Period | None) -> pl.LazyFrame:
        lines = self._up_to(as_of)
        settings = self.workspace.settings
        categories = listed_categories(settings)
        if window is None:
            table = spending(lines, as_of, categories=categories)
        else:
            since = window.before(as_of)
            table = windowed_spending(lines, as_of, since, categories=categories)
            lines = lines.filter(pl.col("purchased_on") > since)
        if not settings.measures:
            return table
        counted = measures(
            lines,
            settings.measures,
            as_of,
            types=purchase_columns(settings),
            minor=minor_units(self.workspace),
        )
        return table.join(counted, on=CUSTOMER, how="left")


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


def _in_catalogue_order(table: pl.LazyFrame, workspace: Workspace) -> pl.LazyFrame:
    """Put customer_id first, then the fields as the catalogue lists them, in their own types."""
    have = table.collect_schema()
    fields = [f for f in workspace.customer_fields.values() if f.name in have]
    return table.select(
        CUSTOMER, *(_typed(f.name, f.type, have[f.name]) for f in fields if f.name != CUSTOMER)
    )


def _typed(name: str, kind: FieldType, now: pl.DataType) -> pl.Expr:
    """Keep the integers and exact sums that a number or money column already is."""
    if kind in ("number", "money") and now.is_numeric():
        return pl.col(name)
    return pl.col(name).cast(DTYPES[kind])
