"""What tonight's campaigns add to demand: units of each product and location."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

import polars as pl

from targeting.customers.lines import receipt
from targeting.customers.spending import BOUGHT
from targeting.stock.columns import CAMPAIGNS, empty, only
from targeting.stock.demand.shelves import Shelves
from targeting.stock.inputs import (
    CUSTOMERS,
    KEY,
    MOST_UNITS,
    PURCHASES,
    RECENT_WEEKS,
    UNIT,
    Frame,
    Schema,
    shaped,
    shaped_lazily,
)

CAMPAIGN_DAYS: Final = 30  # in which the uplift of a contact is measured
MICRO: Final = 1_000_000

COMING: Final[Schema] = {
    "product_id": pl.String,
    "location": pl.String,
    "campaign_units": pl.Float64,
}
UPLIFTS: Final[Schema] = {"rule": pl.String, "uplift": pl.Float64, "source": pl.String}
_RECEIPTS: Final[Schema] = {**PURCHASES, "transaction_id": pl.String}
_EVERYBODY: Final = ""  # stands for the whole shop among the segments


@dataclass(frozen=True)
class Coming:
    """What tonight's contacts add in the 30 days after them.

    `units`: product_id, location, campaign_units (above 0). `campaigns`: one row a rule, by name:
    rule, people, uplift and source (missing where the rule has none), units.
    """

    units: pl.DataFrame
    campaigns: pl.DataFrame


def campaign_demand(
    selected: pl.DataFrame,
    uplifts: pl.DataFrame,
    purchases: Frame,
    customers: pl.DataFrame | None,
    as_of: dt.date,
    *,
    sold: pl.LazyFrame,
    shelves: Shelves,
) -> Coming:
    """Expect the uplift of each rule, in orders like those of its people's segments.

    Units of a product and location = sum over rules of uplift x sum over the rule's selected of
    their segment's mean units in an order (stock.md). `selected`: customer_id, rule, of those who
    are contacted tonight, not of those held out. `uplifts`: rule, uplift (additional buyers a
    contact: 0.10 is ten more of a hundred), source ("measured" or "rule"). A rule without an uplift
    adds nothing; one whose measured uplift is under 0 takes its units off what the others add, and
    never more. An order is a transaction of the last 26 weeks (without one, a customer's day), its
    units net of returns; who has no segment, or one that bought nothing, is taken to order as all
    customers do. `sold`: `sales_lines` of the purchases, by these `shelves`.
    """
    if selected.is_empty():
        return Coming(empty(COMING), empty(CAMPAIGNS))
    people = shaped(customers, CUSTOMERS).select("customer_id", "segment")
    people = people.unique("customer_id", keep="any")
    baskets = _baskets(sold, _orders(purchases, people, as_of), people)
    chosen = _chosen(selected, uplifts, people, baskets["segment"].unique())
    per_shelf = baskets.join(chosen.group_by("segment").agg(pl.col("weight").sum()), on="segment")
    units = per_shelf.group_by("shelf").agg(_units().alias("campaign_units"))
    named = units.select(shelves.product_id(), shelves.location(), "campaign_units")
    return Coming(
        only(named.filter(pl.col("campaign_units") > 0).sort(KEY), COMING),
        _by_rule(chosen, baskets),
    )


def _orders(purchases: Frame, people: pl.DataFrame, as_of: dt.date) -> pl.DataFrame:
    """Count the orders of each segment; customers without one stand under a missing segment."""
    bought = shaped_lazily(purchases, _RECEIPTS).with_columns(pl.col("quantity").fill_null(1))
    since = as_of - dt.timedelta(weeks=RECENT_WEEKS)
    recent = (pl.col("purchased_on") > since) & (pl.col("purchased_on") <= as_of)
    return (
        bought.filter(recent & BOUGHT & pl.col("customer_id").is_not_null())
        .select("customer_id", receipt(["transaction_id"]).alias("receipt"))
        .unique()
        .join(people.lazy(), on="customer_id", how="left")
        .group_by("segment")
        .agg(pl.len().cast(pl.Int64).alias("orders"))
        .collect(engine="streaming")
    )


def _baskets(sold: pl.LazyFrame, orders: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """Give the mean units of a shelf in an order: segment, shelf, units (thousandths), orders.

    The whole shop stands there as one more segment.
    """
    by_segment = (
        sold.filter((pl.col("week") < RECENT_WEEKS) & pl.col("customer_id").is_not_null())
        .join(people.lazy(), on="customer_id", how="left")
        .group_by("segment", "shelf")
        .agg(pl.col("units").sum())
        .collect(engine="streaming")
    )
    everybody = pl.lit(_EVERYBODY).alias("segment")
    of_all = (
        by_segment.group_by("shelf").agg(pl.col("units").sum()).select(everybody, "shelf", "units")
    )
    known = orders.filter(pl.col("segment").is_not_null())
    counts = pl.concat([known, orders.select(everybody, pl.col("orders").sum())])
    return (
        pl.concat([by_segment.select("segment", "shelf", "units"), of_all])
        .filter(pl.col("units") > 0)
        .join(counts.filter(pl.col("orders") > 0), on="segment")
    )


def _chosen(
    selected: pl.DataFrame, uplifts: pl.DataFrame, people: pl.DataFrame, segments: pl.Series
) -> pl.DataFrame:
    """Count a rule's people by segment: rule, segment, people, uplift, source, weight.

    `weight`: additional buyers, in millionths.
    """
    is_known = pl.col("segment").is_in(segments.implode())
    ordering_as = pl.when(is_known).then("segment").otherwise(pl.lit(_EVERYBODY))
    stated = shaped(uplifts, UPLIFTS).unique("rule", keep="first", maintain_order=True)
    share = (pl.col("uplift").clip(-1, 1) * MICRO).round().cast(pl.Int64).fill_null(0)
    return (
        selected.select("customer_id", "rule")
        .unique()
        .join(people, on="customer_id", how="left")
        .group_by("rule", ordering_as.alias("segment"))
        .agg(pl.len().cast(pl.Int64).alias("people"))
        .join(stated, on="rule", how="left")
        .with_columns((share * pl.col("people")).alias("weight"))
    )


def _by_rule(chosen: pl.DataFrame, baskets: pl.DataFrame) -> pl.DataFrame:
    """Give one row a rule, as CAMPAIGNS: people, and the units of all shelves in their 30 days.

    `chosen`: `_chosen`; `baskets`: `_baskets`. A segment that bought nothing stands there under the
    whole shop. Units may be under 0, where the uplift is.
    """
    whole = baskets.group_by("segment").agg(pl.col("units").sum(), pl.col("orders").first())
    joined = chosen.join(whole, on="segment", how="left")
    summed = joined.group_by("rule").agg(
        pl.col("people").sum(),
        pl.col("uplift", "source").first(),
        _units().alias("units"),
    )
    stated = pl.when(pl.col("uplift").is_null()).then(None).otherwise("source").alias("source")
    return only(summed.with_columns(stated).sort("rule"), CAMPAIGNS)


def _units() -> pl.Expr:
    """Add up weight x mean units in an order, in whole millionths: in any order the same."""
    mean = pl.col("units").cast(pl.Float64) / UNIT / pl.col("orders")
    extra = (mean * pl.col("weight")).clip(-1e15, 1e15).round().cast(pl.Int64)
    return extra.sum() / MICRO


def with_coming(lines: pl.DataFrame, coming: pl.DataFrame | None) -> pl.DataFrame:
    """Add `campaign_units` and `campaign_lead_units`: what comes within each line's own time.

    Units in 30 days, taken to come evenly: until the review after next (lead time + review), and
    until a delivery (lead time); 0 without campaigns. `coming`: `Coming.units`, never under 0.
    """
    added = shaped(coming, COMING).rename({"campaign_units": "in_30_days"})
    joined = lines.join(added, on=KEY, how="left", nulls_equal=True, maintain_order="left")
    lead, review = pl.col("lead_time_days"), pl.col("review_days")
    units = pl.col("in_30_days").fill_null(0).clip(0, MOST_UNITS)
    return joined.with_columns(
        (units * ((lead + review) / CAMPAIGN_DAYS).clip(upper_bound=1)).alias("campaign_units"),
        (units * (lead / CAMPAIGN_DAYS).clip(upper_bound=1)).alias("campaign_lead_units"),
    ).drop("in_30_days")
