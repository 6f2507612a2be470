"""Values, refusals and outcomes in words that can be read out on the telephone."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable
from typing import Any

import polars as pl

from targeting.rules.model import Line, Rule, fields_read
from targeting.rules.say import title_of
from targeting.workspace.catalogue import Field

MISSING = "missing"


def shown_value(field: Field, minor: int) -> pl.Expr:
    """Show a field of a row, money in minor units, as people write it; missing is a word, too.

    Finer than in a list's `because`: a number that misses its threshold must not look like it.
    """
    column = pl.col(field.name)
    match field.type:
        case "money":
            text = _number((column / minor).round(2))
        case "number":
            text = _number(column.cast(pl.Float64).round(4))
        case "list":
            text = pl.when(column.list.len() > 0).then(column.list.join(", ")).otherwise(None)
            text = pl.when(column.list.len() == 0).then(pl.lit("none")).otherwise(text)
        case "yes/no":
            text = column.replace_strict({True: "yes", False: "no"}, return_dtype=pl.String)
        case _:
            text = column.cast(pl.String)
    return text.fill_null(MISSING)


def shown_fields(line: Line, minor: int) -> pl.Expr:
    """Show what one line looks at: the value; with their names where it looks at several."""
    fields = fields_read((line.condition,))
    if len(fields) == 1:
        return shown_value(next(iter(fields.values())), minor)
    parts = [
        pl.concat_str(pl.lit(f"{title_of(field)} "), shown_value(field, minor))
        for field in fields.values()
    ]
    return pl.concat_str(parts, separator=", ") if parts else pl.lit("")


def plain(value: Any) -> Any:
    """Give a saved value as JSON has it; a date as text, NaN as missing."""
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, float) and math.isnan(value):
        return None
    return value


def days_of(rule: Rule) -> str:
    """Say when a rule is active; empty where it always is."""
    since = f"from {rule.active_from}" if rule.active_from else ""
    until = f"until {rule.active_until}" if rule.active_until else ""
    return " ".join(part for part in (since, until) if part)


def joined(words: Iterable[str]) -> str:
    """Join words with commas, and `and` before the last."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def amount(number: Any) -> str:
    """Write a number with a comma before each group of three digits."""
    text = f"{number:,f}" if not isinstance(number, int) else f"{number:,}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _number(number: pl.Expr) -> pl.Expr:
    """Write a number without an exponent, with commas, without zeros at the end."""
    whole = number.abs().floor().cast(pl.Int64, strict=False).cast(pl.String)
    grouped = whole.str.reverse().str.replace_all(r"(\d{3})", "${1},").str.reverse()
    grouped = grouped.str.strip_chars_start(",")
    rest = (number.abs() - number.abs().floor()).mul(10_000).round(0).cast(pl.Int64)
    decimals = rest.cast(pl.String).str.zfill(4).str.strip_chars_end("0")
    sign = pl.when(number < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    point = pl.when(decimals != "").then(pl.lit(".")).otherwise(pl.lit(""))
    return pl.concat_str(sign, grouped, point, decimals)
