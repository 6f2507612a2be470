"""Last contacts, folded: what once-ever questions read in the place of all of history."""

from __future__ import annotations

import datetime as dt

import polars as pl

from targeting.frames import RULE
from targeting.ledger.change import change, last_change, without_statistics
from targeting.ledger.contacts import folded_through, last_contacts
from targeting.ledger.records import (
    AS_OF,
    HMAC,
    LAST_CONTACT,
    MONTH,
    month_of,
    records,
)
from targeting.ledger.runs import live_runs, runs_in
from targeting.ledger.table import Ledger, opened

_ITS_FILES = f"record = '{LAST_CONTACT}'"


def fold_last_contacts(ledger: Ledger, as_of: dt.date) -> None:
    """Fold the months before that of `as_of` to one row a customer and rule; once a month.

    Raises:
        Overtaken: where another change came between; the old fold stays, and is right.
    """
    from deltalake import write_deltalake

    table = opened(ledger)
    seen = last_change(table)
    closed = live_runs(runs_in(table), until=as_of.replace(day=1) - dt.timedelta(days=1))
    through = max(map(month_of, closed[AS_OF]), default=None)
    if through is None or through == folded_through(table):
        return
    newest = last_contacts(table, closed).group_by(HMAC, RULE).agg(pl.col(AS_OF).max())
    rows = newest.collect(engine="streaming")
    if rows.is_empty():
        return
    fold = records(rows, LAST_CONTACT).with_columns(pl.lit(through).alias(MONTH))
    with change(ledger, seen) as (table, numbered):
        write_deltalake(
            table,
            fold,
            mode="overwrite",
            predicate=_ITS_FILES,
            writer_properties=without_statistics(),
            commit_properties=numbered,
        )


def drop_fold(ledger: Ledger) -> None:
    """Drop the fold before an old month changes; without it, history is read whole."""
    table = opened(ledger)
    if folded_through(table) is not None:
        with change(ledger, last_change(table)) as (table, numbered):
            table.delete(_ITS_FILES, commit_properties=numbered)
