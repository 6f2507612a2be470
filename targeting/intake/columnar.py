"""Parquet: only the columns asked for, in their own types."""

from __future__ import annotations

from collections.abc import Mapping

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
    return Opened(tuple(map(tidy, names)), lambda columns: _cells(origin, names, columns))


def _cells(origin: Origin, names: list[str], columns: Mapping[str, int]) -> Cells:
    picked = {ours: pl.col(names[at]) for ours, at in columns.items()}
    try:
        frame = pl.scan_parquet(origin.path, glob=False).select(**picked).collect()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
        raise origin.broken("its pages are damaged", "write it anew") from None
    return Cells(frame.with_row_index(ROW, offset=1))


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
