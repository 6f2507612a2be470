"""Rows that break the contract are set apart with their first problem, in column order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from targeting.frames import CUSTOMER, REASON, REJECTS, ROW
from targeting.intake.clean import as_text
from targeting.intake.contract import WHY
from targeting.intake.opened import VALUE, Cells
from targeting.workspace.columns import SourceName

SCHEMA = {
    "source": pl.String(),
    ROW: pl.UInt32(),
    CUSTOMER: pl.String(),
    "field": pl.String(),
    VALUE: pl.String(),
    REASON: pl.String(),
}
EMPTIED = "emptied:"


@dataclass(frozen=True)
class Parted:
    """A frame's rows, parted in two: kept (same columns) and refused (REJECTS)."""

    kept: pl.DataFrame
    refused: pl.DataFrame


def nothing_refused() -> pl.DataFrame:
    """Give an empty table of rejects."""
    return pl.DataFrame(schema=SCHEMA)


def empty_bad_cells(judged: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Make bad cells of these columns missing (if_bad: missing) and flag them `emptied:NAME`."""
    faulty = [name for name in names if WHY + name in judged.columns]
    good = {name: pl.col(WHY + name).is_null() for name in faulty}
    return judged.with_columns(
        *(pl.when(is_good).then(pl.col(name)).alias(name) for name, is_good in good.items()),
        *((~is_good).alias(EMPTIED + name) for name, is_good in good.items()),
    ).drop(WHY + name for name in faulty)


def refuse_faulty(judged: pl.DataFrame, names: Sequence[str], cells: Cells) -> pl.DataFrame:
    """Give a row for each row with a fault (field, value as the file has it, reason)."""
    faulty = [name for name in names if WHY + name in judged.columns]
    if not faulty:
        return nothing_refused()
    wrong = judged.filter(~no_fault(judged, names)).select(
        ROW,
        _customer(judged),
        pl.coalesce(
            pl.when(pl.col(WHY + name).is_not_null()).then(pl.lit(name)) for name in faulty
        ).alias("field"),
        pl.coalesce(WHY + name for name in faulty).cast(pl.String).alias(REASON),
    )
    return wrong.join(_written(cells, wrong, faulty), on=[ROW, "field"], how="left").select(
        pl.lit(None, pl.String).alias("source"), *REJECTS[1:]
    )


def no_fault(judged: pl.DataFrame, names: Sequence[str]) -> pl.Expr:
    """Say of each row whether none of these columns has a fault."""
    faulty = [WHY + name for name in names if WHY + name in judged.columns]
    return pl.all_horizontal(pl.col(faulty).is_null()) if faulty else pl.lit(value=True)


def refuse_rows(rows: pl.DataFrame, field: str, reason: pl.Expr) -> pl.DataFrame:
    """Write clean rows as rejects, with the field that tells why."""
    value = as_text(pl.col(field), rows.schema[field]) if field in rows.columns else pl.lit(None)
    return rows.select(
        pl.lit(None, pl.String).alias("source"),
        ROW,
        _customer(rows),
        pl.lit(field).alias("field"),
        value.cast(pl.String).alias(VALUE),
        reason.cast(pl.String).alias(REASON),
    )


def refuse_lines(bad_lines: pl.DataFrame) -> pl.DataFrame:
    """Write lines that are no records as rejects; they have no field and no customer."""
    nothing = pl.lit(None, pl.String)
    return bad_lines.select(
        nothing.alias("source"), ROW, nothing.alias(CUSTOMER), nothing.alias("field"), VALUE, REASON
    )


def gathered(source: SourceName, parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Join a source's rejects, in the order of its rows."""
    return (
        pl.concat(parts)
        .with_columns(source=pl.lit(source))
        .select(REJECTS)
        .sort(ROW, maintain_order=True)
    )


def _customer(frame: pl.DataFrame) -> pl.Expr:
    known = CUSTOMER in frame.columns
    return pl.col(CUSTOMER) if known else pl.lit(None, pl.String).alias(CUSTOMER)


def _written(cells: Cells, wrong: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Look up the refused cells as the file has them: ROW, field, value."""
    found = [
        cells.frame.lazy()
        .filter(pl.col(ROW).is_in(rows.implode()))
        .select(
            ROW,
            pl.lit(name).alias("field"),
            as_text(pl.col(name), cells.frame.schema[name]).alias(VALUE),
        )
        for name in names
        if name in cells.frame.columns
        and (rows := wrong.filter(pl.col("field") == name)[ROW]).len()
    ]
    if not found:
        return pl.DataFrame(schema={ROW: pl.UInt32, "field": pl.String, VALUE: pl.String})
    return pl.concat(found).collect()
