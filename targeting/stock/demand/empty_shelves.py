"""Days on which a shelf was empty, from the history of counts: nothing could be sold on them."""

from __future__ import annotations

import datetime as dt
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from targeting.stock.demand.forecast import Ints
from targeting.stock.demand.shelves import Shelves
from targeting.stock.inputs import RECENT_WEEKS, STOCK, WEEKS, Frame, shaped_lazily

COUNT_HOLDS_DAYS: Final = 31  # enough for a shop that counts monthly; an older count is silent
_DAY: Final = pl.col("day")
# A shelf and a day are one number: texts and pairs are grouped and joined ten times as slowly.
_DAYS: Final = 1 << 21
_EPOCH: Final = 1 << 20  # 1 January 1970; year 1 is 719,162 days before


def out_of_stock(
    stock: Frame | None,
    lines: pl.LazyFrame,
    as_of: dt.date,
    shelves: Shelves,
    *,
    by_location: bool,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Give `weeks_out` and `recent_days_out`; the days themselves, by the million, are let go."""
    history = count_history(stock, as_of, shelves, by_location=by_location)
    days = days_out(history, lines, as_of, by_location=by_location)
    return weeks_out(days, as_of), recent_days_out(days, history, as_of)


def count_history(
    stock: Frame | None, as_of: dt.date, shelves: Shelves, *, by_location: bool
) -> pl.DataFrame:
    """Give one row a count of a product and location, of those counted on two days or more.

    Columns: shelf (of no location unless `by_location`), day, until (the day of the next count, at
    most 31 days on and the day after as_of), filled (more than 0 units). A count without a date is
    as_of's; counts after as_of and without a number are left out. From `until` on a location is
    treated as if it were not there. Where locations are told apart, of the counts that found some
    only a place's newest stays: they say nothing more, and there are millions. `shelves` names
    every product and location of `stock`.
    """
    place, next_place = pl.col("place"), pl.col("place").shift(-1)
    holds = (_DAY + dt.timedelta(days=COUNT_HOLDS_DAYS)).clip(upper_bound=_next(as_of))
    until = pl.when(place == next_place).then(pl.min_horizontal(_DAY.shift(-1), holds))
    counted_again = place.eq_missing(next_place) | place.eq_missing(place.shift(1))
    speaks = ~pl.col("filled") | place.ne_missing(next_place) if by_location else pl.lit(value=True)
    return (
        _counts(stock, as_of, shelves)
        .with_columns(until.otherwise(holds).alias("until"))
        .filter(counted_again & speaks)
        .select(
            (place if by_location else shelves.nowhere(place)).alias("shelf"),
            "day",
            "until",
            "filled",
        )
    )


def _counts(stock: Frame | None, as_of: dt.date, shelves: Shelves) -> pl.DataFrame:
    """Give one row a place and day with a count, sorted: place, day, filled."""
    day = pl.col("counted_on").fill_null(as_of)
    filled = (pl.col("on_hand") > 0).cast(pl.Int64)
    at, is_last = pl.col("count") // 2, pl.col("count") // 2 != pl.col("count").shift(-1) // 2
    return (
        shaped_lazily(stock, STOCK)
        .filter(pl.col("product_id").is_not_null() & pl.col("on_hand").is_not_null())
        .filter(day <= as_of)
        .select((_at(shelves.number, day) * 2 + filled).alias("count"))
        .collect(engine="streaming")
        .sort("count")
        .filter(is_last.fill_null(value=True))  # of two counts of a day, one that found some
        .select((at // _DAYS).alias("place"), _day(at), (pl.col("count") % 2 == 1).alias("filled"))
    )


def days_out(
    history: pl.DataFrame, lines: pl.LazyFrame, as_of: dt.date, *, by_location: bool
) -> pl.DataFrame:
    """Give one row a shelf and day out of stock, in the 104 weeks up to as_of; sorted.

    Out of stock: the newest counts on or before the day, of every location that the shelf stands
    for, were 0 or less, and nothing was sold of it on the day or between the count and the day: a
    sale after it proves that stock has come. `history`: `count_history`; `lines`: `sales_lines`.
    Columns: shelf, day.
    """
    begin, end = _empty(history, lines, as_of)
    days = (end - begin).clip(min=0)
    gone = days.cumsum() - days  # days before each stretch
    out = np.arange(days.sum()) + np.repeat(begin - gone, days)
    if not by_location:  # another location of the shelf may have some, or be empty too
        out = np.unique(out)
        out = out[~_covered(out, history.filter("filled"))]
    at = pl.col("at")
    return pl.DataFrame({"at": out}).select((at // _DAYS).alias("shelf"), _day(at))


def _empty(history: pl.DataFrame, lines: pl.LazyFrame, as_of: dt.date) -> tuple[Ints, Ints]:
    """Give the first day of each stretch in which a count of 0 speaks, and the day after its last.

    It speaks no longer than to the first sale after its day. A sale on the day itself may have come
    before the count: then the stretch begins on the day after.
    """
    oldest = as_of - dt.timedelta(weeks=WEEKS)
    empty = history.filter(~pl.col("filled") & (pl.col("until") > oldest)).sort("shelf", "day")
    begin, end = _stretches(empty)
    emptied = empty.lazy().select("shelf").unique()
    since = oldest - dt.timedelta(days=COUNT_HOLDS_DAYS)
    sold = (
        lines.filter((pl.col("units") > 0) & (pl.col("purchased_on") > since))
        .join(emptied, on="shelf", how="semi")
        .select(_at(pl.col("shelf"), pl.col("purchased_on")))
        .unique()
        .collect(engine="streaming")
        .to_series()
        .sort()
        .to_numpy()
    )
    after = np.searchsorted(sold, begin, side="right")
    sold_on_the_day = np.append(sold, -1)[after - 1] == begin
    # a sale of a later shelf lies behind every stretch of this one
    end = np.minimum(end, np.append(sold, np.iinfo(np.int64).max)[after])
    begin = np.maximum(begin + sold_on_the_day, begin // _DAYS * _DAYS + _number(oldest) + 1)
    return begin, end


def _covered(days: Ints, filled: pl.DataFrame) -> npt.NDArray[np.bool_]:
    """Say on which days some count of more than 0 speaks."""
    begun, ended = (np.searchsorted(np.sort(ends), days, "right") for ends in _stretches(filled))
    covered: npt.NDArray[np.bool_] = begun > ended
    return covered


def _stretches(counts: pl.DataFrame) -> tuple[Ints, Ints]:
    begin, end = (counts.select(_at(pl.col("shelf"), pl.col(day))) for day in ("day", "until"))
    return begin.to_series().to_numpy(), end.to_series().to_numpy()


def _at(shelf: pl.Expr, day: pl.Expr) -> pl.Expr:
    return (shelf * _DAYS + day.to_physical() + _EPOCH).alias("at")


def _day(at: pl.Expr) -> pl.Expr:
    return (at % _DAYS - _EPOCH).cast(pl.Int32).cast(pl.Date).alias("day")


def _number(day: dt.date) -> int:
    return (day - dt.date(1970, 1, 1)).days + _EPOCH


def weeks_out(days: pl.DataFrame, as_of: dt.date) -> pl.DataFrame:
    """Count the days out of stock of each shelf and week: shelf, week (0 ends on as_of), days.

    `days`: `days_out`, sorted: a week's days follow one another, so nothing need be grouped.
    """
    week = ((pl.lit(as_of) - _DAY).dt.total_days() // 7).cast(pl.Int32).alias("week")
    runs = days.select(pl.struct("shelf", week).rle().alias("run")).unnest("run")
    return runs.unnest("value").select("shelf", "week", pl.col("len").cast(pl.Int64).alias("days"))


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
