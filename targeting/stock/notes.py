"""Sentences about the whole: what the budget cut, what moves, what tonight's campaigns add."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from targeting.workspace.settings import Ordering


def notes(
    lines: pl.DataFrame,
    moves: pl.DataFrame,
    campaigns: pl.DataFrame,
    ordering: Ordering,
    digits: int,
    currency: str = "",
) -> tuple[str, ...]:
    """Say what a planner should know before reading line by line; money in major units.

    `currency`: its code, written before an amount.
    """
    told = (
        _transfers(lines, moves, digits, currency),
        _campaigns(campaigns),
        _lines(lines, ordering),
    )
    return tuple(sentence for sentences in told for sentence in sentences)


def _lines(lines: pl.DataFrame, ordering: Ordering) -> Iterable[str]:
    cut = lines.filter(pl.col("quantity") < pl.col("to_buy")).height
    uncosted = lines.filter(pl.col("unit_cost").is_null() & (pl.col("quantity") > 0)).height
    if ordering.budget is not None and cut:
        asking = (lines["to_buy"] > 0).sum()
        yield f"The budget cut {cut} of the {asking} lines that need an order."
    if uncosted:
        yield f"Lines to order without a unit cost, in no total: {uncosted}."
    if not lines["was_on_hand"].count():
        yield "There are no stock levels: every line is ordered as if the shelf were empty."
    if (ordering.order_cost is None) != (ordering.holding_cost is None):
        yield "An order's cost changes nothing: order_cost and holding_cost are needed together."


def _transfers(
    lines: pl.DataFrame, moves: pl.DataFrame, digits: int, currency: str
) -> Iterable[str]:
    if moves.is_empty():
        return
    units, rows = int(moves["quantity"].sum()), moves.height
    saved = (lines["needed"] - lines["to_buy"]) * lines["unit_cost"]
    money = int(saved.cast(pl.Int128).sum()) / 10**digits
    what = "1 unit goes" if units == 1 else f"{units:,} units go"
    amount = f"{currency} {money:,.{0 if money == int(money) else digits}f}".strip()
    times = "1 transfer" if rows == 1 else f"{rows:,} transfers"
    yield (
        f"Before anything is bought, {what} from one location to another in {times}: "
        f"{amount} less to buy, at cost."
    )


def _campaigns(campaigns: pl.DataFrame) -> Iterable[str]:
    stated = campaigns.filter(pl.col("uplift").is_not_null())
    silent = campaigns.filter(pl.col("uplift").is_null())["rule"].to_list()
    if stated.height:
        units = round(float(stated["units"].sum()))
        yield f"Tonight's campaigns are expected to sell {units:,} units more within 30 days."
    if silent:
        named = ", ".join(silent)
        yield f"Campaigns that state no uplift, and so add nothing to demand: {named}."
