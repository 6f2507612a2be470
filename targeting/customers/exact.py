"""Sums of numbers that do not depend on the order of rows, nor on threads.

Sorting before a sum does not help: Polars sees that a sum needs no order and leaves the sort out.
"""

from __future__ import annotations

import polars as pl

_UNIT = 10**9
_LARGEST = 1e27  # so that ten billion of them still fit into 128 bits


def billionths(numbers: pl.Expr) -> pl.Expr:
    """Bring numbers to whole billionths (Int128), whose sums are exact in any order."""
    return (numbers.clip(-_LARGEST, _LARGEST) * _UNIT).round(0).cast(pl.Int128)


def from_billionths(total: pl.Expr) -> pl.Expr:
    """Bring a sum of billionths back to a Float64 number."""
    # Polars divides by a constant through its inverse: rounding gives the last digit back.
    rest = (total % _UNIT).cast(pl.Float64) / _UNIT
    return (total // _UNIT).cast(pl.Float64) + rest.round(9)
