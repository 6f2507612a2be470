"""Frames with the columns that stock reads, whatever the shop has of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

import polars as pl

KEY: Final = ("product_id", "location")
UNIT: Final = 1000  # sales are summed in thousandths of a unit: exact, so in any order the same
MOST_UNITS: Final = 1e8  # of one line's order
HIGHEST_COST: Final = 10**10  # minor units a unit; with it, a line's cost still fits 64 bits
WEEKS: Final = 104  # no older week is looked at
RECENT_WEEKS: Final = 26  # who wants what, dead stock, overstock

# Purchases that wait on disk are scanned: only sums of theirs are ever in memory.
Frame: TypeAlias = pl.DataFrame | pl.LazyFrame
Schema = Mapping[str, pl.DataType | type[pl.DataType]]

PURCHASES: Final[Schema] = {
    "customer_id": pl.String,
    "purchased_on": pl.Date,
    "amount": pl.Int64,
    "quantity": pl.Float64,
    "product_id": pl.String,
    "location": pl.String,
}
DESCRIPTION: Final[Schema] = {"product": pl.String, "category": pl.String, "brand": pl.String}
OF_PURCHASES: Final = {*PURCHASES, *DESCRIPTION, "transaction_id"}  # all that stock reads of them
PRODUCTS: Final[Schema] = {
    "product_id": pl.String,
    **DESCRIPTION,
    "supplier": pl.String,
    "unit_cost": pl.Int64,
    "price": pl.Int64,
    "pack_size": pl.Float64,
    "minimum_order": pl.Float64,
    "shelf_life_days": pl.Float64,
    "lead_time_days": pl.Float64,
    "lead_time_sd_days": pl.Float64,
    "discontinued": pl.Boolean,
}
STOCK: Final[Schema] = {
    "product_id": pl.String,
    "location": pl.String,
    "on_hand": pl.Float64,
    "on_order": pl.Float64,
    "reserved": pl.Float64,
    "counted_on": pl.Date,
}
CUSTOMERS: Final[Schema] = {
    "customer_id": pl.String,
    "segment": pl.String,
    "likelihood": pl.Float64,
}
PARAMETERS: Final[Schema] = {
    "product_id": pl.String,
    "location": pl.String,
    "service_level": pl.Float64,
    "cover_days": pl.Float64,
    "order_at_most_units": pl.Float64,
    "order_at_most_packs": pl.Float64,
    "order_at_most_money": pl.Float64,
    "order_at_most_weeks": pl.Float64,
    "flags": pl.List(pl.String),
    "notes": pl.List(pl.String),
    "rule": pl.String,
}


def shaped(frame: Frame | None, schema: Schema) -> pl.DataFrame:
    """Give exactly these columns in these types; what the shop does not have is missing."""
    return shaped_lazily(frame, schema).collect()


def shaped_lazily(frame: Frame | None, schema: Schema) -> pl.LazyFrame:
    """Do as `shaped` when the columns are asked for: of millions of rows none is copied before."""
    if frame is None:
        return pl.LazyFrame(schema=schema)
    there = frame.collect_schema()
    return frame.lazy().select(
        _finite(pl.col(name).cast(dtype), dtype)
        if name in there
        else pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in schema.items()
    )


def _finite(column: pl.Expr, dtype: pl.DataType | type[pl.DataType]) -> pl.Expr:
    if dtype != pl.Float64:
        return column
    return pl.when(column.is_finite()).then(column)
