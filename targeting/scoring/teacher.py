"""The teacher: logistic regression and boosted trees, their log odds mixed.

It is too much to be read by a person: a tree learns from it (scores.md), or it scores itself as
`model: blend`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from targeting.scoring.boosted import MOST_TREES, PATIENCE, USUAL_TREES, Boosted, fit_boosted
from targeting.scoring.judge import Labels
from targeting.scoring.linear import Linear, fit_linear
from targeting.scoring.matrix import Floats, Input

HALF = 0.5
SHARES = (0.0, 0.25, HALF, 0.75, 1.0)
WORTH_IT = 0.995  # of the log loss at one half: less than that is chance
FEWEST_TREES = 20

Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Tuned:
    """What rows that taught nothing said: how many trees, and the share of their log odds."""

    trees: int = USUAL_TREES
    share: float = HALF


@dataclass(frozen=True)
class Teacher:
    """A fitted teacher; `boosted` is None where no column has two values."""

    linear: Linear
    boosted: Boosted | None
    share: float

    def log_odds(self, matrix: Matrix) -> Floats:
        """Give the log odds of each row."""
        straight = self.linear.log_odds(matrix)
        if self.boosted is None:
            return straight
        return (1 - self.share) * straight + self.share * self.boosted.log_odds(matrix)


def fit_teacher(
    matrix: Matrix, labels: Labels, inputs: Sequence[Input], *, sign: int, tuned: Tuned
) -> Teacher:
    """Fit both halves on the same rows."""
    boosted = fit_boosted(matrix, labels, inputs, sign=sign, trees=tuned.trees)
    return Teacher(fit_linear(matrix, labels, inputs), boosted, tuned.share)


def tune(
    learn: tuple[Matrix, Labels],
    judge: tuple[Matrix, Labels],
    inputs: Sequence[Input],
    *,
    sign: int,
) -> tuple[Teacher, Tuned]:
    """Find on other rows when to stop boosting and how to mix; one half unless it clearly loses."""
    boosted = fit_boosted(*learn, inputs, sign=sign, trees=MOST_TREES, judge=judge)
    linear = fit_linear(*learn, inputs)
    if boosted is None:
        return Teacher(linear, None, HALF), Tuned()
    straight, trees_say = linear.log_odds(judge[0]), boosted.log_odds(judge[0])
    losses = {
        share: _loss((1 - share) * straight + share * trees_say, judge[1]) for share in SHARES
    }
    best = min(SHARES, key=lambda share: (losses[share], abs(share - HALF)))
    share = best if losses[best] < WORTH_IT * losses[HALF] else HALF
    grown = int(boosted.classifier.n_iter_)
    trees = grown if grown == MOST_TREES else max(FEWEST_TREES, grown - PATIENCE)
    return Teacher(linear, boosted, share), Tuned(trees, share)


def _loss(odds: Floats, labels: Labels) -> float:
    return round(float(np.mean(np.logaddexp(0, odds) - labels * odds)), 6)
