"""Purchases: amounts, quantities, the day of the run, rows that are not meant."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import polars as pl
import pytest

from targeting.intake.read import stops

if TYPE_CHECKING:
    from tests.intake.conftest import Shop

NEWEST = "as_of: newest_purchase\n"


def purchases(inside: str = "", top: str = NEWEST, fields: str = "") -> str:
    comma = ", " if inside else ""
    return f"{top}sources:\n  purchases: {{file: lines.csv{comma}{inside}}}\n{fields}"


def lines(*rows: str, header: str = "purchased_on,amount") -> dict[str, str | bytes | pl.DataFrame]:
    return {"lines.csv": "\n".join([header, *rows]) + "\n"}


def test_an_amount_is_quantity_times_unit_price_where_none_is_given(shop: Shop) -> None:
    header = "purchased_on,unit_price,quantity"
    files = lines("2024-01-02,2.35,3", "2024-01-02,1.01,", "2024-01-02,,2", header=header)
    read = shop.read(purchases(), files)
    assert read.frames["purchases"].columns == ["purchased_on", "unit_price", "quantity", "amount"]
    assert read.frames["purchases"]["amount"].to_list() == [705, 101]
    assert shop.reasons(read) == [(3, "unit_price", "missing")]


def test_a_bad_quantity_that_is_emptied_counts_as_one(shop: Shop) -> None:
    header = "purchased_on,unit_price,quantity"
    fields = "fields: {quantity: {type: number, range: [-9, 9], if_bad: missing}}\n"
    files = lines("2024-01-02,2.50,15292", "2024-01-02,1,-2", header=header)
    read = shop.read(purchases(fields=fields), files)
    assert read.frames["purchases"]["amount"].to_list() == [250, -200]
    assert read.sources["purchases"].emptied == {"quantity": 1}


def test_the_range_of_amount_holds_for_a_computed_one(shop: Shop) -> None:
    header = "purchased_on,unit_price,quantity"
    fields = "fields: {amount: {type: money, range: [0, 10]}}\n"
    files = lines("2024-01-02,6,1", "2024-01-02,6,2", header=header)
    read = shop.read(purchases(fields=fields), files)
    assert shop.reasons(read) == [(2, "amount", "out_of_range")]


def test_quantity_is_always_there_and_one(shop: Shop) -> None:
    read = shop.read(purchases(), lines("2024-01-02,5"))
    assert read.frames["purchases"]["quantity"].to_list() == [1.0]


def test_a_purchase_without_a_customer_stays_and_is_counted(shop: Shop) -> None:
    header = "purchased_on,amount,customer_id"
    files = lines("2024-01-02,5,C1", "2024-01-02,5,", header=header)
    assert shop.read(purchases(), files).without_customer == 1
    assert shop.read(purchases(), lines("2024-01-02,5")).without_customer == 1


def test_where_sets_rows_aside_and_counts_them(shop: Shop) -> None:
    header = "purchased_on,amount,quantity,location"
    files = lines(
        "2024-01-02,5.00,1,Clifton",
        "2024-01-02,4.99,1,Clifton",
        "2024-01-02,9,1,",
        "2024-01-02,nine,1,Clifton",
        "bad,1,1,Clifton",
        "bad,7,1,Clifton",
        header=header,
    )
    read = shop.read(purchases("where: \"amount >= 5 AND location = 'Clifton'\""), files)
    assert read.frames["purchases"]["amount"].to_list() == [500]
    assert shop.reasons(read) == [(4, "amount", "not_a_number"), (6, "purchased_on", "not_a_date")]
    counts = read.sources["purchases"]
    assert (counts.rows, counts.used, counts.set_aside) == (6, 1, 3)


@pytest.mark.parametrize(
    ("where", "code"),
    [
        ("amount >", "Q001"),
        ("amount > NOW()", "Q002"),
        ("town = 'Lahore'", "F001"),
        ("purchased_on < as_of", "Q003"),
        ("amount + 1", "Q004"),
        ("purchased_on > 'x' + 1", "Q004"),
    ],
)
def test_a_condition_that_cannot_be_is_a_problem(shop: Shop, where: str, code: str) -> None:
    (problem,) = shop.refused(purchases(f'where: "{where}"'), lines("2024-01-02,5"))
    assert (problem.code, problem.place.line) == (code, 3)


def test_the_newest_purchase_is_the_day_of_the_run(shop: Shop) -> None:
    read = shop.read(purchases(), lines("2024-01-02,5", "2024-03-01,5", "2024-02-02,5"))
    assert read.as_of == dt.date(2024, 3, 1)
    assert read.warnings == ()


@pytest.mark.parametrize(
    ("top", "as_of", "expected"),
    [
        ("as_of: today\n", None, dt.date(2024, 6, 30)),
        ("as_of: 2024-02-01\n", None, dt.date(2024, 2, 1)),
        (NEWEST, dt.date(2024, 1, 5), dt.date(2024, 1, 5)),
    ],
)
def test_the_day_of_the_run_is_given_written_or_today(
    shop: Shop, top: str, as_of: dt.date | None, expected: dt.date
) -> None:
    read = shop.read(purchases(top=top), lines("2024-01-02,5"), as_of=as_of)
    assert read.as_of == expected


def test_purchases_after_the_day_of_the_run_are_rejected(shop: Shop) -> None:
    files = lines("2024-01-02,5", "2024-02-02,5", "2024-02-01,6")
    read = shop.read(purchases(top="as_of: 2024-02-01\n"), files)
    assert read.frames["purchases"]["amount"].to_list() == [500, 600]
    assert read.rejects.rows() == [
        ("purchases", 2, None, "purchased_on", "2024-02-02", "after_as_of")
    ]


def test_a_newest_purchase_far_from_all_others_is_a_warning(shop: Shop) -> None:
    read = shop.read(purchases(), lines("2024-01-02,5", "2042-01-03,5", "2042-01-03,5"))
    assert shop.codes(read.warnings) == ["I104"]


def test_the_newest_of_no_purchase_is_a_problem(shop: Shop) -> None:
    (problem,) = shop.refused(purchases(), lines("x,5"))
    assert (problem.code, problem.place.line) == ("I030", 1)
    assert problem.message.endswith(
        "there is no purchase: 1 were rejected, most often as not_a_date"
    )
    (problem,) = shop.refused(*shop.customers("p.csv", "customer_id\nC1\n", top=NEWEST))
    assert problem.code == "I030"


def test_a_date_after_the_run_is_counted_unless_it_may_be_future(shop: Shop) -> None:
    fields = "born_on: {type: date}\nwarranty: {type: date, may_be_future: yes}"
    content = "customer_id,born_on,warranty\nC1,2025-01-01,2027-01-01\nC2,1980-01-01,\n"
    read = shop.read(*shop.customers("people.csv", content, fields=fields))
    assert read.sources["customers"].future == {"born_on": 1}
    assert shop.codes(read.warnings) == ["I105"]
    assert read.frames["customers"].height == 2


STOP_IF = "stop_if: {rejected_over: 20%, newest_purchase_older_than: 3 days}\n"


def test_too_many_rejects_stop_a_run_unless_accepted(shop: Shop) -> None:
    workspace = shop.write(purchases(top=NEWEST + STOP_IF), lines("2024-01-02,5", "x,5", "x,5"))
    read = shop.read(purchases(top=NEWEST + STOP_IF), lines("2024-01-02,5", "x,5", "x,5"))
    (problem,) = stops(read, workspace, ())
    assert (problem.code, problem.place.line) == ("D101", 2)
    assert "2 of 3 rows" in problem.message
    assert stops(read, workspace, {"rejected_over"}) == []


def test_one_in_five_is_not_more_than_twenty_percent(shop: Shop) -> None:
    settings = purchases(top=NEWEST + STOP_IF)
    files = lines(*["2024-01-02,5"] * 4, "x,5")
    assert stops(shop.read(settings, files), shop.write(settings, files), ()) == []


def test_a_late_feed_stops_a_run(shop: Shop) -> None:
    settings = purchases(top="as_of: 2024-01-06\n" + STOP_IF)
    fresh, late = lines("2024-01-03,5"), lines("2024-01-02,5")
    assert stops(shop.read(settings, fresh), shop.write(settings, fresh), ()) == []
    read, workspace = shop.read(settings, late), shop.write(settings, late)
    assert shop.codes(stops(read, workspace, ())) == ["D102"]
    assert stops(read, workspace, ["newest_purchase_older_than"]) == []


@pytest.mark.parametrize("content", ["email\n", "email\n \n\n", "email,phone\n,\n"])
def test_an_empty_suppression_list_always_stops_a_run(shop: Shop, content: str) -> None:
    settings = "sources:\n  customers: {file: c.csv}\n  suppressions: {file: s.csv}\n"
    files = {"c.csv": "customer_id\nC1\n", "s.csv": content}
    read, workspace = shop.read(settings, files), shop.write(settings, files)
    accepted = ["rejected_over", "suppressions", "D103"]
    assert shop.codes(stops(read, workspace, accepted)) == ["D103"]


def test_a_suppressed_address_is_kept_however_fields_would_judge_it(shop: Shop) -> None:
    settings = (
        "sources:\n  customers: {file: c.csv}\n  suppressions: {file: s.csv}\n"
        "fields:\n  email: {type: text, required: yes, values: [a@example.com]}\n"
    )
    files = {
        "c.csv": "customer_id,email\nC1,a@example.com\n",
        "s.csv": "email,phone\n,03001\nb,\n,\n",
    }
    read = shop.read(settings, files)
    assert read.frames["suppressions"].rows() == [(None, "03001"), ("b", None)]
    assert shop.reasons(read) == [(3, "email", "missing")]
    assert shop.codes(read.warnings) == ["I107"]
