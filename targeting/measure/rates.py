"""Two rates: Newcombe's interval of the difference, a score test, Katz's interval of the ratio."""

from __future__ import annotations

import math

from targeting.measure.figures import Count, Effect, Interval, Z

_FEWEST_EXPECTED = 1.0  # of any cell, for chi squared to hold (Campbell 2007)


def compare_rates(treated: Count, control: Count) -> Effect:
    """Give the difference of two rates (0 to 1), its interval and its p; None of no customers."""
    if not treated.n or not control.n:
        return Effect()
    difference = treated.yes / treated.n - control.yes / control.n
    return Effect(difference, *newcombe(treated, control), score_test(treated, control))


def wilson(count: Count, z: float = Z) -> Interval:
    """Give the score interval of one rate (Wilson 1927, J. Am. Stat. Assoc. 22, 209-212).

    It needs at least one customer, and never leaves 0 to 1.
    """
    rate, n = count.yes / count.n, count.n
    middle = rate + z * z / (2 * n)
    half = z * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    low = 0.0 if count.yes == 0 else (middle - half) / scale
    high = 1.0 if count.yes == n else (middle + half) / scale
    return low, high


def newcombe(treated: Count, control: Count, z: float = Z) -> Interval:
    """Give the interval of the difference of two rates, from the score interval of each.

    Newcombe 1998, Statistics in Medicine 17, 873-890: method 10. It never leaves -1 to 1 and has a
    width where nobody or everybody did it. Each arm needs at least one customer.
    """
    ours, theirs = treated.yes / treated.n, control.yes / control.n
    low, high = wilson(treated, z)
    low_theirs, high_theirs = wilson(control, z)
    below = math.hypot(ours - low, high_theirs - theirs)
    above = math.hypot(high - ours, theirs - low_theirs)
    return ours - theirs - below, ours - theirs + above


def score_test(treated: Count, control: Count) -> float:
    """Give the two-sided p of equal rates; each arm needs at least one customer.

    The score test: Pearson's chi squared without a continuity correction, times (N - 1) / N; where
    a cell is expected to hold less than one customer, Fisher's exact test by Irwin's rule. So
    recommends Campbell 2007, Statistics in Medicine 26, 3661-3675.
    """
    n = treated.n + control.n
    yes = treated.yes + control.yes
    if yes in (0, n):
        return 1.0
    if min(yes, n - yes) * min(treated.n, control.n) / n < _FEWEST_EXPECTED:
        return _fisher(treated, control)
    across = treated.yes * (control.n - control.yes) - control.yes * (treated.n - treated.yes)
    square = across / treated.n * across / control.n / yes / (n - yes) * (n - 1)
    return math.erfc(math.sqrt(square / 2))


def ratio(treated: Count, control: Count) -> tuple[float, float, float] | None:
    """Give how many times the control's rate it is, and the interval of that.

    Katz and others 1978, Biometrics 34, 469-474: normal on the logarithm. None where either arm has
    nobody who did it: there the ratio is 0 or has no end.
    """
    if not treated.yes or not control.yes:
        return None
    times = treated.yes / treated.n / (control.yes / control.n)
    spread = math.sqrt(
        1 / treated.yes - 1 / treated.n + 1 / control.yes - 1 / control.n,
    )
    return times, times * math.exp(-Z * spread), times * math.exp(Z * spread)


def _fisher(treated: Count, control: Count) -> float:
    import numpy as np
    from scipy.stats import fisher_exact

    table = [
        [treated.yes, treated.n - treated.yes],
        [control.yes, control.n - control.yes],
    ]
    return float(fisher_exact(np.array(table)).pvalue)
