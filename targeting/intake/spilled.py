"""Purchases that wait on disk, parted by customer, because they are too many for the memory."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from targeting.frames import CUSTOMER, stable_hash

NAMELESS = "nameless"
# A row of purchases in work, beside its cleaned form: measured on 20,000,000 rows of six columns.
BYTES_A_ROW = 250
_PIECES = 4  # pieces of this many fit into the memory: one in work, its copies, the rest of the job


def part_of(parts: int) -> pl.Expr:
    """Say in which of so many parts a customer is; null for nobody."""
    hashed = stable_hash("", "part", "", pl.col(CUSTOMER)) % parts
    return pl.when(pl.col(CUSTOMER).is_not_null()).then(hashed)


@dataclass(frozen=True)
class Budget:
    """How much memory purchases may take, and where they wait on disk meanwhile."""

    memory: int  # bytes
    folder: Path

    @property
    def rows(self) -> int:
        """How many rows may be in work at a time."""
        return max(1_000, self.memory // BYTES_A_ROW // _PIECES)

    def takes(self, rows: int) -> bool:
        """Say whether so many rows fit into the memory whole."""
        return rows * BYTES_A_ROW <= self.memory


@dataclass(frozen=True)
class Spilled:
    """The purchases that were kept, on disk; each customer's stand in one part, in their order.

    `gone`: customers whose lines count for nobody (they were forgotten).
    """

    folder: Path
    schema: pl.Schema
    parts: int
    newest: dt.date | None  # the day of the newest purchase
    gone: pl.Series = field(default_factory=lambda: pl.Series(CUSTOMER, dtype=pl.String))

    def part(self, number: int) -> pl.LazyFrame:
        """Give the lines of the customers of one part."""
        lines = self._scan(f"{number:04}")
        if self.gone.is_empty():
            return lines
        theirs = pl.col(CUSTOMER).is_in(self.gone.implode())
        return lines.with_columns(pl.when(~theirs).then(CUSTOMER).alias(CUSTOMER))

    def pieces(self) -> Iterator[pl.LazyFrame]:
        """Give all lines, a part at a time; those without a customer are the last."""
        for number in range(self.parts):
            yield self.part(number)
        yield self._scan(NAMELESS)

    def summed(self, kernel: Callable[[pl.LazyFrame], pl.LazyFrame]) -> pl.DataFrame:
        """Make a table of each piece, where the piece is: all of them together, in no order."""
        return pl.concat([kernel(piece).collect(engine="streaming") for piece in self.pieces()])

    def without(self, gone: pl.Series) -> Spilled:
        """Let the lines of these customers count for nobody."""
        return replace(self, gone=gone)

    def nameless(self) -> int:
        """Count the lines without a customer."""
        nobody = pl.col(CUSTOMER).is_null().sum() if CUSTOMER in self.schema else pl.len()
        return int(self.summed(lambda lines: lines.select(nobody.alias("lines")))["lines"].sum())

    def customers(self) -> pl.Series:
        """Give the distinct ids, of the forgotten too."""
        if CUSTOMER not in self.schema:
            return pl.Series(CUSTOMER, dtype=pl.String)
        ids = [
            self._scan(f"{number:04}").select(pl.col(CUSTOMER).unique()).collect()
            for number in range(self.parts)
        ]
        return pl.concat([pl.DataFrame(schema={CUSTOMER: pl.String}), *ids])[CUSTOMER]

    def _scan(self, name: str) -> pl.LazyFrame:
        folder = self.folder / name
        if not folder.is_dir():
            return pl.LazyFrame(schema=self.schema)
        return pl.scan_parquet(sorted(folder.glob("*.parquet")), glob=False)
