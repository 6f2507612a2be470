"""PostgreSQL's types as ours, from the texts that its COPY gives.

A column is of one type wherever its cells are read: what decides it is looked for in all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

import polars as pl

# The ids of types that every PostgreSQL has (pg_type.dat).
_BOOLEAN, _DATE, _MOMENT, _ZONED, _NUMERIC = 16, 1082, 1114, 1184, 1700
_WHOLE: Final = (20, 21, 23)
_FLOAT: Final = (700, 701)
_WIDEST: Final = 38  # digits of a Decimal
_PLAIN: Final = r"^-?0*(\d*)(?:\.(\d+))?$"


class Typed(NamedTuple):
    """The type of a column: its id, and whether one cell holds several values."""

    oid: int
    nested: bool


class Seen(NamedTuple):
    """What all cells of a column are: the most digits before and after the point, and odd ones."""

    digits: int = 0
    places: int = 0
    odd: bool = False


def by_cells(types: Mapping[int, Typed]) -> set[int]:
    """Name the columns whose type depends on their cells."""
    return {at for at, (oid, nested) in types.items() if not nested and oid in (_NUMERIC, *_DAYS)}


def seen_in(pieces: Iterable[pl.DataFrame], types: Mapping[int, Typed]) -> dict[int, Seen]:
    """Look through texts for what decides the types of columns."""
    places = sorted(by_cells(types))
    rows = [piece.select(_look(at, types[at].oid) for at in places) for piece in pieces]
    found = {}
    for at in places:
        looks = [row[str(at)][0] for row in rows]
        most = {name: max((look[name] or 0 for look in looks), default=0) for name in Seen._fields}
        found[at] = Seen(most["digits"], most["places"], bool(most["odd"]))
    return found


def _look(at: int, oid: int) -> pl.Expr:
    cell = pl.col(str(at))
    if oid == _NUMERIC:
        digits, places = cell.str.extract(_PLAIN, 1), cell.str.extract(_PLAIN, 2)
        looks = [digits.str.len_bytes().max(), places.str.len_bytes().max(), digits.is_null()]
    else:
        looks = [pl.lit(0), pl.lit(0), _days(cell, oid).is_null()]
    looks[2] = (looks[2] & cell.is_not_null()).any()
    named = [look.alias(name) for name, look in zip(Seen._fields, looks, strict=True)]
    return pl.struct(named).first().alias(str(at))


def typed(
    texts: pl.DataFrame, types: Mapping[int, Typed], seen: Mapping[int, Seen]
) -> pl.DataFrame:
    """Type texts by the types of their columns, called by their places.

    Nested ones become lists, to be refused. A day that has no place in ours leaves its column text;
    a numeric of too many digits, or that is none, makes it floats.
    """
    columns = [_column(at, kind, seen.get(at, Seen())) for at, kind in types.items()]
    return texts.select(columns)


def _column(at: int, kind: Typed, seen: Seen) -> pl.Expr:
    cell, oid = pl.col(str(at)), kind.oid
    if kind.nested:
        return cell.cast(pl.List(pl.String))
    if oid == _BOOLEAN:
        return cell == "t"
    if oid in _WHOLE:
        return cell.cast(pl.Int64)
    if oid in _FLOAT:
        return cell.cast(pl.Float64)
    if oid == _NUMERIC:
        exact = not seen.odd and seen.digits + seen.places <= _WIDEST
        return cell.cast(pl.Decimal(_WIDEST, seen.places) if exact else pl.Float64, strict=False)
    if oid in _DAYS and not seen.odd:
        return _days(cell, oid)
    return cell


_DAYS: Final[Mapping[int, Mapping[str, Any]]] = {
    _DATE: {"dtype": pl.Date, "format": "%Y-%m-%d"},
    _MOMENT: {"dtype": pl.Datetime("us"), "format": "%Y-%m-%d %H:%M:%S%.f"},
    _ZONED: {"dtype": pl.Datetime("us", "UTC"), "format": "%Y-%m-%d %H:%M:%S%.f%#z"},
}


def _days(cell: pl.Expr, oid: int) -> pl.Expr:
    return cell.str.strptime(**_DAYS[oid], strict=False)
