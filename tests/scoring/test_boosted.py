"""Boosted trees: what they read, and which way a field may point."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from targeting.scoring.boosted import PATIENCE, fit_boosted
from targeting.scoring.matrix import Input

Matrix = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int8]
INPUTS = (Input("recency_days", "number"), Input("age", "number"))


def shop(rows: int = 3_000, seed: int = 1) -> tuple[Matrix, Labels]:
    """Recent customers buy, with a bump of those away for 60 to 70 days; age tells nothing."""
    random = np.random.default_rng(seed)
    days, age = random.uniform(0, 100, rows), random.uniform(18, 80, rows)
    chance = np.where((days > 60) & (days < 70), 0.9, 0.8 - 0.007 * days)
    labels = (random.random(rows) < chance).astype(np.int8)
    return np.column_stack([days, age]).astype(np.float32), labels


def by_days(sign: int, inputs: tuple[Input, ...] = INPUTS) -> npt.NDArray[np.float64]:
    matrix, labels = shop()
    if sign < 0:
        labels = (1 - labels).astype(np.int8)
    model = fit_boosted(matrix, labels, inputs, sign=sign, trees=60)
    assert model is not None
    days = np.linspace(0, 100, 201)
    return np.diff(model.log_odds(np.column_stack([days, np.full(201, 40)]).astype(np.float32)))


def test_a_longer_silence_never_makes_a_purchase_likelier() -> None:
    assert (by_days(1) <= 0).all()


def test_a_longer_silence_never_makes_it_less_likely_that_nothing_is_bought() -> None:
    assert (by_days(-1) >= 0).all()


def test_a_column_as_label_has_no_direction() -> None:
    assert (by_days(0) > 0).any()


def test_a_field_of_another_name_has_no_direction() -> None:
    assert (by_days(1, (Input("x", "number"), INPUTS[1])) > 0).any()


def test_a_category_of_a_known_name_has_no_direction() -> None:
    matrix, labels = shop()
    words = Input("frequency", "category", ("monthly", "weekly", "yearly"))
    places = np.column_stack([matrix[:, 0] // 34, matrix[:, 1]]).astype(np.float32)
    model = fit_boosted(places, labels, (words, INPUTS[1]), sign=1, trees=20)
    assert model is not None
    assert np.isfinite(model.log_odds(places)).all()


@pytest.mark.parametrize("value", [np.nan, 0.0, 3.5])
def test_a_column_with_one_value_is_not_read(value: float) -> None:
    matrix, labels = shop()
    wide = np.column_stack([np.full(len(labels), value), matrix]).astype(np.float32)
    model = fit_boosted(wide, labels, (Input("x", "number"), *INPUTS), sign=1, trees=20)
    alone = fit_boosted(matrix, labels, INPUTS, sign=1, trees=20)
    assert model is not None
    assert alone is not None
    assert model.columns == (1, 2)
    assert (model.log_odds(wide) == alone.log_odds(matrix)).all()


@pytest.mark.parametrize("value", [np.nan, 1.0])
def test_without_two_values_anywhere_there_is_nothing_to_boost(value: float) -> None:
    matrix, labels = shop()
    same = np.full_like(matrix, value)
    assert fit_boosted(same, labels, INPUTS, sign=1, trees=20) is None


@pytest.mark.parametrize("words", [40, 255, 256, 400])
def test_many_categories_are_read(words: int) -> None:
    random = np.random.default_rng(2)
    places = random.integers(0, words, 6_000)
    labels = (random.random(6_000) < 0.1 + 0.8 * (places < words / 2)).astype(np.int8)
    town = Input("town", "category", tuple(f"{at:04}" for at in range(words)))
    matrix = places[:, None].astype(np.float32)
    model = fit_boosted(matrix, labels, (town,), sign=0, trees=30)
    assert model is not None
    odds = model.log_odds(matrix)
    assert odds[places < words / 2].mean() > odds[places >= words / 2].mean() + 1
    assert np.isfinite(model.log_odds(np.array([[np.nan], [words + 5]], dtype=np.float32))).all()


def test_boosting_ends_where_other_rows_gain_nothing() -> None:
    matrix, labels = shop()
    noise = np.random.default_rng(3).integers(0, 2, len(labels)).astype(np.int8)
    model = fit_boosted(matrix, labels, INPUTS, sign=1, trees=400, judge=(matrix, noise))
    assert model is not None
    assert PATIENCE <= model.classifier.n_iter_ < 60


def test_two_fits_are_equal() -> None:
    matrix, labels = shop()
    odds = [
        model.log_odds(matrix)
        for model in (fit_boosted(matrix, labels, INPUTS, sign=1, trees=30) for _ in range(2))
        if model is not None
    ]
    assert (odds[0] == odds[1]).all()
