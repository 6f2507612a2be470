"""Tables that a run wrote, read back and written anew with fewer rows, each in its own form."""

from __future__ import annotations

import datetime as dt
import io
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from targeting.durable import sync_folder
from targeting.exports.csv import encoding_name, write_csv
from targeting.exports.excel import write_xlsx
from targeting.workspace.destinations import CsvForm

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


@dataclass(frozen=True)
class Table:
    """The rows of a file, and what else is needed to write it again."""

    frame: pl.DataFrame
    form: CsvForm = field(default_factory=CsvForm)
    decimals: Mapping[str, int | None] | None = None
    sheet: str = ""
    title: str = ""


def read_table(path: Path, form: CsvForm) -> Table:
    """Read a Parquet file, a CSV file (all text) or a workbook's first sheet."""
    if path.suffix == ".parquet":
        return Table(pl.read_parquet(path, glob=False, hive_partitioning=False))
    if path.suffix == ".xlsx":
        return _read_book(path)
    data = path.read_bytes()
    encoding = encoding_name(form.encoding)
    if encoding not in (None, "utf-8", "utf-8-sig"):
        data = data.decode(encoding).encode()
    frame = pl.read_csv(io.BytesIO(data), separator=form.delimiter, infer_schema=False)
    return Table(frame, form)


def write_table(path: Path, table: Table) -> None:
    """Put a table in the place of a file, whole or not at all, as the run had written it."""
    aside = path.with_name(f".{path.stem}.new{path.suffix}")
    try:
        if path.suffix == ".parquet":
            table.frame.write_parquet(aside, compression="zstd", statistics=False)
        elif path.suffix == ".xlsx":
            decimals = table.decimals or {}
            write_xlsx(aside, table.frame, decimals, sheet=table.sheet, title=table.title)
        else:
            write_csv(aside, table.frame, table.form)
        put(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def put(aside: Path, path: Path) -> None:
    """Let a finished file take the place of another, safe on disk."""
    with aside.open("rb") as file:
        os.fsync(file.fileno())
    aside.replace(path)
    sync_folder(path.parent)


def _read_book(path: Path) -> Table:
    """Read a workbook of `exports.excel`: the type of a column is that of its cells' style."""
    from openpyxl import load_workbook

    book = load_workbook(path, read_only=True)
    try:
        page = book.worksheets[0]
        rows = page.iter_rows()
        header = [str(cell.value) for cell in next(rows)]
        first = next(rows, ())
        formats = [cell.number_format for cell in first] or ["@"] * len(header)
        values = [[cell.value for cell in first]] if first else []
        values += [[cell.value for cell in row] for row in rows]
        columns = list(zip(*values, strict=True)) or [()] * len(header)
        read = [
            _column(name, list(cells), form)
            for name, cells, form in zip(header, columns, formats, strict=True)
        ]
        decimals = {name: _decimals(form) for name, form in zip(header, formats, strict=True)}
        title = str(book.properties.title or "")
        return Table(pl.DataFrame(read), CsvForm(), decimals, page.title, title)
    finally:
        book.close()


def _column(name: str, cells: list[Any], form: str) -> pl.Series:
    if form == "yyyy-mm-dd":
        days = pl.Series(name, [_text(cell) for cell in cells], dtype=pl.String)
        read = days.str.to_date("%Y-%m-%d", strict=False)
        return read if read.null_count() == days.null_count() else days
    is_number = form == "General" or form.startswith("0")
    if is_number and all(cell is None or isinstance(cell, int | float) for cell in cells):
        return pl.Series(name, cells, dtype=pl.Int64 if form == "0" else pl.Float64, strict=False)
    return pl.Series(name, [_text(cell) for cell in cells], dtype=pl.String)


def _text(cell: object) -> str | None:
    if cell is None:
        return None
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat()
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), str(cell))


def _decimals(form: str) -> int | None:
    return len(form) - 2 if form.startswith("0.") else None
