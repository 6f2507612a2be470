"""Missing numbers are filled where `fields` says how, and counted."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from targeting.intake.minor import minor_of
from targeting.intake.wanted import Wanted


def fill(kept: pl.DataFrame, columns: Sequence[Wanted]) -> tuple[pl.DataFrame, dict[str, int]]:
    """Fill with a value or the median of the kept rows; give the number of cells filled."""
    fillings, gaps = fillings_of(kept, columns)
    return kept.with_columns(fillings), gaps


def fillings_of(
    kept: pl.DataFrame, columns: Sequence[Wanted]
) -> tuple[list[pl.Expr], dict[str, int]]:
    """Give what fills the gaps of some columns, and the number of cells; other rows may be filled.

    Parameters:
        kept: all rows of a source, with the columns at least that say `fill`.
    """
    gaps = {w.name: kept[w.name].null_count() for w in columns if w.fill is not None}
    due = [w for w in columns if gaps.get(w.name) and not unfillable(kept, w)]
    values = kept.select(_filling(w).alias(w.name) for w in due)
    fillings = [pl.col(name).fill_null(values[name].item()) for name in values.columns]
    return fillings, {w.name: gaps[w.name] for w in due}


def unfillable(kept: pl.DataFrame, wanted: Wanted) -> bool:
    """Say whether a column is to be filled with a median of no value."""
    return wanted.fill == "median" and kept[wanted.name].null_count() == kept.height


def _filling(wanted: Wanted) -> pl.Expr:
    if wanted.fill != "median":
        return pl.lit(wanted.fill).cast(pl.Int64 if wanted.type == "money" else pl.Float64)
    median = pl.col(wanted.name).median()
    return minor_of(median) if wanted.type == "money" else median
