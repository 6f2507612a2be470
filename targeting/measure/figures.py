"""What was seen of one arm, and what a comparison of two arms says. Intervals are of 95%."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Final, TypeAlias

Interval: TypeAlias = tuple[float, float]

ERROR: Final = 0.05  # how often an interval may miss, and a p must be below
POWER: Final = 0.8  # how often a difference that is there shall be found
Z: Final = NormalDist().inv_cdf(1 - ERROR / 2)
Z_POWER: Final = NormalDist().inv_cdf(POWER)


@dataclass(frozen=True)
class Count:
    """An arm of which each customer did it or not."""

    yes: int
    n: int

    @property
    def value(self) -> float | None:
        """The rate, 0 to 1; None of nobody."""
        return self.yes / self.n if self.n else None


@dataclass(frozen=True)
class Sample:
    """An arm of which each customer has a number, such as what was spent."""

    n: int
    mean: float | None  # None of nobody
    variance: float | None  # divided by n - 1; None of fewer than two

    @property
    def value(self) -> float | None:
        """The mean; None of nobody."""
        return self.mean


Figure: TypeAlias = Count | Sample


@dataclass(frozen=True)
class Effect:
    """The treated arm minus the control: None where the arms are too small to say it.

    `p` is two-sided, of no difference at all, and not yet corrected for looking often.
    """

    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None

    @property
    def leaves_zero_out(self) -> bool:
        """Say whether the whole interval lies on one side of zero."""
        return self.low is not None and self.high is not None and not self.low <= 0 <= self.high
