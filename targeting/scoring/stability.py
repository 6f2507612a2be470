"""How far segments would be the same again, had other customers of the same shop been sampled.

Dolnicar and Leisch (2010), Evaluation of structure and reproducibility of cluster solutions using
the bootstrap, Marketing Letters 21, here against one reference fit; the adjusted Rand index is that
of Hubert and Arabie (1985), Comparing partitions, equation 5.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from targeting.scoring.clusters import SEED, Clusters, Labels, clustered, nearest
from targeting.scoring.matrix import Floats
from targeting.scoring.threads import one_thread

STABLE = 0.85
RESAMPLES_TO_CHOOSE = 30
RESAMPLES_TO_REPORT = 10
SAMPLE = 2_500  # customers: choosing among nine takes about 4 seconds
SILHOUETTE_SAMPLE = 2_000


@dataclass(frozen=True)
class Trial:
    """One number of segments: `asked` of K-means, `number` when the too small were dissolved.

    `inertia` is the sum of squared distances of the sample that was tried.
    """

    asked: int
    number: int
    stability: float
    silhouette: float | None
    inertia: float


def stability(points: Floats, labels: Labels, asked: int, resamples: int) -> float | None:
    """Give the mean adjusted Rand index between these labels and those of fits to resamples.

    `points` are in the order of the hash, of which the first few thousand are drawn from with
    replacement; each fit labels them all. None: one segment cannot differ.
    """
    from sklearn.metrics import adjusted_rand_score

    points, labels = points[:SAMPLE], labels[:SAMPLE]
    if len(np.unique(labels)) < 2:
        return None
    indices = [adjusted_rand_score(labels, again) for again in _refits(points, asked, resamples)]
    return round(float(np.mean(indices)), 6)


def _refits(points: Floats, asked: int, resamples: int) -> Iterator[Labels]:
    """Fit each resample and label every point by it."""
    random = np.random.default_rng(SEED)
    alike = np.unique(points, axis=0, return_inverse=True)[1].ravel()
    for _ in range(resamples):
        drawn = random.integers(0, len(points), len(points))
        number = min(asked, np.unique(alike[drawn]).size)
        fitted = clustered(points[drawn], number)
        yield nearest(points, fitted.centroids.tolist()).astype(np.intp)


def silhouette(points: Floats, labels: Labels) -> float | None:
    """Give the mean silhouette (Rousseeuw 1987) of a sample; None where it is not defined."""
    from sklearn.metrics import silhouette_score

    points, labels = points[:SILHOUETTE_SAMPLE], labels[:SILHOUETTE_SAMPLE]
    if not 2 <= len(np.unique(labels)) < len(points):
        return None
    with one_thread():
        return round(float(silhouette_score(points, labels)), 6)


def trials(points: Floats, at_most: int) -> list[Trial]:
    """Try every number of segments from 2 on a sample, in order of the number.

    Where outliers were dissolved two fits may give one number: the tighter stands for it.
    """
    sample = points[:SAMPLE]
    distinct = len(np.unique(sample, axis=0))
    tightest: dict[int, tuple[int, Clusters]] = {}
    for asked in range(2, min(at_most, distinct) + 1):
        found = clustered(sample, asked)
        number = len(found.centroids)
        if number > 1 and (number not in tightest or _tighter(found, tightest[number][1])):
            tightest[number] = (asked, found)
    return [_trial(sample, *tightest[number]) for number in sorted(tightest)]


def _tighter(found: Clusters, than: Clusters) -> bool:
    return round(found.inertia, 6) < round(than.inertia, 6)


def _trial(sample: Floats, asked: int, found: Clusters) -> Trial:
    return Trial(
        asked,
        len(found.centroids),
        stability(sample, found.labels, asked, RESAMPLES_TO_CHOOSE) or 0.0,
        silhouette(sample, found.labels),
        round(found.inertia, 6),
    )


def chosen(tried: list[Trial]) -> Trial | None:
    """Take the largest stable number, else the most stable; None where nothing could be tried."""
    stable = [trial for trial in tried if trial.stability >= STABLE]
    if stable:
        return max(stable, key=lambda trial: trial.number)
    return max(tried, key=lambda trial: (trial.stability, trial.number), default=None)
