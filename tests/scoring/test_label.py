from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import polars as pl

from targeting.scoring.label import Asked, cut_offs, from_column, from_purchases, label_words
from targeting.workspace.catalogue import Field
from targeting.workspace.scores import Likelihood, Predicts

DAY = dt.date(2026, 6, 30)
TYPES = {"age": Field("age", "number", "customers"), "trend": Field("trend", "number", "derived")}


def asked(predicts: Mapping[str, Any], *inputs: str, **more: Any) -> Asked:
    form = Likelihood.model_validate({"predicts": predicts, "from": inputs or ("days",), **more})
    return Asked("likelihood", form, "k", DAY, TYPES)


def line(customer: str | None, day: dt.date, amount: int = 100, category: str = "Phones") -> Any:
    return {"customer_id": customer, "purchased_on": day, "amount": amount, "category": category}


def history(purchases: pl.DataFrame) -> Any:
    def known(cut_off: dt.date) -> pl.DataFrame:
        return (
            purchases.filter(pl.col("purchased_on") <= cut_off)
            .group_by("customer_id")
            .agg(days=(pl.lit(cut_off) - pl.col("purchased_on").max()).dt.total_days())
            .drop_nulls("customer_id")
            .sort("customer_id")
        )

    return known


def judged_labels(question: Asked, *lines: Any) -> dict[str, int]:
    purchases = pl.DataFrame(lines)
    nobody = pl.DataFrame(schema={"customer_id": pl.String, "age": pl.Float64})
    judged = from_purchases(question, nobody, history(purchases), purchases).judged
    return dict(zip(judged["customer_id"], judged["label"], strict=True))


def test_the_label_begins_the_day_after_the_cut_off_and_ends_with_the_period() -> None:
    first, cut_off = dt.date(2026, 1, 1), dt.date(2026, 5, 31)
    after = [dt.timedelta(days=days) for days in (0, 1, 30, 31)]
    lines = [line(name, first) for name in "abcd"]
    lines += [line(name, cut_off + days) for name, days in zip("abcd", after, strict=True)]
    lines.append(line(None, cut_off + after[1]))
    assert judged_labels(asked({"buys_within": "30 days"}), *lines) == {
        "a": 0,
        "b": 1,
        "c": 1,
        "d": 0,
    }


def test_returns_and_other_categories_are_no_purchase() -> None:
    first, later = dt.date(2026, 1, 1), dt.date(2026, 6, 9)
    lines = [line(name, first) for name in "abc"]
    lines += [line("a", later, -100), line("b", later), line("c", later, category="Laptops")]
    everywhere = asked({"buys_within": "30 days"})
    assert judged_labels(everywhere, *lines) == {"a": 0, "b": 1, "c": 1}
    laptops = asked({"buys_within": "30 days", "in": {"category": "Laptops"}})
    assert judged_labels(laptops, *lines) == {"a": 0, "b": 0, "c": 1}


def test_only_who_has_bought_on_one_day_can_come_back() -> None:
    first, cut_off = dt.date(2026, 1, 1), dt.date(2026, 5, 31)
    lines = [line(name, first) for name in ("once", "twice", "two lines", "two lines")]
    lines += [line("twice", cut_off), line("new", cut_off), line("returned", first)]
    lines += [line("returned", cut_off, -100), line("once", DAY), line("twice", DAY)]
    comes_back = asked({"comes_back_within": "30 days"})
    assert judged_labels(comes_back, *lines) == {
        "new": 0,
        "once": 1,
        "returned": 0,
        "two lines": 0,
    }


def test_that_nothing_is_bought_is_the_other_half_of_buying() -> None:
    first = dt.date(2026, 1, 1)
    lines = [line(name, first) for name in "abc"] + [line("b", DAY), line("c", DAY, -5)]
    buys = judged_labels(asked({"buys_within": "30 days"}), *lines)
    nothing = judged_labels(asked({"buys_nothing_within": "30 days"}), *lines)
    assert buys == {"a": 0, "b": 1, "c": 0}
    assert nothing == {"a": 1, "b": 0, "c": 1}


