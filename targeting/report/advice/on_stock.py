"""Advice on stock: money that lies, what campaigns sell out, what a segment wants and lacks."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from targeting.exports.planner.overstock import excess, lies_too_long
from targeting.report.advice.piece import Advice, share_of_customers, share_of_sales
from targeting.report.numbers import Night
from targeting.report.parts import has, total
from targeting.report.speech import Speech

_LIKELY = 0.5  # to run out before an order arrives
_MUCH = 0.2  # of what a segment is expected to buy
_LINE = ("product_id", "location")
_ORDER = "stock/suggestions.xlsx"


def on_stock(night: Night, speech: Speech) -> Iterator[Advice]:
    """Look at tonight's lines as the planner does."""
    lines = night.suggestions.get("lines")
    if lines is None or not has(lines, *_LINE, "product", "quantity", "stockout_risk"):
        return
    yield from _lies(lines, night, speech)
    yield from _left_out(lines, night, speech)
    yield from _campaigns(lines, night, speech)
    yield from _wanted(lines, night, speech)


def _lies(lines: pl.DataFrame, night: Night, speech: Speech) -> Iterator[Advice]:
    """Tell where money lies in stock beyond 26 weeks of demand."""
    if not has(lines, "flags", "on_hand", "weekly_demand", "unit_cost"):
        return
    money = (excess() * pl.col("unit_cost")).round().cast(pl.Int64).alias("money")
    category = (
        pl.col("category").fill_null("No category")
        if "category" in lines.columns
        else pl.lit("All")
    )
    tied = lines.filter(lies_too_long()).select(category.alias("category"), "product", money)
    tied = tied.filter(pl.col("money") > 0)
    if tied.is_empty():
        return
    by_category = tied.group_by("category").agg(pl.col("money").sum())
    first, most = by_category.sort("money", "category", descending=[True, False]).row(0)
    largest = tied.filter(pl.col("category") == first)
    largest = largest.group_by("product").agg(pl.col("money").sum())
    product, cost = largest.sort("money", "product", descending=[True, False]).row(0)
    every = total(tied, "money")
    yield Advice(
        do=f"Mark down or move what lies too long, {first} first.",
        because=f"{speech.short_money(every)} lies beyond 26 weeks of demand, on"
        f" {speech.count(tied.height, 'line')}; {first} holds {speech.percent(most / every)} of it,"
        f" the largest is {product} ({speech.short_money(cost)}).",
        where=f"{_ORDER}, sheet Overstock",
        touches=share_of_sales(every, night),
    )


def _left_out(lines: pl.DataFrame, night: Night, speech: Speech) -> Iterator[Advice]:
    """Tell of lines that need an order, will likely run out, and are not in it."""
    workings = night.suggestions.get("workings")
    if workings is None or not has(workings, *_LINE, "needed"):
        return
    if not has(lines, "transfer_in", "expected_lost_margin"):
        return
    needed = lines.join(workings.select(*_LINE, "needed"), on=list(_LINE))
    out = needed.filter(
        pl.col("needed") > 0,
        pl.col("quantity") == 0,
        pl.col("transfer_in") == 0,
        pl.col("stockout_risk") >= _LIKELY,
    )
    margin = total(out, "expected_lost_margin")
    if out.is_empty():
        return
    first = _largest(out, "expected_lost_margin")
    at_stake = f"; {speech.short_money(margin)} of margin is expected to be lost" if margin else ""
    yield Advice(
        do="Decide on what is needed and left out of the order.",
        because=f"{speech.count(out.height, 'line needs', 'lines need')} an order, will likely run"
        f" out before one arrives, and got none: a limit or the budget stands in the way{at_stake},"
        f" most on {first}.",
        where=f"{_ORDER}; targeting.yaml, ordering; rules/inventory",
        touches=share_of_sales(margin, night),
    )


def _campaigns(lines: pl.DataFrame, night: Night, speech: Speech) -> Iterator[Advice]:
    """Tell of lines that tonight's campaigns sell and that will likely run out."""
    workings = night.suggestions.get("workings")
    if workings is None or not has(workings, *_LINE, "campaign_units"):
        return
    sold = lines.join(workings.select(*_LINE, "campaign_units"), on=list(_LINE))
    sold = sold.filter(pl.col("campaign_units") > 0)
    short = sold.filter(pl.col("stockout_risk") >= _LIKELY)
    if short.is_empty():
        return
    units, every = (float(sum(part["campaign_units"].sort())) for part in (short, sold))
    ordered = short.filter(pl.col("quantity") > 0).height
    margin = total(short, "expected_lost_margin")
    yield Advice(
        do="Fill the shelves that tonight’s campaigns sell from before the lists go out.",
        because=f"Of {speech.number(every, 1)} units that the campaigns are expected to sell more"
        f" in 30 days {speech.number(units, 1)} fall on {speech.count(short.height, 'line')} likely"
        f" to run out before an order arrives, most on {_largest(short, 'campaign_units')};"
        f" tonight’s order has {speech.number(ordered)} of these lines.",
        where=f"{_ORDER}, sheet Suggestions",
        touches=share_of_sales(margin, night),
    )


def _wanted(lines: pl.DataFrame, night: Night, speech: Speech) -> Iterator[Advice]:
    """Tell which segment finds most of what it wants on shelves that run out."""
    demand = night.suggestions.get("segment_demand")
    if demand is None or not has(demand, *_LINE, "segment", "expected_units"):
        return
    known = demand.filter(pl.col("segment").is_not_null() & (pl.col("segment") != "no_segment"))
    joined = known.join(lines.select(*_LINE, "product", "stockout_risk"), on=list(_LINE))
    units = pl.col("expected_units").sort()  # floats are added in one order
    short = pl.col("stockout_risk").fill_null(0) >= _LIKELY
    by_segment = joined.group_by("segment").agg(
        units.sum().alias("units"),
        pl.col("expected_units").filter(short).sort().sum().alias("short"),
    )
    by_segment = by_segment.with_columns(
        (pl.col("short") / pl.col("units")).round(6).alias("share")
    )
    by_segment = by_segment.filter(pl.col("share") >= _MUCH)
    sizes = _sizes(night)
    weighed = [
        (share * sizes.get(segment, 0), segment, every, short, share)
        for segment, every, short, share in by_segment.sort("segment").iter_rows()
    ]
    if not weighed:
        return
    people, segment, every, few, share = max(weighed, key=lambda row: (row[0], row[1]))
    own = joined.filter(pl.col("segment") == segment, short)
    yield Advice(
        do=f"Keep in stock what {segment} want: a higher service level, or an order at once.",
        because=f"Of {speech.number(every, 1)} units a week that are expected of them"
        f" {speech.number(few, 1)} ({speech.percent(share)}) lie on lines likely to run out, most"
        f" on {_largest(own, 'expected_units')}.",
        where="rules/inventory, service_level",
        touches=share_of_customers(people, night),
    )


def _sizes(night: Night) -> dict[str, int]:
    if not has(night.customers, "segment"):
        return {}
    segments = night.customers.select("segment").cast(pl.String)
    counted = segments.group_by("segment").len().drop_nulls()
    return dict(counted.iter_rows())


def _largest(lines: pl.DataFrame, column: str) -> str:
    """Name the line with the most, and its place."""
    falling = [True, False, False]
    row = lines.sort(column, *_LINE, descending=falling, nulls_last=True).row(0, named=True)
    place = f" at {row['location']}" if row.get("location") else ""
    return f"{row['product'] or row['product_id']}{place}"
