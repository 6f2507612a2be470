"""Cells become typed values; what cannot be read as its type is flagged, never guessed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from targeting.frames import ROW
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

_DAY = r"^\d{4}-\d{2}-\d{2}"
_TIME = r"[T ][0-2]\d:[0-5]\d(?::[0-6]\d(?:\.\d+)?)?"
_ISO = rf"{_DAY}(?:{_TIME})?$"
_ZONED = rf"{_DAY}{_TIME}(?:Z|[+-]\d{{2}}:?\d{{2}})$"
_NO_SECONDS = r"^(.{10}T\d{2}:\d{2})(Z|[+-])"
_NO_HALVES_LEFT = float(2**45)  # from here on the nudge of `to_minor` would be seen
_MOST_MINOR = float(2**60)  # far beyond what the contract allows, and within Int64


@dataclass(frozen=True)
class _Read:
    """One column as expressions: its value, whether its cell could not be read, or was no number
    at all (NaN, infinite)."""

    value: pl.Expr
    bad: pl.Expr | None = None
    not_finite: pl.Expr | None = None


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
    not_ascii = _with_other_letters(cells.frame)
    picked: list[pl.Expr] = [pl.col(ROW)]
    for wanted in columns:
        cell = pl.col(wanted.name)
        kind = cells.frame.schema[wanted.name]
        read = _read(cell, kind, wanted, house, normalize=wanted.name in not_ascii)
        picked.append(read.value.cast(TYPES[wanted.type]).alias(wanted.name))
        if read.bad is not None:
            picked.append(read.bad.fill_null(value=False).alias(BAD + wanted.name))
        if read.not_finite is not None:
            picked.append(read.not_finite.fill_null(value=False).alias(NOT_FINITE + wanted.name))
    typed = cells.frame.lazy().select(picked).collect()
    return typed.drop(_never_true(typed, [n for n in typed.columns if ":" in n]))


def to_minor(major: pl.Expr, digits: int) -> pl.Expr:
    """Round an amount to minor units, half away from zero.

    Two units in the last place are added first, so that 1.005 is one and a half hundredths, as it
    was written, although its Float64 lies a little below.
    """
    return minor_of(major * 10.0**digits)


def minor_of(units: pl.Expr) -> pl.Expr:
    """Round a Float64 number of minor units to Int64, as `to_minor` does."""
    nudged = pl.when(units.abs() < _NO_HALVES_LEFT).then(units * (1 + 2.0**-51)).otherwise(units)
    whole = nudged.clip(-_MOST_MINOR, _MOST_MINOR).round(0, mode="half_away_from_zero")
    return whole.cast(pl.Int64)


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


def _read(
    cell: pl.Expr, kind: pl.DataType, wanted: Wanted, house: _House, *, normalize: bool
) -> _Read:
    if wanted.type == "number":
        return _amount(cell, kind, wanted, house)
    if wanted.type == "money":
        read = _amount(cell, kind, wanted, house)
        return _Read(to_minor(read.value, house.digits), read.bad, read.not_finite)
    if wanted.type == "date" and kind in (pl.Date, pl.Datetime):
        return _Read(_day(cell, kind, house))
    if wanted.type == "yes/no" and kind == pl.Boolean:
        return _Read(cell)
    text = _text(cell, kind, house)
    if wanted.type in _WRITTEN:
        value = _WRITTEN[wanted.type](text, wanted, house)
        return _Read(value, text.is_not_null() & value.is_null())
    return _Read(text.str.normalize("NFC") if normalize else text)


def _text(cell: pl.Expr, kind: pl.DataType, house: _House) -> pl.Expr:
    """Trim, and turn the markers for missing into null."""
    text = as_text(cell, kind).str.strip_chars()
    return pl.when(~text.is_in(list(house.missing))).then(text)


def _amount(cell: pl.Expr, kind: pl.DataType, wanted: Wanted, house: _House) -> _Read:
    if kind.is_numeric():
        number = cell.cast(pl.Float64)
        markers = _numbers_among(house.missing)
        present = pl.when(~number.is_in(markers)).then(number) if markers else number
        return _finite(present)
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


def _day(cell: pl.Expr, kind: pl.DataType, house: _House) -> pl.Expr:
    """Drop the time of day; a moment with a zone has its day in the shop."""
    if isinstance(kind, pl.Datetime):
        zoned = cell.dt.convert_time_zone(house.time_zone) if kind.time_zone is not None else cell
        return zoned.dt.date()
    return cell


def _written_day(text: pl.Expr, wanted: Wanted, house: _House) -> pl.Expr:
    if wanted.date_format is None:
        return _real_year(_iso_day(text, house))
    day = text.str.to_date(wanted.date_format, strict=False)
    if house.machine_text:
        day = pl.coalesce(day, _iso_day(text, house))
    return _real_year(day)


def _iso_day(text: pl.Expr, house: _House) -> pl.Expr:
    moment = text.str.replace(" ", "T", literal=True).str.replace(_NO_SECONDS, "${1}:00${2}")
    zoned = moment.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%#z", strict=False, time_zone="UTC")
    return (
        pl.when(text.str.contains(_ISO))
        .then(text.str.head(10).str.to_date("%Y-%m-%d", strict=False))
        .when(text.str.contains(_ZONED))
        .then(zoned.dt.convert_time_zone(house.time_zone).dt.date())
    )


def _real_year(day: pl.Expr) -> pl.Expr:
    """Refuse the year 24: it is a year of two digits under a format of four."""
    return pl.when(day.dt.year().is_between(1000, 9999)).then(day)


def _yes_or_no(text: pl.Expr, wanted: Wanted, _: _House) -> pl.Expr:
    word = text.str.to_lowercase()
    return (
        pl.when(word.is_in(sorted(wanted.yes)))
        .then(statement=True)
        .when(word.is_in(sorted(wanted.no)))
        .then(statement=False)
    )


_WRITTEN = {"date": _written_day, "yes/no": _yes_or_no}


def _with_other_letters(frame: pl.DataFrame) -> set[str]:
    """Name the text columns that hold more than ASCII: only these need NFC, which is slow."""
    texts = [name for name, kind in frame.schema.items() if not kind.is_numeric()]
    texts = [name for name in texts if frame.schema[name] in (pl.String, pl.Categorical, pl.Enum)]
    if not texts:
        return set()
    text = pl.col(texts).cast(pl.String)
    ascii_only = frame.lazy().select((text.str.len_bytes() == text.str.len_chars()).all()).collect()
    return {name for name in texts if not ascii_only[name].item()}


def _never_true(frame: pl.DataFrame, flags: Sequence[str]) -> list[str]:
    if not flags:
        return []
    seen = frame.select(pl.col(flags).any())
    return [name for name in flags if not seen[name].item()]
