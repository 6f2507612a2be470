from __future__ import annotations

import numpy as np
import pytest

from targeting.scoring.scaling import MOST_POINTS, Scale, carried, fit_scale, scaled


def test_a_rank_is_the_share_below_with_half_of_the_equals() -> None:
    sample = np.array([1.0, 1.0, 1.0, 5.0])
    feature = fit_scale("frequency", "rank", sample)
    assert feature.values == (1.0, 5.0)
    assert feature.ranks == (3 / 8, 7 / 8)


def test_ranks_stay_in_a_short_table_and_keep_their_place() -> None:
    sample = np.random.default_rng(1).exponential(1000, 50_000)
    feature = fit_scale("monetary", "rank", sample)
    assert len(feature.values) <= MOST_POINTS
    places = scaled(sample, feature) * feature.spread + feature.mean
    truth = (sample.argsort().argsort() + 0.5) / sample.size
    assert np.abs(places - truth).max() < 0.002


def test_what_lies_beyond_the_sample_takes_the_place_of_its_end() -> None:
    feature = fit_scale("frequency", "rank", np.arange(10.0))
    low, lowest, high, highest = scaled(np.array([-5.0, 0.0, 99.0, 9.0]), feature)
    assert (low, high) == (lowest, highest)


@pytest.mark.parametrize("scale", ["rank", "log", "plain"])
def test_every_scale_is_standardised_alike(scale: str) -> None:
    sample = np.random.default_rng(1).exponential(1000, 500) - 100
    points = scaled(sample, fit_scale("x", scale, sample))  # type: ignore[arg-type]
    assert points.mean() == pytest.approx(0, abs=1e-9)
    assert points.std() == pytest.approx(1)


def test_a_missing_value_counts_as_the_median() -> None:
    sample = np.array([1.0, 2.0, 9.0, np.nan])
    feature = fit_scale("x", "plain", sample)
    missing, median = scaled(np.array([np.nan, 2.0]), feature)
    assert missing == median


def test_a_carried_coordinate_is_the_same_value_or_the_same_rank_on_the_new_scale() -> None:
    random = np.random.default_rng(1)
    before, now = random.exponential(100, 500), random.exponential(900, 500)
    scales: tuple[Scale, ...] = ("plain", "log")
    for scale in scales:
        old = fit_scale("x", scale, before)
        new = fit_scale("x", scale, now)
        value = np.array([250.0])
        moved = carried(scaled(value, old)[:, None], [old], [new])
        assert moved[:, 0] == pytest.approx(scaled(value, new))
    old, new = fit_scale("x", "rank", before), fit_scale("x", "rank", now)
    medians = [
        scaled(np.array([np.median(sample)]), f) for sample, f in ((before, old), (now, new))
    ]
    assert carried(medians[0][:, None], [old], [new])[:, 0] == pytest.approx(medians[1], abs=0.01)


def test_a_feature_that_was_constant_is_carried_to_its_one_place() -> None:
    constant = fit_scale("x", "plain", np.full(5, 7.0))
    varied = fit_scale("x", "plain", np.arange(5.0))
    assert carried(np.array([[0.0], [0.0]]), [constant], [varied]).tolist() == [[0.0], [0.0]]
    assert carried(np.array([[3.0]]), [varied], [constant]).tolist() == [[0.0]]
