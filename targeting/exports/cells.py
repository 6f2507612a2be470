"""What makes a cell dangerous to open, and what is done about it."""

from __future__ import annotations

from typing import Final

import polars as pl

# A spreadsheet reads a cell that begins with one of these as a formula. Full-width and small forms
# count too (they become the plain ones on some keyboards and imports), also behind what is not seen
# or is trimmed away: spaces, control and format characters.
_STARTS: Final = "=＝﹦+＋﹢﹣－@＠﹫-"
_UNSEEN: Final = r"[\s\p{Cc}\p{Cf}]*"
_FORMULA: Final = rf"^(?:{_UNSEEN}[{_STARTS}]|[\t\r\n])"

# -12.50 and +923001234567 begin so and are only numbers.
_NUMBER: Final = r"^[+-]?[0-9]+(?:\.[0-9]+)?$"


def starts_a_formula(column: str) -> pl.Expr:
    """Tell, for a text column, where a spreadsheet would calculate; never missing."""
    text = pl.col(column)
    return (text.str.contains(_FORMULA) & ~text.str.contains(_NUMBER)).fill_null(value=False)


def defused(column: str) -> pl.Expr:
    """Put `'` before each text that would start a formula; a spreadsheet shows it as text."""
    text = pl.col(column)
    harmless = pl.when(starts_a_formula(column)).then(pl.lit("'") + text).otherwise(text)
    return harmless.alias(column)
