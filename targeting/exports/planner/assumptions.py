"""The sheet Assumptions: rules, defaults, the forecast's check, and every formula's source."""

from __future__ import annotations

from typing import Final

import polars as pl

from targeting.exports.planner.formats import Formats
from targeting.exports.planner.formulas import FORMULAS
from targeting.exports.planner.table import Column, Sheet, finish, height_of, put, table

COLUMNS: Final = (
    Column("kind", "What", 18),
    Column("text", "Assumed", 46, "wrap"),
    Column("lines", "Lines", 9, "whole"),
    Column("formula", "How it is computed, and where that is from", 95, "wrap"),
)
CHECK_COLUMNS: Final = (
    Column("demand_class", "Demand class", 18),
    Column("methods", "Method, and the best of the others", 46, "wrap"),
    Column("series", "Series", 9, "whole"),
    Column("verdict", "Verdict", 95, "wrap"),
    Column("wape", "Error", 12, "share"),
    Column("best_other_wape", "Error of the best other", 12, "share"),
    Column("bias", "Bias", 12, "share"),
    Column("best_other_bias", "Least bias of the others", 12, "share"),
)
CHECK: Final = (
    "The forecast's check: the last 8 weeks held out. Error: what the totals of 8 weeks missed, "
    "as a share of all units sold. Bias: forecast less sold, as a share of sold."
)


def write_assumptions(
    sheet: Sheet, formats: Formats, every: pl.DataFrame, check: pl.DataFrame
) -> None:
    """Write which rules and defaults are behind how many lines; `check` by demand class."""
    defaults = pl.col("defaults").list.join("; ").alias("text")
    rows = pl.concat(
        [
            _counted(every, pl.col("rule").alias("text"), "rule"),
            _counted(every, defaults, "default"),
            _formulas(),
        ]
    )
    table(sheet, formats, COLUMNS, rows)
    finish(sheet, COLUMNS, rows)
    sheet.set_default_row(28)
    for row, text in enumerate(rows["formula"], start=1):
        sheet.set_row(row, height_of(text, 95))
    if check.height:
        _write_check(sheet, formats, check, rows.height + 2)


def _write_check(sheet: Sheet, formats: Formats, check: pl.DataFrame, row: int) -> None:
    put(sheet, row, 0, CHECK, formats["section"])
    methods = pl.format("{}; the others' best: {}", "method", "best_other")
    named = check.with_columns(pl.coalesce(methods, "method").alias("methods"))
    table(sheet, formats, CHECK_COLUMNS, named, top=row + 1)
    sheet.set_row(row + 1, 32)
    sheet.set_column(4, 7, 12)
    for place, text in enumerate(named["verdict"], start=row + 2):
        sheet.set_row(place, height_of(text, 95))


def _formulas() -> pl.DataFrame:
    told = {
        "kind": ["formula"] * len(FORMULAS),
        "text": list(FORMULAS),
        "lines": [None] * len(FORMULAS),
        "formula": list(FORMULAS.values()),
    }
    schema = {"kind": pl.String, "text": pl.String, "lines": pl.Int64, "formula": pl.String}
    return pl.DataFrame(told, schema=schema)


def _counted(every: pl.DataFrame, text: pl.Expr, kind: str) -> pl.DataFrame:
    """Count the lines behind each rule or default: first those with the very same list of them."""
    lists = every.group_by(text).agg(pl.len().cast(pl.Int64).alias("lines"))
    return (
        lists.with_columns(pl.col("text").str.split("; "))
        .explode("text")
        .filter(pl.col("text") != "")
        .group_by("text")
        .agg(pl.col("lines").sum())
        .sort("lines", "text", descending=[True, False])
        .select(
            pl.lit(kind).alias("kind"), "text", "lines", pl.lit(None, pl.String).alias("formula")
        )
    )
