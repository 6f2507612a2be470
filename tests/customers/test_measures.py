"""What targeting.yaml counts from purchases, against a plain count."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings

from tests.customers.purchase_tables import (
    AS_OF,
    SETTINGS,
    Line,
    assert_same,
    data,
    day,
    of_customer,
    purchases,
    row_of,
    rows_by_id,
    tables,
)
from tests.customers.row_oracle import measured

MEASURES = """\
measures:
  orders: {count: transactions}
  lines_in_town: {count: lines, where: "location = 'Clifton'"}
  branded: {count: brand}
  spent_on_audio: {sum: amount, where: "category = 'Audio'", within_last: 90 days}
  mean_amount: {mean: amount, within_last: 1 year}
  units: {sum: quantity}
  mean_units: {mean: quantity, where: "quantity > 0"}
  newest_phone_on: {newest: purchased_on, where: "category = 'Phones'"}
  dearest: {newest: amount}
  cheapest: {oldest: amount, within_last: 3 months}
  shops: {distinct: location}
  big_orders: {count: transactions, where: "amount >= 1"}
  today: {count: lines, where: "purchased_on = as_of"}
"""
WITH_MEASURES = SETTINGS + MEASURES

# The same in Python: way, what, and which lines are taken.
A_YEAR_AGO, THREE_MONTHS_AGO = dt.date(2025, 11, 24), dt.date(2026, 8, 24)
IN_PYTHON: dict[str, tuple[str, str, Callable[[Line], bool]]] = {
    "orders": ("count", "transactions", lambda line: True),
    "lines_in_town": ("count", "lines", lambda line: line["location"] == "Clifton"),
    "branded": ("count", "brand", lambda line: True),
    "spent_on_audio": (
        "sum",
        "amount",
        lambda line: line["category"] == "Audio" and line["purchased_on"] > day(90),
    ),
    "mean_amount": ("mean", "amount", lambda line: line["purchased_on"] > A_YEAR_AGO),
    "units": ("sum", "quantity", lambda line: True),
    "mean_units": ("mean", "quantity", lambda line: line["quantity"] > 0),
    "newest_phone_on": ("newest", "purchased_on", lambda line: line["category"] == "Phones"),
    "dearest": ("newest", "amount", lambda line: True),
    "cheapest": ("oldest", "amount", lambda line: line["purchased_on"] > THREE_MONTHS_AGO),
    "shops": ("distinct", "location", lambda line: True),
    "big_orders": ("count", "transactions", lambda line: line["amount"] >= 100),
    "today": ("count", "lines", lambda line: line["purchased_on"] == AS_OF),
}


def expected(lines: list[Line]) -> dict[str, Any]:
    past = [line for line in lines if line["purchased_on"] <= AS_OF]
    return {
        name: measured(past, way, of, taken=taken) for name, (way, of, taken) in IN_PYTHON.items()
    }


@settings(max_examples=60, deadline=None)
@given(tables)
def test_every_measure_agrees_with_a_plain_count(lines: list[Line]) -> None:
    found = rows_by_id(data(purchases(lines), text=WITH_MEASURES).table(AS_OF))
    for customer, row in found.items():
        assert_same(row, expected(of_customer(lines, customer)))


def test_within_last_leaves_out_the_day_exactly_so_long_ago() -> None:
    lines = [{"purchased_on": day(n), "category": "Audio", "amount": 10**n} for n in (0, 1, 2)]
    lines.append({"purchased_on": day(90), "category": "Audio", "amount": 7000})
    assert row_of(lines, text=WITH_MEASURES)["spent_on_audio"] == 111


def test_counts_and_sums_of_nothing_are_0_and_all_else_is_missing() -> None:
    import polars as pl

    people = pl.DataFrame({"customer_id": ["z"], "age": [40.0]})
    lines = purchases([{"purchased_on": day(1)}])
    never = rows_by_id(data(lines, people, text=WITH_MEASURES).table(AS_OF))["z"]
    for name, (way, _, _) in IN_PYTHON.items():
        assert never[name] == (0 if way in ("count", "sum", "distinct") else None), name


def test_money_in_where_is_seen_in_major_units() -> None:
    lines = [{"purchased_on": day(1), "amount": n, "transaction_id": str(n)} for n in (99, 100, 29)]
    text = SETTINGS + 'measures: {exact: {count: lines, where: "amount = 0.29"}}\n'
    assert row_of(lines, text=text)["exact"] == 1
    assert row_of(lines, text=WITH_MEASURES)["big_orders"] == 1


def test_a_where_that_is_missing_takes_no_line() -> None:
    text = SETTINGS + "measures: {elsewhere: {count: lines, where: \"NOT location = 'Clifton'\"}}\n"
    lines = [{"purchased_on": day(1), "location": place} for place in (None, "Saddar", "Clifton")]
    assert row_of(lines, text=text)["elsewhere"] == 1


def test_sums_of_numbers_do_not_depend_on_the_order_of_rows() -> None:
    lines = [{"purchased_on": day(1), "quantity": q} for q in (0.1, 0.2, 0.3, 1e16, -1e16, 0.7)]
    forwards, backwards = (row_of(part, text=WITH_MEASURES) for part in (lines, lines[::-1]))
    assert forwards == backwards


def test_a_measure_is_over_the_window_where_there_is_one() -> None:
    from targeting.workspace.literals import Period

    lines = purchases(
        [{"purchased_on": day(n), "amount": 100, "location": "x"} for n in (1, 29, 30)]
    )
    table = data(lines, text=WITH_MEASURES).table(AS_OF, window=Period(30, "day"))
    row = rows_by_id(table)["a"]
    assert (row["units"], row["mean_amount"], row["shops"]) == (2.0, pytest.approx(100), 1)
