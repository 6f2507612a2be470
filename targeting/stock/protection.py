"""How much each line should have, and what it risks with what it has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from targeting.stock.formulas import levels


@dataclass(frozen=True)
class _Demand:
    """Normal demand of each line over some time: units."""

    mean: levels.Floats
    spread: levels.Floats


def with_levels(lines: pl.DataFrame) -> pl.DataFrame:
    """Add the levels of stock, the risk before the next delivery, and the margin at risk.

    All in units; the margin in minor units. Normal demand (stock.md), and on top of its mean the
    units of tonight's campaigns, with the variance of a Poisson number. `expected_lost_margin` is
    what leaving the line out would lose; see `lost_margin`.
    """
    lead, both = _until_delivery(lines), _until_the_one_after(lines)
    service, available = lines["service_level"].to_numpy(), lines["available"].to_numpy()
    safety = levels.safety_stock(service, both.spread)
    return lines.with_columns(
        pl.Series("safety_stock", safety),
        pl.Series("reorder_point", lead.mean + levels.safety_stock(service, lead.spread)),
        pl.Series("order_up_to", both.mean + safety),
        pl.Series("stockout_risk", levels.stockout_risk(lead.mean, lead.spread, available)),
        pl.Series("lead_spread", lead.spread),
        lost_margin(lines, lines["available"]).alias("expected_lost_margin"),
    )


def lost_margin(
    lines: pl.DataFrame, available: pl.Series, ordered: pl.Series | float = 0.0
) -> pl.Series:
    """Give the margin, in minor units, that is lost if so much of a line is ordered.

    Units short until the review after next, less those short before the delivery, which comes too
    late for them however large it is: at price less cost (never under 0); missing where either is.
    `available` and `ordered`: units, one a line. More ordered never loses more.
    """
    lead, both = _until_delivery(lines), _until_the_one_after(lines)
    stock = available.to_numpy()
    late = levels.units_short(lead.mean, lead.spread, stock)
    with_order = (available + ordered).to_numpy()
    avoidable = np.maximum(levels.units_short(both.mean, both.spread, with_order) - late, 0)
    margin = (lines["price"] - lines["unit_cost"]).clip(lower_bound=0)
    return (margin * pl.Series(avoidable)).clip(0, 1e18).round().cast(pl.Int64)


def _until_delivery(lines: pl.DataFrame) -> _Demand:
    return _over(lines, pl.col("lead_time_days"), "campaign_lead_units")


def _until_the_one_after(lines: pl.DataFrame) -> _Demand:
    return _over(lines, pl.col("lead_time_days") + pl.col("review_days"), "campaign_units")


def _over(lines: pl.DataFrame, days: pl.Expr, campaigns: str) -> _Demand:
    weeks = lines.select(days / 7).to_series().to_numpy()
    demand, extra = lines["level_demand"].to_numpy(), lines[campaigns].to_numpy()
    late = lines["lead_time_sd_days"].to_numpy() / 7
    usual = levels.spread(lines["weekly_sd"].to_numpy(), demand, weeks, late)
    return _Demand(demand * weeks + extra, np.hypot(usual, np.sqrt(extra)))
