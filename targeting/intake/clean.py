"""Cells become typed values; what cannot be read as its type is flagged, never guessed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from targeting.frames import ROW
from targeting.intake.days import day_of, written_day
from targeting.intake.minor import to_minor
from targeting.intake.opened import Cells
from targeting.intake.wanted import Wanted
from targeting.workspace.settings import Settings

# Flags travel as columns beside the values; no field's name has a colon.
BAD = "bad:"
NOT_FINITE = "not_finite:"

TYPES: dict[str, pl.DataType] = {
    "number": pl.Float64(),
    "money": pl.Int64(),
    "date": pl.Date(),
    "yes/no": pl.Boolean(),
    "category": pl.String(),
    "text": pl.String(),
}


@dataclass(frozen=True)
class _Read:
    """One column as expressions: its value, whether its cell could not be read, or was no number
    at all (NaN, infinite)."""

    value: pl.Expr
    bad: pl.Expr | None = None
    not_finite: pl.Expr | None = None


@dataclass(frozen=True)
class _Survey:
    """What was seen of a text column as a whole."""

    tidy: bool = False  # no blanks around a cell, no marker for missing
    ascii_only: bool = False


@dataclass(frozen=True)
class _House:
    """What holds for every column of a file."""

    missing: tuple[str, ...]
    digits: int
    time_zone: str
    machine_text: bool


def clean(cells: Cells, columns: Sequence[Wanted], settings: Settings) -> pl.DataFrame:
    """Type every wanted column: ROW, the values, and `bad:` and `not_finite:` flags where any is.

    Grain: a record. Money in minor units; null is missing. A bad cell is null and flagged.
    """
    house = _House(
        settings.missing, settings.shop.minor_digits, settings.shop.time_zone, cells.machine_text
    )
    seen = _survey(cells.frame, settings.missing)
    picked: list[pl.Expr] = [pl.col(ROW)]
    for wanted in columns:
        cell = pl.col(wanted.name)
        kind = cells.frame.schema[wanted.name]
        read = _read(cell, kind, wanted, house, seen.get(wanted.name, _Survey()))
        picked.append(read.value.cast(TYPES[wanted.type]).alias(wanted.name))
        if read.bad is not None:
            picked.append(read.bad.fill_null(value=False).alias(BAD + wanted.name))
        if read.not_finite is not None:
            picked.append(read.not_finite.fill_null(value=False).alias(NOT_FINITE + wanted.name))
    typed = cells.frame.lazy().select(picked).collect()
    return typed.drop(_never_true(typed, [n for n in typed.columns if ":" in n]))


def as_text(cell: pl.Expr, kind: pl.DataType) -> pl.Expr:
    """Write a cell of any type as text; a whole number has no point, so that ids stay ids."""
    if kind.is_float():
        whole = cell.cast(pl.Int64, strict=False)
        return (
            pl.when(whole.cast(pl.Float64) == cell)
            .then(whole.cast(pl.String))
            .otherwise(cell.cast(pl.String))
        )
    if kind.is_decimal():
        return cell.cast(pl.String).str.replace(r"\.0+$", "")
    return cell.cast(pl.String, strict=False)


def _read(cell: pl.Expr, kind: pl.DataType, wanted: Wanted, house: _House, seen: _Survey) -> _Read:
    if wanted.type == "number":
        return _amount(cell, kind, wanted, house)
    if wanted.type == "money":
        read = _amount(cell, kind, wanted, house)
        return _Read(to_minor(read.value, house.digits), read.bad, read.not_finite)
    if wanted.type == "date" and kind in (pl.Date, pl.Datetime):
        return _Read(day_of(cell, kind, house.time_zone))
    if wanted.type == "yes/no" and kind == pl.Boolean:
        return _Read(cell)
    text = cell.cast(pl.String) if seen.tidy else _text(cell, kind, house)
    if wanted.type in _WRITTEN:
        value = _WRITTEN[wanted.type](text, wanted, house)
        return _Read(value, text.is_not_null() & value.is_null())
    letters = kind.is_numeric() or seen.ascii_only
    return _Read(text if letters else text.str.normalize("NFC"))


def _text(cell: pl.Expr, kind: pl.DataType, house: _House) -> pl.Expr:
    """Trim, and turn the markers for missing into null."""
    if kind.is_integer():
        text = as_text(cell, kind)
        return _unmarked(text, house.missing) if _numbers_among(house.missing) else text
    return _unmarked(as_text(cell, kind).str.strip_chars(), house.missing)


def _unmarked(text: pl.Expr, missing: Sequence[str]) -> pl.Expr:
    return pl.when(~text.is_in(list(missing))).then(text)


def _amount(cell: pl.Expr, kind: pl.DataType, wanted: Wanted, house: _House) -> _Read:
    if kind.is_numeric():
        number = cell.cast(pl.Float64)
        markers = _numbers_among(house.missing)
        present = pl.when(~number.is_in(markers)).then(number) if markers else number
        return _finite(present) if kind.is_float() else _Read(present)
    text = _text(cell, kind, house)
    number = wanted.style.plain(text).cast(pl.Float64, strict=False)
    if house.machine_text:
        number = pl.coalesce(text.cast(pl.Float64, strict=False), number)
    finite = _finite(number)
    return _Read(finite.value, text.is_not_null() & number.is_null(), finite.not_finite)


def _finite(number: pl.Expr) -> _Read:
    """Make NaN and infinity missing, and minus zero zero."""
    value = pl.when(number.is_finite()).then(number + 0.0)
    return _Read(value, not_finite=~number.is_finite())


def _numbers_among(markers: Iterable[str]) -> list[float]:
    """Read the markers that a numeric file can hold, such as -999."""
    found = []
    for marker in markers:
        try:
            number = float(marker)
        except ValueError:
            continue
        if math.isfinite(number):
            found.append(number)
    return found


def _yes_or_no(text: pl.Expr, wanted: Wanted, _: _House) -> pl.Expr:
    word = text.str.to_lowercase()
    return (
        pl.when(word.is_in(sorted(wanted.yes)))
        .then(statement=True)
        .when(word.is_in(sorted(wanted.no)))
        .then(statement=False)
    )


def _written_day(text: pl.Expr, wanted: Wanted, house: _House) -> pl.Expr:
    form, zone = wanted.date_format, house.time_zone
    return written_day(text, form, zone, machine_text=house.machine_text)


_WRITTEN = {"date": _written_day, "yes/no": _yes_or_no}


def _survey(frame: pl.DataFrame, missing: Sequence[str]) -> dict[str, _Survey]:
    """Look at each text column first: seeing that nothing is due costs less than doing it."""
    names = [n for n, kind in frame.schema.items() if kind in (pl.String, pl.Categorical, pl.Enum)]
    if not names:
        return {}
    text = pl.col(names).cast(pl.String)
    # Few cells are as short as a marker, and only those are held against the list of markers.
    longest = max((len(word.encode()) for word in missing), default=0)
    marker = text.filter(text.str.len_bytes() <= longest).is_in(list(missing))
    ascii_only, trimmed, marked = pl.collect_all(
        [
            frame.lazy().select((text.str.len_bytes() == text.str.len_chars()).all()),
            frame.lazy().select((text.str.strip_chars() == text).all()),
            frame.lazy().select(marker.any()),
        ]
    )
    return {
        name: _Survey(trimmed[name].item() and not marked[name].item(), ascii_only[name].item())
        for name in names
    }


def _never_true(frame: pl.DataFrame, flags: Sequence[str]) -> list[str]:
    if not flags:
        return []
    seen = frame.select(pl.col(flags).any())
    return [name for name in flags if not seen[name].item()]
