"""The stock side of a night: shelves, what rules set for them, and what to order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import polars as pl

from targeting.rules.model import Rule
from targeting.stock.parameters import parameters
from targeting.stock.products import product_table
from targeting.stock.suggest import Suggestions, suggest
from targeting.workspace.columns import SourceName
from targeting.workspace.settings import Ordering

_NO_PURCHASES = {
    "customer_id": pl.String,
    "purchased_on": pl.Date,
    "amount": pl.Int64,
    "quantity": pl.Float64,
    "product_id": pl.String,
}


def order_suggestions(
    frames: Mapping[SourceName, pl.DataFrame],
    customers: pl.DataFrame,
    rules: Sequence[Rule],
    ordering: Ordering,
    as_of: dt.date,
    *,
    digits: int,
) -> Suggestions:
    """Suggest an order for each product and location; without purchases none, and why."""
    purchases = frames.get("purchases")
    if purchases is None or "product_id" not in purchases.columns:
        purchases = pl.DataFrame(schema=_NO_PURCHASES)
    shelves = product_table(
        purchases,
        frames.get("products"),
        frames.get("stock"),
        customers,
        ordering,
        as_of,
        digits=digits,
    )
    settled = parameters(shelves, rules, as_of, 10**digits)
    return suggest(shelves, settled, ordering, as_of, digits=digits)
