"""One row a product and location: everything that inventory rules and suggestions read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import polars as pl

from targeting.stock.demand.classes import abc
from targeting.stock.demand.describe import demand, weeks_seen
from targeting.stock.demand.empty_shelves import out_of_stock
from targeting.stock.demand.newcomers import with_newcomers
from targeting.stock.demand.sales import sales_lines, weekly_sums
from targeting.stock.demand.shelves import Shelves
from targeting.stock.inputs import (
    DESCRIPTION,
    KEY,
    PRODUCTS,
    STOCK,
    UNIT,
    Frame,
    Schema,
    shaped,
    shaped_lazily,
)
from targeting.stock.packs import available
from targeting.stock.wanted import wanted

REVENUE_WEEKS: Final = 52
_LEVELS: Final = ("on_hand", "on_order", "reserved")
_PLACES: Final[Schema] = dict.fromkeys(KEY, pl.String)


@dataclass(frozen=True)
class ShopTable:
    """`product_table`, and what it was made of; the `Shelves` number both."""

    table: pl.DataFrame
    shelves: Shelves
    sold: pl.LazyFrame  # `sales_lines`
    weekly: pl.DataFrame  # `weekly_sums`
    out: pl.DataFrame  # `weeks_out`
    weeks_seen: int
    categories: pl.DataFrame  # shelf, category


def product_table(
    purchases: Frame,
    products: Frame | None,
    stock: Frame | None,
    customers: pl.DataFrame | None,
    as_of: dt.date,
) -> pl.DataFrame:
    """Give one row a product and location, sorted by them; missing where the shop has no say.

    A row stands for what was sold, counted or listed; a listed product without either has no
    location. Locations are told apart where purchases and stock both name them, else stock and
    sales are summed over them (`merged`). Money is in minor units; quantities are units; `on_hand`
    is as counted, `available` takes a negative count as 0.

    Besides the fields for rules it holds what `suggest` needs: `weeks_seen` (of the shop),
    `history_weeks`, `sales_weeks`, `largest_week`, `usual_week`, `level_demand`, `last_sold_on`,
    `days_out_of_stock` (last 26 weeks; missing without a history of counts), `borrowed` (on whose
    demand a new product leans), `average_paid` (minor units a unit, last 52 weeks),
    `segment_weights`, `listed` (missing without a list of products), `counted` (missing without
    stock), `merged`; `listed_refused`, `counted_refused` are no: who has the rejected rows says
    otherwise.
    """
    return shop_table(purchases, products, stock, customers, as_of).table


def shop_table(
    purchases: Frame,
    products: Frame | None,
    stock: Frame | None,
    customers: pl.DataFrame | None,
    as_of: dt.date,
) -> ShopTable:
    """Make `product_table`, and keep what it was made of."""
    by_location, merged = _locations(purchases, stock)
    listed = _listed(products)
    shelves = Shelves.of([purchases, shaped(stock, _PLACES), listed])
    sold = sales_lines(purchases, as_of, shelves, by_location=by_location)
    weekly = weekly_sums(sold)
    seen = weeks_seen(weekly)
    by_week, recently = out_of_stock(stock, sold, as_of, shelves, by_location=by_location)
    by_shelf = [
        _counted(stock, as_of, shelves, by_location=by_location),
        demand(weekly, seen, by_week),
        _last_sold(weekly),
        recently,
    ]
    by_product = [
        listed,
        _revenue(weekly, shelves),
        wanted(sold, customers),
        _described(purchases),
    ]
    table = _keys(weekly, by_shelf[0], listed, shelves)
    for more in by_shelf:
        table = table.join(more, on="shelf", how="left", maintain_order="left")
    for more in by_product:
        table = table.join(more, on="product_id", how="left", maintain_order="left")
    named = table.with_columns(
        pl.coalesce(name, f"sold_{name}").alias(name) for name in DESCRIPTION
    )
    filled = with_newcomers(named).with_columns(
        pl.lit(seen, dtype=pl.Int64).alias("weeks_seen"),
        pl.lit(merged).alias("merged"),
        pl.lit(value=False).alias("listed_refused"),
        pl.lit(value=False).alias("counted_refused"),
        *_filled(has_list=products is not None, has_stock=stock is not None, has_sales=seen > 0),
    )
    made_of = ("shelf", "weeks_told", "early_demand", *(f"sold_{name}" for name in DESCRIPTION))
    complete = filled.with_columns(_days_of_cover()).drop(made_of)
    categories = filled.select("shelf", "category")
    return ShopTable(complete, shelves, sold, weekly, by_week, seen, categories)


def _locations(purchases: Frame, stock: Frame | None) -> tuple[bool, bool]:
    """Say whether locations are told apart, and whether some had to be merged."""
    sold, counted = _names_locations(purchases), stock is not None and _names_locations(stock)
    apart = (sold or _is_empty(purchases)) and (counted or stock is None)
    return apart, (sold or counted) and not apart


def _names_locations(frame: Frame) -> bool:
    if "location" not in frame.collect_schema():
        return False
    return bool(frame.lazy().select(pl.col("location").count() > 0).collect().item())


def _is_empty(frame: Frame) -> bool:
    return bool(frame.lazy().select(pl.len() == 0).collect().item())


def _listed(products: Frame | None) -> pl.DataFrame:
    return (
        shaped(products, PRODUCTS)
        .filter(pl.col("product_id").is_not_null())
        .sort(list(PRODUCTS))
        .unique("product_id", keep="first", maintain_order=True)
        .with_columns(pl.lit(value=True).alias("listed"))
    )


def _counted(
    stock: Frame | None, as_of: dt.date, shelves: Shelves, *, by_location: bool
) -> pl.DataFrame:
    """Take each shelf's newest count up to as_of; a count without a date is today's."""
    day, place = pl.col("counted_on"), pl.col("shelf")
    taken = pl.coalesce(day, pl.lit(as_of)).alias("taken_on")
    counts = (
        shaped_lazily(stock, STOCK)
        .filter(pl.col("product_id").is_not_null() & (day.is_null() | (day <= as_of)))
        .select(shelves.number, taken, *_LEVELS, day)
    )
    newest = counts.group_by("shelf").agg(pl.col("taken_on").max())
    return (
        counts.join(newest, on=["shelf", "taken_on"], how="semi")
        .group_by(place if by_location else shelves.nowhere(place))
        .agg(*(_sum(name) for name in _LEVELS), day.min(), pl.lit(value=True).alias("counted"))
        .collect(engine="streaming")
    )


def _sum(name: str) -> pl.Expr:
    """Add up in thousandths, so that the order of rows does not matter."""
    whole = (pl.col(name).clip(-1e12, 1e12) * UNIT).round().cast(pl.Int64).sum() / UNIT
    return pl.when(pl.col(name).count() > 0).then(whole).alias(name)


def _keys(
    weekly: pl.DataFrame, counted: pl.DataFrame, listed: pl.DataFrame, shelves: Shelves
) -> pl.DataFrame:
    """Give shelf, product_id and location of all that was sold, counted or listed, in order."""
    placed = pl.concat([weekly.select("shelf"), counted.select("shelf")]).unique()
    named = placed.select("shelf", shelves.product_id(), shelves.location())
    nowhere = pl.lit(None, dtype=pl.String).alias("location")
    alone = (
        listed.select("product_id", nowhere)
        .join(named, on="product_id", how="anti")
        .select(shelves.number, *KEY)
    )
    return pl.concat([named, alone]).sort("shelf")


def _last_sold(weekly: pl.DataFrame) -> pl.DataFrame:
    return weekly.group_by("shelf").agg(pl.col("last_sold_on").max())


def _revenue(weekly: pl.DataFrame, shelves: Shelves) -> pl.DataFrame:
    """Give each product's class by revenue and the price paid on average, last 52 weeks."""
    earned = (
        weekly.filter(pl.col("week") < REVENUE_WEEKS)
        .group_by("shelf")
        .agg(pl.col("amount", "units").sum())
        .group_by(shelves.product_id())
        .agg(pl.col("amount").sum().alias("revenue"), pl.col("units").sum())
    )
    paid = (pl.col("revenue") * UNIT / pl.col("units")).round().cast(pl.Int64)
    return abc(earned).join(
        earned.select(
            "product_id",
            pl.when(pl.col("units") > 0, pl.col("revenue") > 0).then(paid).alias("average_paid"),
        ),
        on="product_id",
    )


