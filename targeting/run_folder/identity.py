"""The name of a run: its date and a digest of everything it decides from."""

from __future__ import annotations

import functools
import hashlib
import operator
from collections.abc import Iterable, Mapping
from pathlib import Path

import polars as pl

from targeting.frames import text_hash
from targeting.intake.accounts import Read


def run_identity(
    read: Read,
    *,
    version: str,
    workspace: Path,
    files: Iterable[str],
    models: str,
) -> str:
    """Make RUN_ID: as_of and 8 hex digits over version, files, models and the clean rows.

    The order of rows does not matter: each row is hashed, and the hashes are added up.
    """
    digest = hashlib.sha256()
    for part in (version, models):
        digest.update(part.encode() + b"\0")
    for name in sorted(files):
        content = hashlib.sha256((workspace / name).read_bytes()).digest()
        digest.update(name.encode() + b"\0" + content)
    for source in sorted(read.sources):
        sums = read.summed(source, row_sums)
        if sums is not None:
            digest.update(source.encode() + b"\0" + _rows_digest(sums))
    return f"{read.as_of.isoformat()}-{digest.hexdigest()[:8]}"


def _rows_digest(sums: pl.DataFrame) -> bytes:
    """Digest the sums of a source's pieces; neither order nor pieces matter."""
    columns, rows = sums.item(0, "columns"), sums["rows"].sum()
    total = sum(sums["total"].to_list()) % 2**64
    odd = functools.reduce(operator.xor, sums["odd"].to_list())
    return hashlib.sha256(f"{columns};{rows};{total};{odd}".encode()).digest()


def row_sums(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Give one row: the columns, the number of rows, and two sums of their hashes."""
    schema = rows.collect_schema()
    names = sorted(schema)
    # Equal rows cancel in the second, not in the first; sums run over, as they may.
    return rows.select(_row_hash({name: schema[name] for name in names}).alias("_")).select(
        columns=pl.lit(",".join(names)),
        rows=pl.len().cast(pl.Int64),
        total=pl.col("_").sum(),
        odd=pl.col("_").bitwise_xor().fill_null(0),
    )


def _row_hash(cells: Mapping[str, pl.DataType]) -> pl.Expr:
    """Add up a row's cells, each times an odd number of its column's, and mix; all may run over."""
    total = _whole(0)
    for name, kind in cells.items():
        own = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") | 1
        total = total + _cell(name, kind) * _whole(own)
    return (total ^ (total // _whole(2**32))) * _whole(_MIXES)


def _cell(name: str, kind: pl.DataType) -> pl.Expr:
    """Give 64 bits for a cell: numbers and days as they are, all else by the hash of its text."""
    cell = pl.col(name)
    if kind.is_float():
        return cell.cast(pl.Float64).reinterpret(dtype=pl.UInt64).fill_null(_MISSING)
    if kind.is_integer() or kind in (pl.Date, pl.Boolean):
        return cell.to_physical().cast(pl.Int64).reinterpret(signed=False).fill_null(_MISSING)
    return text_hash(name).fill_null(_MISSING)


def _whole(number: int) -> pl.Expr:
    return pl.lit(number, dtype=pl.UInt64)


_MISSING = _whole(0xA0761D6478BD642F)
_MIXES = 0xBF58476D1CE4E5B9  # of SplitMix64 (Steele, Lea and Flood 2014)
