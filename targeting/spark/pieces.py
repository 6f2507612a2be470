"""Polars frames as rows of a Spark table: one row holds the lines of a bucket of customers.

Polars' own IPC carries every type as it is, so nothing is converted between the two systems; Spark
moves a few large rows instead of many small ones.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import polars as pl

from targeting.frames import CUSTOMER, stable_hash

if TYPE_CHECKING:
    import pyarrow as pa

BUCKET, ORDER, DATA = "bucket", "order", "data"
SCHEMA = "bucket int, `order` long, data binary"
TOLD, NAMELESS = -2, -1  # what a partition tells the driver; lines without a customer

_BUCKET = "bucket:"

Piece = tuple[int, int, bytes]


def packed(frame: pl.DataFrame) -> bytes:
    """Write a frame as bytes."""
    target = io.BytesIO()
    frame.write_ipc(target, compression="lz4")
    return target.getvalue()


def unpacked(data: bytes) -> pl.DataFrame:
    """Read what `packed` wrote."""
    return pl.read_ipc(io.BytesIO(data))


def cut(lines: pl.DataFrame, buckets: int, order: int) -> Iterator[Piece]:
    """Cut purchases by customer: all lines of one are in one bucket, in their order.

    Parameters:
        order: of the piece of the source that the lines are from.
    """
    bucket = pl.lit(NAMELESS, dtype=pl.Int64)
    if CUSTOMER in lines.columns:
        hashed = stable_hash("", "part", "", pl.col(CUSTOMER)) % buckets
        bucket = pl.when(pl.col(CUSTOMER).is_not_null()).then(hashed.cast(pl.Int64))
        bucket = bucket.otherwise(NAMELESS)
    by_bucket = lines.with_columns(bucket.alias(_BUCKET)).partition_by(
        _BUCKET, as_dict=True, include_key=False
    )
    for (number,), part in by_bucket.items():
        yield number, order, packed(part)


def batch(pieces: Iterable[Piece]) -> pa.RecordBatch:
    """Give pieces to Spark."""
    import pyarrow as pa

    numbers, orders, data = zip(*pieces, strict=True)
    columns = [pa.array(numbers, pa.int32()), pa.array(orders, pa.int64())]
    return pa.RecordBatch.from_arrays(
        [*columns, pa.array(data, pa.binary())], names=[BUCKET, ORDER, DATA]
    )


def joined(batches: Iterable[pa.RecordBatch]) -> dict[int, pl.DataFrame]:
    """Put the pieces of each bucket together, in the order of the source."""
    rows = [row for each in batches for row in each.to_pylist()]
    found: dict[int, list[pl.DataFrame]] = {}
    for row in sorted(rows, key=lambda row: (row[BUCKET], row[ORDER])):
        found.setdefault(row[BUCKET], []).append(unpacked(row[DATA]))
    return {number: pl.concat(frames) for number, frames in found.items()}
