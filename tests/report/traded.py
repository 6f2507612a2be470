"""Purchases added up as a run does."""

from __future__ import annotations

import datetime as dt

import polars as pl

from targeting.customers.lines import Lines
from targeting.report.sales import Trade, trade_of


def traded(purchases: pl.DataFrame | None, as_of: dt.date) -> Trade:
    """Add up the purchases of a test."""
    if purchases is None or purchases.is_empty():
        return trade_of(None if purchases is None else purchases.lazy(), None, as_of)
    lines = Lines.of(purchases.lazy(), purchases.columns)
    return trade_of(purchases.lazy(), lines, as_of)
