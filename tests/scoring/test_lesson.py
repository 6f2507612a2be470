"""A lesson: who validates whom, and what the people of tonight teach."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.scoring import lesson as lessons
from targeting.scoring.label import Asked, cut_offs
from targeting.scoring.lesson import FEWEST, Lesson, Validation, validated
from targeting.scoring.matrix import Input, tree_matrix
from targeting.scoring.model import Kind, LikelihoodModel, log_odds
from targeting.scoring.teacher import Tuned, tune
from targeting.workspace.scores import Likelihood

INPUTS = (Input("x", "number"), Input("y", "number"))
DAY = dt.date(2026, 6, 30)


def asked(predicts: dict[str, Any] | None = None, as_of: dt.date = DAY, **more: Any) -> Asked:
    predicts = predicts or {"field": "did", "is": "yes"}
    form = Likelihood.model_validate({"predicts": predicts, "from": ["x", "y"], **more})
    return Asked("likelihood", form, "k", as_of, {})


def rows(customers: int, days: list[dt.date | None] | None = None, seed: int = 1) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    parts = []
    for day in days or [None]:
        x, y = random.normal(size=(2, customers))
        did = random.random(customers) < 1 / (1 + np.exp(-2 * x * np.sign(y)))
        part = {"customer_id": [f"c{at}" for at in range(customers)], "x": x, "y": y}
        labels = pl.Series(did).cast(pl.Int8)
        parts.append(
            pl.DataFrame(part).with_columns(
                pl.lit(day, dtype=pl.Date).alias("cut_off"), labels.alias("label")
            )
        )
    return pl.concat(parts)


def taught(
    monkeypatch: pytest.MonkeyPatch, question: Asked, labelled: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Give the two parts of `validated`, learnt from its matrices' rows."""
    seen: list[tuple[Any, Any]] = []

    def spying(learn: Any, judge: Any, inputs: Any, *, sign: int) -> Any:
        seen.append((learn[0][:, 0], judge[0][:, 0]))
        return tune(learn, judge, inputs, sign=sign)

    monkeypatch.setattr("targeting.scoring.lesson.tune", spying)
    validated(question, labelled, INPUTS)
    single = labelled["x"].cast(pl.Float32).to_numpy()
    ((learn, judge),) = seen
    return (labelled.filter(np.isin(single, part)) for part in (learn, judge))  # type: ignore[return-value]


@pytest.mark.parametrize("period", ["14 days", "1 month", "90 days", "2 months"])
@pytest.mark.parametrize("as_of", [DAY, dt.date(2026, 4, 1), dt.date(2026, 3, 31)])
def test_windows_of_those_who_learn_end_before_those_who_judge_begin(
    monkeypatch: pytest.MonkeyPatch, period: str, as_of: dt.date
) -> None:
    question = asked({"buys_within": period}, as_of)
    _, days = cut_offs(question, dt.date(2024, 1, 1))
    learn, judge = taught(monkeypatch, question, rows(150, list(days)))
    span = question.form.predicts.buys_within
    assert span is not None
    newest = max(days)
    assert set(judge["cut_off"]) == {newest}
    assert learn.height > 0
    assert all(span.after(day) <= newest for day in learn["cut_off"].unique())


@settings(max_examples=300, deadline=None)
@given(
    st.dates(dt.date(2025, 1, 1), dt.date(2028, 12, 31)),
    st.sampled_from(["1 month", "2 months", "30 days", "1 week", "45 days", "1 year"]),
)
def test_on_no_day_do_validation_s_windows_overlap(as_of: dt.date, period: str) -> None:
    question = asked({"buys_within": period}, as_of)
    judged_at, days = cut_offs(question, dt.date(2020, 1, 1))
    frame = pl.DataFrame({"customer_id": ["a"] * len(days), "cut_off": days})
    learn, judge = lessons._parts(question, frame)
    span = question.form.predicts.buys_within
    assert span is not None
    newest = judge["cut_off"].item()
    assert span.after(newest) <= judged_at
    ends = [span.after(day) for day in learn["cut_off"]]
    apart = [day for day in days if span.after(day) <= newest]
    if apart:
        assert max(ends) <= newest
        assert sorted(learn["cut_off"]) == sorted(apart)
    else:
        assert learn.height == len(days) - 1
    assert all(later > day for later, day in pairwise(days))


