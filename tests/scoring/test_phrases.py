from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from targeting.scoring.matrix import Input
from targeting.scoring.phrases import LEAF, Extent, Side, clause, title_of, trait
from targeting.workspace.catalogue import Catalogue, Field, spending_fields
from targeting.workspace.columns import FieldType
from targeting.workspace.settings import Settings, Shop

PAKISTAN = Shop(currency="PKR", locale="en_PK")
SHOP = Settings.model_validate(
    {
        "sources": {
            "purchases": {
                "file": "purchases.csv",
                "columns": {name: name for name in ("customer_id", "category", "brand")},
            }
        },
        "fields": {"category": {"type": "category", "values": ("Laptops", "TV and video")}},
    }
)
FIELDS = {field.name: field for field in spending_fields(SHOP)} | {
    "age": Field("age", "number", "customers", unit="years"),
    "gender": Field("gender", "category", "customers", ("Female", "Male", "Other")),
    "newsletter": Field("newsletter", "yes/no", "customers"),
    "visits": Field("visits", "number", "measures", unit="visits"),
    "rent": Field("rent", "money", "customers", title="monthly rent"),
}
GENDER = Input("gender", "category", ("Female", "Male", "Other"))
BRAND = Input("favourite_brand", "category", tuple("ABCDEFGH"))


def said(
    name: str, low: float = -math.inf, high: float = math.inf, shop: Shop = PAKISTAN, **more: Any
) -> str:
    extent = Extent(low, high, **({"missing": False} | more))
    return clause(Input(name, "number"), extent, FIELDS, shop)


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (-math.inf, 20, "last bought within 20 days"),
        (-math.inf, 1, "last bought within 1 day"),
        (21, 63, "last bought 21 to 63 days ago"),
        (21, 21, "last bought 21 days ago"),
        (64, math.inf, "last bought more than 63 days ago"),
        (1, math.inf, "last bought at least 1 day ago"),
    ],
)
def test_days_since_a_purchase_are_whole(low: float, high: float, words: str) -> None:
    assert said("recency_days", low, high, whole=True) == words


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (-math.inf, 0, "never bought"),
        (1, 1, "bought once"),
        (-math.inf, 1, "bought at most once"),
        (2, math.inf, "bought more than once"),
        (1, math.inf, "bought at least once"),
        (3, 5, "bought 3 to 5 times"),
        (6, math.inf, "bought more than 5 times"),
        (12_346, math.inf, "bought more than 12,345 times"),
    ],
)
def test_purchases_are_counted(low: float, high: float, words: str) -> None:
    assert said("frequency", low, high, whole=True) == words


@pytest.mark.parametrize(
    ("name", "low", "high", "words"),
    [
        ("monetary", 1_200_000, 3_000_000, "spent Rs12,000 to Rs30,000"),
        ("monetary", -math.inf, 1_234_567, "spent under Rs12,400"),
        ("monetary", -math.inf, 0, "spent nothing"),
        ("monetary", -math.inf, 575, "spent under Rs5.80"),
        ("spend_90_days", -math.inf, 50_000, "spent at most Rs500 in the last 90 days"),
        ("spend_90_days", -math.inf, -20, "spent nothing in the last 90 days"),
        ("average_order_value", 50_050.5, math.inf, "spends over Rs500 a purchase"),
        ("rent", -1_250, 500, "monthly rent is -Rs13 to Rs5"),
    ],
)
def test_money_is_written_in_whole_units_rounded_outwards(
    name: str, low: float, high: float, words: str
) -> None:
    assert said(name, low, high, whole=name != "average_order_value") == words


def test_money_and_numbers_are_written_as_the_shop_writes_them() -> None:
    german, french = Shop(currency="EUR", locale="de_DE"), Shop(currency="EUR", locale="fr_FR")
    assert said("monetary", 1_200_000, shop=german) == "spent at least 12.000 €"
    assert said("monetary", 1_200_000, shop=french) == "spent at least 12 000 €"
    assert said("average_order_value", 0, 275.0, shop=german) == "spends 0 € to 2,80 € a purchase"
    assert said("frequency", 20_001, whole=True, shop=french) == "bought more than 20 000 times"
    yen = Shop(currency="JPY", locale="en_US")
    assert said("average_order_value", 0, 275.0, shop=yen) == "spends ¥0 to ¥3 a purchase"
    assert said("frequency", 20_001, whole=True, shop=german) == "bought more than 20.000 times"


