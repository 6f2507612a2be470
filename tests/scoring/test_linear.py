"""The regression against scikit-learn's own pipeline, and its points."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from targeting.scoring.linear import LEAF, Linear, fit_linear
from targeting.scoring.matrix import Input

Matrix = npt.NDArray[np.float32]
NUMBERS = tuple(Input(name, "number") for name in ("days", "spent", "age"))
CITY = Input("city", "category", ("Karachi", "Lahore", "Quetta"))


def shop(rows: int = 2_000, seed: int = 1) -> tuple[Matrix, npt.NDArray[np.int8]]:
    """Days, money with returns, an age that a fifth has not told, a city; three ways to buy."""
    random = np.random.default_rng(seed)
    days, spent = random.exponential(40, rows), random.lognormal(9, 2, rows)
    spent *= np.where(random.random(rows) < 0.1, -1, 1)
    age = np.where(random.random(rows) < 0.2, np.nan, random.uniform(18, 80, rows))
    city = np.where(random.random(rows) < 0.1, np.nan, random.integers(0, 3, rows))
    odds = 1 - 0.6 * np.log1p(days) + 0.5 * (city == 1) + np.isnan(age)
    labels = (random.random(rows) < 1 / (1 + np.exp(-odds))).astype(np.int8)
    return np.column_stack([days, spent, age, city]).astype(np.float32), labels


def test_log_odds_are_those_of_scikit_learn_s_pipeline() -> None:
    matrix, labels = shop()
    columns = matrix[:, :3].astype(np.float64)

    def logarithms(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.asarray(np.sign(values) * np.log1p(np.abs(values)))

    pipeline = make_pipeline(
        FunctionTransformer(logarithms),
        SimpleImputer(strategy="mean", add_indicator=True),
        StandardScaler(),
        LogisticRegression(C=0.1, max_iter=500),
    ).fit(columns[:1_500], labels[:1_500])
    ours = fit_linear(matrix[:1_500, :3], labels[:1_500], NUMBERS)
    theirs = pipeline.decision_function(columns)
    # The pipeline divides by the spread of the filled column, ours by that of the known values.
    assert ours.log_odds(matrix) == pytest.approx(theirs, abs=0.02)
    known = ~np.isnan(columns).any(axis=1)
    assert np.corrcoef(ours.log_odds(matrix)[known], theirs[known])[0, 1] > 0.99999


def test_without_gaps_the_pipeline_s_log_odds_are_equal() -> None:
    matrix, labels = shop()
    columns = matrix[:, :2].astype(np.float64)
    standard = StandardScaler()
    logs = standard.fit_transform(np.sign(columns) * np.log1p(np.abs(columns)))
    theirs = LogisticRegression(C=0.1, max_iter=500).fit(logs, labels)
    ours = fit_linear(matrix[:, :2], labels, NUMBERS[:2])
    assert ours.log_odds(matrix) == pytest.approx(theirs.decision_function(logs), abs=1e-4)


def test_a_category_has_a_weight_of_its_own_and_so_has_its_gap() -> None:
    matrix, labels = shop(6_000)
    model = fit_linear(matrix, labels, (*NUMBERS, CITY))
    words = {term.place: term.weight for term in model.terms if term.kind == "category"}
    assert set(words) == {0, 1, 2}
    assert words[1] == max(words.values())
    gaps = {term.at: term.weight for term in model.terms if term.kind == "missing"}
    assert set(gaps) == {2, 3}
    assert gaps[2] > abs(gaps[3]) + 0.1


def test_a_missing_number_lies_at_the_mean() -> None:
    matrix, labels = shop()
    model = fit_linear(matrix, labels, (*NUMBERS, CITY))
    age = next(term for term in model.terms if term.at == 2 and term.kind == "number")
    gap = next(term for term in model.terms if term.at == 2 and term.kind == "missing")
    known = np.array([[9, 90, np.expm1(age.mean), 1]], dtype=np.float32)
    missing = np.array([[9, 90, np.nan, 1]], dtype=np.float32)
    apart = model.log_odds(missing) - model.log_odds(known)
    assert apart[0] == pytest.approx(gap.weight / gap.spread, abs=1e-5)


def test_points_add_up_to_the_log_odds_without_the_intercept() -> None:
    matrix, labels = shop()
    inputs = (*NUMBERS, CITY)
    model = fit_linear(matrix, labels, inputs)
    points = model.points(matrix, len(inputs))
    assert points.shape == (len(matrix), 4)
    assert points.sum(axis=1) + model.intercept == pytest.approx(model.log_odds(matrix))
    assert points.mean(axis=0) == pytest.approx([0, 0, 0, 0], abs=0.02)


def test_where_a_customer_stands_is_in_standard_deviations() -> None:
    matrix, labels = shop()
    model = fit_linear(matrix, labels, (*NUMBERS, CITY))
    stands = model.stands(matrix, 4)
    logs = np.log1p(matrix[:, 0].astype(np.float64))
    assert stands[:, 0] == pytest.approx((logs - logs.mean()) / logs.std(), abs=1e-5)
    assert (np.isnan(stands) == np.isnan(matrix)).all()


@pytest.mark.parametrize("constant", [0.0, 7.5, np.nan])
def test_a_column_without_spread_is_left_out(constant: float) -> None:
    matrix, labels = shop()
    alone = fit_linear(matrix[:, :1], labels, NUMBERS[:1])
    with_constant = np.column_stack([matrix[:, 0], np.full(len(matrix), constant)])
    both = fit_linear(with_constant.astype(np.float32), labels, NUMBERS[:2])
    assert both == alone


def test_nothing_but_constants_give_everyone_the_base_rate() -> None:
    _, labels = shop()
    model = fit_linear(np.ones((len(labels), 2), dtype=np.float32), labels, NUMBERS[:2])
    chance = 1 / (1 + np.exp(-model.log_odds(np.ones((3, 2)))))
    assert chance == pytest.approx([labels.mean()] * 3, abs=1e-6)


def test_the_thirty_most_frequent_of_forty_categories_have_weights() -> None:
    random = np.random.default_rng(5)
    places = np.concatenate([np.repeat(np.arange(40), np.arange(1, 41) * 5)])
    labels = (random.random(places.size) < 0.2 + 0.6 * (places == 39)).astype(np.int8)
    town = Input("town", "category", tuple(f"town {at:02}" for at in range(40)))
    model = fit_linear(places[:, None].astype(np.float32), labels, (town,))
    assert [term.place for term in model.terms] == list(range(10, 40))
    chosen = model.log_odds(np.array([[39], [20], [3]], dtype=np.float32))
    assert chosen[0] > chosen[1] + 1
    assert np.isfinite(chosen).all()


def test_the_leaf_s_log_odds_enter_as_they_are() -> None:
    _, labels = shop()
    odds = np.linspace(-5, 5, len(labels))[:, None].astype(np.float32)
    (term,) = (t for t in fit_linear(odds, labels, (LEAF,)).terms if t.kind != "missing")
    assert term.kind == "plain"
    assert term.mean == pytest.approx(0, abs=1e-6)
    assert term.spread == pytest.approx(odds.std(), rel=1e-5)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1_000))
def test_the_same_rows_give_the_same_numbers(seed: int) -> None:
    matrix, labels = shop(200, seed)
    found: list[Linear] = [fit_linear(matrix, labels, (*NUMBERS, CITY)) for _ in range(2)]
    assert found[0] == found[1]
    assert np.isfinite(found[0].log_odds(matrix)).all()
