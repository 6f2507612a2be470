"""Customers taken out of all by their places: every page is read once, for however many uses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat

import polars as pl

from targeting.behind import abreast
from targeting.customers.held import Rows, Shelf, pages_of, starts_of


@dataclass(frozen=True)
class Taken:
    """Some customers with all their fields.

    Parameters:
        rows: row by row for `places`.
        places: they rise; None: all customers are there.
    """

    rows: pl.LazyFrame
    places: pl.Series | None = None

    def of(self, places: pl.Series) -> pl.DataFrame:
        """Give the customers at places among these, row for row."""
        at = places if self.places is None else self.places.search_sorted(places)
        return self.rows.collect()[at]


def taken(
    customers: Rows, wanted: Sequence[pl.Series], shelf: Shelf | None = None, name: str = "taken"
) -> Iterator[Taken]:
    """Take the customers at places, which may come several times, for each of several uses.

    `name`: under which they are held, where they are on disk.
    """
    if shelf is None or shelf.folder is None:
        return repeat(Taken(customers.lazy()), len(wanted))
    places = [each.unique().sort() for each in wanted]
    return map(Taken, _held(pages_of(customers), places, shelf, name), places)


def _held(
    pages: Iterator[pl.LazyFrame], places: Sequence[pl.Series], shelf: Shelf, name: str
) -> list[pl.LazyFrame]:
    """Hold for each use what it takes of each page."""
    held = [*pages]
    starts = starts_of(held).tolist()

    def parted(number: int) -> list[pl.LazyFrame]:
        page, start, end = held[number].collect(), starts[number], starts[number + 1]
        kept = []
        for use, each in enumerate(places):
            first = each.search_sorted(start, side="left")
            here = each[first : each.search_sorted(end, side="left")]
            kept.append(shelf.keep(f"{name} {use}", number, page[here - start]))
        return kept

    by_page = [*abreast(parted, range(len(held)))]
    return [pl.concat(pieces) for pieces in zip(*by_page, strict=True)]
