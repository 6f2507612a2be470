"""Which rows are kept and which are refused, and the one reason that each refused row is given."""

from __future__ import annotations

import datetime as dt
import random
import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandera.errors import SchemaErrors

from targeting.intake.contract import contract, judge
from targeting.intake.wanted import Wanted

if TYPE_CHECKING:
    from tests.intake.conftest import Shop

FIELDS = """
age: {type: number, range: [16, 110]}
gender: {type: category, values: [Female, Male]}
spent: {type: money, range: [0, 100]}
joined_on: {type: date, range: [2020-01-01, 2024-12-31], required: yes}
vip: {type: yes/no}
score: {type: number, range: [0, 10], if_bad: missing}
""".strip()
HEADER = "customer_id,age,gender,spent,joined_on,vip,score\n"


def test_each_refused_row_has_its_first_problem_in_the_order_of_the_columns(shop: Shop) -> None:
    content = HEADER + (
        "C1,41,Female,1.50,2024-01-02,y,5\n"
        "C2,430,Femlae,1,2024-01-02,y,5\n"
        ",41,Male,x,2024-01-02,y,5\n"
        "C4,41,Femlae,-1,2024-01-02,y,5\n"
        "C5,41,Male,-1,,y,5\n"
        "C6,41,Male,1,,maybe,5\n"
        "C7,,,,2024-01-02,,\n"
        "C8,41,Male,1,2019-12-31,y,5\n"
    )
    columns = ", ".join(f"{name}: {name}" for name in HEADER.strip().split(","))
    read = shop.read(*shop.customers("people.csv", content, columns=columns, fields=FIELDS))
    assert read.frames["customers"]["customer_id"].to_list() == ["C1", "C7"]
    assert read.rejects.rows() == [
        ("customers", 2, "C2", "age", "430", "out_of_range"),
        ("customers", 3, None, "customer_id", "", "missing"),
        ("customers", 4, "C4", "gender", "Femlae", "not_allowed"),
        ("customers", 5, "C5", "spent", "-1", "out_of_range"),
        ("customers", 6, "C6", "joined_on", "", "missing"),
        ("customers", 8, "C8", "joined_on", "2019-12-31", "out_of_range"),
    ]
    counts = read.sources["customers"]
    assert (counts.rows, counts.used) == (8, 2)
    assert counts.rejected == {"missing": 2, "not_allowed": 1, "out_of_range": 3}


def test_a_bad_cell_may_be_emptied_instead(shop: Shop) -> None:
    content = HEADER + "".join(
        f"C{n},41,Male,1,2024-01-02,y,{score}\n" for n, score in enumerate(["5", "11", "x", ""])
    )
    read = shop.read(*shop.customers("people.csv", content, fields=FIELDS))
    assert read.frames["customers"]["score"].to_list() == [5.0, None, None, None]
    assert read.sources["customers"].emptied == {"score": 2}
    assert read.rejects.is_empty()


def test_a_required_field_cannot_be_emptied(shop: Shop) -> None:
    fields = "age: {type: number, required: yes, if_bad: missing}"
    settings = shop.customers("people.csv", "customer_id,age\nC1,x\nC2,\nC3,5\n", fields=fields)
    read = shop.read(*settings)
    assert shop.reasons(read) == [(1, "age", "not_a_number"), (2, "age", "missing")]


def test_a_contract_is_a_pandera_schema_that_judges_typed_frames() -> None:
    schema = contract([Wanted("age", "number", low=16.0, high=110.0), Wanted("id", "text", True)])
    frame = pl.DataFrame({"age": [41.0, None], "id": ["a", "b"]})
    assert schema.validate(frame).equals(frame)
    with pytest.raises(SchemaErrors):
        schema.validate(frame.with_columns(age=pl.lit(4.0)), lazy=True)


def test_a_million_bad_rows_are_judged() -> None:
    fields = [
        Wanted("age", "number", low=16.0, high=110.0),
        Wanted("town", "category", values=("Lahore",)),
        Wanted("day", "date", required=True),
    ]
    bad = pl.DataFrame(
        {"age": 5.0, "town": "Nowhere", "day": None, "row": 1},
        schema={"age": pl.Float64, "town": pl.String, "day": pl.Date, "row": pl.UInt32},
    )
    judged = judge(pl.concat([bad] * 1).select(pl.all().repeat_by(1_000_000).explode()), fields)
    assert judged["why:day"].value_counts().rows() == [("missing", 1_000_000)]
    assert judged["why:town"].value_counts().rows() == [("not_allowed", 1_000_000)]


