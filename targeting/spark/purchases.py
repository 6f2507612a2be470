"""The purchases that were kept, on Spark's executors; the driver asks for what it needs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from targeting.customers.lines import Lines
from targeting.customers.spending import purchase_lines
from targeting.frames import CUSTOMER
from targeting.intake.spilled import Kernel, Spilled
from targeting.spark.executors import lines_on, table_of_each_partition
from targeting.spark.master import Session
from targeting.spark.pieces import BUCKET, NAMELESS, ORDER, TOLD
from targeting.spark.words import said

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dataclass(frozen=True, kw_only=True)
class SparkPurchases(Spilled):
    """Purchases that wait on Spark instead of on disk.

    Parameters:
        held: rows of `pieces`; all of a bucket of customers are in one partition.
    """

    folder: Path = Path()
    parts: int = 0
    session: Session = field(repr=False)
    held: DataFrame = field(repr=False)

    @classmethod
    def of(
        cls,
        session: Session,
        pieces: DataFrame,
        schema: pl.Schema,
        newest: dt.date | None,
        sums: Mapping[Kernel, pl.DataFrame],
    ) -> SparkPurchases:
        """Shuffle pieces by bucket once, and keep them so on the executors, and only so."""
        from pyspark.sql import functions

        # Lines without a customer may be most of all: they lie anywhere.
        anywhere = functions.expr(f"IF({BUCKET} = {NAMELESS}, {NAMELESS} - `{ORDER}`, {BUCKET})")
        with said():
            kept = pieces.filter(f"{BUCKET} <> {TOLD}")
            held = kept.repartition(session.buckets, anywhere).persist()
            held.count()
            pieces.unpersist()
        return cls(schema=schema, newest=newest, sums=sums, session=session, held=held)

    def lines(self, products: pl.DataFrame | None, wanted: Collection[str]) -> Lines:
        """Give the lines of known customers, the attributes of their products joined on."""
        gone = self.gone

        def join(lines: pl.LazyFrame) -> pl.LazyFrame:
            named = _without(lines, gone)
            return purchase_lines(named, None if products is None else products.lazy())

        named = self.held.filter(f"{BUCKET} > {NAMELESS}")
        empty = pl.DataFrame(schema=self.schema)
        return lines_on(self.session, named, join=join, wanted=wanted, empty=empty)

    def summed(self, kernel: Kernel) -> pl.DataFrame:
        """Make a table of each partition, on its executor: all of them together, in no order."""
        gone = self.gone
        if kernel in self.sums and gone.is_empty():
            return self.sums[kernel]

        def table(lines: pl.DataFrame) -> pl.DataFrame:
            return kernel(_without(lines.lazy(), gone)).collect()

        found = table_of_each_partition(self.session, self.held, table)
        return pl.concat([table(pl.DataFrame(schema=self.schema)), *found])

    def pieces(self) -> Iterator[pl.LazyFrame]:
        """Bring all lines here."""
        yield self.summed(lambda lines: lines).lazy()

    def scan(self, columns: Sequence[str]) -> pl.LazyFrame:
        """Bring some columns of all lines here."""
        return self.summed(lambda lines: lines.select(columns)).lazy()

    def without(self, gone: pl.Series) -> SparkPurchases:
        """Let the lines of these customers count for nobody."""
        return replace(self, gone=gone)

    def customers(self) -> pl.Series:
        """Give the distinct ids, of the forgotten too."""
        if CUSTOMER not in self.schema:
            return pl.Series(CUSTOMER, dtype=pl.String)
        everybody = self.without(self.gone.clear())
        ids = pl.col(CUSTOMER).drop_nulls().unique()  # all lines of one are in one partition
        return everybody.summed(lambda lines: lines.select(ids))[CUSTOMER]


def _without(lines: pl.LazyFrame, gone: pl.Series) -> pl.LazyFrame:
    if gone.is_empty():
        return lines
    theirs = pl.col(CUSTOMER).is_in(gone.implode())
    return lines.with_columns(pl.when(~theirs).then(CUSTOMER).alias(CUSTOMER))
