"""The name of a run: its date and a digest of everything it decides from."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import polars as pl

from targeting.frames import stable_hash
from targeting.workspace.columns import SourceName


def run_identity(
    as_of: dt.date,
    *,
    version: str,
    workspace: Path,
    files: Iterable[str],
    models: str,
    sources: Mapping[SourceName, Iterable[pl.DataFrame]],
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
    for name in sorted(sources):
        digest.update(name.encode() + b"\0" + _rows_digest(sources[name]))
    return f"{as_of.isoformat()}-{digest.hexdigest()[:8]}"


def _rows_digest(pieces: Iterable[pl.DataFrame]) -> bytes:
    """Digest rows that come in pieces of the same columns; neither order nor pieces matter."""
    columns, rows, total, odd = "", 0, 0, 0
    for piece in pieces:
        columns = ",".join(sorted(piece.columns))
        if piece.height:
            hashed = piece.lazy().select(_row_hash(piece.columns).alias("_"))
            # Equal rows cancel in the second, not in the first; sums run over, as they may.
            sums = hashed.select(total=pl.col("_").sum(), odd=pl.col("_").bitwise_xor()).collect()
            rows += piece.height
            total = (total + int(sums.item(0, "total"))) % 2**64
            odd ^= int(sums.item(0, "odd"))
    return hashlib.sha256(f"{columns};{rows};{total};{odd}".encode()).digest()


def _row_hash(columns: Iterable[str]) -> pl.Expr:
    cells = [pl.col(name).cast(pl.String).fill_null("\x00") for name in sorted(columns)]
    return stable_hash("", "row", "", pl.concat_str(cells, separator="\x1f"))
