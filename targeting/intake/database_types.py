"""PostgreSQL's types as ours, from the text that its COPY gives."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Final

import polars as pl

# The ids of types that every PostgreSQL has (pg_type.dat).
_BOOLEAN, _DATE, _MOMENT, _ZONED, _NUMERIC = 16, 1082, 1114, 1184, 1700
_WHOLE: Final = (20, 21, 23)
_FLOAT: Final = (700, 701)
_WIDEST: Final = 38  # digits of a Decimal


def typed(data: io.BytesIO, types: Sequence[int], nested: set[int]) -> pl.DataFrame:
    """Type the rows of a COPY by their type ids; the first column is not ours.

    The columns are called by their positions, from 1. Nested ones become lists, to be refused.
    """
    schema = {str(at): pl.String() for at in range(len(types))}
    if not data.getbuffer().nbytes:
        texts = pl.DataFrame(schema=schema)
    else:
        texts = pl.read_csv(data, has_header=False, schema=schema)
    return texts.select(
        _column(texts[str(at)], oid, nested=oid in nested) for at, oid in enumerate(types) if at
    )


def _column(text: pl.Series, oid: int, *, nested: bool) -> pl.Series:
    """Type one column by the server's type; it stays text where a value has no place in ours."""
    if nested:
        return text.cast(pl.List(pl.String))
    if oid == _BOOLEAN:
        return text == "t"
    if oid in _WHOLE:
        return text.cast(pl.Int64)
    if oid in _FLOAT:
        return text.cast(pl.Float64)
    if oid == _NUMERIC:
        return _exact(text)
    if oid in _DAYS:
        return _all_or_text(text, text.to_frame("cell").select(_DAYS[oid]).to_series())
    return text


_CELL: Final = pl.col("cell").str
_DAYS: Final = {
    _DATE: _CELL.to_date("%Y-%m-%d", strict=False),
    _MOMENT: _CELL.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False),
    _ZONED: _CELL.to_datetime(
        "%Y-%m-%d %H:%M:%S%.f%#z", time_unit="us", time_zone="UTC", strict=False
    ),
}


def _exact(text: pl.Series) -> pl.Series:
    """Make decimals of numerics, with as many places as any of them has; else floats."""
    places = text.str.extract(r"\.(\d+)$").str.len_bytes().max()
    scale = places if isinstance(places, int) else 0
    if scale <= _WIDEST:
        exact = text.cast(pl.Decimal(_WIDEST, scale), strict=False)
        if exact.null_count() == text.null_count():
            return exact
    return text.cast(pl.Float64)


def _all_or_text(text: pl.Series, typed: pl.Series) -> pl.Series:
    return typed if typed.null_count() == text.null_count() else text
