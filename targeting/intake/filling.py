"""Missing numbers are filled where `fields` says how, and counted."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from targeting.intake.minor import minor_of
from targeting.intake.wanted import Wanted


def fill(kept: pl.DataFrame, columns: Sequence[Wanted]) -> tuple[pl.DataFrame, dict[str, int]]:
    """Fill with a value or the median of the kept rows; give the number of cells filled."""
    filled: dict[str, int] = {}
    values: list[pl.Expr] = []
    for wanted in columns:
        gaps = kept[wanted.name].null_count()
        if wanted.fill is None or gaps == 0 or (gaps == kept.height and wanted.fill == "median"):
            continue
        values.append(pl.col(wanted.name).fill_null(_filling(wanted)))
        filled[wanted.name] = gaps
    return kept.with_columns(values), filled


def _filling(wanted: Wanted) -> pl.Expr:
    if wanted.fill != "median":
        return pl.lit(wanted.fill).cast(pl.Int64 if wanted.type == "money" else pl.Float64)
    median = pl.col(wanted.name).median()
    return minor_of(median) if wanted.type == "money" else median
