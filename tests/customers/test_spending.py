"""The formulas of a customer row, each on lines that fit on the page, and all against an oracle."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings

from tests.customers.purchase_tables import (
    AS_OF,
    CATEGORIES,
    Line,
    assert_same,
    buyers_of,
    data,
    day,
    of_customer,
    purchases,
    row_of,
    rows_by_id,
    tables,
)
from tests.customers.row_oracle import customer_row, windowed_row


@settings(max_examples=60, deadline=None)
@given(tables)
def test_every_formula_agrees_with_a_plain_reading(lines: list[dict[str, Any]]) -> None:
    found = rows_by_id(data(purchases(lines)).table(AS_OF))
    assert sorted(found) == buyers_of(lines)
    for customer, row in found.items():
        assert_same(row, customer_row(of_customer(lines, customer), AS_OF, CATEGORIES))


@settings(max_examples=30, deadline=None)
@given(tables)
def test_without_receipts_days_are_counted(lines: list[dict[str, Any]]) -> None:
    found = rows_by_id(data(purchases(lines, "transaction_id")).table(AS_OF))
    bare = [line | {"transaction_id": None} for line in lines]
    for customer, row in found.items():
        assert_same(row, customer_row(of_customer(bare, customer), AS_OF, CATEGORIES))


@settings(max_examples=30, deadline=None)
@given(tables)
def test_a_window_changes_all_but_recency_and_tenure(lines: list[dict[str, Any]]) -> None:
    from targeting.workspace.literals import Period

    table = data(purchases(lines)).table(AS_OF, window=Period(90, "day"))
    found = rows_by_id(table)
    assert sorted(found) == buyers_of(lines)
    for customer, row in found.items():
        expected = windowed_row(of_customer(lines, customer), AS_OF, day(90), CATEGORIES)
        assert_same(row, expected)


def test_recency_and_tenure_count_days_to_the_last_and_first_purchase() -> None:
    row = row_of([{"purchased_on": day(40)}, {"purchased_on": day(0)}, {"purchased_on": day(7)}])
    assert (row["recency_days"], row["tenure_days"]) == (0, 40)


def test_a_return_is_no_purchase() -> None:
    lines = [
        {"purchased_on": day(40), "amount": 500},
        {"purchased_on": day(10), "amount": -200},
        {"purchased_on": day(5), "amount": -100, "quantity": -1.0},
        {"purchased_on": day(3), "amount": 0},
    ]
    row = row_of(lines)
    assert (row["recency_days"], row["frequency"], row["monetary"]) == (40, 1, 200)


def test_two_lines_of_one_receipt_are_one_purchase() -> None:
    one = {"purchased_on": day(9), "transaction_id": "r1"}
    lines = [one, one, {"purchased_on": day(9), "transaction_id": "r2"}]
    assert row_of(lines)["frequency"] == 2
    assert row_of(lines, "transaction_id")["frequency"] == 1


def test_a_line_without_a_receipt_counts_by_its_day() -> None:
    lines: list[Line] = [
        {"purchased_on": day(9), "transaction_id": "r1"},
        {"purchased_on": day(9), "transaction_id": None},
        {"purchased_on": day(9), "transaction_id": None},
    ]
    assert row_of(lines)["frequency"] == 2


def test_days_between_purchases_need_two() -> None:
    once = {"purchased_on": day(100), "transaction_id": "1"}
    assert row_of([once])["days_between_purchases"] is None
    lines = [once, {"purchased_on": day(0), "transaction_id": "2"}]
    lines.append({"purchased_on": day(50), "transaction_id": "3"})
    assert row_of(lines)["days_between_purchases"] == 50


def test_who_only_sent_things_back_has_sums_and_nothing_else() -> None:
    row = row_of([{"purchased_on": day(3), "amount": -700, "category": "Audio", "brand": "Acme"}])
    expected: dict[str, Any] = {"monetary": -700, "frequency": 0, "spend_90_days": -700}
    expected |= {"categories_bought": []}
    missing = ["recency_days", "tenure_days", "days_between_purchases", "average_order_value"]
    missing += ["favourite_category", "favourite_brand", "brand_affinity", "share_audio"]
    missing += ["return_rate", "spend_trend"]
    assert_same(row, expected | dict.fromkeys(missing))


def test_money_stays_exact_beyond_what_a_float_can_tell_apart() -> None:
    many = [{"purchased_on": day(1), "amount": 2**52 + 1}] * 3
    row = row_of(many)
    assert row["monetary"] == 3 * (2**52 + 1)
    assert row["spend_90_days"] == 3 * (2**52 + 1)


def test_the_average_order_is_per_receipt_and_not_rounded() -> None:
    lines = [
        {"purchased_on": day(1), "transaction_id": str(n), "amount": amount}
        for n, amount in enumerate([100, 100, 101])
    ]
    assert row_of(lines)["average_order_value"] == pytest.approx(301 / 3, rel=1e-15)


@pytest.mark.parametrize(
    ("ago", "recent", "trend"), [(0, 100, None), (89, 100, None), (90, 0, -1.0), (179, 0, -1.0), (180, 0, None)]
)  # fmt: skip
def test_exactly_90_days_ago_lies_before_the_last_90(
    ago: int, recent: int, trend: float | None
) -> None:
    row = row_of([{"purchased_on": day(ago)}])
    assert (row["spend_90_days"], row["spend_trend"]) == (recent, trend)


def test_a_trend_compares_with_the_90_days_before() -> None:
    lines = [{"purchased_on": day(10), "amount": 150}, {"purchased_on": day(100), "amount": 100}]
    assert row_of(lines)["spend_trend"] == 0.5


def test_the_favourite_is_where_most_is_spent_and_the_first_name_of_equals() -> None:
    lines = [
        {"purchased_on": day(1), "category": "Phones", "brand": "Zenith", "amount": 300},
        {"purchased_on": day(1), "category": "Audio", "brand": "Acme", "amount": 300},
        {"purchased_on": day(1), "category": "Phones", "brand": "Best", "amount": 1},
        {"purchased_on": day(1), "category": "Phones", "brand": "Best", "amount": -1},
    ]
    row = row_of(lines)
    assert (row["favourite_category"], row["favourite_brand"]) == ("Audio", "Acme")


def test_what_was_sent_back_is_no_favourite() -> None:
    lines = [
        {"purchased_on": day(9), "brand": "Acme", "amount": 900},
        {"purchased_on": day(1), "brand": "Acme", "amount": -900},
        {"purchased_on": day(1), "brand": "Best", "amount": 10},
    ]
    row = row_of(lines)
    assert row["favourite_brand"] == "Best"
    assert row["brand_affinity"] == 10


def test_spend_without_a_brand_lowers_the_affinity() -> None:
    lines: list[Line] = [
        {"purchased_on": day(1), "brand": "Acme", "amount": 30},
        {"purchased_on": day(1), "brand": None, "amount": 70},
    ]
    assert row_of(lines)["brand_affinity"] == pytest.approx(3)


def test_shares_are_of_all_spend_and_of_listed_categories_only() -> None:
    lines = [
        {"purchased_on": day(1), "category": "Audio", "amount": 25},
        {"purchased_on": day(1), "category": "Other", "amount": 75},
    ]
    row = row_of(lines)
    assert (row["share_audio"], row["share_phones"]) == (0.25, 0.0)
    assert "share_other" not in row
    assert row["categories_bought"] == ["Audio", "Other"]


def test_the_return_rate_is_units_sent_back_of_units_bought() -> None:
    lines = [
        {"purchased_on": day(9), "amount": 400, "quantity": 4.0},
        {"purchased_on": day(5), "amount": -100, "quantity": 1.0},
        {"purchased_on": day(4), "amount": -200, "quantity": -2.0},
    ]
    assert row_of(lines)["return_rate"] == 0.75


def test_an_attribute_of_the_product_joins_and_the_lines_own_wins() -> None:
    from targeting.customers.spending import purchase_lines

    lines = pl.LazyFrame({"product_id": ["p", "q", None], "brand": ["Own", None, None]})
    products = pl.LazyFrame(
        {"product_id": ["p", "q"], "brand": ["Acme", "Best"], "category": ["Audio", "Phones"]}
    )
    joined = purchase_lines(lines, products).collect()
    assert joined["brand"].to_list() == ["Own", None, None]
    assert joined["category"].to_list() == ["Audio", "Phones", None]
