"""The sheet Data problems: what is odd in the data, for somebody to mend."""

from __future__ import annotations

from typing import Final

import polars as pl

from targeting.exports.planner.formats import Formats
from targeting.exports.planner.table import Column, Sheet, finish, say_cut, table

COLUMNS: Final = (
    Column("source", "Source", 15),
    Column("product_id", "Product id", 14),
    Column("location", "Location", 14),
    Column("problem", "Problem", 60, "wrap"),
    Column("assumed", "What was assumed", 50, "wrap"),
)


def write_data_problems(
    sheet: Sheet, formats: Formats, found: pl.DataFrame, most_lines: int
) -> None:
    """Write the problems; what concerns all products comes first."""
    rows = found.sort(pl.col("product_id").is_not_null(), maintain_order=True).head(most_lines)
    table(sheet, formats, COLUMNS, rows)
    finish(sheet, COLUMNS, rows)
    if rows.is_empty():
        sheet.write_string(1, 0, "None found.", formats["text"])
        return
    sheet.autofilter(0, 0, rows.height, len(COLUMNS) - 1)
    say_cut(sheet, formats, rows.height + 2, rows.height, found.height, "data_problems.csv")
