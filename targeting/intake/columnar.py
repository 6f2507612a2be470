"""Parquet: only the columns asked for, in their own types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from targeting.frames import ROW
from targeting.intake.headers import tidy
from targeting.intake.opened import Cells, Opened, Origin
from targeting.problems import Problem, Refused


def open_columnar(origin: Origin) -> Opened:
    """Read the footer; columns follow when asked for."""
    try:
        schema = pl.scan_parquet(origin.path, glob=False).collect_schema()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
        raise origin.broken("not a Parquet file, or cut off", "write it anew") from None
    names = schema.names()
    return Opened(
        tuple(map(tidy, names)),
        lambda columns: _cells(origin, names, columns),
        lambda columns, rows: _pieces(origin, names, columns, rows),
        lambda: _rows(origin),
    )


def _cells(
    origin: Origin,
    names: list[str],
    columns: Mapping[str, int],
    offset: int = 0,
    rows: int | None = None,
) -> Cells:
    picked = {ours: pl.col(names[at]) for ours, at in columns.items()}
    try:
        scanned = pl.scan_parquet(origin.path, glob=False).slice(offset, rows)
        frame = scanned.select(**picked).collect()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
        raise origin.broken("its pages are damaged", "write it anew") from None
    return Cells(frame.with_row_index(ROW, offset=offset + 1))


def _pieces(
    origin: Origin, names: list[str], columns: Mapping[str, int], rows: int
) -> Iterator[Cells]:
    """Read so many rows at a time; a file without rows is one piece without any."""
    for offset in range(0, max(1, _rows(origin)), rows):
        yield _cells(origin, names, columns, offset, rows)


def _rows(origin: Origin) -> int:
    """Count the rows by the footer."""
    return int(pl.scan_parquet(origin.path, glob=False).select(pl.len()).collect().item())


def refuse_nested(origin: Origin, frame: pl.DataFrame) -> None:
    """Refuse columns that hold lists or records instead of values."""
    nested = [name for name, kind in frame.schema.items() if kind.is_nested()]
    if nested:
        raise Refused(
            Problem(
                "I013",
                f"'{name}' holds lists or records, not values",
                origin.place("columns", name),
                "map a column of plain values",
            )
            for name in nested
        )
