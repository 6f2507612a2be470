"""Which rows may go to a destination, with their cells made safe for who reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import polars as pl

from targeting.exports.cells import defused, starts_a_formula
from targeting.exports.columns import columns_of
from targeting.exports.csv import unwritable
from targeting.frames import CUSTOMER, REASON, RULE
from targeting.workspace.catalogue import Field
from targeting.workspace.destinations import Destination
from targeting.workspace.settings import Shop

# Why a row is kept out of a destination, beside the column: nothing in it was altered.
FORMULA, UNWRITABLE, TOO_LONG, NOTHING = "formula", "encoding", "too_long", "empty"

KEPT: Final = "\x00keep"  # no header can be called so
_REFUSED: Final = ("destination", RULE, CUSTOMER, "column", REASON)


def fitted(
    name: str,
    contacts: pl.DataFrame,
    destination: Destination,
    fields: Mapping[str, Field],
    shop: Shop,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Give the destination's columns, with a mark on those kept, and the rows that are not."""
    columns = columns_of(contacts, destination, fields, shop)
    texts = [c for c in columns.columns if columns[c].dtype == pl.String]
    machine, workbook = destination.read_by == "machine", "xlsx" in destination.formats
    found: list[tuple[str, str, pl.Series]] = []
    if "csv" in destination.formats:
        encoding = destination.csv.encoding
        found += [(c, UNWRITABLE, unwritable(columns[c], encoding)) for c in texts]
    if machine:
        found += [(c, FORMULA, _told(columns, starts_a_formula(c))) for c in texts]
        blank = [pl.col(c).str.strip_chars().fill_null("") == "" for c in texts]
        missing = [pl.col(c).is_null() for c in columns.columns if c not in texts]
        found.append(("", NOTHING, _told(columns, pl.all_horizontal(*blank, *missing))))
    else:
        columns = columns.with_columns(defused(c) for c in texts)
    if workbook:
        from targeting.exports.excel import shortened, too_long

        if machine:
            found += [(c, TOO_LONG, _told(columns, too_long(c))) for c in texts]
        else:
            columns = columns.with_columns(shortened(c) for c in texts)
    return _sorted_out(name, contacts, columns, found)


def _told(columns: pl.DataFrame, test: pl.Expr) -> pl.Series:
    return columns.select(test).to_series()


def _sorted_out(
    name: str,
    contacts: pl.DataFrame,
    columns: pl.DataFrame,
    found: Sequence[tuple[str, str, pl.Series]],
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Name the first reason of each row that has one."""
    kept = pl.repeat(value=True, n=contacts.height, dtype=pl.Boolean, eager=True)
    refused = [no_refusals(contacts)]
    for column, reason, bad in found:
        new = bad & kept
        if new.any():
            kept &= ~new
            rows = contacts.filter(new).select(
                pl.lit(name).alias("destination"),
                pl.col(RULE).cast(pl.String),
                CUSTOMER,
                pl.lit(column).alias("column"),
                pl.lit(reason).alias(REASON),
            )
            refused.append(rows)
    return columns.with_columns(kept.alias(KEPT)), pl.concat(refused).sort(RULE, CUSTOMER)


def no_refusals(contacts: pl.DataFrame) -> pl.DataFrame:
    """Give the table of refused rows, empty."""
    types = dict.fromkeys(_REFUSED, pl.String) | {CUSTOMER: contacts.schema[CUSTOMER]}
    return pl.DataFrame(schema={name: types[name] for name in _REFUSED})
