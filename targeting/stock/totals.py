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
        pl.len().alias("lines"), pl.col("quantity").sum(), pl.col("line_cost").sum().alias("cost")
    )
    return only(grouped.sort("category", nulls_last=True), BY_CATEGORY)


def segment_demand(lines: pl.DataFrame) -> pl.DataFrame:
    """Share each line's weekly demand among the segments, so that the parts add up to it.

    In proportion to the units that a product's buyers took in 26 weeks, weighed by their
    likelihood to buy again; without known buyers it is all `no_segment`'s. Rounded running totals,
    in millionths, so nothing is lost between the parts.
    """
    nobody = pl.lit([{"segment": NO_SEGMENT, "weight": 1}], dtype=lines.schema["segment_weights"])
    shares = pl.col("segment_weights")
    weight = shares.list.eval(pl.element().struct.field("weight")).list.sum()
    parts = (
        lines.filter(pl.col("weekly_demand") > 0)
        .select(*KEY, "weekly_demand", pl.when(weight > 0).then(shares).otherwise(nobody))
        .explode("segment_weights")
        .unnest("segment_weights")
    )
    running = pl.col("weight").cum_sum().over(KEY) / pl.col("weight").sum().over(KEY)
    upto = (pl.col("weekly_demand") * MICRO * running).round().cast(pl.Int64)
    part = (upto - upto.shift(1, fill_value=0).over(KEY)) / MICRO
    return only(parts.with_columns(part.alias("expected_units")), SEGMENT_DEMAND)


def by_segment(by_product: pl.DataFrame) -> pl.DataFrame:
    """Add up the units that each segment is expected to buy in a week."""
    whole_units = (pl.col("expected_units") * MICRO).round().cast(pl.Int64)
    grouped = by_product.group_by("segment").agg(whole_units.sum() / MICRO)
    return only(grouped.sort("segment"), BY_SEGMENT)
