"""What sells before it expires: to order more is to throw it away."""

from __future__ import annotations

import polars as pl

from targeting.stock.inputs import MOST_UNITS
from targeting.stock.packs import SLACK


def sells_in_time(available: pl.Expr) -> pl.Expr:
    """Give the most units, in whole packs, that sell within the shelf life; missing without one.

    An order comes after the lead time; what is left of `available` (units) by then is sold first.
    So it is the demand over the shelf life, less that. Demand is `weekly_demand`, and the units of
    tonight's campaigns, of which those before the delivery come off what is available.
    """
    weekly, pack = pl.col("weekly_demand"), pl.col("pack_size")
    before = weekly * pl.col("lead_time_days") / 7 + pl.col("campaign_lead_units")
    after = pl.col("campaign_units") - pl.col("campaign_lead_units")
    left = (available - before).clip(lower_bound=0)
    units = weekly * pl.col("shelf_life_days") / 7 + after - left
    return ((units.clip(0, MOST_UNITS) / pack + SLACK).floor().cast(pl.Int64)) * pack
