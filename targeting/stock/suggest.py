"""The planner's sheet: what to order of each product and location, how much, and why."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import polars as pl

from targeting.stock.because import because
from targeting.stock.columns import (
    BY_CATEGORY,
    BY_SEGMENT,
    CAMPAIGNS,
    LINES,
    SEGMENT_DEMAND,
    TRANSFERS,
    WORKINGS,
    empty,
    only,
)
from targeting.stock.coming import Coming, with_coming
from targeting.stock.demand.forecast_check import CHECK
from targeting.stock.flags import flags, silent
from targeting.stock.found import data_problems, whole
from targeting.stock.notes import notes
from targeting.stock.packs import asked, limit, limited, short, within_budget
from targeting.stock.protection import lost_margin, with_levels
from targeting.stock.shelf_life import sells_in_time
from targeting.stock.terms import Gap, terms
from targeting.stock.totals import by_category, by_segment, segment_demand
from targeting.stock.transfers import transfers, with_moves
from targeting.workspace.settings import Ordering


@dataclass(frozen=True)
class Suggestions:
    """Everything the sheet says, in stock.md's columns; money in minor units.

    `workings` has a row for each of `lines`, in their order: what the sheet's formulas need
    besides. `notes` are sentences about the whole. `campaigns` has a row for each of tonight's
    rules: people, uplift and its source (missing where there is none), units within 30 days.
    `forecast_check` judges the forecasts by class.
    """

    lines: pl.DataFrame
    by_category: pl.DataFrame
    by_segment: pl.DataFrame
    segment_demand: pl.DataFrame
    transfers: pl.DataFrame
    data_problems: pl.DataFrame
    notes: tuple[str, ...]
    workings: pl.DataFrame
    campaigns: pl.DataFrame = field(default_factory=lambda: empty(CAMPAIGNS))
    forecast_check: pl.DataFrame = field(default_factory=lambda: empty(CHECK))


def suggest(
    table: pl.DataFrame,
    parameters: pl.DataFrame,
    ordering: Ordering,
    as_of: dt.date,
    *,
    digits: int,
    currency: str = "",
    coming: Coming | None = None,
) -> Suggestions:
    """Suggest an order for each row of `product_table`; without purchases none, and why.

    Periodic review: at every review each line is ordered up to its level over lead time + review,
    whenever it is below (not first at the reorder point, which leaves the review unprotected and
    is what `low` warns of). `parameters`: one row a product and location with what inventory rules
    set; empty without rules. `digits`: decimals of the currency, for the budget and the cost of an
    order; `currency`: its code, for the notes. `coming`: what tonight's campaigns add; it raises
    the levels, never `weekly_demand`. Locations first give each other what they can spare, unless
    `ordering.transfers` is no.
    """
    campaigns = empty(CAMPAIGNS) if coming is None else coming.campaigns
    if table.is_empty() or not table["weeks_seen"].max():
        return _nothing(campaigns)
    settled, gaps = _settled(table, parameters, ordering, as_of, digits)
    levelled = with_levels(with_coming(settled, None if coming is None else coming.units))
    moves = transfers(levelled) if ordering.transfers else empty(TRANSFERS)
    budget = None if ordering.budget is None else int(ordering.budget * 10**digits)
    ordered = _with_quantities(with_moves(_with_needs(levelled), moves), budget)
    lines = ordered.with_columns(flags(ordered), because(ordered["rule"].unique()))
    by_product = segment_demand(lines)
    return Suggestions(
        lines=only(lines, LINES),
        by_category=by_category(lines),
        by_segment=by_segment(by_product),
        segment_demand=by_product,
        transfers=moves,
        data_problems=data_problems(lines, gaps, as_of),
        notes=notes(lines, moves, campaigns, ordering, digits, currency),
        workings=only(lines, WORKINGS),
        campaigns=campaigns,
    )  # fmt: skip


def _settled(
    table: pl.DataFrame,
    parameters: pl.DataFrame,
    ordering: Ordering,
    as_of: dt.date,
    digits: int,
) -> tuple[pl.DataFrame, list[Gap]]:
    """Settle the terms; say what is out of question to order."""
    settled, gaps = terms(table, parameters, ordering, as_of, digits=digits)
    known = settled.with_columns(silent(as_of).alias("silent"))
    orderable = ~pl.any_horizontal("discontinued", "silent", "listed_refused")
    limited_by = known.with_columns(orderable.alias("orderable"), limit().alias("limit"))
    return limited_by.with_columns(_smallest_within_limit()), gaps


def _smallest_within_limit() -> pl.Expr:
    """Let a rule's limit cut the economic lot, down to the supplier's minimum."""
    over = pl.col("limit") < pl.col("smallest_order")
    cut = pl.max_horizontal("least_order", "limit")
    return pl.when(over).then(cut).otherwise("smallest_order").alias("smallest_order")


def _with_needs(lines: pl.DataFrame) -> pl.DataFrame:
    """Add what each line asks by itself: `needed`, in whole packs and within its limits.

    The rules' limit, and `sells_in_time` (units; missing without a shelf life).
    """
    fresh = lines.with_columns(sells_in_time(pl.col("available")).alias("sells_in_time"))
    within = limited(asked(short()), pl.col("sells_in_time"))
    return fresh.with_columns(within.alias("needed"))


def _with_quantities(lines: pl.DataFrame, budget: int | None) -> pl.DataFrame:
    """Add what transfers leave to buy: left (in packs), to_buy (within limits), quantity (budget).

    What is still short after a transfer is ordered as any shortage is: up to whole packs and the
    smallest order, which is never more than `needed`. `would_expire` says where the shelf life
    makes `to_buy` less.
    """
    had = lines["available"] + lines["transfer_in"]
    in_time = sells_in_time(pl.col("available") + pl.col("transfer_in"))
    asking = (
        lines.with_columns(asked(short() - pl.col("transfer_in")).alias("left"))
        .with_columns(limited(pl.col("left"), in_time).alias("to_buy"))
        .with_columns((limited(pl.col("left")) > pl.col("to_buy")).alias("would_expire"))
    )
    saved = lost_margin(lines, had) - lost_margin(lines, had, asking["to_buy"])
    asking = asking.with_columns(saved.alias("at_stake"))
    bought = asking.with_columns(within_budget(asking, budget))
    return bought.with_columns((pl.col("quantity") * pl.col("unit_cost")).alias("line_cost"))


def _nothing(campaigns: pl.DataFrame) -> Suggestions:
    why = "There are no purchases of products up to this day, so nothing is known of demand."
    return Suggestions(
        lines=empty(LINES),
        by_category=empty(BY_CATEGORY),
        by_segment=empty(BY_SEGMENT),
        segment_demand=empty(SEGMENT_DEMAND),
        transfers=empty(TRANSFERS),
        data_problems=whole("purchases", "no purchases of products", "no suggestions"),
        notes=(why,),
        workings=empty(WORKINGS),
        campaigns=campaigns,
    )
