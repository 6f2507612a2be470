"""The sheet Overstock: what lies too long, and the money in it."""

from __future__ import annotations

from typing import Final

import polars as pl

from targeting.exports.planner.formats import Formats
from targeting.exports.planner.table import Column, Sheet, add_totals, finish, say_cut, table
from targeting.exports.sheet_lines import as_shown
from targeting.stock.inputs import RECENT_WEEKS

COLUMNS: Final = (
    Column("product_id", "Product id", 13),
    Column("product", "Product", 30),
    Column("location", "Location", 12, seldom=True),
    Column("category", "Category", 15),
    Column("flags", "Why", 20, "wrap"),
    Column("on_hand", "On hand", 10, "units"),
    Column("weekly_demand", "Weekly demand", 9, "rate"),
    Column("cover_weeks", "Cover weeks", 9, "weeks"),
    Column("last_sold_on", "Last sold on", 11, "date"),
    Column("excess", f"Units beyond {RECENT_WEEKS} weeks", 11, "whole"),
    Column("value", "Cost of those units", 18, "money"),
)


def write_overstock(
    sheet: Sheet, formats: Formats, every: pl.DataFrame, digits: int, most_lines: int
) -> None:
    """Write what lies too long, the most money first."""
    found = overstock_rows(every, digits)
    rows = found.head(most_lines)
    table(sheet, formats, COLUMNS, rows)
    finish(sheet, COLUMNS, rows)
    if rows.is_empty():
        sheet.write_string(1, 0, "Nothing lies too long.", formats["text"])
        return
    sheet.autofilter(0, 0, rows.height, len(COLUMNS) - 1)
    is_whole = rows.height == found.height
    add_totals(sheet, formats, COLUMNS, rows, "All" if is_whole else "All shown")
    say_cut(sheet, formats, rows.height + 3, rows.height, found.height, "suggestions.csv (flags)")


def lies_too_long() -> pl.Expr:
    """Say which lines are flagged as overstock, dead or expiring."""
    own = [pl.col("flags").list.contains(word) for word in ("overstock", "dead", "expiring")]
    return pl.any_horizontal(own)


def excess() -> pl.Expr:
    """Give the whole units on hand beyond 26 weeks of demand; 0 where there are none."""
    keep = pl.col("weekly_demand") * RECENT_WEEKS
    return (pl.col("on_hand") - keep).clip(lower_bound=0).floor()


def overstock_rows(every: pl.DataFrame, digits: int) -> pl.DataFrame:
    """Give the lines flagged as overstock, dead or expiring; `value` in major units."""
    found = as_shown(every.filter(lies_too_long()), digits).with_columns(
        (pl.col("cover_days") / 7).alias("cover_weeks"),
        excess().alias("excess"),
        (excess() * pl.col("unit_cost")).alias("value"),
    )
    return found.sort("value", "id", descending=[True, False], nulls_last=True)
