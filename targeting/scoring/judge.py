"""How good scores are, on customers that the model has not seen."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from targeting.scoring.matrix import Floats

Labels: TypeAlias = npt.NDArray[np.int8]

BINS = 15
DRAWS = 200
SEED = 0


@dataclass(frozen=True)
class Ranking:
    """How well scores order customers; None where one class alone was judged."""

    auc: float | None
    pr_auc: float | None
    lift_top_tenth: float | None
    share_top_fifth: float | None


@dataclass(frozen=True)
class Probability:
    """How far scores are from what happened; accuracy, precision and recall are at 0.5."""

    brier: float
    ece: float
    ece_floor_mean: float
    ece_floor_95: float
    accuracy: float
    precision: float | None
    recall: float | None


@dataclass(frozen=True)
class CurvePoint:
    """One equal-mass bin of the calibration curve."""

    customers: int
    mean_score: float
    share: float


def ranking(labels: Labels, scores: Floats) -> Ranking:
    """Judge an order; customers with equal scores share what they have."""
    return Ranking(
        auc=_rounded(auc(labels, scores)),
        pr_auc=_rounded(_average_precision(labels, scores)),
        lift_top_tenth=_rounded(lift(labels, scores, 0.0, 0.1)),
        share_top_fifth=_rounded(captured(labels, scores, 0.2)),
    )


def probability(labels: Labels, scores: Floats) -> Probability:
    """Judge scores as likelihoods, beside a perfect model with the same scores."""
    floor = calibration_floor(scores)
    yes = scores >= 0.5
    hits = int((yes & (labels == 1)).sum())
    return Probability(
        brier=round(float(np.mean((scores - labels) ** 2)), 6),
        ece=round(calibration_error(labels, scores), 6),
        ece_floor_mean=round(float(floor.mean()), 6),
        ece_floor_95=round(float(np.quantile(floor, 0.95)), 6),
        accuracy=round(float(np.mean(yes == (labels == 1))), 6),
        precision=_rounded(hits / int(yes.sum()) if yes.any() else None),
        recall=_rounded(hits / int(labels.sum()) if labels.any() else None),
    )


def auc(labels: Labels, scores: Floats) -> float | None:
    """Give the area under the ROC curve; None with one class."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(labels, scores)) if _both(labels) else None


def chance_limit(labels: Labels) -> float:
    """Give the AUC that scores without any knowledge exceed once in 40 times.

    Mann and Whitney's variance without ties, which is the larger one; 1 with one class.
    """
    yes = int(labels.sum())
    no = labels.size - yes
    return 0.5 + 1.96 * float(np.sqrt((yes + no + 1) / (12 * yes * no))) if yes and no else 1.0


def lift(labels: Labels, scores: Floats, start: float, end: float) -> float | None:
    """Compare the buyers between two shares of the order with the same share taken at random."""
    both = captured(labels, scores, end), captured(labels, scores, start)
    return None if both[0] is None or both[1] is None else (both[0] - both[1]) / (end - start)


def captured(labels: Labels, scores: Floats, share: float) -> float | None:
    """Give the share of all buyers among the best-scored share of customers, ties averaged."""
    if not labels.any():
        return None
    _, group = np.unique(-scores, return_inverse=True)
    customers = np.concatenate([[0], np.cumsum(np.bincount(group))])
    buyers = np.concatenate([[0], np.cumsum(np.bincount(group, weights=labels))])
    return float(np.interp(share * labels.size, customers, buyers) / buyers[-1])


def deciles(labels: Labels, scores: Floats) -> tuple[float | None, ...]:
    """Give the lift of each tenth of the order, best first."""
    return tuple(_rounded(lift(labels, scores, at / 10, (at + 1) / 10)) for at in range(10))


def calibration_error(labels: Labels, scores: Floats) -> float:
    """Average, over 15 bins of equally many customers, how far mean score and share are apart.

    Customers with equal scores stand in the order of their rows where an edge parts them.
    """
    order = np.argsort(scores, kind="stable")
    starts, sizes = equal_bins(scores.size)
    sums = np.add.reduceat(scores[order] - labels[order], starts)
    return float(np.abs(sums).sum() / sizes.sum())


def calibration_curve(labels: Labels, scores: Floats) -> tuple[CurvePoint, ...]:
    """Give the bins of the calibration error."""
    order = np.argsort(scores, kind="stable")
    starts, sizes = equal_bins(scores.size)
    means = np.add.reduceat(scores[order], starts) / sizes
    shares = np.add.reduceat(labels[order].astype(np.int64), starts) / sizes
    rows = zip(sizes.tolist(), means.tolist(), shares.tolist(), strict=True)
    return tuple(CurvePoint(n, round(mean, 6), round(share, 6)) for n, mean, share in rows)


def calibration_floor(scores: Floats) -> Floats:
    """Draw the calibration error of a perfect model: labels that come about by its own scores."""
    ordered = np.sort(scores)
    starts, sizes = equal_bins(scores.size)
    random = np.random.default_rng(SEED)
    errors = np.empty(DRAWS)
    for draw in range(DRAWS):
        happened = random.random(scores.size) < ordered
        errors[draw] = np.abs(np.add.reduceat(ordered - happened, starts)).sum() / sizes.sum()
    return errors


def ranking_dict(figures: Ranking | None) -> dict[str, float | None]:
    """Give the manifest's form of a baseline."""
    return asdict(figures) if figures is not None else dict.fromkeys(Ranking.__annotations__)


def _average_precision(labels: Labels, scores: Floats) -> float | None:
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(labels, scores)) if _both(labels) else None


def equal_bins(rows: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Cut rows into equally many; the first bins have one more where it does not divide."""
    sizes = np.array([len(part) for part in np.array_split(np.empty(rows), min(BINS, rows))])
    return np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.intp), sizes.astype(np.intp)


def _both(labels: Labels) -> bool:
    return 0 < int(labels.sum()) < labels.size


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
