"""The judge against textbook values and against plain computations of the same figures."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from targeting.scoring import judge
from targeting.scoring.judge import Labels
from targeting.scoring.matrix import Floats


def labels(*values: int) -> Labels:
    return np.array(values, dtype=np.int8)


def plain_auc(happened: Labels, scores: Floats) -> float:
    """Count the pairs that are in the right order, equal scores as half."""
    pairs = product(scores[happened == 1], scores[happened == 0])
    wins = [1.0 if yes > no else 0.5 if yes == no else 0.0 for yes, no in pairs]
    return sum(wins) / len(wins)


@pytest.fixture
def drawn() -> tuple[Labels, Floats]:
    random = np.random.default_rng(5)
    scores = np.round(random.beta(1, 6, 700), 2)  # with ties
    return (random.random(700) < scores).astype(np.int8), scores


def test_the_textbook_auc() -> None:
    # Fawcett (2006), scikit-learn's own example: 0.75
    assert judge.auc(labels(0, 0, 1, 1), np.array([0.1, 0.4, 0.35, 0.8])) == 0.75


def test_the_textbook_average_precision() -> None:
    figures = judge.ranking(labels(0, 0, 1, 1), np.array([0.1, 0.4, 0.35, 0.8]))
    assert figures.pr_auc == round(0.5 * 1 + 0.5 * 2 / 3, 6)


def test_the_textbook_brier_score() -> None:
    figures = judge.probability(labels(0, 1, 1, 0), np.array([0.1, 0.9, 0.8, 0.3]))
    assert figures.brier == 0.0375


def test_accuracy_precision_and_recall_are_at_one_half() -> None:
    figures = judge.probability(labels(1, 1, 0, 0, 1), np.array([0.9, 0.5, 0.6, 0.1, 0.2]))
    assert (figures.accuracy, figures.precision, figures.recall) == (0.6, 0.666667, 0.666667)


def test_auc_equals_counted_pairs(drawn: tuple[Labels, Floats]) -> None:
    assert judge.auc(*drawn) == pytest.approx(plain_auc(*drawn))


@pytest.mark.parametrize("decimals", [1, 2, 9])
def test_auc_and_average_precision_equal_scikit_learns(decimals: int) -> None:
    random = np.random.default_rng(decimals)
    scores = np.round(random.random(400), decimals)
    happened = (random.random(400) < scores / 2).astype(np.int8)
    figures = judge.ranking(happened, scores)
    assert figures.auc == pytest.approx(roc_auc_score(happened, scores), abs=1e-6)
    assert figures.pr_auc == pytest.approx(average_precision_score(happened, scores), abs=1e-6)


def test_the_captured_share_is_the_mean_over_all_orders_of_equal_scores() -> None:
    scores = np.array([3, 2, 2, 2, 1, 1, 1, 0, 0, 0]) / 10
    happened = labels(0, 1, 0, 1, 1, 0, 0, 0, 1, 0)
    for share in (0.1, 0.2, 0.3, 0.5, 0.9, 1.0):
        random = np.random.default_rng(0)
        orders = [np.lexsort([random.random(10), -scores]) for _ in range(4_000)]
        plain = np.mean([happened[order][: round(share * 10)].sum() / 4 for order in orders])
        assert judge.captured(happened, scores, share) == pytest.approx(plain, abs=0.02)


def test_the_lift_of_ten_tenths_adds_up_to_all_buyers(drawn: tuple[Labels, Floats]) -> None:
    assert sum(lift or 0 for lift in judge.deciles(*drawn)) == pytest.approx(10, abs=1e-5)


@pytest.mark.parametrize("happened", [0, 1])
def test_one_customer_can_be_judged(happened: int) -> None:
    one, score = labels(happened), np.array([0.25])
    assert judge.ranking(one, score).auc is None
    assert judge.probability(one, score).ece == abs(0.25 - happened)
    assert judge.calibration_curve(one, score) == (judge.CurvePoint(1, 0.25, happened),)


def test_everybody_has_no_order_but_a_share() -> None:
    everybody = labels(1, 1, 1, 1, 1)
    figures = judge.ranking(everybody, np.arange(5) / 5)
    assert (figures.auc, figures.pr_auc) == (None, None)
    assert (figures.lift_top_tenth, figures.share_top_fifth) == (1.0, 0.2)


def test_equal_scores_share_the_lift() -> None:
    # all equal: a tenth of the customers has a tenth of the buyers, whoever stands first
    same = np.full(40, 0.3)
    happened = labels(*([1] * 10 + [0] * 30))
    figures = judge.ranking(happened, same)
    assert (figures.lift_top_tenth, figures.share_top_fifth, figures.auc) == (1.0, 0.2, 0.5)
    assert judge.deciles(happened, same) == (1.0,) * 10


def test_lift_and_captured_share_without_ties() -> None:
    scores = np.arange(20, 0, -1) / 20
    happened = labels(1, 1, 0, 1, *([0] * 15), 1)
    figures = judge.ranking(happened, scores)
    assert figures.lift_top_tenth == (2 / 2) / (4 / 20)
    assert figures.share_top_fifth == 3 / 4


def test_the_calibration_error_equals_a_plain_loop_over_bins(drawn: tuple[Labels, Floats]) -> None:
    happened, scores = drawn
    bins = np.array_split(np.argsort(scores, kind="stable"), 15)
    off = [abs(scores[b].mean() - happened[b].mean()) * len(b) / len(scores) for b in bins]
    assert judge.calibration_error(happened, scores) == pytest.approx(sum(off))
    curve = judge.calibration_curve(happened, scores)
    assert [point.customers for point in curve] == [len(b) for b in bins]
    assert sum(point.share * point.customers for point in curve) == pytest.approx(
        happened.sum(), abs=1e-3
    )


def test_a_perfect_model_lies_on_its_floor() -> None:
    random = np.random.default_rng(2)
    scores = random.beta(1, 6, 2_460)
    figures = judge.probability((random.random(2_460) < scores).astype(np.int8), scores)
    assert 0.012 < figures.ece_floor_mean < 0.03
    assert figures.ece_floor_mean < figures.ece_floor_95
    assert figures.ece < figures.ece_floor_95 * 1.2


def test_a_false_model_lies_above_the_floor() -> None:
    scores = np.full(3_000, 0.3)
    happened = (np.arange(3_000) % 10 == 0).astype(np.int8)
    figures = judge.probability(happened, scores)
    assert figures.ece == pytest.approx(0.2, abs=0.001)
    assert figures.ece_floor_95 < 0.05


def test_one_class_has_no_order_but_an_error() -> None:
    nobody = labels(0, 0, 0)
    scores = np.array([0.1, 0.2, 0.3])
    assert judge.ranking(nobody, scores) == judge.Ranking(None, None, None, None)
    assert judge.probability(nobody, scores).recall is None
    assert judge.chance_limit(nobody) == 1.0


def test_shuffled_labels_exceed_the_chance_limit_once_in_forty_times() -> None:
    random = np.random.default_rng(1)
    happened = (np.arange(400) < 60).astype(np.int8)
    limit = judge.chance_limit(happened)
    drawn = [judge.auc(happened, random.random(400)) or 0 for _ in range(400)]
    assert 1 <= sum(auc > limit for auc in drawn) <= 22
