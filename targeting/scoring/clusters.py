"""K-means without segments of a few outliers: the same on any machine, from any order of rows."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from targeting.scoring.matrix import Floats
from targeting.scoring.threads import one_thread

STARTS = 10  # scores.md: 60 starts do not mend a bad number of segments
SEED = 0
SMALLEST_SHARE = 100  # one customer in so many is the least that makes a segment
AT_ONCE = 8_192  # points whose distances fit into the processor's cache
MILLION = 1e6
TINY_SHOP = 20  # customers; where there are fewer, one customer may be a segment

Labels = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Clusters:
    """Centroids (rounded to 6 decimals), each point's place among them, the sum of squares.

    `kept[i]` is the place of centroid i among those that K-means began with.
    """

    centroids: Floats
    labels: Labels
    inertia: float
    kept: tuple[int, ...]


def smallest_segment(customers: int) -> int:
    """Say how many customers make a segment: 1%, and two but in the smallest of shops."""
    if customers < TINY_SHOP:
        return 1
    return max(2, -(-customers // SMALLEST_SHARE))


def clustered(points: Floats, start: int | Floats) -> Clusters:
    """Run K-means, then dissolve the smallest cluster until none is too small for a segment.

    Its customers go to the clusters nearest to them, which are fitted again from where they were.
    """
    found = k_means(points, start)
    sizes = np.bincount(found.labels, minlength=len(found.centroids))
    while len(sizes) > 1 and sizes.min() < smallest_segment(len(points)):
        smallest = int(sizes.argmin())
        again = k_means(points, np.delete(found.centroids, smallest, axis=0))
        found = Clusters(again.centroids, again.labels, again.inertia, _without(found, smallest))
        sizes = np.bincount(found.labels, minlength=len(found.centroids))
    return found


def k_means(points: Floats, start: int | Floats) -> Clusters:
    """Run K-means from a number of clusters (several seeded starts) or from given centroids."""
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    given = not isinstance(start, int)
    number = len(start) if given else start  # type: ignore[arg-type]
    fitted = KMeans(
        n_clusters=number,
        init=start if given else "k-means++",
        n_init=1 if given else STARTS,
        random_state=SEED,
    )
    with one_thread(), warnings.catch_warnings():
        # An empty cluster is dissolved like any other that is too small.
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted.fit(np.ascontiguousarray(points))
    centroids = np.round(fitted.cluster_centers_, 6) + 0.0  # no -0.0: it prints differently
    labels = nearest(points, centroids.tolist()).astype(np.intp)
    return Clusters(centroids, labels, float(fitted.inertia_), tuple(range(number)))


def nearest(points: Floats, centroids: Sequence[Sequence[float]]) -> npt.NDArray[np.uint32]:
    """Find the nearest centroid; distances that agree to 6 decimals go to the lower index."""
    places = np.empty(len(points), dtype=np.uint32)
    for start in range(0, len(points), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        places[part] = _nearest(np.asfortranarray(points[part]), centroids)
    return places


def _nearest(points: Floats, centroids: Sequence[Sequence[float]]) -> npt.NDArray[np.uint32]:
    best = np.full(len(points), np.inf)
    places = np.zeros(len(points), dtype=np.uint32)
    squares, off = np.empty(len(points)), np.empty(len(points))
    for place, centroid in enumerate(centroids):
        squares.fill(0.0)
        for at, value in enumerate(centroid):
            np.subtract(points[:, at], value, out=off)
            squares += np.multiply(off, off, out=off)
        distance = np.rint(np.sqrt(squares, out=squares) * MILLION)
        np.putmask(places, distance < best, place)
        np.minimum(best, distance, out=best)
    return places


def _without(found: Clusters, place: int) -> tuple[int, ...]:
    return found.kept[:place] + found.kept[place + 1 :]
