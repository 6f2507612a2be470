"""Which rows may go to a destination, with their cells made safe for who reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
CONTACT_KEY: Final = (RULE, CUSTOMER)

_Found = tuple[str, str, pl.Series]  # column, reason, rows


def fitted(
    name: str,
    rows: pl.DataFrame,
    destination: Destination,
    fields: Mapping[str, Field],
    shop: Shop,
    key: Sequence[str] = CONTACT_KEY,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Give the destination's columns, with a mark on those kept, and the rows that are not.

    `key`: the columns that name a row among the refused.
    """
    columns = columns_of(rows, destination, fields, shop)
    texts = [c for c in columns.columns if columns[c].dtype == pl.String]
    machine, workbook = destination.read_by == "machine", "xlsx" in destination.formats
    found = list(_unwritable(columns, destination, texts))
    if machine:
        found += [(c, FORMULA, _told(columns, starts_a_formula(c))) for c in texts]
        found.append(("", NOTHING, _empty(columns, destination)))
    else:
        columns = columns.with_columns(defused(c) for c in texts)
    if workbook:
        from targeting.exports.excel import shortened, too_long

        if machine:
            found += [(c, TOO_LONG, _told(columns, too_long(c))) for c in texts]
        else:
            columns = columns.with_columns(shortened(c) for c in texts)
    found += [
        (header, NOTHING, _told(columns, _blank(header, columns.schema[header])))
        for header, form in destination.headers.items()
        if form.required
    ]
    return _sorted_out(name, rows, columns, found, key)


def no_refusals(rows: pl.DataFrame, key: Sequence[str] = CONTACT_KEY) -> pl.DataFrame:
    """Give the table of refused rows, empty."""
    names = ("destination", *key, "column", REASON)
    own = {CUSTOMER: rows.schema[CUSTOMER]} if CUSTOMER in key else {}
    return pl.DataFrame(schema={name: own.get(name, pl.String()) for name in names})


def _unwritable(
    columns: pl.DataFrame, destination: Destination, texts: Sequence[str]
) -> Iterator[_Found]:
    if "csv" in destination.formats:
        encoding = destination.csv.encoding
        yield from ((c, UNWRITABLE, unwritable(columns[c], encoding)) for c in texts)


def _empty(columns: pl.DataFrame, destination: Destination) -> pl.Series:
    """Tell which rows have no value of their own: what stands in every row is none."""
    own = [header for header, form in destination.headers.items() if form.field is not None]
    blank = [_blank(header, columns.schema[header]) for header in own]
    return _told(columns, pl.all_horizontal(blank) if blank else pl.lit(value=False))


def _blank(header: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(header)
    missing = column.is_null()
    return missing | (column.str.strip_chars() == "") if dtype == pl.String else missing


def _told(columns: pl.DataFrame, test: pl.Expr) -> pl.Series:
    return columns.with_columns(test.alias(KEPT))[KEPT]


def _sorted_out(
    name: str,
    rows: pl.DataFrame,
    columns: pl.DataFrame,
    found: Sequence[_Found],
    key: Sequence[str],
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Name the first reason of each row that has one."""
    kept = pl.repeat(value=True, n=rows.height, dtype=pl.Boolean, eager=True)
    refused = [no_refusals(rows, key)]
    for column, reason, bad in found:
        new = bad & kept
        if new.any():
            kept &= ~new
            these = rows.filter(new).select(
                pl.lit(name).alias("destination"),
                *(
                    pl.col(part) if part == CUSTOMER else pl.col(part).cast(pl.String)
                    for part in key
                ),
                pl.lit(column).alias("column"),
                pl.lit(reason).alias(REASON),
            )
            refused.append(these)
    return columns.with_columns(kept.alias(KEPT)), pl.concat(refused).sort(key)
