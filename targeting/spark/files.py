"""Files that executors read, each task a part: Parquet by Spark, others by our own readers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING

import polars as pl

from targeting.frames import ROW
from targeting.intake.found import Found
from targeting.intake.opened import Cells, Stretch, Stretched
from targeting.intake.stretches import settled
from targeting.spark.master import Session

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame

Part = Callable[[Mapping[str, int], int, int], Cells]
Take = Callable[[Iterator["pa.RecordBatch"]], Iterator[Cells]]

_TOGETHER = 2_000_000  # rows that a task judges at once: at work they take about 500 MB


def table_of_parquet(session: Session, found: Found) -> tuple[DataFrame, Take]:
    """Have Spark read the columns that are ours, under our names."""
    table = session.spark.read.parquet(found.origin.path.absolute().as_uri())
    return renamed(table, found.positions), cells_of_spark()


def renamed(table: DataFrame, columns: Mapping[str, int]) -> DataFrame:
    """Take the columns at some positions, under our names; two of theirs may have one name."""
    from pyspark.sql import functions

    numbered = table.toDF(*map(str, range(len(table.columns))))
    return numbered.select(*(functions.col(str(at)).alias(ours) for ours, at in columns.items()))


def cells_of_spark() -> Take:
    """Make cells of what Spark itself has read, so many rows at once: a partition may be large."""
    most = _TOGETHER

    def cells(batches: Iterator[pa.RecordBatch]) -> Iterator[Cells]:
        piece: list[pa.RecordBatch] = []
        for batch in batches:
            piece.append(batch)
            if sum(each.num_rows for each in piece) >= most:
                yield _cells(piece)
                piece = []
        if piece:
            yield _cells(piece)

    return cells


def _cells(batches: list[pa.RecordBatch]) -> Cells:
    import pyarrow as pa

    return Cells(pl.DataFrame(pa.Table.from_batches(batches)).with_row_index(ROW, offset=1))


def stretched(
    session: Session, text: Stretched, columns: Mapping[str, int]
) -> tuple[DataFrame, Take]:
    """Have each task read a stretch of the file; `columns` are positions by our names.

    Spark's own reader of CSV has another idea of quotes, ragged lines and line breaks than the
    local run.
    """
    parts = settled(text.cut(session.buckets), lambda stretches: _goes_on(session, text, stretches))

    def cells(batches: Iterator[pa.RecordBatch]) -> Iterator[Cells]:
        for number in _numbers(batches):  # one, or none where the file has no line
            start, end = parts[number]
            if start < end:
                yield text.cells(columns, parts[number])

    return _numbered(session, len(parts)), cells


def by_place(
    session: Session, part: Part, columns: Mapping[str, int], rows: int
) -> tuple[DataFrame, Take]:
    """Have each task read so many rows of a folder from a place on."""
    parts = session.buckets
    each = max(1, -(-rows // parts))

    def cells(batches: Iterator[pa.RecordBatch]) -> Iterator[Cells]:
        (number,) = _numbers(batches)
        found = part(columns, number * each, each)
        if found.rows:
            yield Cells(found.frame.with_columns(pl.col(ROW) - number * each))

    return _numbered(session, parts), cells


def _goes_on(session: Session, text: Stretched, stretches: Sequence[Stretch]) -> list[int | None]:
    """Have a task say of each stretch where the record begins that it does not end."""

    def work(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        for number in _numbers(batches):
            answer = text.goes_on(stretches[number])
            columns = [pa.array([number], pa.int64()), pa.array([answer], pa.int64())]
            yield pa.RecordBatch.from_arrays(columns, names=["number", "goes_on"])

    table = _numbered(session, len(stretches))
    found = session.map(table, work, "number long, goes_on long").toArrow().to_pylist()
    return [row["goes_on"] for row in sorted(found, key=itemgetter("number"))]


def _numbered(session: Session, parts: int) -> DataFrame:
    """Make a table with one number, from 0, in each partition."""
    return session.spark.range(0, parts, 1, max(1, parts))


def _numbers(batches: Iterator[pa.RecordBatch]) -> list[int]:
    return [number for batch in batches for number in batch.column(0).to_pylist()]
