"""The sheet By category: one row a category, following the planner's orders."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import polars as pl

from targeting.exports.planner.columns import cells
from targeting.exports.planner.formats import Formats
from targeting.exports.planner.table import (
    Column,
    Sheet,
    add_totals,
    bars,
    finish,
    put,
    table,
)
from targeting.exports.planner.totals import add_up
from targeting.exports.sheet_lines import NO_CATEGORY, SheetLines

# By number, not by name: a name may hold * or ?, which SUMIFS takes as any letters, and SUMIFS
# takes Cables and cables as one.
_TO_ORDER = 'COUNTIFS(¤category_number,{number},¤order,">0")'
_UNITS = "SUMIFS(¤order,¤category_number,{number})"
_COST = "SUMIFS(¤line_cost,¤category_number,{number})"

LIVE: Final = (
    Column("category", "Category", 26),
    Column("lines", "Lines", 9, "whole"),
    Column("to_order", "Lines to order", 10, "whole", _TO_ORDER),
    Column("quantity", "Units to order", 10, "whole", _UNITS),
    Column("cost", "Cost", 18, "money", _COST),
    Column("share", "Share of cost", 10, "share", "IF($E$¤below=0,0,{cost}/$E$¤below)"),
    Column("number", "Number", 8, "days", workings=True),
)
ALL: Final = (
    Column("category", "Category", 26),
    Column("lines", "All lines", 10, "whole"),
    Column("to_order", "All lines to order", 10, "whole"),
    Column("quantity", "All units to order", 11, "whole"),
    Column("cost", "Cost of all lines", 18, "money"),
    Column("share", "Share of cost", 10, "share"),
    Column("to_order_here", "In this workbook: lines to order", 14, "whole", _TO_ORDER),
    Column("quantity_here", "In this workbook: units to order", 14, "whole", _UNITS),
    Column("cost_here", "In this workbook: cost", 18, "money", _COST),
    Column("number", "Number", 8, "days", workings=True),
)


def write_by_category(sheet: Sheet, formats: Formats, lines: SheetLines, digits: int) -> None:
    """Write one row a category; orders and costs follow the sheet of suggestions.

    Where not every line is there, the totals of all lines are fixed, and what follows the
    planner's orders stands apart.
    """
    rows = category_rows(lines, digits)
    form = LIVE if lines.is_whole else ALL
    columns = tuple(_pointed(column, lines.shown.height, rows.height + 2) for column in form)
    table(sheet, formats, columns, rows)
    finish(sheet, columns, rows)
    if rows.is_empty():
        return
    add_totals(sheet, formats, columns, rows, "All")
    bars(sheet, rows.height, 5)
    if not lines.is_whole:
        for place, note in enumerate((lines.notes[0], lines.notes[-1]), start=rows.height + 3):
            put(sheet, place, 0, note, formats["text"])


def category_rows(lines: SheetLines, digits: int) -> pl.DataFrame:
    """Count and add up each category's lines: all of them, and those in the workbook (`_here`)."""
    ordered = (pl.col("quantity") > 0).sum().cast(pl.Int64)
    every = lines.every.group_by(pl.col("category").fill_null(NO_CATEGORY)).agg(
        pl.len().cast(pl.Int64).alias("lines"),
        ordered.alias("to_order"),
        pl.col("quantity").sum(),
        (pl.col("line_cost").cast(pl.Int128).sum().cast(pl.Float64) / 10**digits).alias("cost"),
    )
    here = lines.shown.group_by("category").agg(
        ordered.alias("to_order_here"),
        pl.col("quantity").sum().alias("quantity_here"),
        add_up("line_cost").alias("cost_here"),
    )
    share = (pl.col("cost") / pl.col("cost").sum()).fill_nan(0).alias("share")
    joined = every.join(here, on="category", how="left").join(lines.numbers, on="category")
    return joined.sort("number").with_columns(share, pl.col("^.*_here$").fill_null(0))


def _pointed(column: Column, lines: int, below: int) -> Column:
    """Point ¤column at that column's cells on the sheet of suggestions, ¤below at the totals."""
    if column.formula is None:
        return column
    formula = column.formula.replace("¤below", str(below))
    for name in ("category_number", "order", "line_cost"):
        formula = formula.replace(f"¤{name}", cells(name, lines))
    return replace(column, formula=formula)
