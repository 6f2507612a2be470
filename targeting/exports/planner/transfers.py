"""The sheet Transfers: what moves between locations before anything is bought."""

from __future__ import annotations

from typing import Final

import polars as pl

from targeting.exports.planner.formats import Formats
from targeting.exports.planner.table import Column, Sheet, add_totals, finish, say_cut, table
from targeting.stock.suggest import Suggestions

COLUMNS: Final = (
    Column("from_location", "From", 18),
    Column("to_location", "To", 18),
    Column("product_id", "Product id", 13),
    Column("product", "Product", 36),
    Column("quantity", "Units", 10, "whole"),
    Column("held", "On hand at the sender", 12, "units"),
    Column("there", "On hand at the receiver", 12, "units"),
    Column("worth", "Cost of those units", 18, "money"),
)


def write_transfers(
    sheet: Sheet, formats: Formats, suggestions: Suggestions, digits: int, most_lines: int
) -> None:
    """Write what to carry from where to where, one journey after another."""
    found = transfer_rows(suggestions, digits)
    rows = found.head(most_lines)
    table(sheet, formats, COLUMNS, rows)
    finish(sheet, COLUMNS, rows)
    sheet.autofilter(0, 0, rows.height, len(COLUMNS) - 1)
    is_whole = rows.height == found.height
    add_totals(sheet, formats, COLUMNS, rows, "All" if is_whole else "All shown")
    say_cut(sheet, formats, rows.height + 3, rows.height, found.height, "transfers.csv")


def transfer_rows(suggestions: Suggestions, digits: int) -> pl.DataFrame:
    """Give one row a transfer with its product's name, cost (major units) and counts (units)."""
    known = suggestions.lines.select("product_id", "location", "product", "unit_cost", "on_hand")
    sender = known.rename({"location": "from_location", "on_hand": "held"})
    receiver = known.select(
        "product_id", pl.col("location").alias("to_location"), pl.col("on_hand").alias("there")
    )
    return (
        suggestions.transfers.join(sender, on=["product_id", "from_location"], how="left")
        .join(receiver, on=["product_id", "to_location"], how="left")
        .with_columns(
            pl.coalesce("product", "product_id").alias("product"),
            (pl.col("quantity") * pl.col("unit_cost") / 10**digits).alias("worth"),
        )
        .sort("from_location", "to_location", "product", "product_id")
    )
