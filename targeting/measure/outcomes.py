"""An outcome as a file has it: yes/no in many spellings, or a number."""

from __future__ import annotations

import polars as pl

from targeting.problems import Place, refuse

YES = ("yes", "y", "true", "t")
NO = ("no", "n", "false", "f")
MISSING = ("", "na", "n/a", "nan", "null", "none")


def read_outcome(cells: pl.Series, file: str) -> pl.Series:
    """Read a column as Boolean where all its values are yes/no, or 0 and 1; else as Float64.

    Blank cells, NA and NaN are missing, and null.

    Raises:
        Refused: where a cell is neither, or where yes/no and other numbers are mixed.
    """
    if cells.dtype == pl.Boolean:
        return cells
    if cells.dtype.is_numeric():
        return _typed(_finite(cells.cast(pl.Float64), cells, file))
    text = cells.cast(pl.String).str.strip_chars().str.to_lowercase()
    text = text.set(text.is_in(MISSING), None)
    yes, no = text.is_in(YES), text.is_in(NO)
    number = text.cast(pl.Float64, strict=False)
    if not (yes.any() or no.any()):
        return _typed(_finite(number, text, file))
    ones = number.set(yes.fill_null(value=False), 1.0).set(no.fill_null(value=False), 0.0)
    read = _finite(ones, text, file)
    if not _all_yes_or_no(read):
        at = (~read.is_in([0.0, 1.0])).arg_max()
        raise _neither(cells.name, file, at, 1, "yes/no and other numbers are mixed")
    return _typed(read)


def _finite(number: pl.Series, given: pl.Series, file: str) -> pl.Series:
    """Make NaN missing; refuse what is written and no number, and what has no end."""
    number = number.fill_nan(None) if given.dtype != pl.String else number
    unread = given.is_not_null() & number.is_null()
    if given.dtype.is_float():
        unread = unread & ~given.is_nan().fill_null(value=False)
    bad = unread | number.is_infinite().fill_null(value=False)
    if bad.any():
        raise _neither(
            number.name, file, bad.arg_max(), int(bad.sum()), "neither yes/no nor a number"
        )
    return number


def _typed(number: pl.Series) -> pl.Series:
    return number.cast(pl.Boolean) if _all_yes_or_no(number) else number


def _all_yes_or_no(number: pl.Series) -> bool:
    return bool(number.drop_nulls().is_in([0.0, 1.0]).all())


def _neither(name: str, file: str, at: int | None, cells: int, why: str) -> Exception:
    often = "" if cells == 1 else f", and {cells - 1:,} more"
    message = f"'{name}': {why}: row {(at or 0) + 1:,}{often}"
    help_ = "an outcome is yes/no, 1/0 or a plain number like 1234.5; an empty cell is missing"
    return refuse("I041", message, Place(file), help_)
