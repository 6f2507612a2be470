"""What the ledger holds: its records, their columns, and their partitions.

One table holds all records, so that one commit is one truth:

contact       a customer and rule of a run: selected, held_out or universal_holdout
run           what became of a run: committed, undone, sent, delivered
last_contact  a customer and rule: the last day in the months before, folded for `ever`
forgotten     a keyed hash of an identifier that must not come back

Partitioned by record and month (`2026-11`; missing for the forgotten). No column has statistics
but the date: the smallest and largest of a column are values, and values are people.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

import polars as pl

from targeting.frames import CHANNEL, OUTCOME, RULE

RECORD: Final = "record"
MONTH: Final = "month"
RUN_ID: Final = "run_id"
AS_OF: Final = "as_of"
HMAC: Final = "customer"

CONTACT: Final = "contact"
RUN: Final = "run"
LAST_CONTACT: Final = "last_contact"
FORGOTTEN: Final = "forgotten"

# cost: whole millionths of a unit of currency, as settling sums them. reverses: the undone RUN_ID.
SCHEMA: Final[Mapping[str, pl.DataType | type[pl.DataType]]] = {
    RECORD: pl.String,
    MONTH: pl.String,
    RUN_ID: pl.String,
    AS_OF: pl.Date,
    HMAC: pl.Binary,
    RULE: pl.String,
    "holdout": pl.String,
    CHANNEL: pl.String,
    OUTCOME: pl.String,
    "cost": pl.Int64,
    "reverses": pl.String,
}


def in_order(rows: pl.DataFrame) -> pl.DataFrame:
    """Sort rows of one record and month as the ledger holds them."""
    return rows.sort(RULE, HMAC, CHANNEL, nulls_last=True)


def records(rows: pl.DataFrame, record: str) -> pl.DataFrame:
    """Give rows of one record all columns of the ledger; those that they lack are missing."""
    month = pl.col(AS_OF).dt.strftime("%Y-%m") if record != FORGOTTEN else pl.lit(None)
    full = rows.with_columns(pl.lit(record).alias(RECORD), month.alias(MONTH))
    lacking = [pl.lit(None).alias(name) for name in SCHEMA if name not in full.columns]
    return full.with_columns(lacking).select(pl.col(n).cast(t) for n, t in SCHEMA.items())


def month_of(day: dt.date) -> str:
    """Name the month of a day, as the partitions are named."""
    return day.isoformat()[:7]
