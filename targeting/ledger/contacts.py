"""The contacts that count, as lazy scans of no more months than are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from targeting.frames import OUTCOME, RULE
from targeting.ledger.records import (
    AS_OF,
    CONTACT,
    HMAC,
    LAST_CONTACT,
    MONTH,
    RECORD,
    RUN_ID,
    month_of,
)
from targeting.ledger.scan import scan

if TYPE_CHECKING:
    from deltalake import DeltaTable

UNIVERSAL: Final = "universal_holdout"  # an outcome that nothing but `measure` reads


_LAST = (HMAC, RULE, AS_OF)


def live_contacts(table: DeltaTable, runs: pl.DataFrame) -> pl.LazyFrame:
    """Scan the contacts of some runs (of `live_runs`); a rule's held-out are contacts too."""
    months = {month_of(day) for day in runs[AS_OF]}
    return scan(table, CONTACT, lambda month: month in months).filter(
        pl.col(RUN_ID).is_in(runs[RUN_ID].to_list()),
        pl.col(OUTCOME) != UNIVERSAL,
    )


def last_contacts(table: DeltaTable, runs: pl.DataFrame) -> pl.LazyFrame:
    """Scan customer (HMAC), rule, as_of of some live runs; the newest of each pair is among them.

    Months that have been folded come from the fold, where the runs reach beyond it.
    """
    folded = folded_through(table)
    if folded is None or folded >= max(map(month_of, runs[AS_OF]), default=""):
        return live_contacts(table, runs).select(_LAST)
    later = runs.filter(pl.col(AS_OF).dt.strftime("%Y-%m") > folded)
    fold = scan(table, LAST_CONTACT).select(_LAST)
    return pl.concat([fold, live_contacts(table, later).select(_LAST)])


def folded_through(table: DeltaTable) -> str | None:
    """Name the month up to which last contacts have been folded; None for no fold."""
    months = [part[MONTH] for part in table.partitions() if part[RECORD] == LAST_CONTACT]
    return max(months, default=None)
