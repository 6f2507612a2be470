"""The five methods that the choice of method is checked against: none is better than its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from targeting.stock.demand.croston import best_sba, best_tsb
from targeting.stock.demand.forecast import Fit, Floats, Ints, best_ses, root_mean

LATELY: Final = 4  # weeks


def last_weeks(weeks: Floats, first: Ints, number: int) -> Fit:
    """Forecast the mean of the last weeks, of fewer while the series is younger."""
    span, series = weeks.shape
    running = np.vstack([np.zeros(series), weeks.cumsum(axis=0)])
    end = np.arange(1, span + 1)[:, None]
    begin = np.minimum(np.maximum(first, end - number), end)
    sums = running[1:] - np.take_along_axis(running, begin, axis=0)
    means = sums / np.maximum(end - begin, 1)
    gap = np.where(end[:-1] > first, weeks[1:] - means[:-1], 0.0)
    return Fit(means[-1], root_mean((gap**2).sum(axis=0), span - 1 - first))


FIVE: Final[Mapping[str, Callable[[Floats, Ints], Fit]]] = {
    "naive": lambda weeks, first: last_weeks(weeks, first, 1),
    "4-week mean": lambda weeks, first: last_weeks(weeks, first, LATELY),
    "SES": best_ses,
    "SBA": best_sba,
    "TSB": best_tsb,
}
