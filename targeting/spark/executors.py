"""Purchase lines of known customers on Spark's executors, each customer's in one bucket."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import polars as pl

from targeting.customers.lines import Kernel, Lines, Part, parted
from targeting.frames import CUSTOMER
from targeting.spark.master import Session, said
from targeting.spark.pieces import joined, packed, unpacked

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame

_TABLE = "data binary"

Prepare = Callable[[pl.DataFrame], Part]


@dataclass(frozen=True, kw_only=True)
class SparkLines(Lines):
    """Lines on Spark: kernels travel to them, and rows of one customer each come back.

    Parameters:
        buckets: rows of `pieces`; all of a bucket are in one partition.
        prepare: makes a part of a bucket.
        nothing: a part without a line.
    """

    parts: tuple[Part, ...] = ()
    session: Session = field(repr=False)
    buckets: DataFrame = field(repr=False)
    prepare: Prepare = field(repr=False)
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
        before, ids = self.prepare, wanted.select(CUSTOMER)
        return replace(
            self, prepare=lambda lines: before(lines).only(ids), nothing=self.nothing.only(ids)
        )

    def _collected(self, table: Callable[[Part], pl.DataFrame]) -> list[pl.DataFrame]:
        prepare = self.prepare

        def work(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            import pyarrow as pa

            for lines in joined(batches).values():
                data = packed(table(prepare(lines)))
                yield pa.RecordBatch.from_arrays([pa.array([data], pa.binary())], names=["data"])

        with said():
            found = self.session.map(self.buckets, work, _TABLE).toArrow()
        return [unpacked(data) for data in found["data"].to_pylist()]


def lines_on(
    session: Session,
    buckets: DataFrame,
    *,
    join: Kernel,
    wanted: Collection[str],
    empty: pl.DataFrame,
) -> SparkLines:
    """Say how the lines of a bucket are made ready: what is joined on, which columns are kept."""
    kept = tuple(wanted)

    def prepare(lines: pl.DataFrame) -> Part:
        return parted(join(lines.lazy()), kept)

    nothing = prepare(empty)
    return SparkLines(
        schema=nothing.lines.collect_schema(),
        session=session,
        buckets=buckets,
        prepare=prepare,
        nothing=nothing,
    )
