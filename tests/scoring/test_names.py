from __future__ import annotations

import numpy as np

from targeting.scoring.names import described_point, letters, match_names

SAMPLE = np.array([[-2.0, 0.0], [-1.0, 1.0], [0.0, 2.0], [1.0, 3.0], [2.0, 4.0]])


def test_names_are_given_all_at_once_so_that_the_whole_fits_best() -> None:
    # 'Spender' alone would take the second centroid; 'Big' fits nothing else.
    centroids = np.array([[0.9, 0.0], [2.0, 0.0]])
    descriptions = {"Spender": {"spend": "high"}, "Big": {"spend": "very high"}}
    matched = match_names(centroids, SAMPLE, ["spend", "age"], descriptions)  # type: ignore[arg-type]
    assert matched == {0: "Spender", 1: "Big"}


def test_only_described_features_count() -> None:
    centroids = np.array([[-1.0, 99.0], [1.0, -99.0]])
    descriptions = {"High": {"spend": "high"}, "Low": {"spend": "low"}}
    matched = match_names(centroids, SAMPLE, ["spend", "age"], descriptions)  # type: ignore[arg-type]
    assert matched == {0: "Low", 1: "High"}


def test_a_name_without_description_takes_what_is_left() -> None:
    centroids = np.array([[1.0, 0.0], [-1.0, 0.0]])
    matched = match_names(
        centroids, SAMPLE, ["spend", "age"], {"Rest": {}, "High": {"spend": "high"}}
    )
    assert matched == {0: "High", 1: "Rest"}


def test_letters_go_by_size_and_equals_by_place() -> None:
    assert letters([3, 9, 3]) == ["B", "A", "C"]


def test_a_described_point_is_at_its_quantiles_and_else_in_the_middle() -> None:
    assert described_point(SAMPLE, ["spend", "age"], {"spend": "high"}) == [1.0, 2.0]
    assert described_point(SAMPLE, ["spend", "age"], {}) == [0.0, 2.0]
