"""What the suggestions are made of: stock.md's columns, money in minor units."""

from __future__ import annotations

from typing import Final

import polars as pl

from targeting.stock.inputs import Schema

# stock.md: the columns of stock/suggestions.csv.
LINES: Final[Schema] = {
    "product_id": pl.String,
    "product": pl.String,
    "location": pl.String,
    "category": pl.String,
    "brand": pl.String,
    "supplier": pl.String,
    "abc": pl.String,
    "xyz": pl.String,
    "demand_class": pl.String,
    "method": pl.String,
    "weekly_demand": pl.Float64,
    "weekly_sd": pl.Float64,
    "lead_time_days": pl.Float64,
    "lead_time_sd_days": pl.Float64,
    "review_days": pl.Float64,
    "service_level": pl.Float64,
    "on_hand": pl.Float64,
    "on_order": pl.Float64,
    "reserved": pl.Float64,
    "available": pl.Float64,
    "safety_stock": pl.Float64,
    "reorder_point": pl.Float64,
    "order_up_to": pl.Float64,
    "stockout_risk": pl.Float64,
    "transfer_in": pl.Int64,
    "pack_size": pl.Int64,
    "minimum_order": pl.Int64,
    "quantity": pl.Int64,
    "unit_cost": pl.Int64,
    "line_cost": pl.Int64,
    "price": pl.Int64,
    "expected_lost_margin": pl.Int64,
    "rule": pl.String,
    "flags": pl.List(pl.String),
    "defaults": pl.List(pl.String),
    "because": pl.String,
}
WORKINGS: Final[Schema] = {
    "product_id": pl.String,
    "location": pl.String,
    "level_demand": pl.Float64,
    "days_of_cover": pl.Float64,
    "needed": pl.Int64,
    "smallest_order": pl.Int64,
    "limit": pl.Int64,
    "shelf_life_days": pl.Float64,
    "sells_in_time": pl.Int64,
    "orderable": pl.Boolean,
    "wanted_by": pl.List(pl.String),
    "last_sold_on": pl.Date,
    "counted": pl.Boolean,
    "campaign_units": pl.Float64,
    "campaign_lead_units": pl.Float64,
    "lead_spread": pl.Float64,
    "transfer_out": pl.Int64,
    "days_out_of_stock": pl.Int64,
}
CAMPAIGNS: Final[Schema] = {
    "rule": pl.String,
    "people": pl.Int64,
    "uplift": pl.Float64,
    "source": pl.String,
    "units": pl.Float64,
}
BY_CATEGORY: Final[Schema] = {
    "category": pl.String,
    "lines": pl.Int64,
    "quantity": pl.Int64,
    "cost": pl.Int128,
}
BY_SEGMENT: Final[Schema] = {"segment": pl.String, "expected_units": pl.Float64}
SEGMENT_DEMAND: Final[Schema] = {"product_id": pl.String, "location": pl.String, **BY_SEGMENT}
TRANSFERS: Final[Schema] = {
    "product_id": pl.String,
    "from_location": pl.String,
    "to_location": pl.String,
    "quantity": pl.Int64,
}
MONEY: Final = frozenset({"unit_cost", "line_cost", "price", "expected_lost_margin", "cost"})
DATA_PROBLEMS: Final[Schema] = {
    "source": pl.String,
    "product_id": pl.String,
    "location": pl.String,
    "problem": pl.String,
    "assumed": pl.String,
}


def only(frame: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    """Keep these columns, in this order and these types."""
    return frame.select(pl.col(name).cast(dtype) for name, dtype in schema.items())


def empty(schema: Schema) -> pl.DataFrame:
    """Give the columns without a row."""
    return pl.DataFrame(schema=schema)
