"""Forecasts of many weekly series at once: a loop over weeks, never over products.

A block of series is a matrix with one row a week, oldest first, and one column a series. `first`
is the week in which each series starts; weeks before it are not looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SETTINGS: Final = (0.05, 0.1, 0.2, 0.3)  # of alpha; the one with the least squared error is taken
HIGHEST_AGGREGATION: Final = 26  # weeks in a bucket


@dataclass(frozen=True)
class Fit:
    """What a method says of each series: the next week's rate, and how far off it was before."""

    rate: Floats
    error: Floats  # root mean square of the one-step errors; NaN with a single week


def constant_gains(alpha: float, weeks: int) -> Floats:
    """Weigh each new week by alpha, the first by 1: the textbooks' exponential smoothing."""
    gains = np.full(weeks, alpha)
    gains[:1] = 1.0
    return gains


def settling_gains(alpha: float, weeks: int) -> Floats:
    """Weigh the k-th week by 1/k until that falls to alpha: a plain mean while history is short.

    So the first week's accident does not linger for the 1/alpha weeks that follow.
    """
    return np.maximum(alpha, 1.0 / np.arange(1, weeks + 1))


def ses(weeks: Floats, first: Ints, gains: Floats) -> Fit:
    """Smooth each series exponentially from its first week on (Brown 1959; Gardner 2006)."""
    level = np.zeros(weeks.shape[1])
    squares = np.zeros(weeks.shape[1])
    latest = int(first.max(initial=0))
    for number, week in enumerate(weeks):
        age = number - first
        gap = week - level
        if number > latest:  # all have begun: nothing to mask
            squares += gap * gap
            level += gains[age] * gap
        else:
            squares += np.where(age > 0, gap * gap, 0.0)
            level += np.where(age >= 0, gains[np.maximum(age, 0)], 0.0) * gap
    return Fit(level, _root_mean(squares, len(weeks) - 1 - first))


def croston(weeks: Floats, first: Ints, gains: Floats) -> Fit:
    """Smooth the size of a demand and the interval between demands apart; their ratio is the rate.

    Croston (1972), from the first sale on: the first size starts the size, the first interval the
    interval; a series with one sale has one demand in the weeks since. `gains[k]` weighs the
    (k+1)-th size and interval.
    """
    state = _Croston(weeks.shape[1], gains)
    squares = np.zeros(weeks.shape[1])
    for number, week in enumerate(weeks):
        gap = week - state.rate()
        squares += np.where(number > first, gap * gap, 0.0)
        state.see(week, number >= first)
    return Fit(state.rate(), _root_mean(squares, len(weeks) - 1 - first))


def sba(weeks: Floats, first: Ints, alpha: float, gains: Floats) -> Fit:
    """Take half of alpha off Croston's rate, which is too high by that (Syntetos, Boylan 2005)."""
    fit = croston(weeks, first, gains)
    return Fit(fit.rate * (1 - alpha / 2), fit.error)


def best_ses(weeks: Floats, first: Ints) -> Fit:
    """Smooth exponentially, each series by the setting with the least squared error."""
    return _best([ses(weeks, first, settling_gains(a, len(weeks))) for a in SETTINGS])


def best_sba(weeks: Floats, first: Ints) -> Fit:
    """Forecast by SBA, each series by the setting with the least squared error."""
    return _best([sba(weeks, first, a, settling_gains(a, len(weeks))) for a in SETTINGS])


def imapa(weeks: Floats, interval: Floats) -> Floats:
    """Average the rates seen in buckets of 1, 2, ... weeks, up to the average interval.

    Petropoulos and Kourentzes (2015), exponential smoothing in every bucket size, all series from
    week one on; buckets are counted back from the newest week.
    """
    span, series = weeks.shape
    most = max(1, min(HIGHEST_AGGREGATION, span // 4))
    highest = np.clip(np.floor(interval + 0.5), 1, most).astype(np.int64)
    total = np.zeros(series)
    for size in range(1, int(highest.max(initial=1)) + 1):
        chosen = np.flatnonzero(highest >= size)
        whole = span // size * size
        newest = weeks[span - whole :, chosen]
        buckets = newest.reshape(whole // size, size, len(chosen)).sum(axis=1)
        fit = best_ses(buckets, np.zeros(len(chosen), dtype=np.int64))
        total[chosen] += fit.rate / size
    mean: Floats = total / highest
    return mean


class _Croston:
    """Size, interval and weeks since the last demand, of every series."""

    def __init__(self, series: int, gains: Floats) -> None:
        self.gains = gains
        self.size = np.zeros(series)
        self.interval = np.zeros(series)
        self.waited = np.zeros(series)
        self.seen = np.zeros(series, dtype=np.int64)

    def see(self, week: Floats, started: npt.NDArray[np.bool_]) -> None:
        self.waited += started
        sold = started & (week > 0)
        by_size = self.gains[np.minimum(self.seen, len(self.gains) - 1)]
        by_interval = self.gains[np.maximum(self.seen - 1, 0)]
        self.size += np.where(sold, by_size * (week - self.size), 0.0)
        again = sold & (self.seen > 0)
        self.interval += np.where(again, by_interval * (self.waited - self.interval), 0.0)
        self.seen += sold
        self.waited = np.where(sold, 0.0, self.waited)

    def rate(self) -> Floats:
        one_sale = 1.0 + self.waited
        interval = np.where(self.seen > 1, self.interval, one_sale)
        rate: Floats = self.size / np.maximum(interval, 1.0)
        return rate


def _root_mean(squares: Floats, count: Ints) -> Floats:
    mean = np.where(count > 0, squares / np.maximum(count, 1), np.nan)
    root: Floats = np.sqrt(mean)
    return root


def _best(fits: list[Fit]) -> Fit:
    """Choose per series; with nothing to compare, the first."""
    errors = np.stack([np.nan_to_num(fit.error) for fit in fits])
    chosen = errors.argmin(axis=0)[None]
    rate = np.take_along_axis(np.stack([fit.rate for fit in fits]), chosen, axis=0)[0]
    error = np.take_along_axis(np.stack([fit.error for fit in fits]), chosen, axis=0)[0]
    return Fit(rate, error)