def test_no_training_window_reaches_past_the_judged_cut_off() -> None:
    question = asked({"buys_within": "1 month"})
    judged_at, trained_at = cut_offs(question, dt.date(2025, 1, 15))
    assert judged_at == dt.date(2026, 5, 30)
    assert len(trained_at) == 6
    period = question.form.predicts.buys_within
    assert period is not None
    assert all(period.after(day) <= judged_at for day in trained_at)


def test_training_cut_offs_are_thirty_days_apart_or_a_period_where_that_is_less() -> None:
    first = dt.date(2020, 1, 1)
    for period, apart in (("90 days", 30), ("14 days", 14), ("1 year", 30)):
        judged_at, trained_at = cut_offs(asked({"buys_within": period}), first)
        days = [(later - day).days for later, day in pairwise(trained_at)]
        assert days == [apart] * 5
        assert (judged_at - trained_at[0]).days >= apart


def test_every_training_cut_off_but_the_newest_has_sixty_days_or_a_period_before_it() -> None:
    for period, before in (("90 days", 60), ("14 days", 14)):
        question = asked({"buys_within": period})
        newest, second = cut_offs(question, dt.date(2020, 1, 1))[1][:2]
        enough = second - dt.timedelta(days=before)
        assert cut_offs(question, enough)[1] == [newest, second]
        assert cut_offs(question, enough + dt.timedelta(days=1))[1] == [newest]


def test_training_goes_back_as_far_as_purchases_reach_one_period_before() -> None:
    question = asked({"buys_within": "30 days"})
    first = dt.date(2026, 2, 10)
    days = [dt.date(2026, 5, 1), dt.date(2026, 4, 1)]
    assert cut_offs(question, first) == (dt.date(2026, 5, 31), days)
    assert cut_offs(question, dt.date(2026, 4, 20))[1] == days[:1]
    assert cut_offs(question, dt.date(2026, 5, 20))[1] == []
    assert cut_offs(question, None)[1] == []


def test_a_judged_window_is_never_cut_short() -> None:
    question = asked({"buys_within": "30 days"}, judged_on={"newest": "10 days"})
    assert cut_offs(question, None)[0] == dt.date(2026, 5, 31)
    question = asked({"buys_within": "30 days"}, judged_on={"newest": "60 days"})
    assert cut_offs(question, None)[0] == dt.date(2026, 5, 1)


def test_attributes_join_past_rows_and_what_follows_purchases_is_left_out() -> None:
    purchases = pl.DataFrame([line("a", dt.date(2026, 1, 1)), line("a", DAY)])
    customers = pl.DataFrame({"customer_id": ["a"], "age": [40.0], "trend": [2.0]})
    question = asked({"buys_within": "30 days"}, "days", "age", "trend")
    labelled = from_purchases(question, customers, history(purchases), purchases)
    assert labelled.inputs == ("days", "age")
    assert [(note.code, note.field) for note in labelled.notes] == [("M006", "trend")]
    assert labelled.judged.select("customer_id", "days", "age", "label").rows() == [
        ("a", 150, 40.0, 1)
    ]


def test_a_column_is_a_label_where_it_has_a_value() -> None:
    customers = pl.DataFrame(
        {
            "customer_id": [f"c{n}" for n in range(400)],
            "days": list(range(400)),
            "loyal": ([True, False, None, False] * 100),
        }
    )
    question = asked({"field": "loyal", "is": "no"}, judged_on={"share": "10%"})
    labelled = from_column(question, customers)
    assert labelled.train.height + labelled.judged.height == 300
    assert 12 < labelled.judged.height < 50
    both = pl.concat([labelled.train, labelled.judged])
    assert both["label"].sum() == 200
    assert from_column(question, customers.reverse()).judged.equals(labelled.judged)


def test_a_label_can_be_said() -> None:
    said = {
        "buys within 30 days": {"buys_within": "30 days"},
        "buys within 30 days in category Laptops": {
            "buys_within": "30 days",
            "in": {"category": "Laptops"},
        },
        "having bought once, comes back within 1 month": {"comes_back_within": "1 month"},
        "buys nothing within 90 days": {"buys_nothing_within": "90 days"},
        "will_purchase is yes": {"field": "will_purchase", "is": "yes"},
    }
    assert [label_words(Predicts.model_validate(written)) for written in said.values()] == list(
        said
    )
