"""Money in whole minor units."""

from __future__ import annotations

import polars as pl

_NO_HALVES_LEFT = float(2**45)  # from here on the nudge of `to_minor` would be seen
_MOST_MINOR = float(2**60)  # far beyond what the contract allows, and within Int64


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
