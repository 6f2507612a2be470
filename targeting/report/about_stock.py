"""What to order: the money by category, the largest lines, what may run out."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from targeting.report.numbers import Night
from targeting.report.parts import Figure, Table, has, total
from targeting.report.pictures import Point, bars
from targeting.report.speech import NOTHING, Speech
from targeting.report.stock_notes import stock_notes

_MOST_LINES = 10
_MOST_CATEGORIES = 12


@dataclass(frozen=True)
class StockChapter:
    """The chapter, ready to be shown."""

    reading: str
    figures: tuple[Figure, ...]
    lines: Table
    risks: Table
    demand: Table
    notes: tuple[str, ...]


def about_stock(night: Night, speech: Speech) -> StockChapter | None:
    """Show tonight's suggestions; None where there is no stock sheet."""
    lines = night.suggestions.get("lines")
    if lines is None or lines.is_empty():
        return None
    to_order = suggested(night)
    figure = _by_category(to_order, speech)
    return StockChapter(
        reading=_ordered(to_order, speech),
        figures=(figure,) if figure is not None else (),
        lines=_largest(to_order, speech),
        risks=_risks(lines, speech),
        demand=_demand(night, speech),
        notes=stock_notes(night, speech),
    )


def suggested(night: Night) -> pl.DataFrame:
    """Take the lines with something to order."""
    lines = night.suggestions.get("lines")
    if lines is None or not has(lines, "quantity"):
        return pl.DataFrame({"quantity": [], "line_cost": []})
    return lines.filter(pl.col("quantity") > 0)


def ordered(night: Night, speech: Speech) -> str:
    """Say in a sentence what is to be ordered."""
    return _ordered(suggested(night), speech)


def why_ordered(night: Night, speech: Speech) -> str:
    """Say how many of the ordered lines are empty or at their reorder point; else nothing."""
    lines = suggested(night)
    if not has(lines, "flags"):
        return ""
    told = [
        (int(lines["flags"].list.contains(flag).sum()), words)
        for flag, words in (("stock-out", "out of stock"), ("low", "at the reorder point"))
    ]
    return ", ".join(f"{speech.number(n)} {words}" for n, words in told if n)


def _ordered(lines: pl.DataFrame, speech: Speech) -> str:
    if lines.is_empty():
        return "Nothing needs to be ordered."
    units = speech.count(total(lines, "quantity"), "unit")
    suppliers = lines["supplier"].drop_nulls().n_unique() if "supplier" in lines.columns else 0
    where = f" from {speech.count(suppliers, 'supplier')}" if suppliers else ""
    cost = total(lines, "line_cost")
    money = f", for {speech.short_money(cost)}" if cost else ""
    return (
        f"{speech.count(lines.height, 'order line is', 'order lines are')} suggested:"
        f" {units}{where}{money}."
    )


def _by_category(to_order: pl.DataFrame, speech: Speech) -> Figure | None:
    rows = _categories(to_order)
    if not rows:
        return None
    everything = sum(cost for _, _, _, cost in rows)
    shown = rows[:_MOST_CATEGORIES]
    points = [Point(name, float(cost)) for name, _, _, cost in shown]
    svg = bars("money-by-category", points, [speech.short_money(cost) for *_, cost in shown])
    name, _, _, cost = rows[0]
    reading = f"{name} takes {speech.percent(cost / everything)} of the money."
    if len(rows) > len(shown):
        reading += f" Drawn are the {len(shown)} largest of {len(rows)} categories."
    table = Table(
        "Suggested orders by category",
        ("Category", "Lines", "Units", "Money"),
        tuple(
            (name, speech.number(lines), speech.number(units), speech.money(cost))
            for name, lines, units, cost in rows
        ),
    )
    return Figure("money-by-category", "Where the money goes", reading, svg, table)