@pytest.mark.parametrize(
    ("name", "low", "high", "words"),
    [
        ("days_between_purchases", 28.33, 60.2, "on average 28 to 61 days between purchases"),
        ("days_between_purchases", 137.4, math.inf, "on average over 137 days between purchases"),
        ("tenure_days", 200.5, math.inf, "first bought over 200 days ago"),
        ("return_rate", -math.inf, 0, "returned nothing"),
        ("return_rate", 0.1, 0.25, "returned 10% to 25% of what was bought"),
        ("brand_affinity", 7.31, math.inf, "spends over 73% on one brand"),
        ("share_laptops", -math.inf, 0, "nothing in Laptops yet"),
        ("share_tv_and_video", 0.2, 0.499, "spends 20% to 50% on TV and video"),
        ("share_laptops", -math.inf, 0.9996, "spends under 100% on Laptops"),
        ("share_laptops", 0.0004, math.inf, "spends over 0% on Laptops"),
        ("spend_trend", -0.6, -0.25, "spends 25% to 60% less than before"),
        ("spend_trend", -math.inf, -0.255, "spends over 25% less than before"),
        ("spend_trend", 0.2, math.inf, "spends over 20% more than before"),
        ("spend_trend", -0.3, 0.5, "spends between 30% less and 50% more than before"),
        ("spend_trend", -0.25, math.inf, "spends at most 25% less than before, or more"),
        ("spend_trend", -math.inf, 0.5, "spends at most 50% more than before, or less"),
        ("bgnbd_purchases", 0.75, 0.914, "expect 0.75 to 0.92 purchases"),
        ("bgnbd_alive", 0.8126, math.inf, "probably still a customer (over 81%)"),
        ("bgnbd_alive", 0.25, 0.75, "perhaps still a customer (25% to 75%)"),
        ("bgnbd_alive", -math.inf, 0.25, "probably no longer a customer (at least 75%)"),
        ("bgnbd_alive", 0.06, 0.25, "probably no longer a customer (75% to 94%)"),
        ("within_alive", 0.8126, math.inf, "probably still a buyer of such (over 81%)"),
        ("within_purchases", -math.inf, 0, "expect no such purchase"),
        ("within_purchases", 0.2, math.inf, "expect over 0.2 such purchases"),
        ("bgnbd_buys", -math.inf, 0.25, "by purchase rhythm at most 25% likely to buy"),
    ],
)
def test_each_field_has_its_own_words(name: str, low: float, high: float, words: str) -> None:
    assert said(name, low, high) == words


def test_a_field_of_the_shop_is_spoken_of_by_title_and_unit() -> None:
    assert said("visits", 3, 5, whole=True) == "has 3 to 5 visits"
    assert said("age", 30, 40, whole=True) == "age is 30 to 40 years"
    assert said("age", 30, 40, whole=True, missing=True) == "age is 30 to 40 years or not known"
    assert said("height", 1.7321) == "height is over 1.7"


def test_missing_has_the_words_of_its_field() -> None:
    nobody: dict[str, Any] = {"low": math.inf, "high": -math.inf, "missing": True}
    assert said("age", **nobody) == "age is not known"
    assert said("age") == "age is known"
    assert said("recency_days", **nobody) == "never bought"
    assert said("days_between_purchases", **nobody) == "has not bought twice"
    assert said("recency_days", high=20, whole=True, missing=True) == (
        "last bought within 20 days or never bought"
    )
    assert said("age", missing=True) == ""
    assert said("spend_trend", low=-0.25, missing=True) == (
        "spends at most 25% less than before, or more, or spent nothing before the last 90 days"
    )


def test_a_shops_own_recency_is_not_taken_for_ours() -> None:
    own = {"recency_days": Field("recency_days", "number", "customers", title="Days away")}
    extent = Extent(high=20, missing=False, whole=True)
    assert (
        clause(Input("recency_days", "number"), extent, own, PAKISTAN) == "Days away is at most 20"
    )


def test_money_that_is_a_plain_number_stays_one() -> None:
    plain = {"monetary": Field("monetary", "number", "purchases")}
    extent = Extent(high=500, missing=False)
    assert clause(Input("monetary", "number"), extent, plain, PAKISTAN) == "spent at most 500"


