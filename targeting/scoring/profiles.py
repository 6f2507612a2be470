"""Whether segments still are what their names say.

A segment is placed by its median customer, whom no outlier moves. In a feature that customer has
as many others below as has no smaller value than theirs: a level fits between the share of all
customers who lie below and the share who do not lie above.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from targeting.scoring.clusters import Labels
from targeting.scoring.matrix import Floats
from targeting.scoring.names import Descriptions
from targeting.scoring.note import Note
from targeting.workspace.scores import QUANTILES, Level

FITS_WITHIN = 0.35  # of the customers: further than the next level, which is 0.25 away at most
BETTER_BY = 0.1  # of the customers, on average over the segments that would be called otherwise


@dataclass(frozen=True)
class _Spot:
    """Where a segment's median customer is, feature by feature: shares below, and up to it."""

    below: Mapping[str, float]
    up_to: Mapping[str, float]

    def off(self, feature: str, level: Level) -> float:
        """Say how far, as a share of the customers, the level lies from here."""
        quantile = QUANTILES[level]
        return max(self.below[feature] - quantile, quantile - self.up_to[feature], 0.0)

    def level(self, feature: str) -> str:
        middle = (self.below[feature] + self.up_to[feature]) / 2
        return min(QUANTILES, key=lambda level: abs(QUANTILES[level] - middle))

    def mean_off(self, profile: Mapping[str, Level]) -> float:
        return float(np.mean([self.off(feature, level) for feature, level in profile.items()]))


def misfits(
    points: Floats,
    labels: Labels,
    names: Sequence[str],
    features: Sequence[str],
    descriptions: Descriptions,
) -> list[Note]:
    """Warn (M013) where a segment is not what its name says, one note a described feature.

    A segment called high may be in the middle and may not be low: within 0.35 of the described
    quantile it fits. It does not, either, where the descriptions matched anew (Hungarian) would
    exchange names and lie 0.1 nearer. A name without description, or without customers, fits.
    """
    spots = {
        name: _spot(points, labels == place, features)
        for place, name in enumerate(names)
        if descriptions.get(name) and (labels == place).any()
    }
    found = {name: _unlike(name, spot, descriptions[name]) for name, spot in spots.items()}
    for name, better in _exchanged(spots, descriptions).items():
        found[name] = found[name] or [_described_better(name, better)]
    return [note for notes in found.values() for note in notes]


def _spot(points: Floats, mine: Labels, features: Sequence[str]) -> _Spot:
    medians = np.quantile(points[mine], 0.5, axis=0, method="inverted_cdf")
    below = (points < medians).mean(axis=0).tolist()
    up_to = (points <= medians).mean(axis=0).tolist()
    return _Spot(dict(zip(features, below, strict=True)), dict(zip(features, up_to, strict=True)))


def _unlike(name: str, spot: _Spot, profile: Mapping[str, Level]) -> list[Note]:
    return [
        Note(
            "M013",
            feature,
            f"'{name}' does not fit its description: its {feature} should be {level}, and is "
            f"{spot.level(feature)}; {spot.below[feature]:.0%} of all customers lie below its "
            "median customer",
        )
        for feature, level in profile.items()
        if round(spot.off(feature, level), 6) > FITS_WITHIN
    ]


def _exchanged(spots: Mapping[str, _Spot], descriptions: Descriptions) -> dict[str, str]:
    """Give the names that segments would have instead, if that is clearly better."""
    from scipy.optimize import linear_sum_assignment

    if len(spots) < 2:
        return {}
    listed = list(spots)
    off = np.round(
        [[spots[at].mean_off(descriptions[name]) for at in listed] for name in listed], 6
    )
    names, places = linear_sum_assignment(off)
    other = {
        listed[place]: listed[name]
        for name, place in zip(names, places, strict=True)
        if name != place
    }
    nearer = float(np.trace(off) - off[names, places].sum())
    return other if other and nearer / len(other) > BETTER_BY else {}


def _described_better(name: str, better: str) -> Note:
    text = f"'{name}' does not fit its description: that of '{better}' describes these customers"
    return Note("M013", "", f"{text} better")
