"""What the planner changed: line by line, by supplier, and in all."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

_WARNED = "warnings"


@dataclass(frozen=True)
class Total:
    """An order in numbers: lines above 0, units, cost in minor units of those with a unit cost."""

    lines: int
    units: int
    cost: int
    uncosted: int

    @staticmethod
    def of(lines: pl.DataFrame, quantity: str) -> Total:
        """Add up a column of quantities."""
        ordered = lines.filter(pl.col(quantity) > 0)
        wide = pl.col(quantity).cast(pl.Int128)
        sums = ordered.select(wide.sum().alias("units"), (wide * pl.col("unit_cost")).sum())
        units, cost = sums.row(0)
        return Total(ordered.height, int(units), int(cost), ordered["unit_cost"].null_count())


def changed_lines(approved: pl.DataFrame) -> pl.DataFrame:
    """Give the lines whose order is not as suggested, the largest change of money first.

    Of `approve`: product_id, product, location, suggested, approved, units (by how much), cost (the
    same in minor units; missing without a unit cost), needed, needed_now, inputs, deleted, reason,
    warnings. Lines without a unit cost come last, by units.
    """
    units = pl.col("approved") - pl.col("quantity")
    return (
        approved.filter(pl.col("approved") != pl.col("quantity"))
        .with_columns(units.alias("units"), (units * pl.col("unit_cost")).alias("cost"))
        .sort(
            pl.col("cost").abs(), pl.col("units").abs(), "product_id", "location",
            descending=[True, True, False, False], nulls_last=True,
        )
        .select(
            "product_id", "product", "location", pl.col("quantity").alias("suggested"),
            "approved", "units", "cost", "needed", "needed_now", "inputs", "deleted", "reason",
            _WARNED,
        )
    )  # fmt: skip


def changed_inputs(approved: pl.DataFrame) -> pl.DataFrame:
    """Give the lines where the planner changed an input: what they need now beside before."""
    moved = approved.filter(pl.col("inputs").is_not_null())
    return moved.select(
        "product_id", "product", "location", "inputs", "needed", "needed_now", "approved"
    ).sort("product_id", "location", nulls_last=True)


def warned_lines(approved: pl.DataFrame) -> pl.DataFrame:
    """Give the lines that the planner changed and that have a warning."""
    mine = pl.col("approved") != pl.col("quantity")
    warned = approved.filter(mine & (pl.col(_WARNED).list.len() > 0))
    return warned.select("product_id", "product", "location", "approved", _WARNED)


def by_supplier(approved: pl.DataFrame) -> pl.DataFrame:
    """Give one row a supplier: units and cost (minor units), suggested and approved.

    Columns: supplier (missing where the shop does not say it, last), suggested_units,
    approved_units, suggested_cost, approved_cost.
    """
    columns = {"suggested": pl.col("quantity"), "approved": pl.col("approved")}
    units = [column.sum().alias(f"{name}_units") for name, column in columns.items()]
    costs = [
        (column.cast(pl.Int128) * pl.col("unit_cost")).sum().alias(f"{name}_cost")
        for name, column in columns.items()
    ]
    return approved.group_by("supplier").agg(*units, *costs).sort("supplier", nulls_last=True)
