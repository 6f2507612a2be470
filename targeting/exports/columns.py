"""From contacts to the columns that one destination asks for, and no others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

from targeting.exports.normal import kept_where, normalised, sha256
from targeting.workspace.catalogue import Field
from targeting.workspace.destinations import ColumnForm, Destination
from targeting.workspace.settings import Shop

MOST_DECIMALS: Final = 6  # of a number that says no decimals: what scores are rounded to
_WIDEST: Final = 38  # digits of a Decimal
_LARGE: Final = 1e15


def columns_of(
    contacts: pl.DataFrame, destination: Destination, fields: Mapping[str, Field], shop: Shop
) -> pl.DataFrame:
    """Give one column a header, row for row as in contacts.

    Numbers and dates keep their type, all else is text: yes/no, lists joined by ", ". Columns that
    say `value`, `dates`, `normalise` or `hash` are text. Missing stays missing, and so does NaN or
    infinity.
    """
    found = []
    for header, form in destination.headers.items():
        if form.field is None:
            values = pl.repeat(form.value, contacts.height, dtype=pl.String, eager=True)
        else:
            values = contacts[form.field]
        column = _column(values, form, decimals_of(form, fields, shop), shop)
        found.append(column.rename(header))
    return pl.DataFrame(found)


def decimals_of(form: ColumnForm, fields: Mapping[str, Field], shop: Shop) -> int | None:
    """Say how many decimals a column always shows: its own, else money's, else None."""
    if form.decimals is not None:
        return form.decimals
    field = fields.get(form.field or "")
    return shop.minor_digits if field is not None and field.type == "money" else None


def as_text(column: pl.Series, decimals: int | None) -> pl.Series:
    """Spell numbers and dates plainly: 1234.50, 0.031, 3, 2026-11-24; no exponents."""
    dtype = column.dtype
    if not dtype.is_numeric() or (dtype.is_integer() and not decimals):
        return column.cast(pl.String)
    shown = MOST_DECIMALS if decimals is None else min(decimals, 12)
    exact = column if dtype.is_decimal() else column.cast(pl.Float64).round(shown)
    text = exact.cast(pl.Decimal(_WIDEST, shown), strict=False).cast(pl.String)
    text = text.fill_null(column.cast(pl.String))  # too large for a Decimal: as it is
    if decimals is None:
        whole = exact.cast(pl.Decimal(_WIDEST, 0), strict=False)
        large = exact.abs() >= _LARGE  # no fractions there, and digits that a float does not have
        text = text.zip_with(~large.fill_null(value=False), whole.cast(pl.String) + ".")
        text = text.str.strip_chars_end("0").str.strip_chars_end(".")
    return text.replace(_NEGATIVE_ZEROS, _ZEROS)


def _column(values: pl.Series, form: ColumnForm, decimals: int | None, shop: Shop) -> pl.Series:
    """Bring one column to its form: plain, then normalised, then hashed."""
    column = _plain(values, form)
    if form.normalise is None and form.hash is None:
        if column.dtype.is_float() and decimals is not None:
            return column.round(decimals)
        return column
    text = as_text(column, decimals)
    if form.normalise is not None:
        text = normalised(text, form.normalise, shop.region)
    return text if form.hash is None else sha256(text)


def _plain(values: pl.Series, form: ColumnForm) -> pl.Series:
    dtype = values.dtype
    if dtype == pl.Boolean:
        yes, no = form.yes_no
        return values.replace_strict({True: yes, False: no}, return_dtype=pl.String)
    if isinstance(dtype, pl.List):
        return values.list.eval(pl.element().cast(pl.String)).list.join(", ", ignore_nulls=True)
    if dtype.is_float():
        return kept_where(values, values.is_finite())
    if dtype == pl.Date and form.dates is not None:
        return values.dt.strftime(form.dates)
    if dtype.is_numeric() or dtype == pl.Date:
        return values
    return values.cast(pl.String)


_ZEROS: Final = ["0", *("0." + "0" * n for n in range(1, 13))]
_NEGATIVE_ZEROS: Final = ["-" + zero for zero in _ZEROS]
