"""The teacher: how its halves are mixed, and when boosting ends."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.metrics import log_loss

from targeting.scoring.matrix import Floats, Input
from targeting.scoring.teacher import (
    FEWEST_TREES,
    HALF,
    SHARES,
    WORTH_IT,
    Teacher,
    Tuned,
    fit_teacher,
    tune,
)

Part = tuple[npt.NDArray[np.float32], npt.NDArray[np.int8]]
INPUTS = (Input("x", "number"), Input("y", "number"))


def straight(x: Floats, y: Floats) -> Floats:
    return np.asarray(1.5 * x + y)


def crossed(x: Floats, y: Floats) -> Floats:
    return np.asarray(4.0 * np.sign(x * y))


def neither(x: Floats, y: Floats) -> Floats:
    return np.asarray(0.4 * x + 0.4 * np.sign(y))


def drawn(truth: object, rows: int, seed: int) -> Part:
    assert callable(truth)
    random = np.random.default_rng(seed)
    x, y = random.normal(size=(2, rows))
    labels = random.random(rows) < 1 / (1 + np.exp(-truth(np.sign(x) * np.log1p(abs(x)), y)))
    return np.column_stack([x, y]).astype(np.float32), labels.astype(np.int8)


def tuned(truth: object) -> tuple[Teacher, Tuned, Part, Part]:
    learn, judge = drawn(truth, 2_000, 1), drawn(truth, 2_000, 2)
    return *tune(learn, judge, INPUTS, sign=0), learn, judge


def chances(odds: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-odds)))


@pytest.mark.parametrize("truth", [straight, crossed, neither])
def test_the_mix_has_the_least_log_loss_or_is_one_half(truth: object) -> None:
    teacher, found, _, (matrix, labels) = tuned(truth)
    assert teacher.boosted is not None
    halves = teacher.linear.log_odds(matrix), teacher.boosted.log_odds(matrix)
    losses = {
        share: log_loss(labels, chances((1 - share) * halves[0] + share * halves[1]))
        for share in SHARES
    }
    best = min(losses, key=lambda share: losses[share])
    expected = best if losses[best] < WORTH_IT * losses[HALF] else HALF
    assert found.share == teacher.share == expected


def test_where_lines_tell_nothing_trees_alone_speak_and_the_other_way_round() -> None:
    assert tuned(crossed)[1].share == 1
    assert tuned(straight)[1].share <= HALF


def test_log_odds_are_mixed_not_probabilities() -> None:
    teacher, _, (matrix, labels), _ = tuned(neither)
    fitted = fit_teacher(matrix, labels, INPUTS, sign=0, tuned=Tuned(60, 0.25))
    assert fitted.boosted is not None
    mixed = 0.75 * fitted.linear.log_odds(matrix) + 0.25 * fitted.boosted.log_odds(matrix)
    assert fitted.log_odds(matrix) == pytest.approx(mixed, abs=1e-12)
    assert teacher.boosted is not None
    assert fitted.boosted.classifier.n_iter_ == 60


def test_trees_that_gained_nothing_are_not_grown_again() -> None:
    teacher, found, _, _ = tuned(neither)
    assert teacher.boosted is not None
    assert found.trees == max(FEWEST_TREES, teacher.boosted.classifier.n_iter_ - 20)
    assert found.trees < 200


def test_where_nothing_can_be_boosted_the_line_speaks_alone() -> None:
    _, labels = drawn(straight, 500, 1)
    same = np.ones((500, 2), dtype=np.float32)
    teacher, found = tune((same, labels), (same, labels), INPUTS, sign=0)
    assert teacher.boosted is None
    assert found == Tuned()
    assert chances(teacher.log_odds(same)) == pytest.approx(np.full(500, labels.mean()), abs=1e-6)
