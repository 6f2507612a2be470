"""The verdict on one comparison, from its interval, its corrected p and its window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from targeting.measure.figures import ERROR, Effect

Verdict = Literal["works", "harms", "no difference to be seen", "cannot tell yet", "not compared"]

WORKS: Final = "works"
HARMS: Final = "harms"
NO_DIFFERENCE: Final = "no difference to be seen"
CANNOT_TELL: Final = "cannot tell yet"
NOT_COMPARED: Final = "not compared"


@dataclass(frozen=True)
class Sought:
    """The difference worth seeing: a share of the control's value, or points of a rate."""

    share: float | None = 0.2
    points: float | None = None

    def difference(self, control: float | None, *, is_rate: bool) -> float | None:
        """Give it in the outcome's own unit; None where it is none: points of a mean, 20% of 0."""
        if self.points is not None:
            return self.points / 100 if is_rate else None
        return abs(self.share * control) if self.share and control else None


def verdict(
    effect: Effect,
    p_holm: float | None,
    *,
    sought: float | None,
    is_over: bool,
    less_is_better: bool = False,
) -> Verdict:
    """Judge a comparison.

    works, harms: the window is over for everybody, the interval leaves zero out, and so does the
    corrected p (below 5%). no difference to be seen: the window is over, zero is inside, and the
    whole interval lies closer to zero than the difference sought. cannot tell yet: all else.
    """
    if not is_over or p_holm is None or effect.difference is None:
        return CANNOT_TELL
    if effect.leaves_zero_out:
        if p_holm >= ERROR:
            return CANNOT_TELL
        return WORKS if (effect.difference > 0) != less_is_better else HARMS
    assert effect.low is not None
    assert effect.high is not None
    seen = sought is not None and -sought < effect.low and effect.high < sought
    return NO_DIFFERENCE if seen else CANNOT_TELL
