"""The name of a run: its date and a digest of everything it decides from."""

from __future__ import annotations

import functools
import hashlib
import operator
from collections.abc import Iterable
from pathlib import Path

import polars as pl

from targeting.frames import stable_hash
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
        sums = read.summed(source, _row_sums)
        if sums is not None:
            digest.update(source.encode() + b"\0" + _rows_digest(sums))
    return f"{read.as_of.isoformat()}-{digest.hexdigest()[:8]}"


def _rows_digest(sums: pl.DataFrame) -> bytes:
    """Digest the sums of a source's pieces; neither order nor pieces matter."""
    columns, rows = sums.item(0, "columns"), sums["rows"].sum()
    total = sum(sums["total"].to_list()) % 2**64
    odd = functools.reduce(operator.xor, sums["odd"].to_list())
    return hashlib.sha256(f"{columns};{rows};{total};{odd}".encode()).digest()


def _row_sums(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Give one row: the columns, the number of rows, and two sums of their hashes."""
    names = sorted(rows.collect_schema().names())
    # Equal rows cancel in the second, not in the first; sums run over, as they may.
    return rows.select(_row_hash(names).alias("_")).select(
        columns=pl.lit(",".join(names)),
        rows=pl.len().cast(pl.Int64),
        total=pl.col("_").sum(),
        odd=pl.col("_").bitwise_xor().fill_null(0),
    )


def _row_hash(names: Iterable[str]) -> pl.Expr:
    cells = [pl.col(name).cast(pl.String).fill_null("\x00") for name in names]
    return stable_hash("", "row", "", pl.concat_str(cells, separator="\x1f"))
