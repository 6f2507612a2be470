"""The same lines by category and by segment."""

from __future__ import annotations

from typing import Final

import polars as pl

from targeting.stock.columns import BY_CATEGORY, BY_SEGMENT, SEGMENT_DEMAND, only
from targeting.stock.inputs import KEY
from targeting.stock.wanted import NO_SEGMENT

MICRO: Final = 1_000_000


def by_category(lines: pl.DataFrame) -> pl.DataFrame:
    """Count lines, units and money (minor units, of lines with a unit cost) by category."""
    grouped = lines.group_by("category").agg(
        pl.len().alias("lines"),
        pl.col("quantity").sum(),
        pl.col("line_cost").cast(pl.Int128).sum().alias("cost"),
    )
    return only(grouped.sort("category", nulls_last=True), BY_CATEGORY)


def segment_demand(lines: pl.DataFrame) -> pl.DataFrame:
    """Share each line's weekly demand among the segments, so that the parts add up to it.

    In proportion to the units that a product's buyers took in 26 weeks, weighed by their
    likelihood to buy again; without known buyers it is all `no_segment`'s. Rounded running totals,
    in millionths, so nothing is lost between the parts.
    """
    sold = lines.select(*KEY, "weekly_demand").filter(pl.col("weekly_demand") > 0)
    parts = sold.join(_shares(lines), on="product_id", how="left", maintain_order="left_right")
    upto = (pl.col("weekly_demand") * MICRO * pl.col("running")).round().cast(pl.Int64)
    before = (pl.col("weekly_demand") * MICRO * pl.col("before")).round().cast(pl.Int64)
    return only(
        parts.with_columns(((upto - before) / MICRO).alias("expected_units")), SEGMENT_DEMAND
    )


def _shares(lines: pl.DataFrame) -> pl.DataFrame:
    """Give one row a product and segment: the share of demand before it and up to it.

    From 0 to 1 within the product.
    """
    nobody = pl.lit([{"segment": NO_SEGMENT, "weight": 1}], dtype=lines.schema["segment_weights"])
    weights = pl.col("segment_weights")
    weight = weights.list.eval(pl.element().struct.field("weight")).list.sum()
    total = pl.col("weight").sum().over("product_id")
    running = pl.col("weight").cum_sum().over("product_id") / total
    return (
        lines.select("product_id", "segment_weights")
        .unique("product_id", keep="first")
        .select("product_id", pl.when(weight > 0).then(weights).otherwise(nobody))
        .explode("segment_weights")
        .unnest("segment_weights")
        .with_columns(running.alias("running"))
        .with_columns(pl.col("running").shift(1, fill_value=0.0).over("product_id").alias("before"))
    )


def by_segment(by_product: pl.DataFrame) -> pl.DataFrame:
    """Add up the units that each segment is expected to buy in a week."""
    whole_units = (pl.col("expected_units") * MICRO).round().cast(pl.Int64)
    grouped = by_product.group_by("segment").agg(whole_units.sum() / MICRO)
    return only(grouped.sort("segment"), BY_SEGMENT)