def _categories(lines: pl.DataFrame) -> list[tuple[str, int, int, int]]:
    """Give category, lines, units, cost (minor units) of what is ordered; the dearest first."""
    if not has(lines, "category", "line_cost"):
        return []
    counted = lines.group_by(pl.col("category").cast(pl.String).fill_null("No category")).agg(
        pl.len(), pl.col("quantity", "line_cost").sum()
    )
    ordered_rows = counted.sort("line_cost", "category", descending=[True, False])
    return [
        (name, n, int(units), int(cost))
        for name, n, units, cost in ordered_rows.iter_rows()
        if cost
    ]


def _largest(lines: pl.DataFrame, speech: Speech) -> Table:
    costed = has(lines, "line_cost") and lines["line_cost"].count() > 0
    top = _first(lines, "line_cost" if costed else "quantity")
    rows = tuple(
        (
            _product(row),
            _word(row.get("location")),
            speech.number(row.get("available"), 1),
            speech.number(row.get("weekly_demand"), 1),
            speech.number(row.get("quantity")),
            speech.money(row.get("line_cost")),
            _word(row.get("because")),
        )
        for row in top.iter_rows(named=True)
    )
    which = "dearest" if costed else "largest"
    return Table(
        f"The {len(rows)} {which} of {speech.count(lines.height, 'order line')}",
        ("Product", "Location", "Available", "Weekly demand", "Order", "Money", "Because"),
        rows,
        words=frozenset({1, 6}),
        note="To work with: stock/suggestions.xlsx. All lines: stock/suggestions.csv.",
    )


def _risks(lines: pl.DataFrame, speech: Speech) -> Table:
    at_risk = (
        lines.filter(pl.col("stockout_risk") >= 0.5)
        if has(lines, "stockout_risk")
        else lines.clear()
    )
    top = _first(at_risk, "stockout_risk")
    rows = tuple(
        (
            _product(row),
            _word(row.get("location")),
            speech.percent(row.get("stockout_risk")),
            speech.number(row.get("available"), 1),
            speech.number(row.get("weekly_demand"), 1),
            speech.number(row.get("quantity")),
        )
        for row in top.iter_rows(named=True)
    )
    count = speech.count(at_risk.height, "line")
    return Table(
        f"More likely than not to run out before an order arrives: {count}",
        ("Product", "Location", "Risk", "Available", "Weekly demand", "Order"),
        rows,
        words=frozenset({1}),
        note=f"The first {len(rows)} are shown." if at_risk.height > len(rows) else "",
    )


def _demand(night: Night, speech: Speech) -> Table:
    caption, heads = "Who is expected to buy", ("Segment", "Units a week")
    frame = night.suggestions.get("by_segment")
    if frame is None or not has(frame, "segment", "expected_units"):
        return Table(caption, heads, ())
    rows = frame.sort("expected_units", "segment", descending=[True, False], nulls_last=True)
    units = [float(n or 0) for n in rows["expected_units"]]
    most = max(units) or 1.0
    return Table(
        caption,
        heads,
        tuple(
            (_segment(name), speech.number(n, 1))
            for name, n in zip(rows["segment"], units, strict=True)
        ),
        bars=tuple((n / most,) for n in units),
    )


def _segment(name: object) -> str:
    return "No segment" if name in (None, "", "no_segment") else str(name)


def _first(lines: pl.DataFrame, column: str) -> pl.DataFrame:
    """Take the lines to show, largest first; ties by product and location."""
    if column not in lines.columns:
        return lines.head(_MOST_LINES)
    ties = [name for name in ("product_id", "location") if name in lines.columns]
    falling = [True, *(False for _ in ties)]
    ranked = pl.arg_sort_by(column, *ties, descending=falling, nulls_last=True)
    return lines[lines.select(ranked.head(_MOST_LINES)).to_series()]


def _product(row: dict[str, object]) -> str:
    return _word(row.get("product") or row.get("product_id"))


def _word(value: object) -> str:
    return NOTHING if value is None or value == "" else str(value)
