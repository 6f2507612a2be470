"""New products borrow from their category: what products that were new there sold before them."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from targeting.stock.demand.classes import NEW_WEEKS
from targeting.stock.demand.forecast import Floats, Ints

FOLLOWED_WEEKS: Final = 8  # after the week of the first sale
OLDEST_WEEKS: Final = 35  # since a newcomer's first sale: half a year of launches
FEWEST: Final = 10  # newcomers: the mean of fewer is one product's luck
# Weeks of its own that a new product's category counts as. Of 0.5, 1 and 2, on Complete Journey
# 0.5 is the one that is worse than nothing at no origin, by WAPE or by pinball loss.
COUNTS_AS: Final = 0.5
METHOD: Final = "mean since the first sale, IMAPA, and newcomers"
MICRO: Final = 1_000_000


def early_demand(weeks: Floats, first: Ints, history: Floats) -> Floats:
    """Give the units a week in the 8 weeks after the week of the first sale; NaN but for newcomers.

    `weeks`: a row a week, oldest first, a column a series. `first`: the week of the first sale;
    `history`: the weeks since, that one and those out of stock included. A newcomer is 9 to 35
    weeks old, and first sold when the shop had been seen for 8: what was there from the start may
    be older than its first line.
    """
    span, told = len(weeks), len(weeks) - first
    is_newcomer = (told > FOLLOWED_WEEKS) & (history <= min(OLDEST_WEEKS, span - NEW_WEEKS))
    early, newcomers = np.full(weeks.shape[1], np.nan), np.flatnonzero(is_newcomer)
    after = first[newcomers] + np.arange(1, FOLLOWED_WEEKS + 1)[:, None]
    early[newcomers] = weeks[after, newcomers].mean(axis=0)
    return early


def with_newcomers(told: pl.DataFrame) -> pl.DataFrame:
    """Let the category of each new product count as half a week of its own.

    `told`: `described`, one row a shelf, and its `category`. `weekly_demand` leans towards the
    median of the category's newcomers (half of them sell no more), `level_demand` towards their
    mean; a category with fewer than 10 changes nothing. Says so in `method`, and adds `borrowed`:
    from whom, in words; missing where nothing is.
    """
    by_category = (
        told.filter(pl.col("early_demand").is_not_null() & pl.col("category").is_not_null())
        .group_by("category")
        .agg(*_usual())
        .filter(pl.col("newcomers") >= FEWEST)
    )
    joined = told.join(by_category, on="category", how="left", maintain_order="left")
    return joined.with_columns(_leaning()).with_columns(_told()).drop("median", "mean", "newcomers")


def _usual() -> tuple[pl.Expr, ...]:
    early = pl.col("early_demand")
    exact = (early.clip(upper_bound=1e9) * MICRO).round().cast(pl.Int64).sum() / MICRO / pl.len()
    return early.median().alias("median"), exact.alias("mean"), pl.len().alias("newcomers")


def _leaning() -> tuple[pl.Expr, ...]:
    weeks, is_new = pl.col("weeks_told"), pl.col("demand_class") == "new"
    borrows = is_new & pl.col("newcomers").is_not_null()
    pairs = (("weekly_demand", "median"), ("level_demand", "mean"))
    leant = (
        pl.when(borrows)
        .then((pl.col(own) * weeks + pl.col(theirs) * COUNTS_AS) / (weeks + COUNTS_AS))
        .otherwise(own)
        .round(6)
        .alias(own)
        for own, theirs in pairs
    )
    whose = pl.when(borrows).then(pl.format("{} newcomers of {}", "newcomers", "category"))
    return (*leant, whose.alias("borrowed"))


def _told() -> tuple[pl.Expr, ...]:
    """Keep the spread at least Poisson's, as that of every new product is; name the method."""
    borrows = pl.col("borrowed").is_not_null()
    poisson = pl.max_horizontal("weekly_sd", pl.col("level_demand").sqrt().round(6))
    return (
        pl.when(borrows).then(poisson).otherwise("weekly_sd").alias("weekly_sd"),
        pl.when(borrows).then(pl.lit(METHOD)).otherwise("method").alias("method"),
    )
