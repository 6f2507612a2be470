"""What a segment is like, among all customers."""

from __future__ import annotations

from typing import Any

import polars as pl

from targeting.report.profiles import profiles
from targeting.workspace.catalogue import Field

FIELDS = {
    "age": Field("age", "number", "customers"),
    "spent": Field("spent", "money", "purchases"),
    "salary": Field("salary", "number", "customers", personal=True),
}
CUSTOMERS = pl.DataFrame(
    {
        "customer_id": list("abcdefghij"),
        "age": [20, 30, 40, 50, None, 60, 70, 80, 90, 90],
        "spent": [1_00, 2_00, 3_00, 4_00, 5_00, 6_00, 7_00, 8_00, 9_00, 10_00],
        "salary": range(10),
        "segment": ["Young"] * 5 + ["Old"] * 3 + [None] * 2,
    }
)
DECISIONS = pl.DataFrame(
    {
        "place": [0, 0, 1, 8],  # of a, b and i
        "outcome": ["selected", "selected", "held_out", "selected"],
    }
)


def found() -> dict[Any, dict[str, Any]]:
    return {row["name"]: row for row in profiles(CUSTOMERS, DECISIONS, FIELDS, 2)}


def test_segments_stand_by_name_and_those_without_last() -> None:
    assert [(name, row["size"], row["share"]) for name, row in found().items()] == [
        ("Old", 3, 0.3),
        ("Young", 5, 0.5),
        (None, 2, 0.2),
    ]


def test_a_customer_whom_two_rules_contact_counts_once() -> None:
    assert {name: row["contacted"] for name, row in found().items()} == {
        "Old": 0,
        "Young": 1,
        None: 1,
    }


def test_medians_are_in_major_units_and_of_those_who_have_the_value() -> None:
    assert found()["Young"]["medians"] == {"age": 35.0, "spent": 3.0}


def test_a_rank_is_the_share_of_customers_below_the_median() -> None:
    assert found()["Young"]["ranks"] == {"age": 2 / 9, "spent": 2.5 / 10}


def test_fewer_than_five_customers_are_not_described() -> None:
    assert found()["Old"]["medians"] == {"age": None, "spent": None}
    assert found()["Old"]["ranks"] == {"age": None, "spent": None}


def test_personal_fields_are_left_out() -> None:
    assert "salary" not in found()["Young"]["medians"]


def test_without_segments_there_is_nothing_to_tell() -> None:
    assert profiles(CUSTOMERS.drop("segment"), DECISIONS, FIELDS, 2) == []
    assert profiles(CUSTOMERS.clear(), DECISIONS, FIELDS, 2) == []


def test_without_decisions_nobody_is_contacted() -> None:
    assert {row["contacted"] for row in profiles(CUSTOMERS, pl.DataFrame(), FIELDS, 2)} == {0}
