"""Which cells are numbers without a doubt."""

from __future__ import annotations

import datetime as dt
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from targeting.orders.cells import INPUTS, ORDER, Unreadable, read_number

BY_SOURCE = {of.source: of for of in INPUTS}


@pytest.mark.parametrize(
    ("typed", "units"),
    [
        (12, 12), (12.0, 12), ("12", 12), (" 12 ", 12), ("12.0", 12), ("1,200", 1200),
        ("1 200", 1200), ("1\u00a0200", 1200), ("1'200", 1200), ("1,000,000", 1_000_000),
        ("1.250", 1250), ("0", 0), (None, 0), ("  ", 0),
    ],
)  # fmt: skip
def test_an_order_that_can_mean_only_one_number_is_read(typed: object, units: int) -> None:
    number, was_text = read_number(typed, ORDER)
    assert number == units
    assert was_text == (isinstance(typed, str) and typed.strip() != "")


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("12 pcs", "the text '12 pcs', not a number"),
        ("twelve", "not a number"),
        ("1,000", "which is 1 here and more there"),
        ("1.000", "which is 1 here and more there"),
        ("1,20", "not a number"),
        ("1,200.5", "not a number"),
        ("nan", "not a number"),
        ("1e3", "not a number"),
        ("12.5", "only whole units"),
        (12.5, "only whole units"),
        (-6, "below 0"),
        ("-6", "below 0"),
        (1e9, "from 0 to 100000000"),
        (math.inf, "no number"),
        (math.nan, "no number"),
        (True, "TRUE"),
        (dt.datetime(2026, 12, 1), "date or time"),  # noqa: DTZ001
        (dt.time(12), "date or time"),
        ("#DIV/0!", "the error #DIV/0!"),
        ("#N/A", "the error #N/A"),
    ],
)
def test_anything_else_is_refused_with_the_reason(typed: object, why: str) -> None:
    with pytest.raises(Unreadable, match=why.replace(".", r"\.")):
        read_number(typed, ORDER)


def test_a_share_may_be_typed_with_its_sign() -> None:
    service = BY_SOURCE["service_level"]
    assert read_number("99%", service) == (0.99, True)
    assert read_number(0.975, service) == (0.975, False)
    for impossible in (99, "101%", None):
        with pytest.raises(Unreadable, match=r"must lie from 0\.01 to 0\.9999"):
            read_number(impossible, service)


def test_grouped_digits_are_refused_where_parts_of_a_unit_make_sense() -> None:
    assert read_number("1.200", BY_SOURCE["on_hand"]) == (1.2, True)
    with pytest.raises(Unreadable, match="not a number"):
        read_number("1,200", BY_SOURCE["on_hand"])


@given(st.integers(0, 10**8), st.sampled_from([",", ".", " ", "'", "\u202f", ""]))
def test_a_whole_number_is_itself_or_refused_however_it_is_grouped(units: int, by: str) -> None:
    text = f"{units:,}".replace(",", by)
    try:
        number, _ = read_number(text, ORDER)
    except Unreadable:
        assert text.count(by) == 1
        assert text.endswith((",000", ".000"))
        return
    assert number == units
