"""What the shop did itself, as far as its old counts of stock tell."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

import polars as pl

from targeting.replay.opening import Opening
from targeting.stock.inputs import STOCK, UNIT, shaped

_KEY: Final = ("product_id", "location")
LEAST_SHARE: Final = 0.5  # of the measured weeks that the counts of a line have to span


@dataclass(frozen=True)
class Done:
    """What the counts tell of the measured weeks, summed over the lines that were counted.

    `stock` and `stock_money` (minor units): the mean of a line's counts; `empty_weeks`: the share
    of a line's counts that found nothing, times the weeks; `deliveries`: rises between two counts
    that no return explains, `delivered` their units.
    """

    lines: int
    stock: float
    stock_money: float
    empty_weeks: float
    deliveries: float
    delivered: float


def done(opened: Opening, stock: pl.DataFrame | None, as_of: dt.date) -> Done | None:
    """Read the counts of the replayed lines; None where too few span half of the weeks."""
    weeks = opened.shop.measured_weeks
    counts = _counts(opened, stock, as_of)
    spans = (pl.col("counted_on").max() - pl.col("counted_on").min()).dt.total_days()
    long_enough = spans.over(_KEY) >= LEAST_SHARE * 7 * weeks
    counts = counts.filter(long_enough)
    if counts.is_empty():
        return None
    by_line = _with_deliveries(counts, opened.sold).group_by(_KEY, maintain_order=True).agg(
        pl.col("on_hand").clip(lower_bound=0).mean(),
        (pl.col("on_hand") <= 0).mean().alias("empty"),
        (pl.col("delivered") > 0).sum().alias("deliveries"),
        pl.col("delivered").sum(),
        pl.col("unit_cost").first().fill_null(0),
    )  # fmt: skip
    return Done(
        by_line.height,
        float(by_line["on_hand"].sum()),
        float((by_line["on_hand"] * by_line["unit_cost"]).sum()),
        float(by_line["empty"].sum()) * weeks,
        float(by_line["deliveries"].sum()),
        float(by_line["delivered"].sum()),
    )


def _counts(opened: Opening, stock: pl.DataFrame | None, as_of: dt.date) -> pl.DataFrame:
    """Give one row a line and day with a count, sorted: on_hand and the line's unit cost."""
    began = as_of - dt.timedelta(weeks=opened.shop.measured_weeks)
    dated = shaped(stock, STOCK).filter(
        pl.col("counted_on").is_between(began, as_of), pl.col("on_hand").is_not_null()
    )
    nowhere = opened.shop.lines["location"].null_count() == opened.shop.lines.height
    if nowhere:
        dated = dated.with_columns(pl.lit(None, dtype=pl.String).alias("location"))
    thousandths = (pl.col("on_hand").clip(-1e12, 1e12) * UNIT).round().cast(pl.Int64)
    return (
        dated.join(
            opened.shop.lines.select(*_KEY, "unit_cost"), on=_KEY, nulls_equal=True, how="inner"
        )
        .group_by(*_KEY, "counted_on")
        .agg(thousandths.sum() / UNIT, pl.col("unit_cost").first())
        .sort(*_KEY, "counted_on")
    )


def _with_deliveries(counts: pl.DataFrame, sold: pl.DataFrame) -> pl.DataFrame:
    """Add what came between a count and the one before it: the rise, and what was sold meanwhile.

    Less than a unit is a miscount.
    """
    running = sold.sort("purchased_on").select(
        *_KEY, pl.col("purchased_on").alias("counted_on"),
        (pl.col("units").cum_sum().over(_KEY) / UNIT).alias("sold"),
    )  # fmt: skip
    keyed = [frame.with_columns(_location_text()) for frame in (counts, running)]
    joined = (
        keyed[0]
        .sort("counted_on")
        .join_asof(
            keyed[1].drop("location"), on="counted_on", by=["product_id", "place"],
            strategy="backward", check_sortedness=False,
        )
        .sort("product_id", "place", "counted_on")
        .with_columns(pl.col("sold").fill_null(0))
    )  # fmt: skip
    change = pl.col("on_hand").diff() + pl.col("sold").diff()
    rise = change.over("product_id", "place")
    return joined.with_columns(pl.when(rise >= 1).then(rise).otherwise(0).alias("delivered"))


def _location_text() -> pl.Expr:
    """Name the location for a join that knows no missing value."""
    return pl.concat_str(pl.lit("at "), pl.col("location")).fill_null("").alias("place")
