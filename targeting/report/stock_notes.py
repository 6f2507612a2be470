"""What to know of the order besides its lines: one sentence each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import polars as pl

from targeting.exports.planner.overstock import excess, lies_too_long
from targeting.orders.judge import in_words
from targeting.report.numbers import Night
from targeting.report.parts import has, total
from targeting.report.speech import Speech

_SOURCES = {"measured": "measured", "rule": "stated by the rule"}


def stock_notes(night: Night, speech: Speech) -> tuple[str, ...]:
    """Tell of transfers, campaigns, overstock, empty shelves, the forecast, past changes, gaps.

    A night without one of them says nothing of it.
    """
    frames = night.suggestions
    return (
        *_transfers(frames.get("transfers"), frames.get("lines"), speech),
        *_campaigns(frames.get("campaigns"), speech),
        *_overstock(frames.get("lines"), speech),
        *_out_of_stock(frames.get("workings"), speech),
        *_forecast(frames.get("forecast_check"), speech),
        *_overrides(frames.get("overrides")),
        *_gaps(frames.get("data_problems"), speech),
    )


def _transfers(
    moves: pl.DataFrame | None, lines: pl.DataFrame | None, speech: Speech
) -> Iterator[str]:
    if moves is None or moves.is_empty():
        return
    units = speech.count(total(moves, "quantity"), "unit moves", "units move")
    times = speech.count(moves.height, "transfer")
    ranked = moves.sort("quantity", *_ROUTE, descending=[True, False, False, False])
    first = ranked.row(0, named=True)
    largest = f"{speech.number(first['quantity'])} of {_name(first['product_id'], lines)}"
    way = f"from {first['from_location']} to {first['to_location']}"
    told = f"{units} between locations first, in {times}"
    yield f"{told}; the largest: {largest} {way} (stock/transfers.csv)."


_ROUTE = ("product_id", "from_location", "to_location")


def _name(product_id: str, lines: pl.DataFrame | None) -> str:
    if lines is None or not has(lines, "product_id", "product"):
        return product_id
    names = lines.filter(pl.col("product_id") == product_id)["product"].drop_nulls()
    return str(names.min()) if len(names) else product_id


def _campaigns(campaigns: pl.DataFrame | None, speech: Speech) -> Iterator[str]:
    if campaigns is None or not has(campaigns, "rule", "uplift", "source", "units"):
        return
    adding = campaigns.filter(pl.col("units") != 0).sort("units", "rule", descending=[True, False])
    if adding.is_empty():
        return
    units = speech.number(sum(adding["units"]), 1)
    rules = ", ".join(
        f"{row['rule']} {speech.number(row['units'], 1)} (uplift {speech.percent(row['uplift'])}, "
        f"{_SOURCES.get(row['source'], 'unknown')})"
        for row in adding.iter_rows(named=True)
    )
    yield f"Tonight's campaigns are expected to sell {units} units more in 30 days: {rules}."


def _overstock(lines: pl.DataFrame | None, speech: Speech) -> Iterator[str]:
    if lines is None or not has(lines, "flags", "on_hand", "weekly_demand", "unit_cost"):
        return
    money = (excess() * pl.col("unit_cost")).round().cast(pl.Int128)
    tied = lines.filter(lies_too_long()).select(money.alias("money")).filter(pl.col("money") > 0)
    if tied.height:
        where = speech.count(tied.height, "line")
        cost = speech.short_money(int(tied["money"].sum()))
        yield f"{cost} lies in stock beyond 26 weeks of demand, on {where}."


def _out_of_stock(workings: pl.DataFrame | None, speech: Speech) -> Iterator[str]:
    if workings is None or not has(workings, "days_out_of_stock"):
        return
    out = workings.filter(pl.col("days_out_of_stock") > 0)
    if out.height:
        lines = speech.count(out.height, "line was", "lines were")
        days = speech.count(total(out, "days_out_of_stock"), "day")
        yield (
            f"{lines} out of stock for a part of the last 26 weeks, {days} in all, which are taken "
            "out of the demand."
        )


def _forecast(check: pl.DataFrame | None, speech: Speech) -> Iterator[str]:
    needed = ("demand_class", "wape", "best_other", "best_other_wape")
    if check is None or not has(check, *needed):
        return
    judged = check.drop_nulls(["wape", "best_other_wape"])
    parts = [
        f"{row['demand_class']} {speech.percent(row['wape'])} (best of the five: "
        f"{row['best_other']} {speech.percent(row['best_other_wape'])})"
        for row in judged.sort("demand_class").iter_rows(named=True)
    ]
    if parts:
        yield f"The forecast missed in the last 8 weeks, held out: {_listed(parts)} of what sold."


def _listed(parts: Iterable[str]) -> str:
    *first, last = parts
    return " and ".join(filter(None, (", ".join(first), last)))


def _overrides(judged: pl.DataFrame | None) -> Iterator[str]:
    told = None if judged is None else in_words(judged)
    if told is not None:
        yield told


def _gaps(problems: pl.DataFrame | None, speech: Speech) -> Iterator[str]:
    if problems is not None and problems.height:
        found = speech.count(problems.height, "gap")
        yield f"{found} in the data had to be bridged: stock/data_problems.csv."
