"""The sheet Summary: what the order comes to, what to know, and where to look first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

import polars as pl
from xlsxwriter.worksheet import Worksheet

from targeting.exports.planner.formats import Formats
from targeting.exports.planner.formulas import HOW_TO
from targeting.exports.planner.table import Column, put, table
from targeting.exports.planner.totals import BELOW_COST, COST, sums, sums_of_all, total_formulas
from targeting.exports.sheet_lines import SheetLines

URGENT_LINES: Final = 10
_URGENT: Final = (
    Column("product", "Product", 54),
    Column("location", "Location", 24),
    Column("on_hand", "On hand", 13, "units"),
    Column("weekly_demand", "Weekly demand", 13, "rate"),
    Column("needed", "Needed", 13, "whole"),
    Column("quantity", "Suggested", 13, "whole"),
    Column("expected_lost_margin", "Margin lost if left out", 15, "round_money"),
    Column("stockout_risk", "Stock-out risk", 13, "risk"),
)
_CAMPAIGNS: Final = (
    Column("rule", "Tonight's campaign", 54),
    Column("told", "Its uplift is", 24),
    Column("people", "People", 13, "whole"),
    Column("uplift", "Uplift", 13, "share"),
    Column("units", "Units in 30 days", 13, "rate"),
)
_SOURCES: Final = {"measured": "measured on held-out", "rule": "stated by the rule"}


def write_summary(
    sheet: Worksheet,
    formats: Formats,
    lines: SheetLines,
    *,
    facts: Mapping[str, str],
    notes: Sequence[str],
    campaigns: pl.DataFrame,
    budget: Decimal | None,
    digits: int,
) -> None:
    """Write the first page; `facts`' first is the title, `notes` are sentences about the whole."""
    sheet.hide_gridlines(2)
    sheet.fit_to_pages(1, 1)
    _widths(sheet, lines)
    row = _facts(sheet, formats, facts)
    row = _totals(sheet, formats, lines, budget, digits, row + 1)
    row = _paragraphs(sheet, formats, "What to know", (*notes, *lines.notes), row + 1)
    row = _coming(sheet, formats, campaigns, row + 1)
    row = _urgent(sheet, formats, lines.shown, row + 1)
    _paragraphs(sheet, formats, "How to use this workbook", HOW_TO, row + 1)
    sheet.activate()


def _widths(sheet: Worksheet, lines: SheetLines) -> None:
    for place, column in enumerate(_URGENT):
        sheet.set_column(place, place, column.width)
    if not lines.is_whole:
        sheet.set_column(2, 2, 24)


def _facts(sheet: Worksheet, formats: Formats, facts: Mapping[str, str]) -> int:
    title, *rest = facts.items()
    sheet.set_row(0, 36)
    sheet.write_string(0, 0, " · ".join(title), formats["title"])
    for row, (name, value) in enumerate(rest, start=1):
        put(sheet, row, 0, name, formats["text"])
        put(sheet, row, 1, value, formats["text"])
    return len(facts)


def _totals(
    sheet: Worksheet,
    formats: Formats,
    lines: SheetLines,
    budget: Decimal | None,
    digits: int,
    row: int,
) -> int:
    """Write the live totals, and those of all lines beside them; give the row below."""
    sheet.write_string(row, 0, "The order", formats["section"])
    if not lines.is_whole:
        sheet.write_string(row, 1, "In this workbook", formats["header"])
        sheet.write_string(row, 2, "All lines, as suggested", formats["header"])
    here, of_all = sums(lines.shown), sums_of_all(lines.every, digits)
    formulas = total_formulas(lines.shown.height)
    for place, (name, (formula, style)) in enumerate(formulas.items(), row + 1):
        sheet.write_string(place, 0, name, formats["text"])
        sheet.write_formula(place, 1, formula, formats[style], here.get(name, 0))
        if not lines.is_whole and name in of_all:
            put(sheet, place, 2, of_all[name], formats[style])
    row += 1 + len(formulas)
    elsewhere = 0 if lines.is_whole else of_all[COST] - here[COST]
    return _budget(sheet, formats, budget, here[COST], elsewhere, row)


def _budget(
    sheet: Worksheet,
    formats: Formats,
    budget: Decimal | None,
    spent: float,
    elsewhere: float,
    row: int,
) -> int:
    """Write what is left of the budget; `elsewhere` is the cost of lines that are not here."""
    sheet.write_string(row, 0, "Budget", formats["text"])
    if budget is None:
        sheet.write_string(row, 1, "none set", formats["text"])
        return row + 1
    put(sheet, row, 1, float(budget), formats["money"])
    left, formula = float(budget) - spent, f"=B{row + 1}-B{row - BELOW_COST}"
    if elsewhere:
        row += 1
        name = "Cost of the order lines that are not in this workbook"
        sheet.write_string(row, 0, name, formats["text"])
        put(sheet, row, 1, elsewhere, formats["money"])
        left, formula = left - elsewhere, f"=B{row}-B{row - 1 - BELOW_COST}-B{row + 1}"
    sheet.write_string(row + 1, 0, "Left of the budget", formats["text"])
    sheet.write_formula(row + 1, 1, formula, formats["money"], left)
    word = f'=IF(B{row + 2}<0,"▲ over the budget","✓ within the budget")'
    within = "✓ within the budget" if left >= 0 else "▲ over the budget"
    sheet.write_formula(row + 1, 2, word, formats["text"], within)
    return row + 2


def _coming(sheet: Worksheet, formats: Formats, campaigns: pl.DataFrame, row: int) -> int:
    """List tonight's campaigns and the units that they add; nothing where there are none."""
    if campaigns.is_empty():
        return row
    told = pl.col("source").replace_strict(_SOURCES, default="not stated: adds none")
    rows = campaigns.with_columns(told.alias("told")).sort(
        "units", "rule", descending=[True, False], nulls_last=True
    )
    return _block(sheet, formats, "What tonight's campaigns add", _CAMPAIGNS, rows, row)


def _urgent(sheet: Worksheet, formats: Formats, lines: pl.DataFrame, row: int) -> int:
    """List the lines where leaving the order out would lose the most margin."""
    urgent = (
        lines.filter((pl.col("needed") > 0) & (pl.col("expected_lost_margin") > 0))
        .sort("expected_lost_margin", "id", descending=[True, False])
        .head(URGENT_LINES)
    )
    if urgent.is_empty():
        return row
    return _block(sheet, formats, "Where the most margin is at stake", _URGENT, urgent, row)


def _block(
    sheet: Worksheet,
    formats: Formats,
    heading: str,
    columns: Sequence[Column],
    rows: pl.DataFrame,
    row: int,
) -> int:
    sheet.write_string(row, 0, heading, formats["section"])
    sheet.set_row(row + 1, 28)
    table(sheet, formats, columns, rows, top=row + 1)
    return row + 2 + rows.height


def _paragraphs(
    sheet: Worksheet, formats: Formats, heading: str, texts: Sequence[str], row: int
) -> int:
    if not texts:
        return row
    sheet.write_string(row, 0, heading, formats["section"])
    for number, text in enumerate(texts, start=row + 1):
        sheet.merge_range(number, 0, number, 7, "", formats["note"])
        sheet.write_string(number, 0, text, formats["note"])
        sheet.set_row(number, 14 * (1 + len(text) // 190))
    return row + 1 + len(texts)
