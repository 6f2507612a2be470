"""Workbooks: text stays text, numbers stay numbers, equal lists are equal files."""

from __future__ import annotations

import datetime as dt
import os
import zipfile
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from targeting.exports.excel import sheet_name, shortened, too_long, write_xlsx

TABLE = pl.DataFrame(
    {
        "customer_id": ["007", "C2"],
        "phone": ["+923001234567", None],
        "note": ["=1+1", "https://example.com"],
        "name": ['Zoë "Z" فاطمہ 😀', "two\nlines"],
        "likelihood": [0.125, None],
        "spent": [1234.5, 0.0],
        "orders": [3, 4],
        "seen_on": [dt.date(2026, 11, 24), dt.date(1899, 1, 1)],
    }
)
DECIMALS = {"likelihood": 3, "spent": 2}


def written(path: Path, table: pl.DataFrame = TABLE) -> Path:
    write_xlsx(path, table, DECIMALS, sheet="Premium loyalists", title="Contact list")
    return path


def test_cells_keep_their_kind_and_nothing_is_a_formula_or_a_link(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(written(tmp_path / "list.xlsx"))
    sheet = book["Premium loyalists"]
    rows = list(sheet.iter_rows(min_row=2))
    assert [cell.value for cell in rows[0]] == [
        "007", "+923001234567", "=1+1", 'Zoë "Z" فاطمہ 😀', 0.125, 1234.5, 3,
        dt.datetime(2026, 11, 24),  # noqa: DTZ001  # a workbook has no zones
    ]  # fmt: skip
    assert [cell.value for cell in rows[1]] == [
        "C2", None, "https://example.com", "two\nlines", None, 0, 4, "1899-01-01",
    ]  # fmt: skip
    assert {cell.data_type for row in rows for cell in row} == {"s", "n", "d"}
    formats = [cell.number_format for cell in rows[0]]
    assert formats == ["@", "@", "@", "@", "0.000", "0.00", "0", "yyyy-mm-dd"]
    with zipfile.ZipFile(tmp_path / "list.xlsx") as parts:
        sheet_xml = parts.read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet_xml
    assert b"hyperlink" not in sheet_xml


def test_the_header_stays_in_sight_and_filters(tmp_path: Path) -> None:
    sheet = openpyxl.load_workbook(written(tmp_path / "list.xlsx")).active
    assert sheet is not None
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:H3"


def test_equal_lists_are_equal_bytes_whatever_the_machine_does(tmp_path: Path) -> None:
    first = written(tmp_path / "a.xlsx").read_bytes()
    before = os.umask(0o077)
    try:
        second = written(tmp_path / "b.xlsx").read_bytes()
    finally:
        os.umask(before)
    assert first == second
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.xlsx", "b.xlsx"]


def test_other_readers_see_the_same_values(tmp_path: Path) -> None:
    table = TABLE.drop("seen_on")
    again = pl.read_excel(written(tmp_path / "list.xlsx", table))
    assert again["phone"].to_list() == ["+923001234567", None]
    assert again["customer_id"].to_list() == ["007", "C2"]
    assert again["name"].to_list() == table["name"].to_list()


def test_a_list_of_nobody_is_still_a_workbook(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(written(tmp_path / "list.xlsx", TABLE.clear()))
    assert [cell.value for cell in next(book.worksheets[0].iter_rows())] == TABLE.columns


@given(st.text())
def test_any_text_makes_a_sheet_name_that_excel_takes(text: str) -> None:
    name = sheet_name(text)
    assert 1 <= len(name.encode("utf-16-le")) // 2 <= 31
    assert not set(name) & set("[]:*?/\\")
    assert name[0] != "'"
    assert name[-1] != "'"
    assert name.casefold() != "history"


@pytest.mark.parametrize(("letter", "most"), [("a", 32_767), ("😀", 16_383)])
def test_a_text_longer_than_a_cell_is_cut_where_it_shows(letter: str, most: int) -> None:
    column = pl.DataFrame({"a": [letter * most, letter * (most + 1), None]})
    assert column.select(too_long("a"))["a"].to_list() == [False, True, False]
    cut = column.select(shortened("a"))["a"].to_list()
    assert cut[0] == letter * most
    assert cut[1].endswith(letter + "...")
    assert len(cut[1].encode("utf-16-le")) // 2 <= 32_767
