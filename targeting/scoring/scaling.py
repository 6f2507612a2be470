"""Features on one scale: rank-uniform, log or plain, then standardised alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from targeting.scoring.matrix import Floats

Scale = Literal["rank", "log", "plain"]
MOST_POINTS = 1_001


@dataclass(frozen=True)
class FeatureScale:
    """How one feature becomes a coordinate; all its figures come from the fitted sample.

    `median` stands in for a missing value (None: the sample had no value at all). `values` and
    `ranks` are the empirical quantile table of a rank scale: the share of customers below a value,
    half of those who equal it included, so that a value shared by many has one place.
    """

    name: str
    scale: Scale
    median: float | None
    mean: float
    spread: float  # standard deviation of the transformed sample; 1 where that is 0
    constant: bool
    values: tuple[float, ...] = ()
    ranks: tuple[float, ...] = ()


def fit_scale(name: str, scale: Scale, sample: Floats) -> FeatureScale:
    """Learn a feature's scale from a sample in which NaN is missing."""
    seen = sample[~np.isnan(sample)]
    if not seen.size:
        return FeatureScale(name, scale, None, 0.0, 1.0, constant=True)
    median = float(np.median(seen))
    filled = np.where(np.isnan(sample), median, sample)
    values, ranks = _quantile_table(filled) if scale == "rank" else (np.empty(0), np.empty(0))
    moved = _moved(filled, scale, values, ranks)
    spread = float(moved.std())
    constant = bool((filled == filled[0]).all()) or spread < 1e-12
    return FeatureScale(
        name=name,
        scale=scale,
        median=median,
        mean=float(moved.mean()),
        spread=1.0 if constant else spread,
        constant=constant,
        values=tuple(values.tolist()),
        ranks=tuple(ranks.tolist()),
    )


def scaled(column: Floats, feature: FeatureScale) -> Floats:
    """Give each customer's coordinate; a missing value lies at the median."""
    if feature.constant or feature.median is None:
        return np.zeros(column.shape)
    filled = np.where(np.isnan(column), feature.median, column)
    values, ranks = np.asarray(feature.values), np.asarray(feature.ranks)
    moved = _moved(filled, feature.scale, values, ranks)
    standardised: Floats = np.subtract(moved, feature.mean)
    standardised /= feature.spread
    return standardised


def carried(
    coordinates: Floats, before: Sequence[FeatureScale], now: Sequence[FeatureScale]
) -> Floats:
    """Bring coordinates (a row each) from a former fit's scales to tonight's.

    A rank stays the same rank, a logarithm or a plain value stays the same value. A feature that
    was or is constant has its one place, 0.
    """
    old_mean, old_spread = _units(before)
    mean, spread = _units(now)
    moved: Floats = (coordinates * old_spread + old_mean - mean) / spread
    same = [old.constant or new.constant for old, new in zip(before, now, strict=True)]
    moved[:, same] = 0.0
    return moved


def _units(features: Sequence[FeatureScale]) -> tuple[Floats, Floats]:
    return np.array([f.mean for f in features]), np.array([f.spread for f in features])


def _quantile_table(sample: Floats) -> tuple[Floats, Floats]:
    ordered = np.sort(sample)
    values = np.unique(ordered)
    if values.size > MOST_POINTS:
        steps = np.linspace(0, 1, MOST_POINTS)
        values = np.unique(np.quantile(ordered, steps, method="inverted_cdf"))
    below = np.searchsorted(ordered, values, side="left")
    up_to = np.searchsorted(ordered, values, side="right")
    return values, (below + up_to) / (2 * ordered.size)


def _moved(filled: Floats, scale: Scale, values: Floats, ranks: Floats) -> Floats:
    match scale:
        case "rank":
            return np.interp(filled, values, ranks)
        case "log":  # symmetric, since returns can make a sum of money negative
            return np.sign(filled) * np.log1p(np.abs(filled))
        case "plain":
            return filled
