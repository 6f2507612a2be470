"""Segments: K-means over scaled features, fitted the same on any machine and row order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl

from targeting.frames import SEGMENT
from targeting.scoring.matrix import Floats, in_hash_order, numbers
from targeting.scoring.names import letters, match_names
from targeting.scoring.note import Note
from targeting.scoring.scaling import FeatureScale, fit_scale, scaled
from targeting.scoring.threads import one_thread
from targeting.workspace.scores import Segments

STARTS = 10  # scores.md: 60 starts do not mend a bad number of segments
SEED = 0
CHOOSING_SAMPLE = 20_000
SILHOUETTE_SAMPLE = 2_000


@dataclass(frozen=True)
class SegmentModel:
    """Everything that puts a customer into a segment; `centroids[i]` is called `names[i]`.

    Centroids are coordinates on the features' scales, rounded to 6 decimals. `inertia` is the sum
    of squared distances of the fitted rows, `silhouette` that of a sample (None: one segment).
    """

    features: tuple[FeatureScale, ...]
    centroids: tuple[tuple[float, ...], ...]
    names: tuple[str, ...]
    inertia: float
    silhouette: float | None
    fitted_rows: int
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class _Clusters:
    centroids: Floats
    labels: npt.NDArray[np.intp]
    inertia: float


def fit_segments(
    rows: pl.DataFrame, form: Segments, *, key: str, previous: SegmentModel | None = None
) -> SegmentModel:
    """Fit segments on the customers of lowest hash; rows are customers with their features.

    Fewer distinct customers than names give fewer segments, and a note that says so; the other
    names go to nobody. A customer of whom no feature is known takes no part.
    """
    known = rows.filter(_anything_known(list(form.features)))
    sample = in_hash_order(known, key, "fit", "segments").head(form.fitted_on.at_most)
    columns = {name: numbers(sample[name]) for name in form.features}
    features = tuple(
        fit_scale(name, feature.scale, columns[name]) for name, feature in form.features.items()
    )
    points = _points(columns, features)
    notes = [_tells_nobody_apart(f) for f in features if f.constant and len(points)]
    distinct = len(np.unique(points, axis=0))
    if distinct == 0:
        empty = Note("M007", "", "no customer has any of the features: there are no segments")
        return SegmentModel(features, (), (), 0.0, None, 0, (empty,))
    clusters, names, more = _clustered(points, distinct, form, _usable(previous, form))
    return SegmentModel(
        features=features,
        centroids=tuple(tuple(row) for row in clusters.centroids.tolist()),
        names=tuple(names),
        inertia=round(clusters.inertia, 6),
        silhouette=_silhouette(points, clusters.labels),
        fitted_rows=len(points),
        notes=(*notes, *more),
    )


def assign_segments(rows: pl.DataFrame, model: SegmentModel) -> pl.Series:
    """Name each customer's nearest centroid; missing where none of the features is known."""
    if not model.centroids:
        return pl.Series(SEGMENT, [None] * rows.height, dtype=pl.String)
    columns = {feature.name: numbers(rows[feature.name]) for feature in model.features}
    nearest = _nearest(_points(columns, model.features), model.centroids)
    names = pl.Series(SEGMENT, model.names, dtype=pl.String).gather(nearest)
    known = rows.select(_anything_known([feature.name for feature in model.features])).to_series()
    return pl.select(pl.when(known).then(names)).to_series().alias(SEGMENT)


def _anything_known(features: Sequence[str]) -> pl.Expr:
    return pl.any_horizontal(pl.col(name).is_not_null() for name in features)


def _points(columns: dict[str, Floats], features: Sequence[FeatureScale]) -> Floats:
    """Lay coordinates column by column, which is how distances read them."""
    rows = len(next(iter(columns.values())))
    points = np.empty((rows, len(features)), order="F")
    for at, feature in enumerate(features):
        points[:, at] = scaled(columns[feature.name], feature)
    return points


def _nearest(points: Floats, centroids: Sequence[Sequence[float]]) -> npt.NDArray[np.uint32]:
    """Find the nearest centroid; distances that agree to 6 decimals go to the lower index."""
    best = np.full(len(points), np.inf)
    nearest = np.zeros(len(points), dtype=np.uint32)
    for place, centroid in enumerate(centroids):
        squares = np.zeros(len(points))
        for at, value in enumerate(centroid):
            off = points[:, at] - value
            squares += np.multiply(off, off, out=off)
        distance = np.round(np.sqrt(squares, out=squares), 6, out=squares)
        np.putmask(nearest, distance < best, place)
        np.minimum(best, distance, out=best)
    return nearest


