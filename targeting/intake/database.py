"""A table or query of a database as a source: its columns, then its rows, whole or in pieces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import polars as pl

from targeting.frames import ROW
from targeting.intake.columnar import refuse_nested
from targeting.intake.database_errors import Asked
from targeting.intake.headers import tidy
from targeting.intake.opened import Cells, Opened, Origin
from targeting.intake.row_digest import row_sums
from targeting.workspace.databases import Address
from targeting.workspace.settings import Source


class Driver(Protocol):
    """Reads a kind of database. Every column has one type, in whatever pieces it is read."""

    def headers(self, asked: Asked, form: Source) -> list[str]:
        """Name the columns of the table or query."""
        ...

    def height(self, asked: Asked, form: Source) -> int:
        """Count its rows."""
        ...

    def answer(self, asked: Asked, form: Source, names: Sequence[str]) -> pl.DataFrame:
        """Read the named columns, in that order."""
        ...

    def pieces(
        self, asked: Asked, form: Source, names: Sequence[str], rows: int
    ) -> Iterator[pl.DataFrame]:
        """Read them so many rows at a time, as they are at one moment; at least one piece."""
        ...


def open_database(origin: Origin, address: Address) -> Opened:
    """Ask for the columns of the table or query; the rows follow when they are asked for.

    Rows are numbered in the order of the answer. Nothing can be written on the way.

    Raises:
        Refused: I001 no such file, I050 no driver, I051 no entry, I052 no such table or query.
        Unreachable: where the server is not there.
    """
    form = origin.form
    content = origin.place("table" if form.table else "query")
    asked = Asked(address, f"source {origin.source}", origin.place("file"), content, "I052")
    driver = _driver(address)
    headers = driver.headers(asked, form)
    table = _Table(origin, asked, driver, headers)
    return Opened(tuple(map(tidy, headers)), table.cells, table.pieces, lambda: table.height)


def _driver(address: Address) -> Driver:
    if address.is_sqlite:
        from targeting.intake import database_sqlite

        return database_sqlite
    from targeting.intake import database_postgresql

    return database_postgresql


@dataclass(frozen=True)
class _Table:
    origin: Origin
    asked: Asked
    driver: Driver
    headers: Sequence[str]

    @cached_property
    def height(self) -> int:
        return self.driver.height(self.asked, self.origin.form)

    def cells(self, columns: Mapping[str, int]) -> Cells:
        frame = self.driver.answer(self.asked, self.origin.form, self._names(columns))
        return self._cells(columns, frame, 0)

    def pieces(self, columns: Mapping[str, int], rows: int) -> Iterator[Cells]:
        before = 0
        for frame in self.driver.pieces(self.asked, self.origin.form, self._names(columns), rows):
            yield self._cells(columns, frame, before)
            before += frame.height

    def _names(self, columns: Mapping[str, int]) -> list[str]:
        return [self.headers[at] for at in columns.values()]

    def _cells(self, columns: Mapping[str, int], frame: pl.DataFrame, before: int) -> Cells:
        frame = frame.rename(dict(zip(frame.columns, columns, strict=True)))
        refuse_nested(self.origin, frame)
        return Cells(frame.with_row_index(ROW, offset=before + 1), sums=row_sums(frame))
