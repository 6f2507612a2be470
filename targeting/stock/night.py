"""The stock side of a night: shelves, what rules set for them, and what to order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import polars as pl

from targeting.rules.model import Rule
from targeting.stock.columns import DATA_PROBLEMS, empty
from targeting.stock.coming import campaign_demand
from targeting.stock.demand.forecast_check import forecast_check
from targeting.stock.found import whole
from targeting.stock.inputs import KEY, PURCHASES, STOCK, Frame, shaped_lazily
from targeting.stock.parameters import parameters
from targeting.stock.products import shop_table
from targeting.stock.suggest import Suggestions, suggest
from targeting.workspace.columns import SourceName
from targeting.workspace.settings import Ordering


@dataclass(frozen=True)
class Campaigns:
    """Whom tonight's rules contact (customer_id, rule), and how many more buy because of it.

    `uplifts`: rule, uplift (0.1 is one more buyer of ten contacts), source.
    """

    selected: pl.DataFrame
    uplifts: pl.DataFrame


def order_suggestions(  # noqa: PLR0913  all that a night knows of its stock
    frames: Mapping[SourceName, Frame],
    customers: pl.DataFrame | None,
    rules: Sequence[Rule],
    ordering: Ordering,
    as_of: dt.date,
    *,
    digits: int,
    currency: str = "",
    campaigns: Campaigns | None = None,
    refused: Mapping[SourceName, pl.Series] = MappingProxyType({}),
) -> Suggestions:
    """Suggest an order for each product and location; without purchases none, and why.

    `digits` and `currency`: decimals and code of the shop's money. `refused`: by source, the
    products of rows that could not be read. What is not in the list of products because of that is
    not ordered: it may be discontinued.
    """
    purchases, unnamed = _named(frames.get("purchases"))
    shop = shop_table(
        purchases,
        frames.get("products"),
        frames.get("stock"),
        customers,
        as_of,
    )
    shop = replace(shop, table=shop.table.with_columns(_refused(refused)))
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
    suggested = suggest(
        shop.table, settled, ordering, as_of, digits=digits, currency=currency, coming=coming
    )
    return replace(
        suggested,
        forecast_check=forecast_check(shop.weekly, shop.weeks_seen, shop.out, shop.categories),
        data_problems=pl.concat(
            [unnamed, _ahead(frames.get("stock"), as_of), suggested.data_problems]
        ),
    )


def _named(purchases: Frame | None) -> tuple[Frame, pl.DataFrame]:
    """Give the purchases, and what to say of those that name no product."""
    nothing = pl.DataFrame(schema=PURCHASES)
    if purchases is None:
        return nothing, empty(DATA_PROBLEMS)
    if "product_id" not in purchases.collect_schema():
        return nothing, whole("purchases", "no column product_id", "no demand of any product")
    named = pl.len().alias("all"), pl.col("product_id").null_count().alias("without")
    lines, without = purchases.lazy().select(named).collect(engine="streaming").row(0)
    if not without:
        return purchases, empty(DATA_PROBLEMS)
    said = f"{without:,} of {lines:,} purchases name no product"
    return purchases, whole("purchases", said, "no demand: they stand in no line")


def _ahead(stock: Frame | None, as_of: dt.date) -> pl.DataFrame:
    """Name the products that have a count of a day to come."""
    later = shaped_lazily(stock, STOCK).filter(pl.col("counted_on") > as_of).collect()
    said = pl.format("counted on {}, after the run's day", pl.col("counted_on").min())
    by_place = later.group_by(KEY, maintain_order=True).agg(said.alias("problem")).sort(KEY)
    return by_place.select(
        pl.lit("stock").alias("source"), *KEY, "problem", pl.lit("not counted yet").alias("assumed")
    ).cast(dict(DATA_PROBLEMS))  # type: ignore[arg-type]


def _refused(refused: Mapping[SourceName, pl.Series]) -> Iterable[pl.Expr]:
    """Say which products have a rejected row, and none that could be read."""
    sources: tuple[tuple[SourceName, str], ...] = (("products", "listed"), ("stock", "counted"))
    for source, known in sources:
        ids = refused.get(source, pl.Series(dtype=pl.String))
        has_one = pl.col("product_id").is_in(ids.implode())
        lost = has_one & ~pl.col(known).fill_null(value=False)
        yield lost.alias(f"{known}_refused")
