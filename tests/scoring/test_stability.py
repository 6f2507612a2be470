from __future__ import annotations

import datetime as dt
from math import comb

import numpy as np
import polars as pl
import pytest
from sklearn.cluster import KMeans

from targeting.customers.spending import windowed_spending
from targeting.scoring.clusters import Labels, clustered
from targeting.scoring.matrix import Floats, in_hash_order, numbers
from targeting.scoring.scaling import fit_scale, scaled
from targeting.scoring.stability import Trial, chosen, stability, trials

# Measured at 31 December 2017 over 180 days, days as orders: the number seven of scores.md.
JOURNEY = ("recency_days", "frequency", "monetary", "days_between_purchases")


def blobs(each: int = 40) -> Floats:
    """Three clouds, two of which touch."""
    random = np.random.default_rng(2)
    middles = np.repeat([[0.0, 0.0], [2.5, 0.0], [9.0, 9.0]], each, axis=0)
    return np.asarray(random.permutation(middles + random.normal(size=middles.shape)))


def rand_index(one: list[int], other: list[int]) -> float:
    """Adjust the Rand index for chance by counting pairs (Hubert and Arabie 1985, equation 5)."""
    pairs = list(zip(one, other, strict=True))
    both = sum(comb(pairs.count(cell), 2) for cell in set(pairs))
    rows = sum(comb(one.count(label), 2) for label in set(one))
    columns = sum(comb(other.count(label), 2) for label in set(other))
    expected = rows * columns / comb(len(pairs), 2)
    return (both - expected) / ((rows + columns) / 2 - expected)


def test_stability_is_the_mean_adjusted_rand_index_of_bootstrap_refits() -> None:
    points = blobs()
    labels = clustered(points, 4).labels
    random = np.random.default_rng(0)
    by_hand = []
    for _ in range(5):
        drawn = [random.integers(0, 120, 120)]
        fitted = KMeans(4, n_init=10, random_state=0).fit(points[tuple(drawn)])
        by_hand.append(rand_index(labels.tolist(), fitted.predict(points).tolist()))
    assert stability(points, labels, 4, 5) == pytest.approx(np.mean(by_hand), abs=1e-6)
    assert 0.3 < np.mean(by_hand) < 0.99


def test_one_segment_has_no_stability() -> None:
    everybody: Labels = np.zeros(120, dtype=np.intp)
    assert stability(blobs(), everybody, 1, 5) is None


def trial(number: int, index: float) -> Trial:
    return Trial(number, number, index, None, 1.0)


def test_the_largest_stable_number_is_chosen_though_a_smaller_is_not_stable() -> None:
    tried = [trial(2, 0.99), trial(3, 0.80), trial(4, 0.85), trial(5, 0.84)]
    assert chosen(tried) == trial(4, 0.85)


def test_where_none_is_stable_the_most_stable_is_chosen() -> None:
    assert chosen([trial(2, 0.7), trial(3, 0.8), trial(4, 0.6)]) == trial(3, 0.8)
    assert chosen([]) is None


def test_three_clouds_are_found_and_the_table_tells_the_elbow() -> None:
    tried = trials(blobs() * [1, 3], 5)
    assert [each.number for each in tried] == [2, 3, 4, 5]
    assert tried[0].stability > 0.95
    inertias = [each.inertia for each in tried]
    assert inertias == sorted(inertias, reverse=True)
    assert all(each.silhouette is not None for each in tried)


def test_an_outlier_does_not_make_a_number_stable() -> None:
    # With the outlier as a cluster of its own two numbers would look alike.
    points = np.concatenate([blobs(100), [[400.0, 400.0]]])
    tried = trials(points, 4)
    assert [(each.asked, each.number) for each in tried] == [(3, 2), (4, 3)]


def journey_points(journey: pl.DataFrame) -> Floats:
    day = dt.date(2017, 12, 31)
    lines = journey.lazy().select("customer_id", "purchased_on", "amount", quantity=pl.lit(1.0))
    table = windowed_spending(lines, day, day - dt.timedelta(days=180)).collect()
    columns = [numbers(in_hash_order(table, "k", "fit", "segments")[name]) for name in JOURNEY]
    return np.column_stack([scaled(c, fit_scale("x", "rank", c)) for c in columns])


def test_seven_segments_of_the_complete_journey_are_stable_and_five_are_not(
    journey: pl.DataFrame,
) -> None:
    points = journey_points(journey)
    index = {n: stability(points, clustered(points, n).labels, n, 30) for n in (5, 7)}
    assert index[7] is not None
    assert index[5] is not None
    assert index[7] >= 0.85 > index[5]
