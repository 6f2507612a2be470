"""Numbers, money and dates as the shop's readers write them."""

from __future__ import annotations

import datetime as dt

import pytest

from targeting.report.speech import Speech
from targeting.workspace.settings import Shop

PAKISTAN = Speech(Shop(currency="PKR", region="PK", locale="en_PK"))
GERMANY = Speech(Shop(currency="EUR", region="DE", locale="de_DE"))
INDIA = Speech(Shop(currency="INR", region="IN", locale="hi_IN"))
BAHRAIN = Speech(Shop(currency="BHD", region="BH", locale="en_GB"))


def test_money_has_no_cents_from_a_thousand_on() -> None:
    assert PAKISTAN.money(328_25) == "Rs328.25"
    assert PAKISTAN.money(1_234_56) == "Rs1,235"
    assert GERMANY.money(1_234_56) == "1.235\xa0€"
    assert PAKISTAN.money(None) == "–"


def test_money_knows_currencies_of_three_decimals() -> None:
    assert BAHRAIN.money(1_500) == "BHD1.500"


def test_digits_are_grouped_as_in_the_country() -> None:
    assert INDIA.number(1_234_567) == "12,34,567"
    assert GERMANY.number(1234.56, 1) == "1.234,6"


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0%"),
        (0.0004, "under 0.1%"),
        (0.063, "6.3%"),
        (0.256, "26%"),
        (0.999, "over 99%"),
        (1, "100%"),
        (None, "–"),
    ],
)
def test_a_share_is_never_rounded_to_nothing_or_all(share: float | None, text: str) -> None:
    assert PAKISTAN.percent(share) == text


def test_one_thing_is_singular() -> None:
    assert PAKISTAN.count(1, "customer") == "1 customer"
    assert PAKISTAN.count(1956, "customer") == "1,956 customers"


def test_dates_are_english_words_in_the_order_of_the_region() -> None:
    assert GERMANY.day(dt.date(2026, 11, 24)) == "Tuesday, 24 November 2026"
    assert PAKISTAN.month("2026-11") == "November 2026"
