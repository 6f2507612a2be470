"""Missing numbers are filled only where `fields` says how."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.intake.conftest import Shop

CONTENT = "customer_id,age,spent\nC1,10,0.01\nC2,,\nC3,30,0.02\nC4,x,\n"


def test_a_median_is_that_of_the_kept_rows(shop: Shop) -> None:
    fields = "age: {type: number, fill: median}\nspent: {type: money, fill: median}"
    read = shop.read(*shop.customers("people.csv", CONTENT, fields=fields))
    assert read.frames["customers"].rows() == [("C1", 10.0, 1), ("C2", 20.0, 2), ("C3", 30.0, 2)]
    assert read.unfilled["customers"].rows()[1] == ("C2", None, None)
    assert read.sources["customers"].filled == {"age": 1, "spent": 1}


def test_a_value_fills_in_major_units(shop: Shop) -> None:
    fields = "age: {type: number, fill: -1}\nspent: {type: money, fill: 2.50}"
    read = shop.read(*shop.customers("people.csv", CONTENT, fields=fields))
    assert read.frames["customers"].rows()[1] == ("C2", -1.0, 250)


def test_nothing_has_no_median(shop: Shop) -> None:
    fields = "age: {type: number, fill: median}"
    read = shop.read(*shop.customers("people.csv", "customer_id,age\nC1,\n", fields=fields))
    assert read.frames["customers"].rows() == [("C1", None)]
    assert read.sources["customers"].filled == {}
    assert shop.codes(read.warnings) == ["I106"]


def test_purchases_are_never_filled(shop: Shop) -> None:
    settings = (
        "sources:\n  purchases: {file: p.csv}\nfields:\n  weight: {type: number, fill: median}\n"
    )
    files = {"p.csv": "purchased_on,amount,weight\n2024-01-02,5,\n2024-01-02,5,3\n"}
    assert shop.read(settings, files).frames["purchases"]["weight"].to_list() == [None, 3.0]
