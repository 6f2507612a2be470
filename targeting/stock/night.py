"""The stock side of a night: shelves, what rules set for them, and what to order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from targeting.rules.model import Rule
from targeting.stock.coming import campaign_demand
from targeting.stock.demand.forecast_check import forecast_check
from targeting.stock.parameters import parameters
from targeting.stock.products import shop_table
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


@dataclass(frozen=True)
class Campaigns:
    """Whom tonight's rules contact (customer_id, rule), and how many more buy because of it.

    `uplifts`: rule, uplift (0.1 is one more buyer of ten contacts), source.
    """

    selected: pl.DataFrame
    uplifts: pl.DataFrame


def order_suggestions(
    frames: Mapping[SourceName, pl.DataFrame],
    customers: pl.DataFrame,
    rules: Sequence[Rule],
    ordering: Ordering,
    as_of: dt.date,
    *,
    digits: int,
    campaigns: Campaigns | None = None,
) -> Suggestions:
    """Suggest an order for each product and location; without purchases none, and why."""
    purchases = frames.get("purchases")
    if purchases is None or "product_id" not in purchases.columns:
        purchases = pl.DataFrame(schema=_NO_PURCHASES)
    shop = shop_table(
        purchases,
        frames.get("products"),
        frames.get("stock"),
        customers,
        as_of,
    )
    settled = parameters(shop.table, rules, as_of, 10**digits)
    coming = None
    if campaigns is not None:
        coming = campaign_demand(
            campaigns.selected,
            campaigns.uplifts,
            purchases,
            customers,
            as_of,
            sold=shop.sold,
            shelves=shop.shelves,
        )
    suggested = suggest(shop.table, settled, ordering, as_of, digits=digits, coming=coming)
    return replace(suggested, forecast_check=forecast_check(shop.weekly, shop.weeks_seen, shop.out))
