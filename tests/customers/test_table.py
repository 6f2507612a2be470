"""One row a customer: who is one, which source wins, how a past day looked."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import polars as pl
import pytest
from hypothesis import given, settings
from polars.testing import assert_frame_equal

from targeting.customers.derived import check_computed
from targeting.customers.fields import replaced_fields
from targeting.workspace.literals import Period, read_period
from targeting.workspace.load import load
from tests.customers.purchase_tables import (
    AS_OF,
    SETTINGS,
    Line,
    data,
    day,
    purchases,
    rows_by_id,
    tables,
    workspace,
)
from tests.customers.test_measures import WITH_MEASURES
from tests.kit.shop import shop

GIVEN_FREQUENCY = SETTINGS.replace("age: age", "age: age, frequency: visits").replace(
    "age: {type: number}", "age: {type: number}\n  frequency: {type: number}"
)
ages = st.lists(st.tuples(st.sampled_from("abcdxyz"), st.none() | st.just(40.0)), max_size=5)


def people(*rows: tuple[str, float | None]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"customer_id": pl.String, "age": pl.Float64}, orient="row")


def test_a_customer_stands_in_either_source() -> None:
    lines = purchases([{"customer_id": "b", "purchased_on": day(3)}])
    found = rows_by_id(data(lines, people(("a", 30.0), ("c", None))).table(AS_OF))
    assert list(found) == ["a", "b", "c"]
    assert (found["b"]["age"], found["b"]["frequency"]) == (None, 1)
    assert (found["a"]["age"], found["a"]["frequency"], found["a"]["recency_days"]) == (
        30.0,
        0,
        None,
    )
    assert found["a"]["categories_bought"] == []
    assert (found["a"]["monetary"], found["a"]["spend_90_days"]) == (0, 0)
    assert found["a"]["return_rate"] is None
    assert found["a"]["share_audio"] is None


def test_a_purchase_of_nobody_makes_no_customer() -> None:
    lines = purchases([{"customer_id": None, "purchased_on": day(3)}])
    assert data(lines).table(AS_OF).collect().is_empty()


def test_a_purchase_after_as_of_makes_no_customer() -> None:
    lines = purchases([{"purchased_on": day(-1)}])
    assert data(lines).table(AS_OF).collect().is_empty()


def test_without_purchases_their_fields_are_not_there() -> None:
    text = SETTINGS.replace(
        SETTINGS[SETTINGS.index("  purchases:") : SETTINGS.index("fields:")], ""
    )
    table = data(None, people(("a", 30.0)), text=text).table(AS_OF).collect()
    assert table.columns == ["customer_id", "last_contacted_on", "age"]


def test_without_customers_their_fields_are_not_there() -> None:
    start, end = SETTINGS.index("  customers:"), SETTINGS.index("  purchases:")
    text = SETTINGS.replace(SETTINGS[start:end], "")
    table = data(purchases([{"purchased_on": day(3)}]), text=text).table(AS_OF).collect()
    assert "age" not in table.columns
    assert table["frequency"].to_list() == [1]


def test_an_attribute_replaces_the_computed_field_of_its_name_and_is_reported() -> None:
    lines = purchases([{"customer_id": c, "purchased_on": day(3)} for c in "abb"])
    given_ones = people(("a", 30.0)).with_columns(frequency=pl.lit(9.0))
    found = rows_by_id(data(lines, given_ones, text=GIVEN_FREQUENCY).table(AS_OF))
    assert found["a"]["frequency"] == 9.0
    assert found["b"]["frequency"] is None, "the source has no row for b, so b's is missing"
    (problem,) = replaced_fields(workspace(GIVEN_FREQUENCY))
    assert (problem.code, problem.severity) == ("N101", "warning")
    assert "'frequency'" in problem.message


def test_a_replaced_field_is_reported_when_no_columns_are_listed() -> None:
    text = GIVEN_FREQUENCY.replace(
        "    columns: {customer_id: id, age: age, frequency: visits}\n", ""
    )
    assert [p.code for p in replaced_fields(workspace(text))] == ["N101"]


def test_a_replaced_measure_is_reported() -> None:
    text = GIVEN_FREQUENCY.replace("frequency", "orders") + "measures: {orders: {count: lines}}\n"
    assert ["'orders'" in p.message for p in replaced_fields(workspace(text))] == [True]


def test_buyers_of_a_past_day_see_no_later_purchase() -> None:
    lines = [
        {"customer_id": "a", "purchased_on": day(50), "amount": 300},
        {"customer_id": "a", "purchased_on": day(5), "amount": 900},
        {"customer_id": "b", "purchased_on": day(5), "amount": 100},
    ]
    then = data(purchases(lines), people(("c", 20.0))).buyers(day(10))
    now = data(purchases(lines[:1]), people()).buyers(day(10))
    assert then["customer_id"].to_list() == ["a"]
    assert_frame_equal(then, now)
    assert (then["monetary"][0], then["recency_days"][0]) == (300, 40)


@settings(max_examples=25, deadline=None)
@given(tables, st.integers(0, 400).map(day))
def test_a_later_purchase_changes_no_earlier_day(lines: list[Line], cut_off: dt.date) -> None:
    known = [line for line in lines if line["purchased_on"] <= cut_off]
    everything = data(purchases(lines), text=WITH_MEASURES)
    earlier = data(purchases(known), text=WITH_MEASURES)
    assert_frame_equal(everything.buyers(cut_off), earlier.buyers(cut_off))
    window = Period(90, "day")
    assert_frame_equal(
        everything.table(cut_off, window=window).collect(),
        earlier.table(cut_off, window=window).collect(),
    )


def test_a_source_that_gives_recency_does_not_say_who_had_bought() -> None:
    text = GIVEN_FREQUENCY.replace("frequency", "recency_days")
    given_ones = people(("a", 30.0), ("b", 30.0)).with_columns(recency_days=pl.lit(9.0))
    lines = purchases(
        [
            {"customer_id": "a", "purchased_on": day(50)},
            {"customer_id": "b", "purchased_on": day(5)},
        ]
    )
    found = data(lines, given_ones, text=text).buyers(day(10))
    assert found["customer_id"].to_list() == ["a"]


@settings(max_examples=40, deadline=None)
@given(tables, ages, st.randoms(use_true_random=False), st.booleans())
def test_order_and_parts_change_nothing(
    lines: list[Line], given_ages: list[tuple[str, float | None]], rng: Any, windowed: bool
) -> None:
    attributes = people(*dict(given_ages).items())
    window = Period(180, "day") if windowed else None

    def table(some: list[Line], someone: pl.DataFrame) -> pl.DataFrame:
        made = data(purchases(some), someone, text=WITH_MEASURES)
        return made.table(AS_OF, window=window).collect()

    whole = table(lines, attributes)
    shuffled = rng.sample(lines, len(lines))
    assert_frame_equal(table(shuffled, attributes.reverse()), whole)
    parts = []
    for mine in ("acx", "bdyz"):
        own = [line for line in lines if (line["customer_id"] or "z") in mine]
        parts.append(table(own, attributes.filter(pl.col("customer_id").is_in(list(mine)))))
    assert_frame_equal(pl.concat(parts).sort("customer_id"), whole)


def test_two_categories_that_would_share_a_field_are_an_error(tmp_path: Path) -> None:
    text = SETTINGS.replace("[Audio, Phones]", "[TV & Video, Audio, TV Video]")
    found, _ = load(shop(tmp_path, {"targeting.yaml": text}, bare=True).folder)
    assert found is not None
    (problem,) = check_computed(found)
    assert "'TV & Video' and 'TV Video' would share the field share_tv_video" in problem.message


def test_a_part_of_the_customers_looks_as_it_does_among_all() -> None:
    lines = purchases(
        [{"customer_id": who, "purchased_on": day(n)} for n, who in enumerate("abcab", start=1)]
        + [{"customer_id": None, "purchased_on": day(2)}]
    )
    everybody = data(lines, people(("a", 30.0), ("z", 40.0)))
    few = everybody.only(pl.DataFrame({"customer_id": ["a", "z"]}))
    whole = everybody.table(AS_OF).collect()
    assert_frame_equal(
        few.table(AS_OF).collect(), whole.filter(pl.col("customer_id").is_in(["a", "z"]))
    )


@pytest.mark.parametrize("window", [None, "30 days"])
def test_fewer_fields_are_the_same_fields(window: str | None) -> None:
    text = (
        WITH_MEASURES
        + """
derived:
  pace: {type: number, sql: "frequency / tenure_days"}
  twice: {type: number, sql: "pace * orders + age"}
"""
    )
    lines = purchases(
        [
            {"customer_id": who, "purchased_on": day(n * 9), "amount": 70 * n, "category": "Audio"}
            for n, who in enumerate("abcabaa", start=1)
        ]
    )
    period = None if window is None else read_period(window)
    shop_data = data(lines, people(("a", 30.0), ("z", 40.0)), text=text)
    whole = shop_data.table(AS_OF, window=period).collect()
    for only in [[name] for name in whole.columns[1:]] + [["twice", "age"], ["recency_days"]]:
        kept = [name for name in whole.columns if name in {"customer_id", *only}]
        found = shop_data.table(AS_OF, window=period, only=only).collect()
        assert_frame_equal(found, whole.select(kept))
