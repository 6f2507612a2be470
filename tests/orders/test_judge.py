"""Who was right, once the time of an order has passed."""

from __future__ import annotations

import datetime as dt
import random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.orders.judge import in_words, judged_overrides, summary_of
from targeting.orders.runs import PAST

DAY = dt.date(2026, 10, 1)
LATER = dt.date(2026, 11, 24)
PURCHASES = {
    "product_id": pl.String,
    "location": pl.String,
    "purchased_on": pl.Date,
    "quantity": pl.Float64,
    "amount": pl.Int64,
}


def order(suggested: int, approved: int, **other: object) -> dict[str, object]:
    """An order of a product with 10 available, a lead time of two weeks and a review of one."""
    usual = {
        "run_id": "2026-10-01-00000001", "ordered_on": DAY, "by_location": False,
        "product_id": "lamp", "product": "Lamp", "location": None, "reason": None,
        "available": 10.0, "service_level": 0.9, "lead_time_days": 14.0, "review_days": 7.0,
        "unit_cost": 500, "transfer_in": 0, "transfer_out": 0,
    }  # fmt: skip
    return {**usual, "suggested": suggested, "approved": approved, **other}


def past(*orders: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame(list(orders), schema=PAST)


def sold(*lines: tuple[int, float], location: str | None = None) -> pl.DataFrame:
    """Sales of lamps: how many days after the order, and how many; negative is a return."""
    rows = [
        ("lamp", location, DAY + dt.timedelta(days=days), abs(units), round(units * 900))
        for days, units in lines
    ]
    return pl.DataFrame(rows, schema=PURCHASES, orient="row")


def test_the_planner_who_ordered_what_sold_was_nearer() -> None:
    judged = judged_overrides(past(order(5, 20)), sold((1, 12), (21, 18)), LATER)
    assert judged.select(
        "demand", "left_suggested", "short_suggested", "left_approved", "short_approved", "nearer"
    ).row(0) == (30, 0, 15, 0, 0, "planner")
    assert judged["until"][0] == DAY + dt.timedelta(days=21)


def test_what_came_from_another_location_counts() -> None:
    """Forty came by transfer, none were ordered, and forty sold: the suggestion was exact."""
    moved = order(0, 10, available=0.0, transfer_in=40)
    judged = judged_overrides(past(moved), sold((1, 40)), LATER)
    assert judged.select("short_suggested", "left_approved", "nearer").row(0) == (
        0, 10, "suggestion",
    )  # fmt: skip
    given_away = order(0, 10, available=50.0, transfer_out=40)
    judged = judged_overrides(past(given_away), sold((1, 20)), LATER)
    assert judged.select("short_suggested", "nearer").row(0) == (10, "planner")


def test_a_unit_short_weighs_as_the_service_level_says() -> None:
    orders = past(order(20, 8), order(20, 8, product_id="vase", service_level=0.5))
    purchases = pl.concat([sold((3, 20)), sold((3, 20)).with_columns(product_id=pl.lit("vase"))])
    judged = judged_overrides(orders, purchases, LATER)
    # left 10 against 2 short: 0.1 x 10 is less than 0.9 x 2, and 0.5 x 10 more than 0.5 x 2
    assert judged.select("product_id", "loss_suggested", "loss_approved", "nearer").rows() == [
        ("lamp", 1.0, 1.8, "suggestion"),
        ("vase", 5.0, 1.0, "planner"),
    ]


def test_who_had_exactly_enough_is_short_of_nothing_not_of_minus_nothing() -> None:
    judged = judged_overrides(past(order(5, 20)), sold((1, 15)), LATER)
    assert str(judged["short_suggested"][0]) == str(judged["loss_suggested"][0]) == "0.0"


def test_a_time_that_another_program_saved_with_a_floats_error_is_no_day_longer() -> None:
    judged = judged_overrides(past(order(5, 20, lead_time_days=14.0000000000001)), sold(), LATER)
    assert judged["until"][0] == DAY + dt.timedelta(days=21)


def test_only_sales_after_the_order_and_within_its_time_count_and_returns_are_taken_off() -> None:
    purchases = sold((0, 100), (1, 5), (2, -2), (21, 1), (22, 100))
    assert judged_overrides(past(order(0, 5)), purchases, LATER)["demand"].to_list() == [4.0]


def test_an_order_is_judged_first_on_the_day_when_its_time_has_passed() -> None:
    orders = past(order(0, 5))
    last = DAY + dt.timedelta(days=21)
    assert judged_overrides(orders, sold((1, 5)), last - dt.timedelta(days=1)).is_empty()
    assert judged_overrides(orders, sold((1, 5)), last).height == 1


def test_what_was_left_as_suggested_is_not_judged() -> None:
    assert judged_overrides(past(order(5, 5)), sold((1, 5)), LATER).is_empty()


def test_sales_are_those_of_the_place_where_places_are_told_apart() -> None:
    here, there = order(0, 5, by_location=True, location="L"), order(0, 5, location=None)
    purchases = pl.concat([sold((1, 3), location="L"), sold((1, 4), location="M")])
    assert judged_overrides(past(here), purchases, LATER)["demand"].to_list() == [3.0]
    assert judged_overrides(past(there), purchases, LATER)["demand"].to_list() == [7.0]


def test_nothing_sold_is_no_demand_and_both_may_do_alike() -> None:
    judged = judged_overrides(past(order(0, 5)), sold(), LATER)
    assert judged.select("demand", "left_suggested", "left_approved", "nearer").row(0) == (
        0.0, 10.0, 15.0, "suggestion",
    )  # fmt: skip
    alike = judged_overrides(past(order(0, 10, service_level=0.5)), sold((1, 15)), LATER)
    assert alike["nearer"].to_list() == ["alike"]  # 5 short against 5 left


def test_the_summary_counts_everybody_and_says_it_in_words() -> None:
    orders = past(order(5, 20), order(5, 6, run_id="2026-10-01-00000002"))
    judged = judged_overrides(orders, sold((1, 15)), LATER)
    assert summary_of(judged).rows() == [
        ("planner", 0, 0.0, 0.0, 0.0, 0.0),
        ("suggestion", 2, 0.0, 0.0, 16.0, 0.0),
        ("alike", 0, 0.0, 0.0, 0.0, 0.0),
    ]
    assert in_words(judged) == (
        "Of 2 changed orders whose time has passed, the planner was nearer to what sold in 0, the "
        "suggestion in 2, and they did alike in 0 (a unit short weighed by the service level)."
    )
    assert in_words(judged.clear()) is None


lines = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from(["L", "M", None]), st.integers(0, 40),
              st.integers(-3, 9)),
    max_size=25,
)  # fmt: skip


