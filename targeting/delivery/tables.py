"""The tables of a delivery: what a column of ours is there, and what a table must have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Final

import polars as pl

from targeting.frames import RULE, SEGMENT
from targeting.intake.database_errors import Asked
from targeting.ledger.records import RUN_ID
from targeting.problems import Refused, listed, refuse

DELIVERED: Final = "targeting_delivered"
# One row a list: which run delivered it where, how many rows, their digest, and when.
COLUMNS: Final = {
    RUN_ID: "text NOT NULL",
    "destination": "text NOT NULL",
    RULE: "text NOT NULL",
    SEGMENT: "text NOT NULL",
    "rows": "bigint NOT NULL",
    "sha256": "text NOT NULL",
    "delivered_at": "timestamp with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP",
}
KEY: Final = (RUN_ID, "destination", RULE, SEGMENT)
_LONGEST: Final = 63  # bytes of a name; PostgreSQL cuts longer ones without a word


def type_of(dtype: pl.DataType) -> str:
    """Say which type of a database holds a column; SQLite takes the same words."""
    if dtype.is_integer():
        return "bigint"
    if dtype.is_decimal():
        return "numeric"
    if dtype.is_float():
        return "double precision"
    return "date" if dtype == pl.Date else "text"


def refuse_names(asked: Asked, names: Collection[str]) -> None:
    """Refuse headers that cannot be names of columns, or that share one.

    Raises:
        Refused: X105.
    """
    wrong = [n for n in names if not n or "\0" in n or len(n.encode()) > _LONGEST]
    if wrong:
        raise _unfit(asked, f"no table can have a column '{wrong[0]}'", "use a shorter header")
    twins = [name for name, count in Counter(map(str.casefold, names)).items() if count > 1]
    if twins:
        message = f"two columns would be called '{twins[0]}'; run_id is the program's own"
        raise _unfit(asked, message, "rename one of the headers")


def refuse_others(asked: Asked, table: str, there: Mapping[str, bool], ours: list[str]) -> None:
    """Refuse a table that lacks a column of ours, or needs a value that we do not have.

    `there` says of each column of the table whether every row must give a value.

    Raises:
        Refused: X105.
    """
    absent = [name for name in ours if name not in there]
    if absent:
        message = f"the table {table} has no column {listed(absent)}; it has {listed(list(there))}"
        raise _unfit(asked, message, "add the columns to it, or deliver to a new table")
    needed = [name for name, needs in there.items() if needs and name not in ours]
    if needed:
        message = f"the table {table} needs {listed(needed)}, which the destination does not give"
        raise _unfit(asked, message, "give the columns a default, or deliver to a new table")


def _unfit(asked: Asked, message: str, help_: str) -> Refused:
    return refuse("X105", f"{asked.what}: {asked.address.shown}: {message}", asked.content, help_)
