"""Intervals against slow resampling with scikit-learn, and their promises."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from targeting.scoring import intervals as bootstrap
from targeting.scoring import judge
from targeting.scoring.baselines import PROBABILITIES, baseline_scores
from targeting.scoring.intervals import Difference, differences, draws_of, intervals, resamples
from targeting.scoring.judge import Labels
from targeting.scoring.matrix import Floats

Figure = Callable[[Labels, Floats], float | None]

PLAIN: dict[str, Figure] = {
    "auc": lambda labels, scores: float(roc_auc_score(labels, scores)),
    "pr_auc": lambda labels, scores: float(average_precision_score(labels, scores)),
    "lift_top_tenth": lambda labels, scores: judge.lift(labels, scores, 0.0, 0.1),
    "share_top_fifth": lambda labels, scores: judge.captured(labels, scores, 0.2),
    "brier": lambda labels, scores: float(np.mean((scores - labels) ** 2)),
    "ece": judge.calibration_error,
}


def drawn(rows: int, decimals: int, seed: int = 3) -> tuple[Labels, Floats, Floats]:
    """Draw labels, the scores that gave them (with ties for few decimals), and worse ones."""
    random = np.random.default_rng(seed)
    scores = random.beta(1, 4, rows)
    labels = (random.random(rows) < scores).astype(np.int8)
    return labels, np.round(scores, decimals), np.round((scores + random.random(rows)) / 2, 1)


def plainly(figure: Figure, labels: Labels, scores: Floats) -> list[float]:
    """Lay out each draw's rows and judge them one draw after the other."""
    rows = np.arange(labels.size)
    laid = (np.repeat(rows, counts.astype(np.int64)) for counts in resamples(labels.size))
    return [figure(labels[at], scores[at]) or 0.0 for at in laid]


@pytest.fixture
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "MOST_DRAWS", 60)


@pytest.mark.usefixtures("few_draws")
@pytest.mark.parametrize("decimals", [1, 2, 12])
def test_the_intervals_equal_those_of_laid_out_rows(decimals: int) -> None:
    labels, scores, _ = drawn(300, decimals)
    found = intervals(labels, scores)
    for name, figure in PLAIN.items():
        ends = np.quantile(plainly(figure, labels, scores), [0.025, 0.975])
        assert found[name] == pytest.approx(ends, abs=1e-6), name


@pytest.mark.usefixtures("few_draws")
def test_differences_are_of_the_same_draws() -> None:
    labels, scores, other = drawn(300, 2)
    found = differences(labels, scores, {"other": other}, ("other",))["other"]
    assert list(found) == list(PLAIN)
    for name, figure in PLAIN.items():
        mine, theirs = (np.array(plainly(figure, labels, each)) for each in (scores, other))
        ends = np.quantile(mine - theirs, [0.025, 0.975])
        assert (found[name].low, found[name].high) == pytest.approx(ends, abs=1e-6), name


@pytest.mark.parametrize("decimals", [1, 2, 12])
def test_a_difference_is_the_judges_own(decimals: int) -> None:
    labels, scores, other = drawn(500, decimals)
    found = differences(labels, scores, {"other": other}, ("other",))["other"]
    for name, figure in PLAIN.items():
        minus = (figure(labels, scores) or 0) - (figure(labels, other) or 0)
        assert found[name].difference == pytest.approx(minus, abs=1.1e-6), name


def test_a_score_does_not_differ_from_itself() -> None:
    labels, scores, _ = drawn(200, 2)
    found = differences(labels, scores, {"same": scores, "twice": 2 * scores})
    assert set(found["same"].values()) == set(found["twice"].values()) == {Difference(0, 0, 0)}


def test_a_better_score_leaves_zero_outside() -> None:
    labels, scores, other = drawn(3_000, 3)
    found = differences(labels, scores, {"other": other})["other"]
    assert found["auc"].low > 0
    back = differences(labels, other, {"scores": scores})["scores"]["auc"]
    assert back == Difference(-found["auc"].difference, -found["auc"].high, -found["auc"].low)


