"""How many are needed to see a difference, and which difference those at hand would show.

A difference that is there shall be found four times in five, at 5% two-sided. `ratio` is the
treated for one of the control, and is kept.
"""

from __future__ import annotations

import math

from targeting.measure.figures import Z_POWER, Z

_HALVINGS = 60


def control_for_rates(control: float, difference: float, ratio: float) -> int | None:
    """Say how many the control must hold to see a difference of rates (0 to 1).

    Fleiss, Tytun and Ury 1980, Biometrics 36, 343-346, without the continuity correction, as the
    test has none. None where the rate would leave 0 to 1, or there is no difference to see.
    """
    treated = control + difference
    if not difference or not 0 <= treated <= 1 or ratio <= 0:
        return None
    pooled = (control + ratio * treated) / (ratio + 1)
    under_none = Z * math.sqrt((ratio + 1) * pooled * (1 - pooled))
    spread = ratio * control * (1 - control) + treated * (1 - treated)
    return _whole(((under_none + Z_POWER * math.sqrt(spread)) / difference) ** 2 / ratio)


def control_for_means(
    variance: float, variance_treated: float, difference: float, ratio: float
) -> int | None:
    """Say how many the control must hold to see a difference of means.

    By the normal distribution (Chow, Shao and Wang 2008, Sample Size Calculations in Clinical
    Research, section 3.2). None where there is no difference to see.
    """
    if not difference or ratio <= 0:
        return None
    return _whole((variance + variance_treated / ratio) * ((Z + Z_POWER) / difference) ** 2)


def visible_rate(control: float, n: int, n_control: int) -> float | None:
    """Give the smallest rise of a rate (0 to 1) that arms of these sizes would show.

    None where even the highest rate would not do.
    """
    if not n or not n_control:
        return None
    low, high = 0.0, 1 - control
    if not _suffice(control, high, n, n_control):
        return None
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if _suffice(control, middle, n, n_control) else (middle, high)
    return high


def visible_mean(variance: float, variance_treated: float, n: int, n_control: int) -> float:
    """Give the smallest difference of means that arms of these sizes would show.

    Bloom 1995, Evaluation Review 19, 547-556: 2.8 standard errors.
    """
    return (Z + Z_POWER) * math.sqrt(variance / n_control + variance_treated / n)


def _suffice(control: float, difference: float, n: int, n_control: int) -> bool:
    needed = control_for_rates(control, difference, n / n_control)
    return needed is not None and needed <= n_control


def _whole(number: float) -> int:
    return max(2, math.ceil(round(number, 6)))
