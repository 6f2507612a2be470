"""Two rows of one customer, product, stock place or line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from tests.intake.conftest import Shop

FIELDS = "age: {type: number}\nchanged: {type: date}"
BUYS = "sources:\n  purchases: {file: p.parquet"


def test_equal_rows_are_kept_once_and_different_ones_not_at_all(shop: Shop) -> None:
    content = "customer_id,age\nC1,41\nC2,20\nC1, 41.0\nC2,21\nC2,20\nC3,1\n"
    read = shop.read(*shop.customers("people.csv", content, fields=FIELDS))
    assert read.frames["customers"].rows() == [("C1", 41.0), ("C3", 1.0)]
    assert shop.reasons(read) == [
        (2, "customer_id", "conflicting_id"),
        (3, "customer_id", "duplicate"),
        (4, "customer_id", "conflicting_id"),
        (5, "customer_id", "duplicate"),
    ]


def test_the_newest_version_is_kept_where_the_source_says_so(shop: Shop) -> None:
    content = (
        "customer_id,age,changed\nC1,41,2024-01-01\nC1,42,2024-05-01\nC1,40,\n"
        "C2,20,2024-01-01\nC2,21,2024-01-01\nC2,19,2023-01-01\nC3,1,\nC3,2,\n"
    )
    settings = shop.customers("p.csv", content, fields=FIELDS, source="newest_by: changed")
    read = shop.read(*settings)
    assert read.frames["customers"]["age"].to_list() == [42.0]
    assert [reason for _, _, reason in shop.reasons(read)] == [
        "older_version",
        "older_version",
        "conflicting_id",
        "conflicting_id",
        "older_version",
        "conflicting_id",
        "conflicting_id",
    ]


def test_a_row_that_was_refused_conflicts_with_none(shop: Shop) -> None:
    content = "customer_id,age\nC1,41\nC1,forty-one\n"
    read = shop.read(*shop.customers("people.csv", content, fields=FIELDS))
    assert read.frames["customers"].rows() == [("C1", 41.0)]


def test_stock_is_told_apart_by_place_and_day_and_a_missing_place_is_one(shop: Shop) -> None:
    settings = "as_of: 2024-06-01\nsources:\n  customers: {file: c.csv}\n  stock: {file: s.csv}\n"
    stock = (
        "product_id,on_hand,location,counted_on\nP1,3,Clifton,2024-05-01\nP1,4,Clifton,2024-05-02\n"
        "P1,9,Saddar,2024-05-02\nP1,5,,2024-05-02\nP1,6,,2024-05-02\n"
    )
    read = shop.read(settings, {"c.csv": "customer_id\nC1\n", "s.csv": stock})
    assert read.frames["stock"]["on_hand"].to_list() == [3.0, 4.0, 9.0]
    assert [row for row, _, _ in shop.reasons(read)] == [4, 5]


LINES = pl.DataFrame(
    {
        "purchased_on": ["2024-01-02"] * 5,
        "amount": [10.0, 10.0, 20.0, 5.0, 5.0],
        "transaction_id": ["T1", "T1", "T1", None, None],
    }
)


def test_equal_purchases_are_all_real(shop: Shop) -> None:
    read = shop.read(BUYS + "}\n", {"p.parquet": LINES})
    assert read.frames["purchases"].height == 5


def test_a_key_names_a_purchase_and_lines_without_it_are_their_own(shop: Shop) -> None:
    read = shop.read(BUYS + ", key: [transaction_id, amount]}\n", {"p.parquet": LINES})
    assert shop.reasons(read) == [(2, "transaction_id", "duplicate")]
    read = shop.read(BUYS + ", key: transaction_id}\n", {"p.parquet": LINES})
    assert read.frames["purchases"]["transaction_id"].to_list() == [None, None]
    assert read.sources["purchases"].rejected == {"conflicting_id": 2, "duplicate": 1}


def test_a_key_that_is_not_read_is_a_problem(shop: Shop) -> None:
    (problem,) = shop.refused(BUYS + ", key: transaction}\n", {"p.parquet": LINES})
    assert (problem.code, problem.help) == ("I027", "did you mean 'transaction_id'?")
