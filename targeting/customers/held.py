"""Tables of one row a customer, held in memory or, where they would not fit, on disk in pages.

A step of a night asks for the columns it reads, or works page by page: then it need not know.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from targeting.behind import abreast
from targeting.frames import CUSTOMER

# Rows of a page that stands in the order of ids: few enough that one is small beside the libraries.
PAGE = 2**18


class Columns(Protocol):
    """One row a customer, in an order that does not change; a frame of Polars is one."""

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        ...

    @property
    def schema(self) -> pl.Schema:
        """The names and types of the columns."""
        ...

    @property
    def height(self) -> int:
        """How many rows there are."""
        ...

    def __getitem__(self, name: str, /) -> pl.Series:
        """Give a column."""
        ...


class Rows(Columns, Protocol):
    """One row a customer, sorted by customer_id; a frame of Polars is one."""

    def select(self, *names: str) -> pl.DataFrame:
        """Give a few columns."""
        ...

    def lazy(self) -> pl.LazyFrame:
        """Give all columns, to be read when they are needed."""
        ...


@dataclass(frozen=True)
class Shelf:
    """Where pages are held: in a folder, or in memory."""

    folder: Path | None = None

    def keep(self, name: str, number: int, page: pl.DataFrame) -> pl.LazyFrame:
        """Hold a page of a table; one of the same name and number is written over."""
        if self.folder is None:
            return page.rechunk().lazy()  # rows are gathered many times faster from one chunk
        path = self.folder / name / f"{number:04}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        page.write_parquet(path, compression="lz4", statistics=False, row_group_size=2**15)
        return pl.scan_parquet(path, glob=False)

    def keep_all(
        self, name: str, rows: pl.DataFrame, kernel: Callable[[pl.DataFrame], pl.DataFrame]
    ) -> tuple[pl.LazyFrame, ...]:
        """Hold what is made of rows, on disk in pages."""
        at_once = PAGE if self.folder is not None else max(1, rows.height)
        pages = rows.iter_slices(at_once) if rows.height else (rows,)
        return tuple(self.keep(name, number, kernel(page)) for number, page in enumerate(pages))


@dataclass(frozen=True)
class Table:
    """One row a customer, held page by page; columns come sorted by customer_id.

    Parameters:
        pages: each sorted by customer_id.
        order: which row, counted page after page, stands at each place; None: they stand so.
    """

    pages: tuple[pl.LazyFrame, ...]
    schema: pl.Schema
    height: int
    order: pl.Series | None = None

    @classmethod
    def of(cls, frame: pl.DataFrame) -> Table:
        """Hold a frame, sorted by customer_id, as it is."""
        return cls((frame.lazy(),), frame.schema, frame.height)

    @classmethod
    def parted(cls, pages: Iterable[pl.LazyFrame]) -> Table:
        """Find the order of ids over pages that each hold other customers."""
        held = tuple(pages)
        schema = held[0].collect_schema()
        if len(held) == 1:
            return cls(held, schema, held[0].select(pl.len()).collect().item())
        ids = pl.concat([page.select(CUSTOMER) for page in held]).collect()
        order = ids.select(pl.col(CUSTOMER).arg_sort()).to_series()
        return cls(held, schema, ids.height, order)

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return self.schema.names()

    def __getitem__(self, name: str) -> pl.Series:
        """Give a column, in the order of ids."""
        return self.select(name)[name]

    def select(self, *names: str) -> pl.DataFrame:
        """Give a few columns, in the order of ids."""
        found = pl.concat([page.select(names) for page in self.pages]).collect()
        if self.order is None:
            return found
        return found.select(pl.all().gather(self.order))

    def lazy(self) -> pl.LazyFrame:
        """Give all columns, in the order of ids."""
        if self.order is None:
            return pl.concat(self.pages)
        return self.select(*self.columns).lazy()

    def rows(self, wanted: pl.DataFrame) -> pl.DataFrame:
        """Give the customers of a column customer_id, in the order of ids."""
        ids = wanted.lazy().select(CUSTOMER)
        found = [
            page.join(ids, on=CUSTOMER, how="semi", maintain_order="left") for page in self.pages
        ]
        return pl.concat(found).collect().sort(CUSTOMER)

    def frames(self) -> Iterator[pl.DataFrame]:
        """Give a page after the other."""
        for page in self.pages:
            yield page.collect()

    def each(
        self, shelf: Shelf, name: str, kernel: Callable[[pl.DataFrame], pl.DataFrame]
    ) -> Table:
        """Make a table of the same customers, a page at a time."""

        def kept(numbered: tuple[int, pl.LazyFrame]) -> pl.LazyFrame:
            number, page = numbered
            return shelf.keep(name, number, kernel(page.collect()))

        made = tuple(abreast(kept, enumerate(self.pages)))
        return Table(made, made[0].collect_schema(), self.height, self.order)

    def in_order(self, shelf: Shelf, name: str) -> Table:
        """Hold the same rows in pages that follow each other in the order of ids."""
        if self.order is None:
            return self
        if not self.height:
            return Table(self.pages[:1], self.schema, 0)
        order, starts = self.order, starts_of(self.pages)

        def kept(number: int) -> pl.LazyFrame:
            """Put a page together from the slices that the sorted pages give it."""
            wanted = order.slice(number * PAGE, PAGE).to_numpy()
            found = _slices(self.pages, starts, wanted)
            slices = [page.slice(first, count) for page, first, count in found]
            return shelf.keep(name, number, pl.concat(slices).collect().sort(CUSTOMER))

        pages = tuple(abreast(kept, range(math.ceil(self.height / PAGE))))
        return Table(pages, self.schema, self.height)


def starts_of(pages: Sequence[pl.LazyFrame]) -> npt.NDArray[np.int64]:
    """Give how many rows stand before each page, and how many there are."""
    heights = pl.collect_all([page.select(pl.len()) for page in pages])
    return np.concatenate([[0], np.cumsum([each.item() for each in heights])]).astype(np.int64)


def _slices(
    pages: Sequence[pl.LazyFrame],
    starts: npt.NDArray[np.int64],
    wanted: npt.NDArray[np.uint32],
) -> Iterator[tuple[pl.LazyFrame, int, int]]:
    """Say which rows of each page are wanted: neighbours, since pages are sorted as the whole."""
    page_of = np.searchsorted(starts, wanted, side="right") - 1
    for number, page in enumerate(pages):
        mine = wanted[page_of == number]
        if mine.size:
            yield page, int(mine.min() - starts[number]), mine.size


def pages_of(rows: Rows) -> Iterator[pl.LazyFrame]:
    """Give what is held together, in order: few rows at a time, or all."""
    yield from rows.pages if isinstance(rows, Table) and rows.order is None else (rows.lazy(),)


@dataclass(frozen=True)
class Chosen:
    """Some rows of a table, a column at a time."""

    table: Columns
    flags: pl.Series

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return self.table.columns

    @property
    def schema(self) -> pl.Schema:
        """The names and types of the columns."""
        return self.table.schema

    @property
    def height(self) -> int:
        """How many rows are chosen."""
        return int(self.flags.sum())

    def __getitem__(self, name: str) -> pl.Series:
        """Give a column of the chosen rows."""
        return self.table[name].filter(self.flags)
