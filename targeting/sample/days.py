"""The shop's three years: days are counted from the first (0) to the last (1095)."""

from datetime import date, timedelta
from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]

NEWEST = date(2026, 11, 24)
OLDEST = date(2023, 11, 25)
LAST_DAY = (NEWEST - OLDEST).days
WINDOW_DAYS = 180
FIRST_WINDOW_DAY = LAST_DAY - WINDOW_DAYS + 1

_BUSY_WEEKDAYS = np.array([0.85, 0.85, 0.9, 0.95, 1.05, 1.25, 1.15])  # Monday first
_BUSY_SEASONS = (  # first day, number of days, how much busier
    (date(2023, 11, 25), 4, 1.5),
    (date(2024, 4, 1), 9, 1.4),
    (date(2024, 11, 8), 20, 1.4),
    (date(2025, 3, 22), 9, 1.4),
    (date(2025, 11, 8), 20, 1.4),
    (date(2026, 3, 11), 9, 1.4),
    (date(2026, 11, 9), 4, 1.3),
)
_VISITS_AT_FIRST = 2.0  # of today's visits: the shop loses custom steadily


def to_dates(days: Ints) -> pl.Series:
    """Turn day numbers into dates."""
    return pl.Series(days.astype(np.int32) + (OLDEST - date(1970, 1, 1)).days).cast(pl.Date)


def busyness() -> Floats:
    """Weigh each day of the three years: the trend downwards, the weekday and the season."""
    days = np.arange(LAST_DAY + 1)
    trend = np.interp(days, [0, FIRST_WINDOW_DAY], [_VISITS_AT_FIRST, 1.0])
    weights = trend * _BUSY_WEEKDAYS[(days + OLDEST.weekday()) % 7]
    for first, length, factor in _BUSY_SEASONS:
        start = (first - OLDEST).days
        weights[start : start + length] *= factor
    return np.asarray(weights, dtype=np.float64)


def elapsed_busyness() -> Floats:
    """Add up the weights before each day, so that any two days' difference is what lies between."""
    return np.concatenate([[0.0], np.cumsum(busyness())])


def draw_days(rng: np.random.Generator, first: Ints, last: Ints) -> Ints:
    """Draw one day from each range (both ends included), busy days more often."""
    elapsed = elapsed_busyness()
    low, high = elapsed[first], elapsed[last + 1]
    drawn = np.searchsorted(elapsed, low + rng.random(len(first)) * (high - low), side="right") - 1
    return np.clip(drawn, first, last).astype(np.int64)


def shift(days_before_newest: int) -> date:
    """Give the date so many days before the newest purchase."""
    return NEWEST - timedelta(days=days_before_newest)
