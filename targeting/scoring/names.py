"""Names of segments: each description goes to the centroid that fits it best, all at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from targeting.scoring.matrix import Floats
from targeting.workspace.scores import QUANTILES, Level

NO_DESCRIPTION = 1e6  # fits all centroids alike, and worse than any description does
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

Descriptions = Mapping[str, Mapping[str, Level]]


def match_names(
    centroids: Floats, sample: Floats, features: Sequence[str], descriptions: Descriptions
) -> dict[int, str]:
    """Give each centroid its name (Hungarian matching; scipy's linear_sum_assignment).

    `sample` holds the customers' coordinates: a level such as `high` means that quantile of its
    feature. With fewer centroids than names, the names that fit worst go to nobody.
    """
    from scipy.optimize import linear_sum_assignment

    distances = np.round(
        [_distances(centroids, sample, features, levels) for levels in descriptions.values()], 6
    )
    names, places = linear_sum_assignment(distances)
    wanted = list(descriptions)
    return {int(place): wanted[name] for name, place in zip(names, places, strict=True)}


def described_point(
    sample: Floats, features: Sequence[str], levels: Mapping[str, Level]
) -> list[float]:
    """Give the coordinates that a description speaks of; the middle of what it leaves out."""
    quantiles = [QUANTILES[levels.get(feature, "middle")] for feature in features]
    return [float(np.quantile(sample[:, at], q)) for at, q in enumerate(quantiles)]


def _distances(
    centroids: Floats, sample: Floats, features: Sequence[str], levels: Mapping[str, Level]
) -> Floats:
    """Average over the described features only, so that a short description is not favoured."""
    if not levels:
        return np.full(len(centroids), NO_DESCRIPTION)
    columns = [features.index(feature) for feature in levels]
    targets = np.array(
        [np.quantile(sample[:, features.index(f)], QUANTILES[level]) for f, level in levels.items()]
    )
    off: Floats = np.abs(centroids[:, columns] - targets).mean(axis=1)
    return off


def letters(sizes: Sequence[int]) -> list[str]:
    """Name segments without descriptions: A is the largest."""
    by_size = sorted(range(len(sizes)), key=lambda place: (-sizes[place], place))
    names = [""] * len(sizes)
    for rank, place in enumerate(by_size):
        names[place] = LETTERS[rank]
    return names
