"""The sheet By segment: who is expected to buy, and what they buy most of."""

from __future__ import annotations

from typing import Final

import polars as pl

from targeting.exports.planner.formats import Formats
from targeting.exports.planner.table import Column, Sheet, bars, finish, table
from targeting.stock.suggest import Suggestions

COLUMNS: Final = (
    Column("segment", "Segment", 28),
    Column("expected_units", "Expected units a week", 14, "rate"),
    Column("share", "Share of all units", 11, "share"),
    Column("products", "Products wanted above average", 16, "whole"),
    Column("most", "Buys most of", 90, "wrap"),
)


def write_by_segment(sheet: Sheet, formats: Formats, suggestions: Suggestions) -> None:
    """Write one row a segment: what it is expected to buy in a week, and what above others."""
    rows = _segment_rows(suggestions)
    table(sheet, formats, COLUMNS, rows)
    finish(sheet, COLUMNS, rows)
    sheet.set_default_row(27)
    bars(sheet, rows.height, 2)


def _segment_rows(suggestions: Suggestions) -> pl.DataFrame:
    named = suggestions.lines.select(
        "product_id", pl.coalesce("product", "product_id").alias("product")
    ).unique("product_id", keep="first", maintain_order=True)
    micro = (pl.col("expected_units") * 1_000_000).round().cast(pl.Int64).sum().alias("units")
    most = (
        suggestions.segment_demand.group_by("segment", "product_id")
        .agg(micro)
        .join(named, on="product_id")
        .sort("units", "product_id", descending=[True, False])
        .group_by("segment", maintain_order=True)
        .agg(pl.col("product").head(5).str.join(", ").alias("most"))
    )
    wanted = (
        suggestions.workings.select("product_id", pl.col("wanted_by").alias("segment"))
        .explode("segment")
        .group_by("segment")
        .agg(pl.col("product_id").n_unique().alias("products"))
    )
    share = pl.col("expected_units") / suggestions.by_segment["expected_units"].sum()
    return (
        suggestions.by_segment.join(most, on="segment", how="left", maintain_order="left")
        .join(wanted, on="segment", how="left", maintain_order="left")
        .with_columns(share.fill_nan(0).alias("share"), pl.col("products").fill_null(0))
        .sort("expected_units", "segment", descending=[True, False])
    )
