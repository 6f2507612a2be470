"""A table or query of a database as a source: its columns, then its rows, typed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import polars as pl

from targeting.frames import ROW
from targeting.intake.columnar import refuse_nested
from targeting.intake.database_errors import Asked
from targeting.intake.headers import tidy
from targeting.intake.opened import Cells, Opened, Origin
from targeting.workspace.databases import Address


def open_database(origin: Origin, address: Address) -> Opened:
    """Ask for the columns of the table or query; the rows follow when they are asked for.

    Rows are numbered in the order of the answer. Nothing can be written on the way.

    Raises:
        Refused: I001 no such file, I050 no driver, I051 no entry, I052 no such table or query.
        Unreachable: where the server is not there.
    """
    form = origin.form
    content = origin.place("table" if form.table else "query")
    asked = Asked(address, f"source {origin.source}", origin.place("file"), content, "I052")
    if address.is_sqlite:
        from targeting.intake import database_sqlite as driver
    else:
        from targeting.intake import database_postgresql as driver  # type: ignore[no-redef]
    headers = driver.headers(asked, form)

    def cells(columns: Mapping[str, int]) -> Cells:
        frame = driver.answer(asked, form, [headers[at] for at in columns.values()])
        frame = frame.rename(dict(zip(frame.columns, columns, strict=True)))
        refuse_nested(origin, frame)
        return Cells(frame.with_row_index(ROW, offset=1), sha256=digest(frame))

    return Opened(tuple(map(tidy, headers)), cells)


def digest(frame: pl.DataFrame) -> str:
    """Give the SHA-256 of a table's rows in whatever order they came.

    Each row is a line of JSON, with the columns' names in the frame's order; the lines are sorted
    by their bytes, and each ends with a line feed.
    """
    hashed = hashlib.sha256()
    lines = frame.select(line=pl.struct(pl.all()).struct.json_encode()).sort("line")
    for part in lines.iter_slices(100_000):
        hashed.update(("\n".join(part["line"]) + "\n").encode())
    return hashed.hexdigest()
