"""How sure the figures are: 95% intervals by drawing the judged customers again and again.

Percentile intervals of the bootstrap (Efron and Tibshirani 1993, An Introduction to the Bootstrap,
section 13.3). Two scores are compared on the same draws, so what a draw does to both falls away.
A draw is a count for each row: with each score sorted once, its figures are cumulative sums.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from targeting.scoring.judge import Labels, equal_bins
from targeting.scoring.matrix import Floats

Interval: TypeAlias = tuple[float, float]
Counts: TypeAlias = npt.NDArray[np.int32]  # how often each row was drawn
Figures: TypeAlias = Callable[[Counts], list[float]]  # NaN where a draw cannot be judged

ORDER = ("auc", "pr_auc", "lift_top_tenth", "share_top_fifth")
CHANCE = ("brier", "ece")
MOST_DRAWS = 500  # with the usual 1,000 two fifths of a fit on CDNOW were spent here
FEWEST_DRAWS = 200
MOST_COUNTS = 60_000_000  # rows times draws: 300 draws of 200,000 rows
SEED = 0

_SIDES: tuple[Literal["left"], Literal["right"]] = ("left", "right")


@dataclass(frozen=True)
class Difference:
    """A score's figure minus another score's, and the 95% interval of that."""

    difference: float
    low: float
    high: float


def intervals(labels: Labels, scores: Floats) -> dict[str, Interval | None]:
    """Give the 95% interval of each figure of one score; None where judge has no figure.

    One row a customer, no score missing. A draw of a sample has the noise of both, and noise only
    adds to a calibration error: the interval of `ece` lies high and may leave the figure itself
    out. Its floor (judge.Probability) is the fairer yardstick.
    """
    names = (*ORDER, *CHANCE)
    if not labels.size:
        return dict.fromkeys(names)
    judges = [_order_figures(labels, scores), _chance_figures(labels, scores)]
    _, drawn = _judged(labels.size, judges)
    return {name: _interval(drawn[:, at]) for at, name in enumerate(names)}


def differences(
    labels: Labels,
    scores: Floats,
    others: Mapping[str, Floats],
    probabilities: Collection[str] = (),
) -> dict[str, dict[str, Difference]]:
    """Compare a score with others on the same draws: its figure minus theirs, by other and figure.

    One row a customer, no score missing. `brier` and `ece` are compared with the others that
    `probabilities` names. A figure that cannot be judged (one class only, no rows) is left out.
    """
    chances = {name: other for name, other in others.items() if name in probabilities}
    found: dict[str, dict[str, Difference]] = {name: {} for name in others}
    for kind, names, compared in (
        (_order_figures, ORDER, others),
        (_chance_figures, CHANCE, chances),
    ):
        if labels.size and compared:
            judges = [kind(labels, each) for each in (scores, *compared.values())]
            for name, minus in zip(compared, _minus(labels.size, judges), strict=True):
                found[name] |= dict(_kept(names, *minus))
    return found


def draws_of(rows: int) -> int:
    """Say how often rows are drawn: 500 times; fewer above 120,000 rows, but never under 200."""
    return min(MOST_DRAWS, max(FEWEST_DRAWS, MOST_COUNTS // rows))


def resamples(rows: int) -> Iterator[Counts]:
    """Draw as many rows as there are, with replacement: the same draws on every call."""
    random = np.random.default_rng(SEED)
    for _ in range(draws_of(rows)):
        drawn = random.integers(rows, size=rows, dtype=np.int32)
        yield np.bincount(drawn, minlength=rows).astype(np.int32)


def _judged(rows: int, judges: Sequence[Figures]) -> tuple[Floats, Floats]:
    """Give the figures of the rows as they are, and those of each draw (draws by figures)."""

    def every(counts: Counts) -> list[float]:
        return [figure for judge in judges for figure in judge(counts)]

    return np.array(every(np.ones(rows, dtype=np.int32))), np.array(
        [every(counts) for counts in resamples(rows)]
    )


def _minus(rows: int, judges: Sequence[Figures]) -> Iterator[tuple[Floats, Floats]]:
    """Subtract each other score's figures from the first one's: as they are, and in each draw."""
    point, drawn = _judged(rows, judges)
    points = point.reshape(len(judges), -1)
    draws = drawn.reshape(len(drawn), len(judges), -1)
    for at in range(1, len(judges)):
        yield points[0] - points[at], draws[:, 0] - draws[:, at]


def _kept(names: Sequence[str], point: Floats, drawn: Floats) -> Iterator[tuple[str, Difference]]:
    for at, name in enumerate(names):
        interval = _interval(drawn[:, at])
        if interval is not None and not np.isnan(point[at]):
            yield name, Difference(_rounded(point[at]), *interval)


def _interval(drawn: Floats) -> Interval | None:
    """Cut 2.5% off each end; draws with one class only are not judged."""
    judged = drawn[~np.isnan(drawn)]
    if not judged.size:
        return None
    low, high = np.quantile(judged, [0.025, 0.975])
    return _rounded(low), _rounded(high)


def _order_figures(labels: Labels, scores: Floats) -> Figures:
    """Prepare the figures of an order, best first.

    Equal scores form one group, and groups without a buyer need no look: buyers do not rise there.
    """
    order = np.argsort(-scores, kind="stable")
    ordered, bought = scores[order], labels[order] == 1
    buyers = order[bought]
    group, first = np.unique(-ordered[bought], return_index=True)
    starts, ends = (np.searchsorted(-ordered, group, side) for side in _SIDES)
    until = np.zeros(labels.size + 1)

    def figures(counts: Counts) -> list[float]:
        if not buyers.size:
            return [np.nan] * len(ORDER)
        np.cumsum(counts[order], out=until[1:])
        groups = np.add.reduceat(counts[buyers], first).astype(np.float64)
        return _of_groups(labels.size, until[starts], until[ends], groups)

    return figures


def _of_groups(rows: int, before: Floats, until: Floats, buyers: Floats) -> list[float]:
    """Give judge.ranking's figures.

    For each group with a buyer, best first: the customers before it and up to its end, its buyers.
    """
    bought = np.cumsum(buyers)
    yes = bought[-1]
    if not yes:
        return [np.nan] * len(ORDER)
    tenth, fifth = (_captured(at * rows, before, until, buyers, bought) / yes for at in (0.1, 0.2))
    order = [tenth / 0.1, fifth]
    if yes == rows:
        return [np.nan, np.nan, *order]
    # pairs in the wrong order: a buyer behind one who bought nothing, equal scores as half
    wrong = buyers @ (before + until - 2 * bought + buyers) / 2
    precision = bought / np.maximum(until, 1.0)
    return [1 - wrong / (yes * (rows - yes)), buyers @ precision / yes, *order]


def _captured(
    customers: float, before: Floats, until: Floats, buyers: Floats, bought: Floats
) -> float:
    """Count the buyers among the first customers; of a group that is cut, its share."""
    group = int(np.searchsorted(until, customers))
    if group == until.size:
        return float(bought[-1])
    left = min(until[group] - customers, until[group] - before[group])
    cut = left / (until[group] - before[group]) if left else 0.0
    return float(bought[group] - cut * buyers[group])


def _chance_figures(labels: Labels, scores: Floats) -> Figures:
    """Prepare the figures of a probability; equal scores stand in the order of their rows."""
    squares = (scores - labels) ** 2
    order = np.argsort(scores, kind="stable")
    gaps = (scores - labels)[order]
    rows = labels.size
    edges = np.append(equal_bins(rows)[0], rows)
    until, apart = np.zeros(rows + 1), np.zeros(rows + 1)

    def figures(counts: Counts) -> list[float]:
        drawn = counts[order]
        np.cumsum(drawn, out=until[1:])
        np.cumsum(drawn * gaps, out=apart[1:])
        error = np.abs(np.diff(np.interp(edges, until, apart))).sum() / rows
        return [float(counts @ squares) / rows, float(error)]

    return figures


def _rounded(value: float) -> float:
    return round(float(value), 6)
