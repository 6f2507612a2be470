"""How long an order should last, where each order costs something and so does what lies there."""

from __future__ import annotations

from typing import Final

import polars as pl

from targeting.stock.formulas.economics import economic_order_quantity
from targeting.workspace.settings import Ordering

YEAR_DAYS: Final = 365


def economic_review(lines: pl.DataFrame, ordering: Ordering, digits: int) -> pl.DataFrame:
    """Lengthen `review_days` to what the economic order quantity lasts; `economic` says where.

    The period order quantity, in whole days: EOQ / demand (Silver, Pyke and Thomas 2017, chapter 4,
    and as a time supply chapter 5), at most a year and the product's shelf life, never shorter than
    the review was. Only where the shop says `order_cost` (major units a line, `digits` decimals)
    and `holding_cost` (share of the unit cost a year), the line has a unit cost and sells, and no
    rule sets its cover.
    """
    if ordering.order_cost is None or ordering.holding_cost is None:
        return lines.with_columns(pl.lit(value=False).alias("economic"))
    order_cost = float(ordering.order_cost) * 10**digits
    days = _days(lines, order_cost, float(ordering.holding_cost))
    applies = (
        pl.col("rule_cover_days").is_null()
        & (pl.col("unit_cost") > 0).fill_null(value=False)
        & (pl.col("weekly_demand") > 0)
    )
    shelf_life = pl.when(pl.col("shelf_life_days") > 0).then("shelf_life_days")
    period = pl.min_horizontal(days, shelf_life.floor(), pl.lit(float(YEAR_DAYS)))
    longer = applies & (period > pl.col("review_days"))
    return lines.with_columns(
        pl.when(longer).then(period).otherwise("review_days").alias("review_days"),
        longer.alias("economic"),
    )


def _days(lines: pl.DataFrame, order_cost: float, holding_cost: float) -> pl.Series:
    """Give how many days the economic order quantity lasts; missing where nothing sells."""
    weekly = lines["weekly_demand"]
    yearly = (weekly * YEAR_DAYS / 7).to_numpy()
    held = (lines["unit_cost"].cast(pl.Float64) * holding_cost).fill_null(0).to_numpy()
    quantity = pl.Series(economic_order_quantity(yearly, order_cost, held))
    days = (quantity / weekly * 7).round()
    return days.replace([float("inf"), float("nan")], None)
