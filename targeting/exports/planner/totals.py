"""What the order comes to: live formulas over the lines that are there, fixed ones over all."""

from __future__ import annotations

from typing import Final

import polars as pl

from targeting.exports.planner.columns import cells
from targeting.exports.planner.formats import Style

COST: Final = "Cost of the order"
BELOW_COST: Final = 3  # rows of totals between that and the budget


def total_formulas(lines: int) -> dict[str, tuple[str, Style]]:
    """Give the live totals of that many lines in their order: formula and style by name."""
    order = cells("order", lines)
    return {
        "Lines looked at": (f"=COUNTA({cells('id', lines)})", "whole"),
        "Lines to order": (f'=COUNTIF({order},">0")', "whole"),
        "Units to order": (f"=SUM({order})", "whole"),
        COST: (f"=SUM({cells('line_cost', lines)})", "money"),
        "Cost of all that is needed": (
            f"=SUMPRODUCT({cells('needed', lines)},{cells('unit_cost', lines)})", "money"
        ),
        "Lines at 20% risk or more of running out before a delivery": (
            f'=COUNTIF({cells("stockout_risk", lines)},">=0.2")', "whole"
        ),
        "Lines where Order is not what was suggested": (
            f"=SUMPRODUCT(--({order}<>{cells('quantity', lines)}))", "whole"
        ),
    }  # fmt: skip


def sums(lines: pl.DataFrame) -> dict[str, float]:
    """Add up the lines of the sheet, whose money is in major units."""
    return _numbers(lines, add_up("line_cost"), add_up("needed_cost"))


def sums_of_all(every: pl.DataFrame, digits: int) -> dict[str, float]:
    """Add up all lines, whose money is in minor units."""
    needed = (pl.col("needed") * pl.col("unit_cost")).cast(pl.Int128).sum()
    cost = pl.col("line_cost").cast(pl.Int128).sum()
    return _numbers(every, *(money.cast(pl.Float64) / 10**digits for money in (cost, needed)))


def add_up(column: str) -> pl.Expr:
    """Add money in millionths, so that the order of rows does not matter."""
    return (pl.col(column) * 1_000_000).round().cast(pl.Int128).sum().cast(pl.Float64) / 1_000_000


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