def test_only_probabilities_have_their_errors_compared() -> None:
    labels, scores, other = drawn(200, 2)
    found = differences(labels, scores, {"rfm": 9 * other, "bgnbd": other}, ("bgnbd",))
    assert list(found["rfm"]) == ["auc", "pr_auc", "lift_top_tenth", "share_top_fifth"]
    assert list(found["bgnbd"])[-2:] == ["brier", "ece"]


def test_one_class_has_no_interval_but_an_error() -> None:
    scores = np.array([0.1, 0.2, 0.4])
    nobody, everybody = np.zeros(3, dtype=np.int8), np.ones(3, dtype=np.int8)
    found = intervals(nobody, scores)
    assert {name for name, interval in found.items() if interval is None} == {
        *("auc", "pr_auc", "lift_top_tenth", "share_top_fifth")
    }
    assert differences(nobody, scores, {"other": scores}) == {"other": {}}
    assert (found["brier"] or (0, 0))[0] > 0
    assert intervals(everybody, scores)["auc"] is None
    assert judge.ranking(everybody, scores).auc is None


def test_no_rows_have_no_interval() -> None:
    nothing, none = np.empty(0), np.empty(0, dtype=np.int8)
    assert set(intervals(none, nothing).values()) == {None}
    assert differences(none, nothing, {"rfm": nothing}, ("rfm",)) == {"rfm": {}}
    assert differences(none, nothing, {}) == {}


def test_a_constant_score_is_worth_a_coin() -> None:
    labels = (np.arange(100) % 4 == 0).astype(np.int8)
    found = intervals(labels, np.full(100, 0.25))
    assert found["auc"] == (0.5, 0.5)
    assert found["lift_top_tenth"] == (1.0, 1.0)
    assert found["share_top_fifth"] == (0.2, 0.2)
    low, high = found["pr_auc"] or (0, 0)
    assert low < 0.25 < high


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 4)), min_size=1, max_size=12))
def test_any_small_sample_is_judged_as_the_judge_does(rows: list[tuple[int, int]]) -> None:
    labels = np.array([label for label, _ in rows], dtype=np.int8)
    scores = np.array([score for _, score in rows]) / 4
    (constant,) = differences(labels, scores, {"constant": np.full(len(rows), 0.5)}).values()
    figures = judge.ranking(labels, scores)
    assert set(constant) <= {name for name, found in vars(figures).items() if found is not None}
    if figures.auc is not None and "auc" in constant:
        assert constant["auc"].difference == pytest.approx(figures.auc - 0.5, abs=1.1e-6)
    assert intervals(labels, scores) == intervals(labels, scores)


def test_the_interval_holds_the_truth_about_95_times_in_100(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bootstrap, "MOST_DRAWS", 200)
    truth = judge.auc(*drawn(200_000, 12, seed=0)[:2]) or 0
    ends = [intervals(*drawn(400, 12, seed=seed)[:2])["auc"] or (0, 0) for seed in range(1, 101)]
    assert 88 <= sum(low <= truth <= high for low, high in ends) <= 100


def test_many_rows_are_drawn_less_often() -> None:
    assert [draws_of(rows) for rows in (1, 60_000, 200_000, 10**7)] == [500, 500, 300, 200]


def test_cdnow_is_ordered_better_by_recency_than_by_chance(
    cdnow: pl.DataFrame, history_of: Callable[[pl.DataFrame], Callable[..., pl.DataFrame]]
) -> None:
    day = pl.date(1998, 3, 31)
    soon = cdnow.filter(pl.col("purchased_on") > day)["customer_id"].unique()
    known = history_of(cdnow)(pl.select(day).item())
    judged = known.with_columns(label=pl.col("customer_id").is_in(soon.implode()).cast(pl.Int8))
    labels, others = judged["label"].to_numpy(), baseline_scores(judged)
    found = differences(labels, others.pop("recency"), others, PROBABILITIES)
    assert found["base_rate"]["auc"].low > 0.25
    assert abs(found["rfm"]["auc"].difference) < 0.03
