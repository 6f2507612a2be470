"""Records of a delimited text as columns: Polars parts them into fields, all of them text."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl


@dataclass(frozen=True)
class Head:
    """The header's fields, the lines it takes, and what parts its fields."""

    headers: tuple[str, ...]
    lines: int
    delimiter: str


def fields_of_file(text: Path | io.BytesIO, head: Head) -> pl.LazyFrame:
    """Part a text of which every line below the header is a good record."""
    return _scanned(text, head, skip=head.lines)


def fields_of(good: pl.Series, head: Head) -> pl.LazyFrame:
    """Part good records; columns are named by their position, from 0."""
    if good.is_empty():
        return pl.LazyFrame(schema=_schema(head))
    return _scanned(io.BytesIO(good.str.join("\n").item().encode()), head, skip=0)


def picked(fields: pl.LazyFrame, columns: Mapping[str, int]) -> pl.DataFrame:
    """Take the columns at these positions, under our names."""
    return fields.select(
        **{name: pl.col(str(position)) for name, position in columns.items()}
    ).collect()


def _scanned(text: Path | io.BytesIO, head: Head, *, skip: int) -> pl.LazyFrame:
    return pl.scan_csv(
        text,
        has_header=False,
        skip_lines=skip,
        separator=head.delimiter,
        schema=_schema(head),
        empty_string_is_null=False,
        glob=False,
    )


def _schema(head: Head) -> dict[str, pl.DataType]:
    return {str(i): pl.String() for i in range(len(head.headers))}
