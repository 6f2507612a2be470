"""The planner's sheet: what to order of each product and location, how much, and why."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl

from targeting.stock import levels
from targeting.stock.because import because, flags, silent
from targeting.stock.columns import (
    BY_CATEGORY,
    BY_SEGMENT,
    LINES,
    SEGMENT_DEMAND,
    TRANSFERS,
    WORKINGS,
    empty,
    only,
)
from targeting.stock.found import data_problems, whole
from targeting.stock.packs import limit, limited, lot, within_budget
from targeting.stock.terms import terms
from targeting.stock.totals import by_category, by_segment, segment_demand
from targeting.workspace.settings import Ordering


@dataclass(frozen=True)
class Suggestions:
    """Everything the sheet says, in stock.md's columns; money in minor units.

    `workings` has a row for each of `lines`, in their order: what the sheet's formulas need
    besides. `notes` are sentences about the whole.
    """

    lines: pl.DataFrame
    by_category: pl.DataFrame
    by_segment: pl.DataFrame
    segment_demand: pl.DataFrame
    transfers: pl.DataFrame
    data_problems: pl.DataFrame
    notes: tuple[str, ...]
    workings: pl.DataFrame


def suggest(
    table: pl.DataFrame,
    parameters: pl.DataFrame,
    ordering: Ordering,
    as_of: dt.date,
    *,
    digits: int,
) -> Suggestions:
    """Suggest an order for each row of `product_table`; without purchases none, and why.

    Periodic review: at every review each line is ordered up to its level over lead time + review,
    whenever it is below (not first at the reorder point, which leaves the review unprotected and
    is what `low` warns of). `parameters`: one row a product and location with what inventory rules
    set; empty without rules. `digits`: decimals of the currency, for the budget.
    """
    if table.is_empty() or not table["weeks_seen"].max():
        return _nothing()
    settled, gaps = terms(table, parameters, ordering, as_of)
    levelled = _with_levels(settled.with_columns(silent(as_of).alias("silent")))
    budget = None if ordering.budget is None else int(ordering.budget * 10**digits)
    ordered = _with_quantities(levelled, budget)
    lines = ordered.with_columns(flags(ordered), because(ordered["rule"].unique()))
    by_product = segment_demand(lines)
    return Suggestions(
        lines=only(lines, LINES),
        by_category=by_category(lines),
        by_segment=by_segment(by_product),
        segment_demand=by_product,
        transfers=empty(TRANSFERS),
        data_problems=data_problems(lines, gaps, as_of),
        notes=tuple(_notes(lines, budget)),
        workings=only(lines, WORKINGS),
    )  # fmt: skip


def _with_levels(lines: pl.DataFrame) -> pl.DataFrame:
    """Add the levels of stock, the risk before the next delivery, and what is short of the level.

    All in units. `expected_lost_margin` is what leaving the line out would lose until the review
    after next: units short by then, less those short before a delivery could help.
    """
    demand, sd = lines["level_demand"].to_numpy(), lines["weekly_sd"].to_numpy()
    lead = lines["lead_time_days"].to_numpy() / 7
    lead_sd = lines["lead_time_sd_days"].to_numpy() / 7
    both = lead + lines["review_days"].to_numpy() / 7
    service, available = lines["service_level"].to_numpy(), lines["available"].to_numpy()
    lead_spread = levels.spread(sd, demand, lead, lead_sd)
    both_spread = levels.spread(sd, demand, both, lead_sd)
    safety = levels.safety_stock(service, both_spread)
    avoidable = levels.units_short(demand * both, both_spread, available) - levels.units_short(
        demand * lead, lead_spread, available
    )
    margin = (pl.col("price") - pl.col("unit_cost")).clip(lower_bound=0)
    lost = (margin * pl.Series(np.maximum(avoidable, 0))).clip(0, 1e18).round().cast(pl.Int64)
    return lines.with_columns(
        pl.Series("safety_stock", safety),
        pl.Series("reorder_point", demand * lead + levels.safety_stock(service, lead_spread)),
        pl.Series("order_up_to", demand * both + safety),
        pl.Series("stockout_risk", levels.stockout_risk(demand * lead, lead_spread, available)),
        lost.alias("expected_lost_margin"),
    )


def _with_quantities(lines: pl.DataFrame, budget: int | None) -> pl.DataFrame:
    """Add wanted (in whole packs), needed (within the rules' limits), quantity (within budget)."""
    short = pl.col("order_up_to") - pl.col("available")
    needed = lines.with_columns(
        (~pl.col("discontinued") & ~pl.col("silent")).alias("orderable"), limit().alias("limit")
    ).with_columns(
        pl.when("orderable").then(lot(short)).otherwise(0).alias("wanted")
    ).with_columns(limited(pl.col("wanted")).alias("needed"))  # fmt: skip
    return needed.with_columns(
        within_budget(needed, budget), pl.lit(0, dtype=pl.Int64).alias("transfer_in")
    ).with_columns((pl.col("quantity") * pl.col("unit_cost")).alias("line_cost"))


def _notes(lines: pl.DataFrame, budget: int | None) -> list[str]:
    cut = lines.filter(pl.col("quantity") < pl.col("needed")).height
    uncosted = lines.filter(pl.col("unit_cost").is_null() & (pl.col("quantity") > 0)).height
    notes = []
    if budget is not None and cut:
        notes.append(
            f"The budget cut {cut} of the {(lines['needed'] > 0).sum()} lines that need an order."
        )
    if uncosted:
        notes.append(f"Lines to order without a unit cost, in no total: {uncosted}.")
    if not lines["was_on_hand"].count():
        notes.append("There are no stock levels: every line is ordered as if the shelf were empty.")
    return notes


def _nothing() -> Suggestions:
    why = "There are no purchases up to this day, so nothing is known of demand."
    return Suggestions(
        lines=empty(LINES),
        by_category=empty(BY_CATEGORY),
        by_segment=empty(BY_SEGMENT),
        segment_demand=empty(SEGMENT_DEMAND),
        transfers=empty(TRANSFERS),
        data_problems=whole("purchases", "no purchases", "no suggestions"),
        notes=(why,),
        workings=empty(WORKINGS),
    )