def test_yes_and_no() -> None:
    assert said("newsletter", high=0.5) == "newsletter: no"
    assert said("newsletter", low=0.5) == "newsletter: yes"
    assert said("newsletter", low=0.5, missing=True) == "newsletter: yes or not known"
    assert said("newsletter", low=2, missing=True) == "newsletter is not known"
    assert said("newsletter") == "newsletter is known"


def test_a_category_lists_its_values_and_a_new_one_counts_as_missing() -> None:
    def of(entering: Input, low: float, high: float, *, missing: bool) -> str:
        return clause(entering, Extent(low, high, missing), FIELDS, PAKISTAN)

    assert of(GENDER, -math.inf, 1.5, missing=False) == "gender is Female or Male"
    assert of(GENDER, 1.5, math.inf, missing=True) == "gender is not Female or Male"
    assert of(GENDER, -1, 5, missing=False) == "gender is known"
    assert of(GENDER, 3, math.inf, missing=True) == "gender is not known or new"
    assert of(BRAND, 0, 6, missing=False) == "favourite brand is A, B, C or one of 4 others"


def test_a_trait_says_where_a_customer_stands() -> None:
    def traits(entering: Input) -> list[str]:
        return [trait(entering, side, FIELDS) for side in get_args(Side)]

    assert traits(Input("frequency", "number")) == ["buys seldom", "buys often", "never bought"]
    assert traits(Input("age", "number")) == ["low age", "high age", "age is not known"]
    assert traits(Input("newsletter", "number"))[:2] == ["newsletter: no", "newsletter: yes"]
    assert traits(Input("share_laptops", "number"))[1] == "much in Laptops"
    assert traits(GENDER) == ["gender", "gender", "gender is not known"]
    assert traits(Input(LEAF, "number"))[1] == "similar customers often do"


NUMBERS = st.floats(-1e12, 1e12) | st.floats(-1, 1) | st.integers(-300, 300).map(float)


@given(NUMBERS, NUMBERS, st.sampled_from(["height", "rent", "share_laptops"]), st.booleans())
def test_a_written_end_never_leaves_out_a_value(
    one: float, other: float, name: str, whole: bool
) -> None:
    low, high = sorted((float(round(one)), float(round(other))) if whole else (one, other))
    text = said(name, low, high, whole=whole, shop=Shop())
    if text == "nothing in Laptops yet":
        assert high <= 0
        return
    found = [
        Decimal(t.replace(",", ""))
        for t in re.findall(r"-?[\d,]+(?:\.\d+)?", text.replace("$", ""))
    ]
    scale = {"height": 0, "rent": -2, "share_laptops": 2}[name]
    assert found[0].scaleb(-scale) <= Decimal(low)
    assert found[-1].scaleb(-scale) >= Decimal(high)


TEXTS = st.none() | st.text(max_size=12)


@given(st.text(min_size=1), TEXTS, TEXTS, st.sampled_from(get_args(FieldType)), st.data())
def test_any_name_title_and_unit_give_one_line_of_text(
    name: str, title: str | None, unit: str | None, kind: FieldType, data: st.DataObject
) -> None:
    fields: Catalogue = {name: Field(name, kind, "customers", title=title, unit=unit)}
    ends = st.floats(allow_nan=False)
    extent = Extent(data.draw(ends), data.draw(ends), data.draw(st.booleans()))
    words = tuple(data.draw(st.lists(st.text(), max_size=6)))
    for entering in (Input(name, "number"), Input(name, "category", words)):
        assert isinstance(clause(entering, extent, fields, PAKISTAN), str)
        assert all(trait(entering, side, fields) for side in get_args(Side))
    assert title_of(name, fields[name])


@pytest.mark.parametrize("name", [*FIELDS, "bgnbd_purchases", "bgnbd_alive", "bgnbd_buys", LEAF])
@pytest.mark.parametrize("low", [-math.inf, -0.5, 0.0, 0.25, 3.0])
def test_no_text_of_ours_starts_a_formula(name: str, low: float) -> None:
    for high in (-0.25, 0.5, 7.0, math.inf):
        for missing in (True, False):
            text = clause(Input(name, "number"), Extent(low, high, missing), FIELDS, PAKISTAN)
            assert text[:1].isalnum() or not text