CELLS: Mapping[str, list[str]] = {
    "customer_id": ["C1", "C2", "C3", "", " Hidden", "C4 "],
    "age": ["16", "15.999", "110", "1e2", "", "4l", "nan", "Hidden", "+20", "1,000"],
    "gender": ["Female", "female", "Male ", "", "Hidden", "X"],
    "spent": ["0", "100", "100.004", "100.005", "-0.004", "-0.005", "PKR 5", "5 PKR", "", "5 USD"],
    "joined_on": ["2020-01-01", "2019-12-31", "2024-12-31 23:59", "2024-02-30", "", "1/2/24"],
    "vip": ["yes", "N", "1", "TRUE", "", "2", "maybe"],
    "score": ["0", "10", "10.01", "x", "", "inf"],
}
REASON_WORDS = {"number": "not_a_number", "money": "not_a_number", "date": "not_a_date"}


def read_plainly(  # noqa: PLR0911  # one return a rule
    name: str, cell: str
) -> tuple[object, str | None]:
    """Read one cell as the words of `fields` say, without any of our code."""
    text = cell.strip()
    if text in ("", "Hidden"):
        return None, "missing" if name in ("customer_id", "joined_on") else None
    if name == "customer_id":
        return text, None
    if name == "gender":
        return text, None if text in ("Female", "Male") else "not_allowed"
    if name == "vip":
        known = {"yes": True, "true": True, "1": True, "n": False}
        value = known.get(text.lower())
        return value, "not_yes_or_no" if value is None else None
    if name == "joined_on":
        found = re.fullmatch(r"(\d{4}-\d\d-\d\d)( \d\d:\d\d)?", text)
        try:
            day = dt.date.fromisoformat(found[1]) if found else None
        except ValueError:
            day = None
        if day is None:
            return None, "not_a_date"
        fits = dt.date(2020, 1, 1) <= day <= dt.date(2024, 12, 31)
        return day, None if fits else "out_of_range"
    if name == "spent":
        text = re.sub(r"^PKR | PKR$", "", text)
    if text in ("nan", "inf"):
        return None, None
    if not re.fullmatch(r"[+-]?\d+(\.\d+)?(e\d+)?", text):
        return None, "not_a_number"
    number = Decimal(text)
    if name == "spent":
        minor = (number * 100).to_integral_value(ROUND_HALF_UP)
        return int(minor), None if 0 <= minor <= 10_000 else "out_of_range"
    low, high = (16, 110) if name == "age" else (0, 10)
    return float(number), None if low <= number <= high else "out_of_range"


def judged_plainly(row: tuple[str, ...]) -> tuple[tuple[object, ...] | None, str | None]:
    values: list[object] = []
    for name, cell in zip(CELLS, row, strict=True):
        value, reason = read_plainly(name, cell)
        if reason is not None and name == "score":
            value, reason = None, None
        if reason is not None:
            return None, f"{name} {reason}"
        values.append(value)
    return tuple(values), None


ROWS = st.lists(st.tuples(*map(st.sampled_from, CELLS.values())), min_size=1, max_size=40)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(ROWS)
def test_the_verdict_equals_a_plain_reading_row_by_row(
    shop: Shop, rows: list[tuple[str, ...]]
) -> None:
    # Own ids, so that nothing is a duplicate: that is another promise.
    rows = [
        (f"{row[0]}{n}" if row[0].startswith("C") else row[0], *row[1:])
        for n, row in enumerate(rows)
    ]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(CELLS, pl.String), orient="row")
    columns = ", ".join(f"{name}: {name}" for name in CELLS)
    top = 'shop: {currency: PKR}\nmissing: ["", Hidden]'
    read = shop.read(
        *shop.customers("people.csv", frame.write_csv(), columns=columns, fields=FIELDS, top=top)
    )
    expected = [judged_plainly(row) for row in rows]
    assert read.frames["customers"].rows() == [values for values, _ in expected if values]
    assert [f"{field} {reason}" for _, field, reason in shop.reasons(read)] == [
        why for _, why in expected if why
    ]


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(
    shop: Shop, rows: list[tuple[str, ...]], shuffled: random.Random
) -> None:
    def outcome(some: list[tuple[str, ...]]) -> tuple[list[tuple[object, ...]], list[object]]:
        frame = pl.DataFrame(some, schema=dict.fromkeys(CELLS, pl.String), orient="row")
        settings = shop.customers("people.csv", frame.write_csv(), fields=FIELDS)
        read = shop.read(*settings)
        kept = sorted(read.frames["customers"].rows(), key=str)
        return kept, sorted(read.rejects.drop("row").rows(), key=str)

    before = outcome(rows)
    shuffled.shuffle(rows)
    assert outcome(rows) == before
