"""What kind of demand a product has: Syntetos-Boylan-Croston, ABC and XYZ."""

from __future__ import annotations

from typing import Final

import polars as pl

INTERVAL_CUT: Final = 1.32  # Syntetos, Boylan and Croston (2005)
VARIATION_CUT: Final = 0.49
NEW_WEEKS: Final = 8


def demand_class(weeks: pl.Expr, sales_weeks: pl.Expr, squared_variation: pl.Expr) -> pl.Expr:
    """Name the class of a series from its first sale on.

    `weeks` since the first sale, that week included; `sales_weeks` of them with a sale;
    `squared_variation` of the weeks with a sale (sample variance). Interval: weeks / sales_weeks.
    """
    frequent = weeks / sales_weeks < INTERVAL_CUT
    even = squared_variation < VARIATION_CUT
    return (
        pl.when(sales_weeks.fill_null(0) == 0)
        .then(pl.lit("none"))
        .when(weeks < NEW_WEEKS)
        .then(pl.lit("new"))
        .when(frequent & even)
        .then(pl.lit("smooth"))
        .when(frequent)
        .then(pl.lit("erratic"))
        .when(even)
        .then(pl.lit("intermittent"))
        .otherwise(pl.lit("lumpy"))
    )


def xyz(variation: pl.Expr) -> pl.Expr:
    """Name how steady the weeks are: X to 0.5 standard deviations a mean, Y to 1, Z above."""
    return (
        pl.when(variation <= 0.5)
        .then(pl.lit("X"))
        .when(variation <= 1.0)
        .then(pl.lit("Y"))
        .when(variation.is_not_null())
        .then(pl.lit("Z"))
    )


def abc(revenue: pl.DataFrame) -> pl.DataFrame:
    """Name the products that bring the money: A to 80% of revenue, B to 95%, C the rest.

    Takes product_id and revenue (whole minor units, one row a product); gives product_id and abc.
    The share includes the product itself; the first product is an A whatever its share. Without
    revenue a product is a C. Ties go by product_id.
    """
    money = pl.col("revenue").clip(lower_bound=0)
    running = pl.col("revenue").cum_sum()
    total = pl.col("revenue").sum()
    rank = pl.int_range(pl.len())
    return (
        revenue.select("product_id", money)
        .sort(["revenue", "product_id"], descending=[True, False])
        .select(
            "product_id",
            pl.when(pl.col("revenue") == 0)
            .then(pl.lit("C"))
            .when((running * 100 <= total * 80) | (rank == 0))
            .then(pl.lit("A"))
            .when(running * 100 <= total * 95)
            .then(pl.lit("B"))
            .otherwise(pl.lit("C"))
            .alias("abc"),
        )
    )
