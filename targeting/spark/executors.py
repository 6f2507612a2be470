"""Purchase lines of known customers on Spark's executors, each customer's in one bucket."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from targeting.customers.lines import Lines, Part, parted
from targeting.frames import CUSTOMER
from targeting.intake.spilled import Kernel
from targeting.spark.master import Session
from targeting.spark.pieces import joined, packed, unpacked
from targeting.spark.words import said

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame

_TABLE = "data binary"
_PART = "ids binary, lines binary"
_ROWS = 100_000  # in a cell; Spark Connect passes on none of more than 128 MB


@dataclass(frozen=True, kw_only=True)
class SparkLines(Lines):
    """Lines on Spark: kernels travel to them, and rows of one customer each come back.

    Parameters:
        ready: a row a part, as `_packed` writes it.
        narrowed: leaves the customers of a part who are wanted.
        nothing: a part without a line.
    """

    parts: tuple[Part, ...] = ()
    session: Session = field(repr=False)
    ready: DataFrame = field(repr=False)
    narrowed: Callable[[Part], Part] = field(repr=False, default=lambda part: part)
    nothing: Part = field(repr=False)

    def each(self, kernel: Kernel) -> pl.DataFrame:
        """Make a table of rows of one customer each: together, by customer_id."""
        empty = self.nothing.named(kernel(self.nothing.lines))
        tables = self._collected(lambda part: part.named(kernel(part.lines)))
        return pl.concat([empty, *tables]).sort(CUSTOMER, maintain_order=True)

    def sums(self, kernel: Kernel) -> pl.DataFrame:
        """Make a table from every bucket in which no customer is named: all, in no order."""
        empty = kernel(self.nothing.lines).collect().clear()
        return pl.concat([empty, *self._collected(lambda part: kernel(part.lines).collect())])

    def only(self, wanted: pl.DataFrame) -> SparkLines:
        """Keep the customers of a column `customer_id`."""
        before, ids = self.narrowed, wanted.select(CUSTOMER)
        return replace(
            self, narrowed=lambda part: before(part).only(ids), nothing=self.nothing.only(ids)
        )

    def _collected(self, table: Callable[[Part], pl.DataFrame]) -> list[pl.DataFrame]:
        narrowed = self.narrowed

        def made(batches: Iterator[pa.RecordBatch]) -> Iterator[pl.DataFrame]:
            for each in batches:
                for row in each.to_pylist():
                    yield table(narrowed(_unpacked(row)))

        return _tables(self.session, self.ready, made)


def lines_on(
    session: Session,
    buckets: DataFrame,
    *,
    join: Kernel,
    wanted: Collection[str],
    empty: pl.DataFrame,
) -> SparkLines:
    """Join on, part and sort the lines of each bucket once, on the executors, and keep them there.

    Parameters:
        buckets: rows of `pieces`; all of a bucket are in one partition.
        join: gives the attributes of lines.
        wanted: the columns that are read.
        empty: the purchases, without a line.
    """
    kept = tuple(wanted)

    def prepared(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for lines in joined(batches).values():
            yield _packed(parted(join(lines.lazy()), kept))

    nothing = parted(join(empty.lazy()), kept)
    return SparkLines(
        schema=nothing.lines.collect_schema(),
        session=session,
        ready=session.map(buckets, prepared, _PART).persist(),
        nothing=nothing,
    )


def table_of_each_partition(
    session: Session, buckets: DataFrame, table: Callable[[pl.DataFrame], pl.DataFrame]
) -> list[pl.DataFrame]:
    """Have a table made of all lines of each partition, and bring them here."""

    def made(batches: Iterator[pa.RecordBatch]) -> Iterator[pl.DataFrame]:
        if pieces := joined(batches):
            yield table(pl.concat(pieces.values()))

    return _tables(session, buckets, made)


def _tables(
    session: Session,
    source: DataFrame,
    made: Callable[[Iterator[Any]], Iterable[pl.DataFrame]],
) -> list[pl.DataFrame]:
    def work(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for table in made(batches):
            for rows in table.iter_slices(_ROWS):
                yield _row(data=packed(rows))

    with said():
        found = session.map(source, work, _TABLE).toArrow()
    return [unpacked(data) for data in found["data"].to_pylist()]


def _packed(part: Part) -> pa.RecordBatch:
    return _row(ids=packed(part.ids.to_frame()), lines=packed(part.lines.collect()))


def _unpacked(row: Mapping[str, bytes]) -> Part:
    sorted_ = pl.col(CUSTOMER).set_sorted()  # the bytes do not say so
    lines = unpacked(row["lines"]).lazy().with_columns(sorted_)
    return Part(unpacked(row["ids"]).to_series(), lines)


def _row(**cells: bytes) -> pa.RecordBatch:
    import pyarrow as pa

    columns = [pa.array([cell], pa.binary()) for cell in cells.values()]
    return pa.RecordBatch.from_arrays(columns, names=list(cells))
