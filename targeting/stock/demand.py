"""From purchase lines to the demand of each product and location: class, rate and spread."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import polars as pl

from targeting.stock.classes import INTERVAL_CUT, NEW_WEEKS, demand_class, xyz
from targeting.stock.forecast import Floats, Ints, best_sba, best_ses, imapa
from targeting.stock.inputs import UNIT, WEEKS

# A series begins with a sale, so its first week proves little: an eighth of it counts. Counted in
# full, the new products of Complete Journey were forecast three to four times too high.
FIRST_WEEK_OFF: Final = 7 / 8
BLOCK: Final = 8192  # series at once: small enough for the processor's cache

METHODS: Final = {
    "smooth": "SBA",
    "erratic": "SBA",
    "intermittent": "IMAPA",
    "lumpy": "IMAPA",
    "new": "mean since the first sale",
}


def weeks_seen(weekly: pl.DataFrame) -> int:
    """Count the weeks that the purchases reach back, at most 104; 0 without purchases."""
    return 0 if weekly.is_empty() else min(WEEKS, weekly.select(pl.col("week").max() + 1).item())


def demand(weekly: pl.DataFrame, seen: int) -> pl.DataFrame:
    """Describe the demand of each shelf that sold in the weeks seen.

    `weekly`: `weekly_sums`. Adds to the shelf: `demand_class`, `xyz`, `method`, `weekly_demand`
    (the point forecast), `level_demand` (the mean that stock levels are built on: exponential
    smoothing, which has not the low bias of SBA), `weekly_sd` (root mean square of its one-step
    errors), `history_weeks` (since the first sale), `sales_weeks`, `largest_week` and `usual_week`
    (the mean of the other weeks with a sale). Units a week, to 6 decimals.
    """
    sold = weekly.filter((pl.col("week") < WEEKS) & (pl.col("units") > 0))
    keys = sold.select(pl.col("shelf").unique(maintain_order=True))
    columns: dict[str, list[Floats]] = {}
    for block in _blocks(sold, keys.height, seen):
        for name, values in describe_block(block).items():
            columns.setdefault(name, []).append(values)
    if not columns:
        columns = {name: [v] for name, v in describe_block(np.zeros((max(seen, 1), 0))).items()}
    described = keys.hstack(
        pl.DataFrame({n: np.concatenate(v) for n, v in columns.items()}).fill_nan(None)
    )
    return _named(described)


def _blocks(sold: pl.DataFrame, shelves: int, seen: int) -> Iterator[Floats]:
    """Spread the sales over matrices: a row a week, oldest first; a column a series."""
    series = sold.select(pl.col("shelf").rle_id()).to_series().to_numpy()
    week = seen - 1 - sold["week"].to_numpy()
    units = sold["units"].to_numpy() / UNIT
    for start in range(0, shelves, BLOCK):
        low, high = np.searchsorted(series, [start, start + BLOCK])
        block = np.zeros((seen, min(BLOCK, shelves - start)))
        block[week[low:high], series[low:high].astype(np.int64) - start] = units[low:high]
        yield block


def describe_block(weeks: Floats) -> dict[str, Floats]:
    """Measure and forecast one block; each column of the result has one value a series.

    `weeks`: a row a week, oldest first, a column a series, units net of returns, 0 or more.
    """
    first = (weeks > 0).argmax(axis=0).astype(np.int64)
    shape = _shape(weeks, first)
    frequent = shape["interval"] < INTERVAL_CUT
    start = np.where(frequent, first, 0)  # a start at the first sale is too high on sparse series
    level = best_ses(weeks, start)
    rate = np.zeros(weeks.shape[1])
    often, seldom = np.flatnonzero(frequent), np.flatnonzero(~frequent)
    rate[often] = best_sba(weeks[:, often], first[often]).rate
    rate[seldom] = imapa(weeks[:, seldom], shape["interval"][seldom])
    return shape | {"rate": rate, "level": level.rate, "error": level.error}


def _shape(weeks: Floats, first: Ints) -> dict[str, Floats]:
    """Count and measure from the first sale on; variances are of samples."""
    history = (len(weeks) - first).astype(np.float64)
    sales = (weeks > 0).sum(axis=0).astype(np.float64)
    total = weeks.sum(axis=0)
    largest = weeks.max(axis=0, initial=0.0)
    at_least_one, others = np.maximum(sales, 1), np.maximum(sales - 1, 1)
    size_variance = (np.where(weeks > 0, weeks - total / at_least_one, 0.0) ** 2).sum(axis=0)
    first_week = np.take_along_axis(weeks, first[None], axis=0)[0]
    started = np.arange(len(weeks))[:, None] >= first
    variance = (np.where(started, weeks - total / history, 0.0) ** 2).sum(axis=0)
    spread = np.sqrt(variance / np.maximum(history - 1, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_size, mean = total / at_least_one, total / history
        return {
            "history_weeks": history,
            "sales_weeks": sales,
            "interval": history / at_least_one,
            "squared_variation": size_variance / others / mean_size**2,
            "variation": np.where(history > 1, spread / mean, np.nan),
            "young": (total - FIRST_WEEK_OFF * first_week) / history,
            "largest_week": largest,
            "usual_week": np.where(sales > 1, (total - largest) / others, np.nan),
        }


def _named(described: pl.DataFrame) -> pl.DataFrame:
    """Turn measures into classes, and choose the rate and spread that each class stands on."""
    history, sales = pl.col("history_weeks"), pl.col("sales_weeks")
    is_new = history < NEW_WEEKS
    rate = pl.when(is_new).then("young").otherwise("rate")
    level = pl.when(is_new).then("young").otherwise("level")
    chance = level.sqrt()  # Poisson's spread, where history is too short to measure one
    error = pl.col("error").fill_null(0)
    spread = pl.when(is_new).then(pl.max_horizontal(error, chance)).otherwise(error)
    return described.select(
        "shelf",
        demand_class(history, sales, pl.col("squared_variation")).alias("demand_class"),
        xyz(pl.col("variation")).alias("xyz"),
        rate.round(6).alias("weekly_demand"),
        level.round(6).alias("level_demand"),
        spread.round(6).alias("weekly_sd"),
        history.cast(pl.Int64),
        sales.cast(pl.Int64),
        "largest_week",
        "usual_week",
    ).with_columns(
        pl.col("demand_class").replace_strict(METHODS, default="none").alias("method"),
    )
