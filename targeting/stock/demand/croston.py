"""Croston's family: sizes and intervals (or chances) of a demand, smoothed apart.

The layout and `first` are those of `forecast`. They are what the choice of method is checked
against, and stand on the textbooks' start: the first sale.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from targeting.stock.demand.forecast import (
    SETTINGS,
    Fit,
    Floats,
    Ints,
    best,
    root_mean,
    settling_gains,
)


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
    return Fit(state.rate(), root_mean(squares, len(weeks) - 1 - first))


def sba(weeks: Floats, first: Ints, alpha: float, gains: Floats) -> Fit:
    """Take half of alpha off Croston's rate, which is too high by that (Syntetos, Boylan 2005)."""
    fit = croston(weeks, first, gains)
    return Fit(fit.rate * (1 - alpha / 2), fit.error)


def tsb(weeks: Floats, first: Ints, size_gains: Floats, chance_gains: Floats) -> Fit:
    """Smooth the size of a demand, and every week the chance of one; their product is the rate.

    Teunter, Syntetos and Babai (2011), equations 3 and 4, from the first sale on: the chance falls
    in weeks without a sale, so a dying product is forecast to die. `size_gains[k]` weighs the
    (k+1)-th size, `chance_gains[k]` the (k+1)-th week.
    """
    size, chance, squares = np.zeros((3, weeks.shape[1]))
    seen = np.zeros(weeks.shape[1], dtype=np.int64)
    for number, week in enumerate(weeks):
        age = number - first
        gap = week - size * chance
        squares += np.where(age > 0, gap * gap, 0.0)
        sold = (age >= 0) & (week > 0)
        size += np.where(sold, size_gains[seen] * (week - size), 0.0)
        by_chance = np.where(age >= 0, chance_gains[np.maximum(age, 0)], 0.0)
        chance += by_chance * (sold - chance)
        seen = np.minimum(seen + sold, len(size_gains) - 1)
    return Fit(size * chance, root_mean(squares, len(weeks) - 1 - first))


def best_sba(weeks: Floats, first: Ints) -> Fit:
    """Forecast by SBA, each series by the setting with the least squared error."""
    return best([sba(weeks, first, a, settling_gains(a, len(weeks))) for a in SETTINGS])


def best_tsb(weeks: Floats, first: Ints) -> Fit:
    """Forecast by TSB, each series by the setting (of size and chance) with the least error."""
    by_setting = [settling_gains(alpha, len(weeks)) for alpha in SETTINGS]
    return best([tsb(weeks, first, gains, gains) for gains in by_setting])


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
