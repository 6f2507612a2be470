"""Purchases added up as a run does."""

from __future__ import annotations

import datetime as dt

import polars as pl

from targeting.customers.lines import Lines
from targeting.report.sales import Trade, sold_by_day, trade_of


def traded(purchases: pl.DataFrame | None, as_of: dt.date) -> Trade:
    """Add up the purchases of a test."""
    if purchases is None:
        return trade_of(None, None, as_of)
    by_day = sold_by_day(purchases.lazy()).collect()
    if purchases.is_empty():
        return trade_of(by_day, None, as_of)
    return trade_of(by_day, Lines.of(purchases.lazy(), purchases.columns), as_of)
