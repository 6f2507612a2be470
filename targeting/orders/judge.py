"""Who was right: orders that a planner changed, seen from the day when their time had passed."""

from __future__ import annotations

import datetime as dt
from typing import Final

import numpy as np
import polars as pl

from targeting.stock.demand.sales import net_units
from targeting.stock.inputs import PURCHASES, UNIT, Frame, shaped_lazily

_KEY: Final = ("run_id", "product_id", "location")
_WHO: Final = ("suggested", "approved")
_SAME: Final = 1e-6
_DAYS: Final = 1 << 22  # the days of years 1 to 9999 fit between two shelves


def judged_overrides(approved: pl.DataFrame, purchases: Frame, as_of: dt.date) -> pl.DataFrame:
    """Judge each changed order whose lead time and review have passed by `as_of`.

    Takes `orders.runs.PAST` and purchases (customers' names are not read). One row a run and line
    whose `approved` differs from `suggested`, sorted: run_id, ordered_on, until (the last day that
    counts), product_id, product, location, suggested, approved, reason, unit_cost (minor units;
    missing where the shop does not say it), demand (units sold after ordered_on, net of returns),
    and for each of both quantities what it left when the next order could come: left_suggested,
    short_suggested, left_approved, short_approved (units), then loss_suggested, loss_approved and
    nearer (planner, suggestion, alike).

    Both are judged by what the planner knew: stock, times and service level as corrected in the
    workbook. Transfers count as suggested, on both sides.

    A unit short weighs as the line's service level says, a unit left over as the rest does: the
    pinball loss, lowest on average for whoever orders up to that quantile of demand (Koenker and
    Bassett 1978; Gneiting 2011). Counting them alike would call every safety stock a mistake.
    Demand is what was sold: where the shelf was empty more was wanted than is seen.
    """
    changed = approved.filter(pl.col("approved") != pl.col("suggested"))
    days = (pl.col("lead_time_days") + pl.col("review_days")).round(6).ceil().cast(pl.Int64)
    until = (pl.col("ordered_on") + pl.duration(days=days)).alias("until")
    due = changed.with_columns(until).filter(pl.col("until") <= as_of)
    told = due.with_columns((_demand(due, purchases) / UNIT).alias("demand"))
    ends = told.with_columns(end for who in _WHO for end in _ends(who))
    losses = ends.with_columns(_loss(who) for who in _WHO)
    return losses.with_columns(_nearer()).select(JUDGED).sort("ordered_on", *_KEY, nulls_last=True)


JUDGED: Final = (
    "run_id", "ordered_on", "until", "product_id", "product", "location", "suggested", "approved",
    "reason", "unit_cost", "demand", "left_suggested", "short_suggested", "left_approved",
    "short_approved", "loss_suggested", "loss_approved", "nearer",
)  # fmt: skip


def summary_of(judged: pl.DataFrame) -> pl.DataFrame:
    """Count who was nearer: one row each of planner, suggestion and alike, though it be 0 lines.

    Columns: nearer, lines, and over those lines in units left_suggested, short_suggested,
    left_approved, short_approved; units are sums over sorted rows, rounded to thousandths.
    """
    units = ("left_suggested", "short_suggested", "left_approved", "short_approved")
    thousandths = [(pl.col(name) * UNIT).round().cast(pl.Int64).sum() for name in units]
    counted = judged.group_by("nearer").agg(pl.len().cast(pl.Int64).alias("lines"), *thousandths)
    everybody = pl.DataFrame({"nearer": ["planner", "suggestion", "alike"]})
    joined = everybody.join(counted, on="nearer", how="left", maintain_order="left")
    return joined.with_columns(
        pl.col("lines").fill_null(0), *((pl.col(name).fill_null(0) / UNIT) for name in units)
    )


def in_words(judged: pl.DataFrame) -> str | None:
    """Say in one sentence who was right; None where nothing can be judged yet."""
    if judged.is_empty():
        return None
    counts = dict(summary_of(judged).select("nearer", "lines").iter_rows())
    lines = f"{judged.height:,} changed order" + ("" if judged.height == 1 else "s")
    return (
        f"Of {lines} whose time has passed, the planner was nearer to what sold in "
        f"{counts['planner']:,}, the suggestion in {counts['suggestion']:,}, and they did alike in "
        f"{counts['alike']:,} (a unit short weighed by the service level)."
    )


def _demand(due: pl.DataFrame, purchases: Frame) -> pl.Series:
    """Sum the thousandths of units sold of each line in its time, net of returns: one a row."""
    days = pl.col("ordered_on").min().alias("after"), pl.col("until").max()
    shelves = due.group_by(_SHELF, maintain_order=True).agg(days).with_row_index("shelf")
    sold = _sold(purchases, shelves.lazy())
    upto = np.append(0, sold["units"].cum_sum().to_numpy())
    lines = due.join(
        shelves.drop("until"), on=_SHELF, how="left", nulls_equal=True, maintain_order="left"
    )
    since, until = (
        upto[np.searchsorted(sold["at"], lines.select(_at(day)).to_series(), side="right")]
        for day in ("ordered_on", "until")
    )
    return pl.Series("demand", until - since, dtype=pl.Int64)


def _sold(purchases: Frame, shelves: pl.LazyFrame) -> pl.DataFrame:
    """Give what each shelf sold in its days: `at` (shelf and day, sorted), units (thousandths).

    Only daily sums are kept, however many runs changed the same product.
    """
    lines = shaped_lazily(purchases, PURCHASES).with_columns(net_units())
    apart, together = (shelves.filter(by) for by in (_APART, ~_APART))
    found = (
        lines.join(apart, on=["product_id", "location"], nulls_equal=True),
        lines.join(together, on="product_id"),
    )
    sold_on = pl.col("purchased_on")
    in_time = (sold_on > pl.col("after")) & (sold_on <= pl.col("until"))
    return (
        pl.concat([each.filter(in_time).select(_at("purchased_on"), "units") for each in found])
        .group_by("at")
        .agg(pl.col("units").sum())
        .collect(engine="streaming")
        .sort("at")
    )


_SHELF: Final = ("product_id", "location", "by_location")
_APART: Final = pl.col("by_location")


def _at(day: str) -> pl.Expr:
    return (pl.col("shelf").cast(pl.Int64) * _DAYS + pl.col(day).to_physical()).alias("at")


def _ends(who: str) -> tuple[pl.Expr, pl.Expr]:
    moved = pl.col("transfer_in") - pl.col("transfer_out")
    end = (pl.col("available") + moved + pl.col(who) - pl.col("demand")).round(6)
    left = end.clip(lower_bound=0).alias(f"left_{who}")
    return left, ((-end).clip(lower_bound=0) + 0.0).alias(f"short_{who}")


def _loss(who: str) -> pl.Expr:
    short = pl.col("service_level") * pl.col(f"short_{who}")
    left = (1 - pl.col("service_level")) * pl.col(f"left_{who}")
    return (short + left).round(6).alias(f"loss_{who}")


def _nearer() -> pl.Expr:
    gain = pl.col("loss_suggested") - pl.col("loss_approved")
    return (
        pl.when(gain.abs() <= _SAME)
        .then(pl.lit("alike"))
        .when(gain > 0)
        .then(pl.lit("planner"))
        .otherwise(pl.lit("suggestion"))
        .alias("nearer")
    )
