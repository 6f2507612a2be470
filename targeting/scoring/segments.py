"""Segments: K-means over scaled features, fitted the same on any machine and row order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from targeting.frames import SEGMENT
from targeting.scoring.clusters import Labels, nearest
from targeting.scoring.matrix import Floats, in_hash_order, numbers
from targeting.scoring.named_clusters import Tried, named_clusters
from targeting.scoring.names import LETTERS, described_point
from targeting.scoring.note import Note
from targeting.scoring.profiles import misfits
from targeting.scoring.scaling import FeatureScale, carried, fit_scale, scaled
from targeting.scoring.stability import RESAMPLES_TO_REPORT, STABLE, silhouette, stability
from targeting.workspace.scores import Segments


@dataclass(frozen=True)
class SegmentModel:
    """Everything that puts a customer into a segment; `centroids[i]` is called `names[i]`.

    Centroids are coordinates on the features' scales, rounded to 6 decimals. `inertia` is the sum
    of squared distances of the fitted rows, `silhouette` that of a sample, `stability` the mean
    adjusted Rand index of bootstrap refits (None: one segment). `tried` says, where the number was
    chosen: number, stability, silhouette and sum of squares of a sample; a refit from previous
    centroids keeps the number and the table of its first fit.
    """

    features: tuple[FeatureScale, ...]
    centroids: tuple[tuple[float, ...], ...]
    names: tuple[str, ...]
    inertia: float
    silhouette: float | None
    fitted_rows: int
    notes: tuple[Note, ...] = ()
    stability: float | None = None
    tried: Tried = ()


def fit_segments(
    rows: pl.DataFrame, form: Segments, *, key: str, previous: SegmentModel | None = None
) -> SegmentModel:
    """Fit segments on the customers of lowest hash; rows are customers with their features.

    Fewer distinct customers than names give fewer segments, and so does a group of under 1% of the
    customers, which is no segment; a note says so, and the other names go to nobody. A customer of
    whom no feature is known takes no part. From a `previous` model over the same features each
    name starts where it was.
    """
    known = rows.filter(_anything_known(list(form.features)))
    sample = in_hash_order(known, key, "fit", "segments").head(form.fitted_on.at_most)
    columns = {name: numbers(sample[name]) for name in form.features}
    features = tuple(
        fit_scale(name, feature.scale, columns[name]) for name, feature in form.features.items()
    )
    points = _points(columns, features)
    notes = [_tells_nobody_apart(f) for f in features if f.constant and len(points)]
    if not len(points):
        empty = Note("M007", "", "no customer has any of the features: there are no segments")
        return SegmentModel(features, (), (), 0.0, None, 0, (empty,))
    start = _start(previous, form, features, points)
    found = named_clusters(points, form, start)
    clusters, again = found.clusters, found.stability
    if again is None:
        again = stability(points, clusters.labels, found.asked, RESAMPLES_TO_REPORT)
    notes += [*found.notes, *_not_stable(form, len(found.names), again)]
    notes += misfits(points, clusters.labels, found.names, list(form.features), form.names)
    return SegmentModel(
        features=features,
        centroids=tuple(tuple(row) for row in clusters.centroids.tolist()),
        names=found.names,
        inertia=round(clusters.inertia, 6),
        silhouette=silhouette(points, clusters.labels),
        fitted_rows=len(points),
        notes=tuple(notes),
        stability=again,
        tried=found.tried or (previous.tried if start and previous else ()),
    )


@dataclass(frozen=True)
class Placed:
    """Customers in the space of the segments.

    Parameters:
        segments: the name of each customer's nearest centroid; missing where no feature is known.
        points, labels: coordinates and centroid of those of whom any feature is known.
    """

    segments: pl.Series
    points: Floats
    labels: Labels


def place(rows: pl.DataFrame, model: SegmentModel) -> Placed:
    """Put each customer to the nearest centroid."""
    if not model.centroids:
        nobody = pl.Series(SEGMENT, [None], dtype=pl.String).new_from_index(0, rows.height)
        return Placed(nobody, np.empty((0, len(model.features))), np.empty(0, dtype=np.intp))
    points = _points_of(rows, model)
    labels = nearest(points, model.centroids)
    names = pl.Series(SEGMENT, model.names, dtype=pl.String).gather(labels)
    known = rows.select(_anything_known([feature.name for feature in model.features])).to_series()
    named = pl.select(pl.when(known).then(names)).to_series().alias(SEGMENT)
    if not known.all():
        points, labels = np.asfortranarray(points[known.to_numpy()]), labels[known.to_numpy()]
    return Placed(named, points, labels.astype(np.intp))


def assign_segments(rows: pl.DataFrame, model: SegmentModel) -> pl.Series:
    """Name each customer's nearest centroid; missing where none of the features is known."""
    return place(rows, model).segments


def check_profiles(placed: Sequence[Placed], model: SegmentModel, form: Segments) -> list[Note]:
    """Warn (M013) where a saved model's segments are not what their names say, in these customers.

    Levels are quantiles of these rows; who has none of the features takes no part.
    """
    points = np.concatenate([some.points for some in placed])
    labels = np.concatenate([some.labels for some in placed])
    if not len(points):
        return []
    features = [feature.name for feature in model.features]
    return misfits(points, labels, model.names, features, form.names)


def _anything_known(features: Sequence[str]) -> pl.Expr:
    return pl.any_horizontal(pl.col(name).is_not_null() for name in features)


def _points_of(rows: pl.DataFrame, model: SegmentModel) -> Floats:
    columns = {feature.name: numbers(rows[feature.name]) for feature in model.features}
    return _points(columns, model.features)


def _points(columns: dict[str, Floats], features: Sequence[FeatureScale]) -> Floats:
    """Lay coordinates column by column, which is how distances read them."""
    rows = len(next(iter(columns.values())))
    points = np.empty((rows, len(features)), order="F")
    for at, feature in enumerate(features):
        points[:, at] = scaled(columns[feature.name], feature)
    return points


def _start(
    previous: SegmentModel | None, form: Segments, features: Sequence[FeatureScale], points: Floats
) -> dict[str, Sequence[float]]:
    """Say where each name starts; nowhere without a previous model of these features and names.

    A name that went to nobody then starts where its description points.
    """
    if previous is None or form.refit == "fresh" or not _same_question(previous, form):
        return {}
    centroids = carried(np.array(previous.centroids), previous.features, features)
    had = dict(zip(previous.names, centroids.tolist(), strict=True))
    listed = list(form.features)
    wanted = {name: described_point(points, listed, form.names[name]) for name in form.names}
    return had | {name: point for name, point in wanted.items() if name not in had}


def _same_question(previous: SegmentModel, form: Segments) -> bool:
    had = [(feature.name, feature.scale) for feature in previous.features]
    if had != [(name, feature.scale) for name, feature in form.features.items()]:
        return False
    if form.choose is not None:
        in_range = 0 < len(previous.names) <= form.choose.at_most
        return in_range and set(previous.names) <= set(LETTERS)
    return bool(previous.names) and set(previous.names) <= set(form.names)


def _tells_nobody_apart(feature: FeatureScale) -> Note:
    what = "is missing in every customer" if feature.median is None else "is the same for everyone"
    return Note("M008", feature.name, f"'{feature.name}' {what}: it does not shape the segments")


def _not_stable(form: Segments, number: int, index: float | None) -> list[Note]:
    if form.choose is None or index is None or index >= STABLE:
        return []
    text = (
        f"the number of segments is not stable: of {number}, bootstrap refits agree by "
        f"{index:.2f} (adjusted Rand index; {STABLE} is stable)"
    )
    return [Note("M009", "", text)]
