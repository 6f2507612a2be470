"""How much to order at a time, where each order costs something and so does what lies there."""

from __future__ import annotations

from typing import Final

import polars as pl

from targeting.stock.formulas.economics import economic_order_quantity
from targeting.stock.inputs import MOST_UNITS
from targeting.stock.packs import SLACK
from targeting.workspace.settings import Ordering

YEAR_DAYS: Final = 365


def economic_lot(lines: pl.DataFrame, ordering: Ordering, digits: int) -> pl.DataFrame:
    """Add `economic_lot`: the units that are worth ordering at a time, in whole packs; 0 without.

    The economic order quantity (Harris 1913), at most what sells in a year and within the product's
    shelf life. With a level that covers lead time and review it makes the (R, s, Q) policy of
    Silver, Pyke and Thomas 2017, chapter 6: dear orders are rarer and larger. Only where the shop
    says `order_cost` (major units a line, `digits` decimals) and `holding_cost` (share of the unit
    cost a year), the line has a unit cost and sells, and no rule says how much to `cover`.
    """
    none = pl.lit(0, dtype=pl.Int64).alias("economic_lot")
    if ordering.order_cost is None or ordering.holding_cost is None:
        return lines.with_columns(none)
    order_cost = float(ordering.order_cost) * 10**digits
    weekly, pack = pl.col("weekly_demand"), pl.col("pack_size")
    most = pl.min_horizontal(
        weekly * pl.col("shelf_life_days") / 7, weekly * YEAR_DAYS / 7, pl.lit(MOST_UNITS)
    )
    nearest = (_quantity(lines, order_cost, float(ordering.holding_cost)) / pack).round()
    applies = (pl.col("unit_cost") > 0).fill_null(value=False) & (weekly > 0)
    applies &= pl.col("rule_cover_days").is_null()
    fits = (most / pack + SLACK).floor()  # a pack more would outlast the year or the shelf life
    packs = pl.min_horizontal(nearest, fits).cast(pl.Int64) * pack
    return lines.with_columns(
        pl.when(applies).then(packs).otherwise(0).fill_null(0).alias("economic_lot")
    )


def _quantity(lines: pl.DataFrame, order_cost: float, holding_cost: float) -> pl.Series:
    """Give the economic order quantity; missing where nothing sells or is held at a cost."""
    yearly = (lines["weekly_demand"] * YEAR_DAYS / 7).to_numpy()
    held = (lines["unit_cost"].cast(pl.Float64) * holding_cost).fill_null(0).to_numpy()
    quantity = pl.Series(economic_order_quantity(yearly, order_cost, held))
    return quantity.replace([float("inf"), float("nan")], None)
