"""What was sold: line by line, and week by week of each product and location."""

from __future__ import annotations

import datetime as dt
from typing import Final

import numpy as np
import polars as pl

from targeting.stock.demand.forecast import Floats
from targeting.stock.demand.shelves import Shelves
from targeting.stock.inputs import PURCHASES, UNIT, Frame, shaped_lazily

_WEEKS_IN_ALL: Final = 1 << 17  # more than there are between year 1 and year 2500


def sales_lines(
    purchases: Frame, as_of: dt.date, shelves: Shelves, *, by_location: bool
) -> pl.LazyFrame:
    """Give one row a purchase line of a known product, up to as_of.

    Columns: product_id, `shelf` (of no location unless `by_location`), customer_id, purchased_on,
    amount (minor units, negative for a return), `units` (thousandths, negative for a return),
    `week` (0 is the week that ends on as_of, 1 the one before). Lazy: of millions of lines only
    sums are ever kept.
    """
    lines = shaped_lazily(purchases, PURCHASES)
    money = pl.col("amount").fill_null(0).abs()
    nowhere = pl.lit(None, dtype=pl.String).alias("location")
    return (
        lines.filter(pl.col("product_id").is_not_null() & (pl.col("purchased_on") <= as_of))
        .with_columns([] if by_location else [nowhere])
        .select(
            "product_id",
            shelves.number,
            "customer_id",
            "purchased_on",
            pl.when(_returned()).then(-money).otherwise(money).alias("amount"),
            net_units(),
            ((pl.lit(as_of) - pl.col("purchased_on")).dt.total_days() // 7)
            .cast(pl.Int32)
            .alias("week"),
        )
    )


def net_units() -> pl.Expr:
    """Give the `units` of a purchase line, in whole thousandths; negative for a return.

    Reads quantity (1 where missing) and amount: a line with either under 0 is a return.
    """
    size = (pl.col("quantity").fill_null(1).abs() * UNIT).clip(0, 1e12).round().cast(pl.Int64)
    return pl.when(_returned()).then(-size).otherwise(size).alias("units")


def _returned() -> pl.Expr:
    return ((pl.col("quantity") < 0) | (pl.col("amount") < 0)).fill_null(value=False)


def carried_back(net: Floats) -> Floats:
    """Take what came back in a later row off the newest sales before it; 0 or more in each row.

    `net`: units sold less units returned, a row a week (or day), oldest first, a column a series.
    What came back of sales before the first row is left out. So from each row on as much was sold
    as the largest net sum from that row or a later one on.
    """
    returned = np.flatnonzero((net < 0).any(axis=0))
    sold = net.copy()
    # whole numbers: a float's error would pass for a sale
    units = np.rint(net[::-1, returned] * UNIT).astype(np.int64)
    since = np.maximum.accumulate(units.cumsum(axis=0).clip(min=0), axis=0)
    sold[::-1, returned] = np.diff(since, axis=0, prepend=0) / UNIT
    return sold


def weekly_sums(lines: pl.LazyFrame) -> pl.DataFrame:
    """Give one row a shelf and week with a line, sorted: units and amount, net of returns.

    Both are under 0 in a week in which more came back than was sold: money is booked when it is
    paid back. For demand such units are taken off earlier weeks (`carried_back`).
    `last_sold_on`: the last day of that week with a sale, however much came back; missing without.
    """
    # one number a cell: grouping by two columns takes three times as long
    cell = pl.col("shelf") * _WEEKS_IN_ALL + pl.col("week")
    sold_on = pl.when(pl.col("units") > 0).then("purchased_on")
    sums = (
        lines.group_by(cell.alias("cell"))
        .agg(pl.col("units", "amount").sum(), sold_on.max().alias("last_sold_on"))
        .collect(engine="streaming")
        .sort("cell")
    )
    return sums.select(
        (pl.col("cell") // _WEEKS_IN_ALL).alias("shelf"),
        (pl.col("cell") % _WEEKS_IN_ALL).cast(pl.Int32).alias("week"),
        "units",
        "amount",
        "last_sold_on",
    )
