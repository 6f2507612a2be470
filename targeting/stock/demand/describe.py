"""From purchase lines to the demand of each product and location: class, rate and spread."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import polars as pl

from targeting.stock.demand.classes import INTERVAL_CUT, NEW_WEEKS, demand_class, xyz
from targeting.stock.demand.forecast import Floats, Ints, best, best_discounted, every_ses, imapa
from targeting.stock.demand.newcomers import early_demand
from targeting.stock.demand.sales import carried_back
from targeting.stock.inputs import UNIT, WEEKS

# A series is there because it sold once, so its first week proves little: an eighth of it counts,
# unless it sells nearly every week. Counted in full, the new products of Complete Journey were
# forecast three to four times too high; what seldom sells in a store, counted from the shop's first
# week on, 35 to 43% too high, and 9% worse by 8-week WAPE than by a 4-week mean.
FIRST_WEEK_OFF: Final = 7 / 8
LEAST_IN_STOCK: Final = 0.5  # of a week's days
BLOCK: Final = 8192  # series at once: small enough for the processor's cache

METHODS: Final = {
    "smooth": "discounted SES",
    "erratic": "discounted SES",
    "intermittent": "IMAPA",
    "lumpy": "IMAPA",
    "new": "mean since the first sale, and IMAPA",
}


def weeks_seen(weekly: pl.DataFrame) -> int:
    """Count the weeks that the purchases reach back, at most 104; 0 without purchases."""
    return 0 if weekly.is_empty() else min(WEEKS, weekly.select(pl.col("week").max() + 1).item())


def demand(weekly: pl.DataFrame, seen: int, out: pl.DataFrame | None = None) -> pl.DataFrame:
    """Describe the demand of each shelf that sold in the weeks seen.

    `weekly`: `weekly_sums`. What came back in another week than it was sold is taken off the newest
    sales before it, so that over all weeks demand is net of returns; a shelf that has nothing left
    never sold. `out`: `weeks_out`, where there is a history of stock. Adds to the shelf:
    `demand_class`, `xyz`, `method`, `weekly_demand` (the point forecast), `level_demand` (the mean
    that stock levels are built on: exponential smoothing without a discount), `weekly_sd` (root
    mean square of its one-step errors), `history_weeks` (since the first sale), `sales_weeks`,
    `largest_week` and `usual_week` (the mean of the other weeks with a sale), `weeks_told` (since
    the first sale, in stock) and `early_demand` (of newcomers, see there). Units a week, to 6
    decimals. New products do not lean on their category yet: `with_newcomers`.
    """
    parts = [
        shelves.hstack(described(carried_back(net), in_stock))
        for shelves, net, in_stock in matrices(weekly, seen, out)
    ]
    if parts:
        return pl.concat(parts).filter(pl.col("sales_weeks") > 0)
    return weekly.clear().select("shelf").hstack(described(np.zeros((max(seen, 1), 0))))


def described(weeks: Floats, in_stock: Floats | None = None) -> pl.DataFrame:
    """Describe the demand of each column of a matrix as `demand` does, without `shelf`."""
    return _named(pl.DataFrame(describe_block(weeks, in_stock)).fill_nan(None))


def matrices(
    weekly: pl.DataFrame, seen: int, out: pl.DataFrame | None = None
) -> Iterator[tuple[pl.DataFrame, Floats, Floats | None]]:
    """Lay weekly sums out, some thousands of shelves at once: shelves, units and days in stock.

    Each matrix has a row a week, oldest first, and a column a shelf: units net of returns, under 0
    where more came back than was sold; the share of the week's days in stock (None without `out`,
    1 where nothing is known). Shelves that never sold are left out.
    """
    recent = weekly.filter(pl.col("week") < WEEKS)
    sold = recent.filter((pl.col("units") > 0).any().over("shelf"))
    known = None if out is None or out.is_empty() else out.sort("shelf", "week")
    shelves = sold.select(pl.col("shelf").unique(maintain_order=True))
    for start in range(0, shelves.height, BLOCK):
        block = shelves.slice(start, BLOCK)
        in_stock = None if known is None else 1 - _laid_out(block, known, "days", seen) / 7
        yield block, _laid_out(block, sold, "units", seen) / UNIT, in_stock


def _laid_out(shelves: pl.DataFrame, cells: pl.DataFrame, name: str, seen: int) -> Floats:
    """Lay the column out in the order of these shelves; both are sorted by shelf."""
    columns = shelves["shelf"].to_numpy()
    low, high = np.searchsorted(cells["shelf"].to_numpy(), [columns[0], columns[-1] + 1])
    part = cells[low:high]
    shelf, week, value = (part[each].to_numpy() for each in ("shelf", "week", name))
    column = np.searchsorted(columns, shelf)
    wanted = (columns[column] == shelf) & (week < seen)
    laid = np.zeros((seen, len(columns)))
    laid[seen - 1 - week[wanted], column[wanted]] = value[wanted]
    return laid


def describe_block(weeks: Floats, in_stock: Floats | None = None) -> dict[str, Floats]:
    """Measure and forecast one block; each column of the result has one value a series.

    `weeks`: a row a week, oldest first, a column a series, units net of returns, 0 or more.
    `in_stock`: the share of each week's days in stock, 0 to 1, in the same layout: a week out of
    stock says nothing of demand, so each series is looked at in a time of its own, of its weeks in
    stock alone (`weeks_in_stock`). `history_weeks` to `usual_week` are of all weeks.
    """
    counted = _counted(weeks)
    begun = np.zeros(weeks.shape[1], dtype=np.int64)
    if in_stock is not None:
        weeks, begun = weeks_in_stock(weeks, in_stock)
    first = (weeks > 0).argmax(axis=0).astype(np.int64)
    shape = _shape(weeks, first)
    frequent, is_new = shape["interval"] < INTERVAL_CUT, shape["weeks_told"] < NEW_WEEKS
    reduced = _first_week_off(weeks, first)
    # too little follows the first sale of a new product: the weeks before it count too
    start = np.where(is_new, begun, first)
    fits = every_ses(np.where(frequent | is_new, weeks, reduced), np.where(frequent, first, start))
    level, rate = best(fits), best_discounted(fits).rate
    seldom = np.flatnonzero(~frequent | is_new)
    rate[seldom] = imapa(reduced[:, seldom], shape["interval"][seldom], start[seldom])
    early = early_demand(weeks, first, counted["history_weeks"])
    smoothed = {"rate": rate, "level": level.rate, "error": level.error}
    return counted | shape | smoothed | {"early": early}


def _first_week_off(weeks: Floats, first: Ints) -> Floats:
    reduced = weeks.copy()
    reduced[first, np.arange(len(first))] *= 1 - FIRST_WEEK_OFF
    return reduced


def weeks_in_stock(weeks: Floats, in_stock: Floats) -> tuple[Floats, Ints]:
    """Take out weeks out of stock; give the others, scaled to seven days, and where they begin.

    A week in stock for under half of its days is left out: scaled up, few days are mostly chance.
    Older weeks move up towards the newest, the rows that this frees are 0 and before the series
    begins. A series whose every sale would be left out stays as it is.
    """
    enough = in_stock >= LEAST_IN_STOCK
    told = enough | ~((weeks > 0) & enough).any(axis=0)
    whole = weeks / np.where(enough, in_stock, 1.0)
    order = told.argsort(axis=0, kind="stable")
    moved = np.take_along_axis(np.where(told, whole, 0.0), order, axis=0)
    return moved, (~told).sum(axis=0)


def _counted(weeks: Floats) -> dict[str, Floats]:
    """Count what was sold, in stock or not."""
    sales, largest = (weeks > 0).sum(axis=0).astype(np.float64), weeks.max(axis=0, initial=0.0)
    others = (weeks.sum(axis=0) - largest) / np.maximum(sales - 1, 1)
    return {
        "history_weeks": len(weeks) - (weeks > 0).argmax(axis=0).astype(np.float64),
        "sales_weeks": sales,
        "largest_week": largest,
        "usual_week": np.where(sales > 1, others, np.nan),
    }


def _shape(weeks: Floats, first: Ints) -> dict[str, Floats]:
    """Measure each series from its first sale on, that week included; variances are of samples.

    `weeks_told` and `sales_told` (with a sale) in weeks; `interval` in weeks, and
    `squared_variation` of the weeks with a sale: what Syntetos, Boylan and Croston (2005) class by.
    `variation`: standard deviation / mean of all weeks, NaN after one. `young`: the mean of all
    weeks in units, the first of them counted by an eighth.
    """
    history = (len(weeks) - first).astype(np.float64)
    sales = (weeks > 0).sum(axis=0).astype(np.float64)
    total = weeks.sum(axis=0)
    at_least_one, others = np.maximum(sales, 1), np.maximum(sales - 1, 1)
    size_variance = (np.where(weeks > 0, weeks - total / at_least_one, 0.0) ** 2).sum(axis=0)
    first_week = np.take_along_axis(weeks, first[None], axis=0)[0]
    started = np.arange(len(weeks))[:, None] >= first
    variance = (np.where(started, weeks - total / history, 0.0) ** 2).sum(axis=0)
    spread = np.sqrt(variance / np.maximum(history - 1, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_size, mean = total / at_least_one, total / history
        return {
            "weeks_told": history,
            "sales_told": sales,
            "interval": history / at_least_one,
            "squared_variation": size_variance / others / mean_size**2,
            "variation": np.where(history > 1, spread / mean, np.nan),
            "young": (total - FIRST_WEEK_OFF * first_week) / history,
        }


def _named(measures: pl.DataFrame) -> pl.DataFrame:
    """Turn measures into classes, and choose the rate and spread that each class stands on.

    `measures`: `describe_block`, NaN as missing. Gives the columns of `described`, units a week. A
    series under 8 weeks old: the rate halfway between IMAPA and the mean, the spread at least
    Poisson's (the root of the mean); measured on Complete Journey (FIRST_WEEK_OFF), of no paper.
    """
    history, sales = pl.col("weeks_told"), pl.col("sales_told")
    is_new = history < NEW_WEEKS
    rate = pl.when(is_new).then((pl.col("young") + pl.col("rate")) / 2).otherwise("rate")
    level = pl.when(is_new).then("young").otherwise("level")
    chance = level.sqrt()  # Poisson's spread, where history is too short to measure one
    error = pl.col("error").fill_null(0)
    spread = pl.when(is_new).then(pl.max_horizontal(error, chance)).otherwise(error)
    return measures.select(
        demand_class(history, sales, pl.col("squared_variation")).alias("demand_class"),
        xyz(pl.col("variation")).alias("xyz"),
        rate.round(6).alias("weekly_demand"),
        level.round(6).alias("level_demand"),
        spread.round(6).alias("weekly_sd"),
        pl.col("history_weeks", "sales_weeks", "weeks_told").cast(pl.Int64),
        "largest_week",
        "usual_week",
        pl.col("early").round(6).alias("early_demand"),
    ).with_columns(
        pl.col("demand_class").replace_strict(METHODS, default="none").alias("method"),
    )
