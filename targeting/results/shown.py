"""Frames as people and other systems see them: money in major units."""

from __future__ import annotations

import polars as pl
from polars import selectors

from targeting.workspace.catalogue import Catalogue


def in_words(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Write words for the codes that stand for them."""
    return frame.with_columns(selectors.enum().cast(pl.String))


def shown(customers: pl.LazyFrame, catalogue: Catalogue, digits: int) -> pl.LazyFrame:
    """Bring money columns from minor to major units.

    Sums have the currency's decimals; a mean keeps six, so that a rule's threshold lies on the same
    side of what is shown as of what was compared. Polars divides by a constant through its inverse,
    which can miss the last digit: hence the rounding.
    """
    schema = customers.collect_schema()
    money = {
        name: digits if schema[name].is_integer() else 6
        for name in schema
        if name in catalogue and catalogue[name].type == "money"
    }
    unit = 10**digits
    return customers.with_columns(
        (pl.col(name) / unit).round(places) for name, places in money.items()
    )
