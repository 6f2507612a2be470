"""Their columns, our names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from tests.intake.conftest import Content, Shop

FOUR_ALIKE = "ID,Value,Value,Value,Value\nC1,a,b,c,d\n"


def test_a_missing_column_is_reported_where_it_is_mapped(shop: Shop) -> None:
    columns = "customer_id: CUSTOMER_ID, age: Years"
    content = "Customer_ID,Age\nC1,41\n"
    first, second = shop.refused(*shop.customers("people.csv", content, columns=columns))
    assert (first.code, first.place.line, first.help) == ("I011", 5, "did you mean 'Customer_ID'?")
    assert second.help == "the file has: Customer_ID, Age"
    assert first.place.excerpt[first.place.column - 1 : first.place.end_column - 1] == "CUSTOMER_ID"


def test_a_mapped_name_that_several_columns_have_is_an_error_with_their_positions(
    shop: Shop,
) -> None:
    columns = "customer_id: ID, town: Value"
    (problem,) = shop.refused(*shop.customers("people.csv", FOUR_ALIKE, columns=columns))
    assert problem.code == "I012"
    assert problem.message == "'Value' is the name of 4 columns: 2, 3, 4, 5"
    assert problem.help == "say which: 'town: Value (2)' is the second of them"


def test_one_of_several_alike_is_named_by_its_number(shop: Shop) -> None:
    columns = "customer_id: ID, town: Value (2), area: Value (4)"
    read = shop.read(*shop.customers("people.csv", FOUR_ALIKE, columns=columns))
    assert read.frames["customers"].rows() == [("C1", "b", "d")]
    assert read.warnings == ()


def test_a_header_spelled_with_a_number_is_meant_literally(shop: Shop) -> None:
    content = "ID,Value,Value,Value (2)\nC1,a,b,c\n"
    columns = "customer_id: ID, town: Value (2)"
    read = shop.read(*shop.customers("people.csv", content, columns=columns))
    assert read.frames["customers"].rows() == [("C1", "c")]


def test_names_alike_that_nobody_reads_are_a_warning(shop: Shop) -> None:
    read = shop.read(*shop.customers("people.csv", FOUR_ALIKE, columns="customer_id: ID"))
    assert shop.codes(read.warnings) == ["I102"]


def test_without_a_map_our_names_and_fields_are_read_and_nothing_else(shop: Shop) -> None:
    content = "customer_id,age,secret\nC1,41,x\n"
    read = shop.read(*shop.customers("people.csv", content, fields="age: {type: number}"))
    assert read.frames["customers"].columns == ["customer_id", "age"]


def test_what_a_source_cannot_do_without_must_be_mapped(shop: Shop) -> None:
    settings = """
        sources:
          purchases: {file: lines.parquet, columns: {purchased_on: Day}}
          suppressions: {file: stop.csv}
          responses: {file: answers.csv, columns: {event: What, happened_on: When}}
    """.replace("\n        ", "\n")
    files: dict[str, Content] = {
        "lines.parquet": pl.DataFrame({"Day": ["2024-01-02"], "Total": [1.0]}),
        "stop.csv": "E-mail\na@example.com\n",
        "answers.csv": "What,When\nopened,2024-01-02\n",
    }
    problems = shop.refused(settings, files)
    assert shop.codes(problems) == ["I011", "I011", "I011"]
    assert "amount, unit_price" in problems[0].message


def test_headers_are_compared_without_blanks_around_them(shop: Shop) -> None:
    columns = "customer_id: Customer ID, town: Town"
    content = "Customer ID , Town\nC1,Lahore\n"
    read = shop.read(*shop.customers("people.csv", content, columns=columns))
    assert read.frames["customers"].rows() == [("C1", "Lahore")]