def _described(purchases: Frame) -> pl.DataFrame:
    """Take name, category and brand from purchase lines, for products that no list describes."""
    there = purchases.collect_schema()
    lines = shaped_lazily(purchases, {"product_id": pl.String, **DESCRIPTION})
    if not any(name in there for name in DESCRIPTION):
        lines = lines.clear()
    return (
        lines.filter(pl.col("product_id").is_not_null())
        .group_by("product_id")
        .agg(pl.col(name).min().alias(f"sold_{name}") for name in DESCRIPTION)
        .collect(engine="streaming")
    )


def _filled(*, has_list: bool, has_stock: bool, has_sales: bool) -> Iterable[pl.Expr]:
    """Say what a row without a match means: no sales are 0, not missing."""
    for name in ("weekly_demand", "level_demand"):
        yield pl.col(name).fill_null(0.0)
    yield pl.col("demand_class").fill_null("none")
    yield pl.col("method").fill_null("none")
    yield pl.col("wanted_by").fill_null(pl.lit([], dtype=pl.List(pl.String)))
    for name, is_known in (("listed", has_list), ("counted", has_stock)):
        known = pl.lit(is_known)
        yield pl.when(known).then(pl.col(name).fill_null(value=False)).alias(name)
    if has_sales:
        yield pl.col("abc").fill_null("C")
    yield available()


def _days_of_cover() -> pl.Expr:
    rate = pl.col("weekly_demand")
    days = pl.col("available").clip(lower_bound=0) / rate * 7
    return pl.when(rate > 0).then(days).alias("days_of_cover")
