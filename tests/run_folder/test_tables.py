"""A table that is read and written anew, whole, is the same file to the last byte."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from targeting.exports.csv import write_csv
from targeting.exports.excel import write_xlsx
from targeting.run_folder import write
from targeting.run_folder.tables import read_table, write_table
from targeting.workspace.destinations import CsvForm

ODD = pl.DataFrame(
    {
        "text": [
            "plain",
            'a "quoted", cell',
            "two\nlines",
            None,
            "'=defused",
            "  spaces ",
            "کراچی",
        ],
        "escaped": ["_x000D_", "a\tb", "x\x0by", "_x41_", "a\r\nb", "1,5", "TRUE"],
        "empty": [None] * 7,
    },
    schema_overrides={"empty": pl.String},
)
TYPED = ODD.with_columns(
    whole=pl.Series([1, None, -3, 0, 5, 6, 7]),
    free=pl.Series([0.5, None, 2.0, -1e-7, 1e300, 3.0, 0.1]),
    fixed=pl.Series([0.5, None, 2.0, 1.0, 3.25, 0.0, 4.0]),
    day=pl.Series(
        [dt.date(2026, 11, 24), None, *[dt.date(1850, 1, 1)] * 2, *[dt.date(2000, 2, 29)] * 3]
    ),
)


@pytest.mark.parametrize(
    "form",
    [
        CsvForm(),
        CsvForm(delimiter=";", encoding="utf-8", newline="lf"),
        CsvForm(delimiter="\t", encoding="utf-16"),
    ],
)
def test_a_destinations_csv(tmp_path: Path, form: CsvForm) -> None:
    path = tmp_path / "a.csv"
    for frame in (ODD, ODD.head(0), ODD.select("text"), ODD.select("empty")):
        write_csv(path, frame, form)
        before = path.read_bytes()
        write_table(path, read_table(path, form))
        assert path.read_bytes() == before


def test_a_csv_of_the_run_itself(tmp_path: Path) -> None:
    path = tmp_path / "rejects.csv"
    write.write_csv(path, ODD.with_columns(number=pl.Series(range(7))))
    before = path.read_bytes()
    write_table(path, read_table(path, CsvForm()))
    assert path.read_bytes() == before


def test_a_workbook(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    decimals = {"fixed": 2}
    for frame in (TYPED, TYPED.filter(pl.col("day") > dt.date(1900, 3, 1)), ODD, ODD.head(0)):
        write_xlsx(path, frame, decimals, sheet="Big spenders", title="Contact list")
        before = path.read_bytes()
        write_table(path, read_table(path, CsvForm()))
        assert path.read_bytes() == before


def test_a_parquet_file(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    write.write_parquet(path, TYPED.lazy())
    before = path.read_bytes()
    write_table(path, read_table(path, CsvForm()))
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["a.parquet"]
