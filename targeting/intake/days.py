"""Days: native ones, ISO texts, and texts of a declared form; times of day are dropped."""

from __future__ import annotations

import polars as pl

_DAY = r"^\d{4}-\d{2}-\d{2}"
_TIME = r"[T ][0-2]\d:[0-5]\d(?::[0-6]\d(?:\.\d+)?)?"
_ISO = rf"{_DAY}(?:{_TIME})?$"
_ZONED = rf"{_DAY}{_TIME}(?:Z|[+-]\d{{2}}:?\d{{2}})$"
_NO_SECONDS = r"^(.{10}T\d{2}:\d{2})(Z|[+-])"


def day_of(cell: pl.Expr, kind: pl.DataType, time_zone: str) -> pl.Expr:
    """Drop the time of day; a moment with a zone has its day in the shop."""
    if isinstance(kind, pl.Datetime):
        zoned = cell.dt.convert_time_zone(time_zone) if kind.time_zone is not None else cell
        return zoned.dt.date()
    return cell


def written_day(
    text: pl.Expr, form: str | None, time_zone: str, *, machine_text: bool = False
) -> pl.Expr:
    """Read a text of the declared form, else ISO; null where it is none.

    A workbook's own dates come as ISO whatever the form of its texts (`machine_text`).
    """
    if form is None:
        return _real_year(_iso_day(text, time_zone))
    day = text.str.to_date(form, strict=False)
    return _real_year(pl.coalesce(day, _iso_day(text, time_zone)) if machine_text else day)


def _iso_day(text: pl.Expr, time_zone: str) -> pl.Expr:
    moment = text.str.replace(" ", "T", literal=True).str.replace(_NO_SECONDS, "${1}:00${2}")
    zoned = moment.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%#z", strict=False, time_zone="UTC")
    return (
        pl.when(text.str.contains(_ISO))
        .then(text.str.head(10).str.to_date("%Y-%m-%d", strict=False))
        .when(text.str.contains(_ZONED))
        .then(zoned.dt.convert_time_zone(time_zone).dt.date())
    )


def _real_year(day: pl.Expr) -> pl.Expr:
    """Refuse the year 24: it is a year of two digits under a form of four."""
    return pl.when(day.dt.year().is_between(1000, 9999)).then(day)
