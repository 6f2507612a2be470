"""How much stock a service level takes: textbook formulas on whole columns.

Weeks are the unit of time: `demand` and `sd` are a week's, `weeks` is how long. Sources: Silver,
Pyke and Thomas, Inventory and Production Management in Supply Chains, 4th edition (2017), 6 and 7;
worked examples in Chopra and Meindl, Supply Chain Management, chapter on safety inventory.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

import numpy as np
import numpy.typing as npt
import scipy

from targeting.workspace.literals import Period

Floats = npt.NDArray[np.float64]
Number = float | Floats

LOWEST_SERVICE: Final = 0.01
HIGHEST_SERVICE: Final = 0.9999
NO_SPREAD: Final = 1e-100  # or less: a ratio to it, squared, would overflow


def floats(*values: Number) -> tuple[Floats, ...]:
    """Numbers and arrays as arrays of one shape."""
    return tuple(np.broadcast_arrays(*(np.asarray(value, dtype=np.float64) for value in values)))


def spread(sd: Floats, demand: Floats, weeks: Floats, lead_sd: Floats) -> Floats:
    """Standard deviation of demand over a time that itself varies: sqrt(L sd_d^2 + d^2 sd_L^2)."""
    root: Floats = np.sqrt(weeks * sd**2 + demand**2 * lead_sd**2)
    return root


def safety_stock(service_level: Floats, spread: Floats) -> Floats:
    """Stock above the mean that meets all demand of a cycle with this probability: z x spread."""
    stock: Floats = scipy.special.ndtri(service_level) * spread
    return stock


def units_short(mean: Floats, spread: Floats, available: Floats) -> Floats:
    """Units that normal demand is expected to exceed the stock by: spread x G(k), the loss."""
    safe = np.where(spread > NO_SPREAD, spread, 1.0)
    k = (available - mean) / safe
    loss = np.exp(-(k**2) / 2) / np.sqrt(2 * np.pi) - k * scipy.special.ndtr(-k)
    short: Floats = np.where(
        spread > NO_SPREAD, safe * np.maximum(loss, 0), np.maximum(mean - available, 0)
    )
    return short


def stockout_risk(mean: Floats, spread: Floats, available: Floats) -> Floats:
    """Probability that normal demand exceeds the stock; without spread, whether the mean does."""
    safe = np.where(spread > NO_SPREAD, spread, 1.0)
    risk: Floats = np.where(
        spread > NO_SPREAD,
        scipy.special.ndtr((mean - available) / safe),
        (mean > available).astype(np.float64),
    )
    return risk


def period_days(period: Period | None, as_of: dt.date) -> int | None:
    """Count the days of a period from as_of on."""
    return None if period is None else (period.after(as_of) - as_of).days