@given(lines, st.integers(0, 30), st.integers(0, 30), st.booleans(), st.integers(0, 9))
@settings(deadline=None, max_examples=60)
def test_it_agrees_with_a_slow_oracle_and_no_order_of_rows_matters(
    sales: list[tuple[str, str | None, int, int]], suggested: int, approved: int, apart: bool,
    seed: int,
) -> None:  # fmt: skip
    """Two runs a week apart changed the same products; one of them tells locations apart."""
    rows = [(p, place, DAY + dt.timedelta(days=d), float(abs(n)), n) for p, place, d, n in sales]
    random.Random(seed).shuffle(rows)  # noqa: S311
    purchases = pl.DataFrame(rows, schema=PURCHASES, orient="row")
    orders = [
        order(
            suggested, approved, product_id=p, location=place, by_location=by_location,
            run_id=f"run {after}", ordered_on=DAY + dt.timedelta(days=after),
        )
        for after, by_location in ((0, apart), (7, not apart))
        for p in "ab"
        for place in (("L", "M") if by_location else (None,))
    ]  # fmt: skip
    judged = judged_overrides(past(*orders[::-1]), purchases, LATER)
    assert judged.height == (0 if suggested == approved else len(orders))
    for row in judged.iter_rows(named=True):
        after, place = (row["ordered_on"] - DAY).days, row["location"]
        demand = sum(
            n
            for p, at, d, n in sales
            if p == row["product_id"] and after < d <= after + 21 and place in (None, at)
        )
        ends = [10 + quantity - demand for quantity in (suggested, approved)]
        losses = [0.9 * -end if end < 0 else 0.1 * end for end in ends]
        assert row["demand"] == demand
        assert [row["loss_suggested"], row["loss_approved"]] == pytest.approx(losses)
        better = "planner" if losses[1] < losses[0] - 1e-6 else "suggestion"
        assert row["nearer"] == ("alike" if abs(losses[0] - losses[1]) < 1e-6 else better)
