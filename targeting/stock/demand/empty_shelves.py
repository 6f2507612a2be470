"""Days on which a shelf was empty, from the history of counts: nothing could be sold on them."""

from __future__ import annotations

import datetime as dt
from typing import Final

import polars as pl

from targeting.stock.demand.shelves import Shelves
from targeting.stock.inputs import KEY, RECENT_WEEKS, STOCK, WEEKS, shaped

COUNT_HOLDS_DAYS: Final = 31  # enough for a shop that counts monthly; an older count is silent
_DAY: Final = pl.col("day")
_AT: Final = ["shelf", "day"]


def count_history(
    stock: pl.DataFrame | None, as_of: dt.date, shelves: Shelves, *, by_location: bool
) -> pl.DataFrame:
    """Give one row a count of a product and location, of those counted on two days or more.

    Columns: shelf (of no location unless `by_location`), day, until (the day of the next count, at
    most 31 days on and the day after as_of), filled (more than 0 units). A count without a date is
    as_of's; counts after as_of and without a number are left out.
    """
    place = [] if by_location else [pl.lit(None, dtype=pl.String).alias("location")]
    holds = (_DAY + dt.timedelta(days=COUNT_HOLDS_DAYS)).clip(upper_bound=_next(as_of))
    day = pl.col("counted_on").fill_null(as_of).alias("day")
    return (
        shaped(stock, STOCK)
        .select(*KEY, day, "on_hand")
        .drop_nulls(["product_id", "on_hand"])
        .filter(as_of >= _DAY)
        .group_by(*KEY, "day")
        .agg((pl.col("on_hand") > 0).any().alias("filled"))
        .filter(pl.len().over(KEY) > 1)
        .sort(*KEY, "day")
        .with_columns(pl.min_horizontal(_DAY.shift(-1).over(KEY), holds).alias("until"))
        .with_columns(place)
        .select(shelves.number, "day", "until", "filled")
    )


def days_out(
    history: pl.DataFrame, lines: pl.LazyFrame, as_of: dt.date, *, by_location: bool
) -> pl.DataFrame:
    """Give one row a shelf and day out of stock, in the 104 weeks up to as_of.

    Out of stock: the newest counts on or before the day, of every location that the shelf stands
    for, were 0 or less, and nothing was sold of it on the day or between the count and the day: a
    sale after it proves that stock has come. `history`: `count_history`; `lines`: `sales_lines`.
    Columns: shelf, day.
    """
    seen = as_of - dt.timedelta(weeks=WEEKS) < _DAY
    emptied = history.filter(~pl.col("filled")).select(pl.col("shelf").unique())
    sold = (
        lines.filter(pl.col("units") > 0)
        .select("shelf", pl.col("purchased_on").alias("day"))
        .join(emptied.lazy(), on="shelf", how="semi")
        .unique()
        .sort(_AT)
        .collect(engine="streaming")
    )
    # only where several locations make a shelf may another one still have some
    asked = ~pl.col("filled") if by_location else pl.lit(value=True)
    empty = (
        _until_a_sale(history.join(emptied, on="shelf", how="semi").filter(asked), sold)
        .filter(as_of - dt.timedelta(weeks=WEEKS) < pl.col("until"))
        .with_columns(pl.date_ranges("day", "until", closed="left").alias("day"))
        .explode("day", empty_as_null=True, keep_nulls=True)
        .filter(seen)
        .group_by(_AT)
        .agg(pl.col("filled").any())
        .filter(~pl.col("filled"))
    )
    return empty.select(_AT).join(sold, on=_AT, how="anti")


def _until_a_sale(history: pl.DataFrame, sold: pl.DataFrame) -> pl.DataFrame:
    """Let a count of 0 speak no longer than to the first sale after its day.

    A sale on the day itself may have come before the count.
    """
    sales = sold.with_columns(_DAY.alias("sold_on")).sort("day")
    found = history.sort("day").join_asof(
        sales, on="day", by="shelf", strategy="forward", allow_exact_matches=False,
        check_sortedness=False,
    )  # fmt: skip
    refuted = ~pl.col("filled") & (pl.col("sold_on") < pl.col("until"))
    return found.with_columns(
        pl.when(refuted).then("sold_on").otherwise("until").alias("until")
    ).drop("sold_on")


def weeks_out(days: pl.DataFrame, as_of: dt.date) -> pl.DataFrame:
    """Count the days out of stock of each shelf and week: shelf, week (0 ends on as_of), days."""
    week = ((pl.lit(as_of) - _DAY).dt.total_days() // 7).cast(pl.Int32).alias("week")
    return days.group_by("shelf", week).agg(pl.len().cast(pl.Int64).alias("days"))


def recent_days_out(days: pl.DataFrame, history: pl.DataFrame, as_of: dt.date) -> pl.DataFrame:
    """Count the days out of stock in the last 26 weeks of each shelf with a history of counts.

    Columns: shelf, days_out_of_stock.
    """
    recent = days.filter(as_of - dt.timedelta(weeks=RECENT_WEEKS) < _DAY)
    number = recent.group_by("shelf").agg(pl.len().cast(pl.Int64).alias("days_out_of_stock"))
    known = history.select(pl.col("shelf").unique())
    return known.join(number, on="shelf", how="left").with_columns(
        pl.col("days_out_of_stock").fill_null(0)
    )


def _next(day: dt.date) -> dt.date:
    return day + dt.timedelta(days=1)
