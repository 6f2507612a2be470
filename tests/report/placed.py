"""Decisions as a night holds them: customers by their places."""

from __future__ import annotations

import polars as pl


def placed(decisions: pl.DataFrame, customers: pl.DataFrame) -> pl.DataFrame:
    """Put beside decisions the customer's place among all, and after them among the others."""
    known = customers["customer_id"] if "customer_id" in customers.columns else pl.Series()
    ids = pl.concat([known.cast(pl.String), decisions["customer_id"].sort()])
    places = pl.DataFrame({"customer_id": ids}).unique(maintain_order=True).with_row_index("place")
    return decisions.join(places, on="customer_id", how="left", maintain_order="left")
