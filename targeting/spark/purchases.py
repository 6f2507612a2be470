"""The purchases that were kept, on Spark's executors; the driver asks for what it needs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from targeting.customers.lines import Lines
from targeting.customers.spending import purchase_lines
from targeting.frames import CUSTOMER
from targeting.intake.spilled import Spilled
from targeting.spark.executors import lines_on
from targeting.spark.master import Session, said
from targeting.spark.pieces import BUCKET, DATA, NAMELESS, ORDER, unpacked

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dataclass(frozen=True, kw_only=True)
class SparkPurchases(Spilled):
    """Purchases that wait on Spark instead of on disk.

    Parameters:
        pieces_of: rows of `pieces`, as they were read; Spark makes a lost one again.
        buckets: those with a customer, all of a bucket in one partition.
    """

    folder: Path = Path()
    parts: int = 0
    session: Session = field(repr=False)
    pieces_of: DataFrame = field(repr=False)
    buckets: DataFrame = field(repr=False)

    @classmethod
    def held(
        cls, session: Session, pieces: DataFrame, schema: pl.Schema, newest: dt.date | None
    ) -> SparkPurchases:
        """Shuffle pieces by bucket once, and keep them so on the executors."""
        with said():
            named = pieces.filter(f"{BUCKET} > {NAMELESS}")
            buckets = named.repartition(session.buckets, BUCKET).persist()
        return cls(schema=schema, newest=newest, session=session, pieces_of=pieces, buckets=buckets)

    def lines(self, products: pl.DataFrame | None, wanted: Collection[str]) -> Lines:
        """Give the lines of known customers, the attributes of their products joined on."""
        gone = self.gone

        def join(lines: pl.LazyFrame) -> pl.LazyFrame:
            named = _without(lines, gone)
            return purchase_lines(named, None if products is None else products.lazy())

        empty = pl.DataFrame(schema=self.schema)
        return lines_on(self.session, self.buckets, join=join, wanted=wanted, empty=empty)

    def pieces(self) -> Iterator[pl.LazyFrame]:
        """Give all lines: they are brought to the driver once."""
        yield _without(self._all.lazy(), self.gone)

    @cached_property
    def _all(self) -> pl.DataFrame:
        with said():
            found = self.pieces_of.filter(f"{BUCKET} >= {NAMELESS}").select(BUCKET, ORDER, DATA)
            rows = found.toArrow().to_pylist()
        rows.sort(key=lambda row: (row[BUCKET] == NAMELESS, row[BUCKET], row[ORDER]))
        return pl.concat([pl.DataFrame(schema=self.schema), *(unpacked(row[DATA]) for row in rows)])

    def without(self, gone: pl.Series) -> SparkPurchases:
        """Let the lines of these customers count for nobody."""
        return replace(self, gone=gone)

    def customers(self) -> pl.Series:
        """Give the distinct ids, of the forgotten too."""
        if CUSTOMER not in self.schema:
            return pl.Series(CUSTOMER, dtype=pl.String)
        empty = pl.DataFrame(schema=self.schema)
        lines = lines_on(
            self.session, self.buckets, join=lambda lines: lines, wanted=(), empty=empty
        )
        return lines.each(lambda part: part.select(pl.col(CUSTOMER).unique()))[CUSTOMER]


def _without(lines: pl.LazyFrame, gone: pl.Series) -> pl.LazyFrame:
    if gone.is_empty():
        return lines
    theirs = pl.col(CUSTOMER).is_in(gone.implode())
    return lines.with_columns(pl.when(~theirs).then(CUSTOMER).alias(CUSTOMER))
