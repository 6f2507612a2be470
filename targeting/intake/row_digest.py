"""A digest of rows that are in no file: neither their order nor the pieces they come in matter."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import polars as pl

from targeting.frames import ROW, text_hash


def row_sums(cells: pl.DataFrame) -> pl.DataFrame:
    """Give one row: how many rows there are, and two sums of their hashes, which run over.

    Of every row the line of JSON is hashed that has its columns in the frame's order.
    """
    lines = cells.select(line=pl.struct(pl.all().exclude(ROW)).struct.json_encode())
    return lines.select(
        rows=pl.len().cast(pl.Int64),
        one=text_hash("line").sum(),
        other=text_hash("line", seed=1).sum(),
    )


def digest(sums: Sequence[pl.DataFrame]) -> str:
    """Digest rows by the sums of their pieces."""
    added = [sum(pl.concat(sums)[name].to_list()) % 2**64 for name in ("rows", "one", "other")]
    return hashlib.sha256(";".join(map(str, added)).encode()).hexdigest()
