"""The approved order in a run's folder: the record of it, and the order itself for ERP."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import polars as pl

from targeting.exports.sheet_lines import in_major_units
from targeting.run_folder.tables import put
from targeting.run_folder.write import write_csv, write_parquet

APPROVED: Final = "stock/approved.csv"
ORDER: Final = "stock/order.csv"
OVERRIDES: Final = "stock/overrides.parquet"


def write_approved(folder: Path, approved: pl.DataFrame, digits: int) -> bool:
    """Write the files, each whole or not at all; say whether an earlier order was replaced.

    The record comes last: while it is the old one, so is the answer to what was approved.
    """
    replaced = (folder / APPROVED).is_file()
    _put(folder / ORDER, order_table(approved, digits))
    _put(folder / OVERRIDES, overrides_table(approved))
    _put(folder / APPROVED, approved_table(approved))
    return replaced


def approved_table(approved: pl.DataFrame) -> pl.DataFrame:
    """Give product_id, location, suggested, approved (units), reason: a row a line of the run."""
    suggested = pl.col("quantity").alias("suggested")
    return approved.select("product_id", "location", suggested, "approved", "reason")


def overrides_table(approved: pl.DataFrame) -> pl.DataFrame:
    """Give the lines that are not as suggested, for a later run to judge.

    The columns of `orders.runs.PAST`, without run_id and ordered_on: units, money in minor units;
    `available`, service level and times as the planner corrected them.
    """
    now = ("available", "service_level", "lead_time_days", "review_days")
    told = approved.with_columns(pl.col("location").is_not_null().any().alias("by_location"))
    return told.filter(pl.col("approved") != pl.col("quantity")).select(
        "by_location", "product_id", "product", "location",
        pl.col("quantity").alias("suggested"), "approved", "reason", "transfer_in", "transfer_out",
        *(pl.col(f"{name}_now").alias(name) for name in now), "unit_cost",
    )  # fmt: skip


def order_table(approved: pl.DataFrame, digits: int) -> pl.DataFrame:
    """Give the lines above 0 by supplier; money in major units, missing without a unit cost."""
    return (
        approved.filter(pl.col("approved") > 0)
        .sort("supplier", "product_id", "location", nulls_last=True)
        .select(
            "supplier",
            "product_id",
            "product",
            "location",
            pl.col("approved").alias("quantity"),
            "pack_size",
            in_major_units(pl.col("unit_cost"), digits),
            in_major_units(pl.col("unit_cost") * pl.col("approved"), digits).alias("line_cost"),
        )
    )


def _put(path: Path, table: pl.DataFrame) -> None:
    aside = path.with_name(f".{path.stem}.new{path.suffix}")
    try:
        if path.suffix == ".parquet":
            write_parquet(aside, table.lazy())
        else:
            write_csv(aside, table)
        put(aside, path)
    finally:
        aside.unlink(missing_ok=True)
