"""One arm against its control, and the row that machines get of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from targeting.frames import OUTCOME, RULE, SEGMENT
from targeting.measure.figures import Count, Effect, Figure
from targeting.measure.tally import ARM
from targeting.measure.verdict import CANNOT_TELL, Verdict

_DIGITS = 9


@dataclass(frozen=True)
class Comparison:
    """One arm against its control, in one rule, segment and outcome; None: all rules, segments."""

    rule: str | None
    segment: str | None
    arm: str
    outcome: str
    treated: Figure
    control: Figure
    effect: Effect = field(default_factory=Effect)
    family: int = 1  # how many comparisons p_holm is corrected for
    p_holm: float | None = None
    verdict: Verdict = CANNOT_TELL
    sought: float | None = None  # the difference worth seeing, in the outcome's unit
    open_until: dt.date | None = None  # the window of the last customer; None: it is over

    @property
    def is_rate(self) -> bool:
        """Say whether the outcome is yes/no."""
        return isinstance(self.treated, Count)

    def as_row(self) -> dict[str, str | int | float | None]:
        """Give the form that `measure --json` prints; rates are 0 to 1, money in whole units."""
        effect = self.effect
        return {
            RULE: self.rule,
            SEGMENT: self.segment,
            ARM: self.arm,
            OUTCOME: self.outcome,
            "n": self.treated.n,
            "n_control": self.control.n,
            "value": _rounded(self.treated.value),
            "value_control": _rounded(self.control.value),
            "difference": _rounded(effect.difference),
            "low": _rounded(effect.low),
            "high": _rounded(effect.high),
            "p_holm": _rounded(self.p_holm),
            "verdict": self.verdict,
        }


def _rounded(value: float | None) -> float | None:
    """Round to nine digits, however small it is: a p of 1e-100 is not 0."""
    return None if value is None else float(f"{value:.{_DIGITS}g}")
