"""What a frozen model says of a customer, by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from targeting.scoring.bgnbd import BgNbd
from targeting.scoring.linear import Linear, Term
from targeting.scoring.matrix import Input
from targeting.scoring.model import (
    LikelihoodModel,
    can_be_scored,
    chances,
    complete,
    form_digest,
    predict,
)
from targeting.scoring.rhythm import RhythmModel
from targeting.scoring.tree import fit_student, node_means
from targeting.workspace.scores import Likelihood

RHYTHM = RhythmModel(30, False, BgNbd(1, 4, 1, 2), None)
X = (Input("x", "number"),)
PEOPLE = pl.DataFrame(
    {
        "customer_id": ["a", "b", "c"],
        "x": [1.0, None, 9.0],
        "bgnbd_repeats": [0.0, 2.0, None],
        "bgnbd_last": [0.0, 5.0, None],
        "bgnbd_age": [6.0, 9.0, None],
    }
)


def a_tree() -> LikelihoodModel:
    """Log odds of -2 up to x = 5, and 1 above it, shifted by a half."""
    xs = np.repeat([1.0, 9.0], 20)[:, None].astype(np.float32)
    tree = fit_student(xs, np.repeat([-2.0, 1.0], 20), 2)
    values = tuple(node_means(tree).tolist())
    return LikelihoodModel("p", "tree", "", inputs=X, tree=tree, values=values, shift=0.5)


def test_a_tree_s_score_is_its_leaf_s_shifted_log_odds() -> None:
    scores = predict(PEOPLE, a_tree()).to_list()
    assert scores == [round(1 / (1 + np.exp(1.5)), 6), None, round(1 / (1 + np.exp(-1.5)), 6)]
    assert set(chances(a_tree())) >= {scores[0], scores[2]}


def test_a_blend_of_a_line_alone_is_the_line() -> None:
    line = Linear((Term(0, "plain", mean=5, spread=2, weight=0.8),), -1.0)
    model = LikelihoodModel("p", "blend", "", inputs=X, linear=line, share=0.5, shift=0.25)
    expected = [round(1 / (1 + np.exp(0.75 - 0.8 * (x - 5) / 2)), 6) for x in (1, 9)]
    assert predict(PEOPLE, model).to_list() == [expected[0], None, expected[1]]


@pytest.mark.parametrize(("about", "whom"), [("", "abc"), ("buyers", "ab"), ("bought_once", "a")])
def test_only_whom_the_label_is_about_gets_the_base_rate(about: str, whom: str) -> None:
    model = LikelihoodModel("p", "base_rate", "", about, base_rate=0.1234567)  # type: ignore[arg-type]
    found = PEOPLE.select("customer_id", predict(PEOPLE, model)).drop_nulls()
    assert "".join(found["customer_id"]) == whom
    assert set(found["p"]) == {0.123457}


def test_bgnbd_s_fields_join_by_customer_in_the_order_of_customers() -> None:
    model = LikelihoodModel("p", "tree", "", rhythm=RHYTHM)
    rhythm = PEOPLE.select("customer_id", "^bgnbd_.*$").drop_nulls().reverse()
    bare = PEOPLE.select("customer_id", "x")
    found = complete(bare, model, rhythm)
    assert found["customer_id"].to_list() == ["a", "b", "c"]
    assert found["bgnbd_alive"].to_list()[::2] == [1.0, None]
    assert found["bgnbd_purchases"][2] == 0
    assert complete(PEOPLE, model, None).equals(found.select(complete(PEOPLE, model, None).columns))


def test_one_known_input_is_enough_for_a_score() -> None:
    model = LikelihoodModel("p", "tree", "", inputs=(*X, Input("y", "number")))
    rows = pl.DataFrame({"x": [1, None, None], "y": [None, 2, None]})
    assert rows.select(can_be_scored(model)).to_series().to_list() == [True, True, False]


def test_a_form_s_digest_changes_with_every_part_of_the_question() -> None:
    form: dict[str, Any] = {"predicts": {"buys_within": "30 days"}, "from": ["x"]}
    changes: list[dict[str, Any]] = [
        {},
        {"predicts": {"buys_within": "31 days"}},
        {"predicts": {"buys_nothing_within": "30 days"}},
        {"predicts": {"buys_within": "30 days", "in": {"category": "A"}}},
        {"from": ["x", "y"]},
        {"model": "blend"},
        {"leaves": 32},
        {"judged_on": {"newest": "60 days"}},
    ]
    digests = [form_digest(Likelihood.model_validate(form | change)) for change in changes]
    assert len(set(digests)) == len(changes)
    assert all(len(digest) == 16 for digest in digests)
