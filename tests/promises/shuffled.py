"""A workspace's data files with their rows in another order."""

from __future__ import annotations

import random
from pathlib import Path

import openpyxl
import polars as pl


def shuffle_data(folder: Path, seed: int = 7) -> None:
    """Shuffle the rows of every file of the sample shop below `folder`."""
    order = random.Random(seed)  # noqa: S311
    for path in sorted(folder.iterdir()):
        match path.suffix:
            case ".csv":
                _csv(path, order)
            case ".parquet":
                lines = pl.read_parquet(path)
                lines.sample(fraction=1, shuffle=True, seed=seed).write_parquet(path)
            case ".xlsx":
                _sheet(path, order)
            case other:
                raise AssertionError(other)


def _csv(path: Path, order: random.Random) -> None:
    head, *records = _records(path.read_bytes().decode())
    order.shuffle(records)
    path.write_bytes("\n".join([head, *records, ""]).encode())


def _records(text: str) -> list[str]:
    """Part a file into records: a quoted line break does not end one."""
    records: list[str] = []
    inside = False
    for line in text.split("\n"):
        if inside:
            records[-1] += "\n" + line
        else:
            records.append(line)
        inside ^= line.count('"') % 2 == 1
    assert not inside
    return [record for record in records if record.strip()]


def _sheet(path: Path, order: random.Random) -> None:
    book = openpyxl.load_workbook(path)
    (sheet,) = book.worksheets
    head, *rows = [[(cell.value, cell.number_format) for cell in row] for row in sheet.iter_rows()]
    order.shuffle(rows)
    for number, row in enumerate([head, *rows], start=1):
        for column, (value, form) in enumerate(row, start=1):
            cell = sheet.cell(number, column)
            cell.value = value
            cell.number_format = form
    book.save(path)