def test_where_no_cut_off_is_a_period_older_all_others_teach() -> None:
    days: list[dt.date | None] = [DAY - dt.timedelta(days=30 * back) for back in range(3)]
    learn, judge = lessons._parts(asked({"buys_within": "300 days"}), rows(5, days))
    assert judge.height == 5
    assert learn.height == 10


def test_without_cut_offs_a_quarter_of_the_customers_judges() -> None:
    labelled = rows(4_000)
    learn, judge = lessons._parts(asked(), labelled)
    assert learn.height + judge.height == 4_000
    assert 900 < judge.height < 1_100
    again = lessons._parts(asked(), labelled.reverse())[1]
    assert set(again["customer_id"]) == set(judge["customer_id"])


def test_too_few_of_one_class_validate_nothing() -> None:
    labelled = rows(300).with_columns(label=(pl.int_range(pl.len()) < FEWEST).cast(pl.Int8))
    assert validated(asked(), labelled, INPUTS) == (Tuned(), None)


def test_validation_is_the_auc_of_both_on_rows_that_taught_neither() -> None:
    tuned, validation = validated(asked(leaves=64), rows(4_000), INPUTS)
    assert validation is not None
    assert 900 < validation.rows < 1_100
    assert validation.teacher > 0.75
    assert not validation.trails
    assert tuned.share >= 0.5
    _, stump = validated(asked(leaves=2), rows(4_000), INPUTS)
    assert stump is not None
    assert stump.trails
    assert stump.teacher == validation.teacher


def test_a_tree_trails_from_a_hundredth_of_auc_on() -> None:
    assert not Validation(100, 0.75, 0.745, 0.7).trails
    assert Validation(100, 0.75, 0.735, 0.7).trails


def lesson(people: pl.DataFrame, **more: Any) -> Lesson:
    plain = LikelihoodModel("likelihood", "base_rate", "")
    return Lesson(asked(**more), plain, INPUTS, rows(1_500), people, Tuned(40))


def test_people_teach_the_student_without_a_label() -> None:
    strangers = rows(3_000, seed=9).with_columns(x=pl.col("x") + 6)
    alone, together = lesson(strangers.clear()), lesson(strangers.drop("label"))
    matrix = tree_matrix(strangers, INPUTS)
    assert (alone.teacher.log_odds(matrix) == together.teacher.log_odds(matrix)).all()
    truth = alone.teacher.log_odds(matrix)
    errors = [
        np.abs(log_odds(each.model("tree"), matrix) - truth).mean() for each in (alone, together)
    ]
    assert errors[1] < 0.5 * errors[0]


def test_a_label_among_the_people_changes_nothing() -> None:
    people = rows(500, seed=4)
    lied_to = lesson(people.with_columns(label=pl.lit(1, dtype=pl.Int8)))
    assert lied_to.model("tree") == lesson(people.drop("label")).model("tree")


@pytest.mark.parametrize("kind", ["tree", "cart", "points", "blend"])
def test_every_kind_of_model_knows_what_was_taught(kind: Kind) -> None:
    taught_here = lesson(rows(500, seed=4))
    model = taught_here.model(kind)
    unseen = rows(2_000, seed=5)
    odds = log_odds(model, tree_matrix(unseen, INPUTS))
    assert model.kind == kind
    assert model.fitted_rows == 1_500
    assert np.corrcoef(odds, unseen["x"] * unseen["y"].sign())[0, 1] > 0.7
