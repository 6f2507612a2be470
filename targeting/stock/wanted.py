"""Which segments want which product."""

from __future__ import annotations

from typing import Final

import polars as pl

from targeting.stock.columns import only
from targeting.stock.inputs import CUSTOMERS, RECENT_WEEKS, Schema, shaped

NO_SEGMENT: Final = "no_segment"
WANTED_ABOVE: Final = 1.2  # times the segment's share of all demand
LIKELIHOOD_STEPS: Final = 10_000

WANTED: Final[Schema] = {
    "product_id": pl.String,
    "wanted_by": pl.List(pl.String),
    "top_segment": pl.String,
    "segment_weights": pl.List(pl.Struct({"segment": pl.String, "weight": pl.Int128})),
}


def wanted(lines: pl.LazyFrame, customers: pl.DataFrame | None) -> pl.DataFrame:
    """Give one row a product sold in the last 26 weeks: who bought it, net of returns.

    `wanted_by`: the segments whose share of the product's units is at least 1.2 times their share
    of all units, by name. `top_segment`: the largest share. `segment_weights`: units weighed by
    each buyer's likelihood to buy again (1 where there is none), for the share of coming demand;
    buyers of no known segment stand there as `no_segment`.
    """
    units = _units_by_segment(lines, shaped(customers, CUSTOMERS))
    if units.is_empty():
        return pl.DataFrame(schema=WANTED)
    known = pl.col("segment") != NO_SEGMENT
    weights = units.group_by("product_id").agg(
        pl.struct("segment", "weight").sort_by("segment").alias("segment_weights")
    )
    segments = _compared(units.filter(known)).group_by("product_id").agg(
        pl.col("segment").filter("is_wanted").sort().alias("wanted_by"),
        pl.col("segment").sort_by(["units", "segment"], descending=[True, False]).first()
        .alias("top_segment"),
    )  # fmt: skip
    nobody = pl.lit([], dtype=pl.List(pl.String))
    joined = weights.join(segments, on="product_id", how="left").sort("product_id")
    return only(joined.with_columns(pl.col("wanted_by").fill_null(nobody)), WANTED)


def _units_by_segment(lines: pl.LazyFrame, customers: pl.DataFrame) -> pl.DataFrame:
    """Give product_id, segment, units and weight, whole numbers above 0."""
    likelihood = (pl.col("likelihood").clip(0, 1) * LIKELIHOOD_STEPS).round().cast(pl.Int64)
    people = customers.select("customer_id", "segment", likelihood).unique(
        "customer_id", keep="any"
    )
    count = people["likelihood"].count()
    usual = int(people["likelihood"].sum()) // count if count else 1
    return (
        lines.filter(pl.col("week") < RECENT_WEEKS)
        .join(people.lazy(), on="customer_id", how="left")
        .with_columns(
            pl.col("segment").fill_null(NO_SEGMENT),
            (pl.col("units") * pl.col("likelihood").fill_null(usual)).alias("weight"),
        )
        .group_by("product_id", "segment")
        .agg(pl.col("units", "weight").cast(pl.Int128).sum())
        .collect(engine="streaming")
        .filter(pl.col("units") > 0)
        .with_columns(pl.col("weight").clip(lower_bound=0))
    )


def _compared(units: pl.DataFrame) -> pl.DataFrame:
    """Say of each segment and product whether the segment's share is far above its usual one."""
    share = pl.col("units") / pl.col("units").sum().over("product_id")
    usual = pl.col("units").sum().over("segment") / pl.col("units").sum()
    return units.with_columns((share >= WANTED_ABOVE * usual).alias("is_wanted"))