def _usable(previous: SegmentModel | None, form: Segments) -> SegmentModel | None:
    """Keep the previous model as a start where it speaks of the same features and names."""
    if previous is None or form.refit == "fresh" or not previous.centroids:
        return None
    same_features = [(f.name, f.scale) for f in previous.features] == [
        (name, feature.scale) for name, feature in form.features.items()
    ]
    if form.choose is not None:
        same_names = set(previous.names) == set(letters([0] * len(previous.names)))
        same_names &= len(previous.names) <= form.choose.at_most
    else:
        same_names = set(previous.names) == set(form.names)
    return previous if same_features and same_names else None


def _clustered(
    points: Floats, distinct: int, form: Segments, previous: SegmentModel | None
) -> tuple[_Clusters, list[str], list[Note]]:
    """Cluster and name: from the previous centroids, into described names, or into letters."""
    if previous is not None and len(previous.names) <= distinct:
        return _k_means(points, np.array(previous.centroids)), list(previous.names), []
    if form.choose is not None:
        number = _chosen_number(points, min(form.choose.at_most, distinct))
        clusters = _k_means(points, number)
        sizes = np.bincount(clusters.labels, minlength=number).tolist()
        return clusters, letters(sizes), [_CHOSEN]
    number = min(len(form.names), distinct)
    clusters = _k_means(points, number)
    matched = match_names(clusters.centroids, points, list(form.features), form.names)
    order = sorted(matched, key=lambda place: list(form.names).index(matched[place]))
    in_order = replace(clusters, centroids=clusters.centroids[order])
    return in_order, [matched[place] for place in order], _fewer(number, form, matched)


def _k_means(points: Floats, start: int | Floats) -> _Clusters:
    """Run K-means from a number of segments (several seeded starts) or from given centroids."""
    from sklearn.cluster import KMeans

    given = not isinstance(start, int)
    fitted = KMeans(
        n_clusters=len(start) if given else start,  # type: ignore[arg-type]
        init=start if given else "k-means++",
        n_init=1 if given else STARTS,
        random_state=SEED,
    )
    with one_thread():
        fitted.fit(np.ascontiguousarray(points))
    centroids = np.round(fitted.cluster_centers_, 6) + 0.0  # no -0.0: it prints differently
    return _Clusters(centroids, fitted.labels_, float(fitted.inertia_))


def _chosen_number(points: Floats, at_most: int) -> int:
    """Take the number of segments with the best silhouette, the larger of equals."""
    sample = points[:CHOOSING_SAMPLE]
    possible = range(2, min(at_most, len(np.unique(sample, axis=0))) + 1)
    silhouettes = {
        number: _silhouette(sample, _k_means(sample, number).labels) or -1.0 for number in possible
    }
    return max(silhouettes, key=lambda number: (silhouettes[number], number), default=1)


def _silhouette(points: Floats, labels: npt.NDArray[np.intp]) -> float | None:
    from sklearn.metrics import silhouette_score

    points, labels = points[:SILHOUETTE_SAMPLE], labels[:SILHOUETTE_SAMPLE]
    if not 2 <= len(np.unique(labels)) < len(points):
        return None
    with one_thread():
        return round(float(silhouette_score(points, labels)), 6)


def _tells_nobody_apart(feature: FeatureScale) -> Note:
    what = "is missing in every customer" if feature.median is None else "is the same for everyone"
    return Note("M008", feature.name, f"'{feature.name}' {what}: it does not shape the segments")


def _fewer(number: int, form: Segments, matched: dict[int, str]) -> list[Note]:
    if number == len(form.names):
        return []
    empty = ", ".join(name for name in form.names if name not in matched.values())
    text = f"{number} segments for {len(form.names)} names: only {number} customers differ in the "
    return [Note("M007", "", f"{text}features; nobody is called {empty}")]


_CHOSEN = Note(
    "M009", "", "the number of segments has the best silhouette; the bootstrap is not built yet"
)
