"""The workbook's totals: live formulas over the lines that are there, fixed figures over all."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import polars as pl

from targeting.exports.sheet_lines import NO_CATEGORY, SheetLines
from targeting.exports.sheets import Column, Style, cells

COST: Final = "Cost of the order"
BELOW_COST: Final = 3  # rows of totals between that and the budget


def total_formulas(lines: SheetLines) -> dict[str, tuple[str, Style]]:
    """Give the live totals in their order: formula and style by name."""
    n = lines.shown.height
    order = cells("order", n)
    return {
        "Lines looked at": (f"=COUNTA({cells('id', n)})", "whole"),
        "Lines to order": (f'=COUNTIF({order},">0")', "whole"),
        "Units to order": (f"=SUM({order})", "whole"),
        COST: (f"=SUM({cells('line_cost', n)})", "money"),
        "Cost of all that is needed": (
            f"=SUMPRODUCT({cells('needed', n)},{cells('unit_cost', n)})", "money"
        ),
        "Lines at 20% risk or more of running out before a delivery": (
            f'=COUNTIF({cells("stockout_risk", n)},">=0.2")', "whole"
        ),
        "Lines where Order is not what was suggested": (
            f"=SUMPRODUCT(--({order}<>{cells('quantity', n)}))", "whole"
        ),
    }  # fmt: skip


def sums(lines: pl.DataFrame) -> dict[str, float]:
    """Add up the lines of the sheet, whose money is in major units."""
    return _numbers(lines, _add_up("line_cost"), _add_up("needed_cost"))


def sums_of_all(every: pl.DataFrame, digits: int) -> dict[str, float]:
    """Add up all lines, whose money is in minor units."""
    needed = (pl.col("needed") * pl.col("unit_cost")).cast(pl.Int128).sum()
    cost = pl.col("line_cost").cast(pl.Int128).sum()
    return _numbers(every, *(money.cast(pl.Float64) / 10**digits for money in (cost, needed)))


def _numbers(lines: pl.DataFrame, cost: pl.Expr, needed_cost: pl.Expr) -> dict[str, float]:
    totals = {
        "Lines looked at": pl.len(),
        "Lines to order": (pl.col("quantity") > 0).sum(),
        "Units to order": pl.col("quantity").sum(),
        COST: cost,
        "Cost of all that is needed": needed_cost,
        "Lines at 20% risk or more of running out before a delivery": (
            pl.col("stockout_risk") >= 0.2
        ).sum(),
    }
    found = lines.select(total.alias(name) for name, total in totals.items())
    return found.row(0, named=True)


LIVE_CATEGORY: Final = (
    Column("category", "Category", 26),
    Column("lines", "Lines", 9, "whole"),
    Column("to_order", "Lines to order", 10, "whole", "SUMPRODUCT(¤mine,--(¤order>0))"),
    Column("quantity", "Units to order", 10, "whole", "SUMPRODUCT(¤mine,¤order)"),
    Column("cost", "Cost", 18, "money", "SUMPRODUCT(¤mine,¤line_cost)"),
    Column(
        "share", "Share of cost", 10, "share",
        "IF(SUM(¤line_cost)=0,0,{cost}/SUM(¤line_cost))",
    ),
)  # fmt: skip
ALL_CATEGORY: Final = (
    Column("category", "Category", 26),
    Column("lines", "All lines", 10, "whole"),
    Column("to_order", "All lines to order", 10, "whole"),
    Column("quantity", "All units to order", 11, "whole"),
    Column("cost", "Cost of all lines", 18, "money"),
    Column("share", "Share of cost", 10, "share"),
    Column(
        "to_order_here", "In this workbook: lines to order", 14, "whole",
        "SUMPRODUCT(¤mine,--(¤order>0))",
    ),
    Column(
        "quantity_here", "In this workbook: units to order", 14, "whole",
        "SUMPRODUCT(¤mine,¤order)",
    ),
    Column(
        "cost_here", "In this workbook: cost", 18, "money", "SUMPRODUCT(¤mine,¤line_cost)"
    ),
)  # fmt: skip


def pointed(column: Column, lines: int) -> Column:
    """Point ¤column in a formula at that column's cells on the sheet of suggestions."""
    if column.formula is None:
        return column
    formula = column.formula.replace("¤mine", "--EXACT(¤category,{category})")
    for name in ("category", "order", "line_cost"):
        formula = formula.replace(f"¤{name}", cells(name, lines))
    return replace(column, formula=formula)


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
        _add_up("line_cost").alias("cost_here"),
    )
    share = (pl.col("cost") / pl.col("cost").sum()).fill_nan(0).alias("share")
    joined = every.join(here, on="category", how="left").sort("category").with_columns(share)
    return joined.with_columns(pl.col("^.*_here$").fill_null(0))


def _add_up(column: str) -> pl.Expr:
    """Add money in millionths, so that the order of rows does not matter."""
    return (pl.col(column) * 1_000_000).round().cast(pl.Int128).sum().cast(pl.Float64) / 1_000_000
