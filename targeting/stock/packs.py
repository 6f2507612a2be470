"""From units needed to whole packs: minimum order, limits by rule, and the budget."""

from __future__ import annotations

from typing import Final

import polars as pl

from targeting.stock.inputs import MOST_UNITS

SLACK: Final = 1e-9  # a float's error is not another pack


LEAST_LEVEL: Final = 0.5  # units; a hair of demand does not buy a whole pack


def available(prefix: str = "") -> pl.Expr:
    """Give the units on hand, less what is reserved, plus what is on order.

    Missing without a count; what is counted under 0 is 0. `prefix`: of the three columns' names.
    """
    names = (f"{prefix}{name}" for name in ("on_hand", "reserved", "on_order"))
    on_hand, reserved, on_order = (pl.col(name).clip(lower_bound=0) for name in names)
    return (on_hand - reserved.fill_null(0) + on_order.fill_null(0)).alias("available")


def short() -> pl.Expr:
    """Give the units that a line is short of its level; under 0 where it has more."""
    return pl.col("order_up_to") - pl.col("available")


def asked(short: pl.Expr) -> pl.Expr:
    """Give the lot for units short; 0 of what may not be ordered, or has next to no demand."""
    sells = pl.col("orderable") & (pl.col("order_up_to") >= LEAST_LEVEL)
    return pl.when(sells).then(lot(short)).otherwise(0)


def lot(short: pl.Expr) -> pl.Expr:
    """Round units short up to whole packs and to the smallest order; 0 where nothing is short.

    Less short is never a larger lot, so what a transfer leaves to buy is at most what was needed.
    """
    pack = pl.col("pack_size")
    packs = ((short.clip(0, MOST_UNITS) / pack) - SLACK).ceil().cast(pl.Int64)
    whole = pl.max_horizontal(packs * pack, pl.col("smallest_order"))
    return pl.when(short > SLACK).then(whole).otherwise(0)


def limit() -> pl.Expr:
    """Give the most units that the rules allow, in whole packs; missing without a limit.

    `order_at_most` in units, packs, money (minor units; without a unit cost it cannot bind) or
    weeks of expected demand; the tightest holds.
    """
    pack, cost = pl.col("pack_size"), pl.col("unit_cost")
    priced = pl.when(cost > 0).then(pl.col("rule_order_at_most_money") / (cost * pack))
    packs = pl.min_horizontal(
        pl.col("rule_order_at_most_units") / pack,
        pl.col("rule_order_at_most_packs"),
        priced,
        pl.col("rule_order_at_most_weeks") * pl.col("weekly_demand") / pack,
    )
    return ((packs.clip(0, MOST_UNITS) + SLACK).floor().cast(pl.Int64)) * pack


def least_order() -> pl.Expr:
    """Give the supplier's minimum, a pack or more, in whole packs."""
    pack = pl.col("pack_size")
    packs = (pl.col("minimum_order") + pack - 1) // pack
    return packs.clip(lower_bound=1) * pack


def limited(wanted: pl.Expr, *more: pl.Expr) -> pl.Expr:
    """Keep a quantity within the rules' limit, and `more` limits (missing: none).

    Under the supplier's minimum nothing is left of it.
    """
    most = pl.min_horizontal(wanted, "limit", *more)
    return pl.when(most >= least_order()).then(most).otherwise(0)


def within_budget(lines: pl.DataFrame, budget: int | None) -> pl.Series:
    """Cut quantities until their cost is within the budget; money in minor units.

    The lines that lose the least margin for their money go first, in whole packs and never under
    the supplier's minimum; what that leaves of the budget goes down the same ranking once more.
    Lines without a unit cost are not counted. Ties go by the order of the lines.

    Takes to_buy, unit_cost, pack_size, least_order (the supplier's minimum in whole packs),
    at_stake (the margin that to_buy saves).
    """
    if budget is None:
        return lines["to_buy"].alias("quantity")
    cost = pl.col("to_buy") * pl.col("unit_cost").fill_null(0)
    numbered = lines.with_row_index("line").with_columns(
        cost.alias("cost"), pl.lit(0, dtype=pl.Int64).alias("quantity")
    )
    worth = pl.col("at_stake").fill_null(0) / pl.col("cost")
    waiting = numbered.filter(pl.col("cost") > 0).sort(worth, "line", descending=[True, False])
    settled = [
        numbered.filter(pl.col("cost") == 0).select("line", pl.col("to_buy").alias("quantity"))
    ]
    left = max(budget, 0)
    while waiting.height:
        taken, waiting = _spend(waiting, left)
        settled.append(taken.select("line", "quantity"))
        left -= int((taken["quantity"] * taken["unit_cost"]).cast(pl.Int128).sum())
    return pl.concat(settled).sort("line")["quantity"]


def _spend(waiting: pl.DataFrame, left: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Settle the best lines as far as the money goes, the next one in part; give the rest back.

    Lines whose least order is dearer than all that is left are settled at 0.
    """
    affordable = pl.col("least_order") * pl.col("unit_cost") <= left
    hopeless = waiting.filter(~affordable)
    ranked = waiting.filter(affordable).with_columns(
        pl.col("cost").cast(pl.Int128).cum_sum().alias("spent")
    )
    full = ranked.filter(pl.col("spent") <= left)
    rest = ranked.slice(full.height)
    left -= int(full["cost"].cast(pl.Int128).sum())
    pack = pl.col("pack_size")
    pack_cost = pack * pl.col("unit_cost")
    part = (pl.lit(left, pl.Int128) // pack_cost).clip(0, MOST_UNITS).cast(pl.Int64) * pack
    enough = part >= pl.col("least_order")
    crossing = rest.head(1).with_columns(pl.when(enough).then(part).otherwise(0).alias("quantity"))
    taken = pl.concat(
        [
            hopeless,
            full.with_columns(pl.col("to_buy").alias("quantity")).drop("spent"),
            crossing.drop("spent"),
        ]
    )
    return taken, rest.slice(1).drop("spent")
