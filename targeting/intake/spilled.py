"""Purchases that wait on disk, parted by customer, because they are too many for the memory."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import polars as pl

from targeting.frames import CUSTOMER, text_hash

ENDING: Final = ".arrow"
NAMELESS = "nameless"
# A row of purchases in work, beside its cleaned form: measured on 20,000,000 rows of six columns.
BYTES_A_ROW = 250
_SEED = 2  # not that by which customers are grouped within a part
_PART = "part:"  # no column of ours has a colon
Kernel = Callable[[pl.LazyFrame], pl.LazyFrame]

_PIECES = 4  # pieces of this many fit into the memory: one in work, its copies, the rest of the job


def part_of(parts: int) -> pl.Expr:
    """Say in which of so many parts a customer is; null for nobody."""
    hashed = (text_hash(CUSTOMER, seed=_SEED) % parts).cast(pl.UInt32)
    return pl.when(pl.col(CUSTOMER).is_not_null()).then(hashed)


@dataclass(frozen=True)
class Budget:
    """How much memory purchases may take, and where they wait on disk meanwhile.

    `sums` will be asked of all purchases: they are made while these are in memory anyhow.
    """

    memory: int  # bytes
    folder: Path
    sums: tuple[Kernel, ...] = ()

    @property
    def rows(self) -> int:
        """How many rows may be in work at a time."""
        return max(1_000, self.memory // BYTES_A_ROW // _PIECES)

    def takes(self, rows: int) -> bool:
        """Say whether so many rows fit into the memory whole."""
        return rows * BYTES_A_ROW <= self.memory


def put(rows: pl.DataFrame, path: Path) -> None:
    """Write rows nearly as they lie in memory, and the folders to them: each is read once or twice.

    Packed by lz4 they take a quarter of the room, which a disk has to take and to give back, and
    are written in two thirds of the time of Parquet.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    rows.write_ipc(path, compression="lz4")


def scan(paths: Iterable[Path]) -> pl.LazyFrame:
    """Give rows of files with the same columns."""
    return pl.scan_ipc(list(paths), glob=False)


def nameless(lines: pl.LazyFrame) -> pl.LazyFrame:
    """Count the lines without a customer, one row a piece."""
    named = CUSTOMER in lines.collect_schema()
    return lines.select((pl.col(CUSTOMER).is_null().sum() if named else pl.len()).alias("lines"))


def tables_of(kernels: Iterable[Kernel], rows: pl.DataFrame) -> list[pl.DataFrame]:
    """Make the table of each kernel from a piece of purchases."""
    return [kernel(rows.lazy()).collect() for kernel in kernels]


def added_up(
    kernels: Iterable[Kernel], pieces: Iterable[Sequence[pl.DataFrame]]
) -> dict[Kernel, pl.DataFrame]:
    """Put together what `tables_of` made of each piece."""
    return {
        kernel: pl.concat(tables)
        for kernel, tables in zip(kernels, zip(*pieces, strict=True), strict=True)
    }


def put_aside(rows: pl.DataFrame, folder: Path, parts: int, piece: int) -> None:
    """Write rows to the folders of their customers' parts; each piece has files of its own."""
    part = part_of(parts) if CUSTOMER in rows.columns else pl.lit(None, dtype=pl.UInt32)
    placed = rows.with_columns(part.alias(_PART)).rechunk()
    by_part = placed.partition_by(_PART, as_dict=True, include_key=False)
    for (number,), own in by_part.items():
        name = NAMELESS if number is None else f"{number:04}"
        put(own, folder / name / f"{piece:05}{ENDING}")


@dataclass(frozen=True)
class Aside:
    """Rows on disk; those of one customer stand in one part, in their order."""

    folder: Path
    schema: pl.Schema
    parts: int

    def part(self, number: int) -> pl.LazyFrame:
        """Give the rows of the customers of one part."""
        return self._scan(f"{number:04}")

    def pieces(self) -> Iterator[pl.LazyFrame]:
        """Give all rows, a part at a time; those without a customer are the last."""
        for number in range(self.parts):
            yield self.part(number)
        yield self._scan(NAMELESS)

    def summed(self, kernel: Kernel) -> pl.DataFrame:
        """Make a table of each piece, where the piece is: all of them together, in no order."""
        return pl.concat([kernel(piece).collect(engine="streaming") for piece in self.pieces()])

    def _scan(self, name: str) -> pl.LazyFrame:
        folder = self.folder / name
        if not folder.is_dir():
            return pl.LazyFrame(schema=self.schema)
        return scan(sorted(folder.glob(f"*{ENDING}")))


@dataclass(frozen=True)
class Spilled(Aside):
    """The purchases that were kept.

    `sums`: what was made of them while they were read. `gone`: customers whose lines count for
    nobody (they were forgotten).
    """

    newest: dt.date | None  # the day of the newest purchase
    sums: Mapping[Kernel, pl.DataFrame] = field(default_factory=dict)
    gone: pl.Series = field(default_factory=lambda: pl.Series(CUSTOMER, dtype=pl.String))

    def part(self, number: int) -> pl.LazyFrame:
        """Give the lines of the customers of one part."""
        lines = super().part(number)
        if self.gone.is_empty():
            return lines
        theirs = pl.col(CUSTOMER).is_in(self.gone.implode())
        return lines.with_columns(pl.when(~theirs).then(CUSTOMER).alias(CUSTOMER))

    def summed(self, kernel: Kernel) -> pl.DataFrame:
        """Make a table of each piece, which may be another piece than of `pieces`."""
        if kernel in self.sums and self.gone.is_empty():
            return self.sums[kernel]
        return super().summed(kernel)

    def scan(self, columns: Sequence[str]) -> pl.LazyFrame:
        """Give some columns of all lines, to be read anew whenever they are asked for."""
        return pl.concat(piece.select(columns) for piece in self.pieces())

    def without(self, gone: pl.Series) -> Spilled:
        """Let the lines of these customers count for nobody."""
        return replace(self, gone=gone)

    def nameless(self) -> int:
        """Count the lines without a customer."""
        return int(self.summed(nameless)["lines"].sum())

    def customers(self) -> pl.Series:
        """Give the distinct ids, of the forgotten too."""
        if CUSTOMER not in self.schema:
            return pl.Series(CUSTOMER, dtype=pl.String)
        ids = [
            self._scan(f"{number:04}").select(pl.col(CUSTOMER).unique()).collect()
            for number in range(self.parts)
        ]
        return pl.concat([pl.DataFrame(schema={CUSTOMER: pl.String}), *ids])[CUSTOMER]
