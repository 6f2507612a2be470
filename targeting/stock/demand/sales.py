"""What was sold: line by line, and week by week of each product and location."""

from __future__ import annotations

import datetime as dt
from typing import Final

import polars as pl

from targeting.stock.demand.shelves import Shelves
from targeting.stock.inputs import PURCHASES, UNIT, shaped

_WEEKS_IN_ALL: Final = 1 << 17  # more than there are between year 1 and year 2500


def sales_lines(
    purchases: pl.DataFrame, as_of: dt.date, shelves: Shelves, *, by_location: bool
) -> pl.LazyFrame:
    """Give one row a purchase line of a known product, up to as_of.

    Columns: product_id, `shelf` (of no location unless `by_location`), customer_id, purchased_on,
    amount (minor units, negative for a return), `units` (thousandths, negative for a return),
    `week` (0 is the week that ends on as_of, 1 the one before). Lazy: of millions of lines only
    sums are ever kept.
    """
    lines = shaped(purchases, PURCHASES).lazy()
    returned = ((pl.col("quantity") < 0) | (pl.col("amount") < 0)).fill_null(value=False)
    size = (pl.col("quantity").fill_null(1).abs() * UNIT).clip(0, 1e12).round().cast(pl.Int64)
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
            pl.when(returned).then(-money).otherwise(money).alias("amount"),
            pl.when(returned).then(-size).otherwise(size).alias("units"),
            ((pl.lit(as_of) - pl.col("purchased_on")).dt.total_days() // 7)
            .cast(pl.Int32)
            .alias("week"),
        )
    )


def weekly_sums(lines: pl.LazyFrame) -> pl.DataFrame:
    """Give one row a shelf and week with a line, sorted: units and amount, net of returns.

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
