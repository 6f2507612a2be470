"""Frames as people and other systems see them: money in major units."""

from __future__ import annotations

import polars as pl

from targeting.workspace.catalogue import Catalogue


def shown(customers: pl.DataFrame, catalogue: Catalogue, digits: int) -> pl.DataFrame:
    """Bring money columns from minor to major units, rounded to the currency's decimals."""
    money = [
        name for name in customers.columns if name in catalogue and catalogue[name].type == "money"
    ]
    unit = 10**digits
    return customers.with_columns((pl.col(name) / unit).round(digits) for name in money)
