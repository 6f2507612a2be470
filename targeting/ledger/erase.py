"""Forgetting: no byte of a person stays, and the person does not come back by the next file."""

from __future__ import annotations

import datetime as dt
from typing import Final

import polars as pl

from targeting.frames import CUSTOMER
from targeting.ledger.change import add, change, last_change, without_statistics
from targeting.ledger.key import hmac_of
from targeting.ledger.records import (
    FORGOTTEN,
    HMAC,
    LAST_CONTACT,
    MONTH,
    in_order,
    month_of,
    records,
)
from targeting.ledger.scan import scan
from targeting.ledger.table import Ledger, opened, reading

IDENTIFIERS: Final = (CUSTOMER, "email", "phone")


def forget(ledger: Ledger, customers: pl.Series, identifiers: pl.DataFrame) -> int:
    """Erase customers' contacts, and keep of their `identifiers` only what recognises them again.

    `identifiers` has any of customer_id, email, phone (normalised; missing: none), of
    `own_identifiers`. Gives the number of rows erased. After a crash, do it again: each step may
    be repeated.

    Raises:
        Overtaken: where another change came between; try again.
    """
    _remember(ledger, identifiers)
    hashes = (
        customers.unique()
        .to_frame(CUSTOMER)
        .select(hmac_of(pl.col(CUSTOMER), ledger.key).alias(HMAC))
    )
    with change(ledger, last_change(opened(ledger))) as (table, numbered):
        merged = table.merge(
            hashes,
            "target.customer = source.customer",
            source_alias="source",
            target_alias="target",
            streamed_exec=True,  # otherwise the smallest and largest hash go into the log
            writer_properties=without_statistics(),
            commit_properties=numbered,
        )
        metrics = merged.when_matched_delete("target.record <> 'forgotten'").execute()
    sweep(ledger)
    return int(metrics["num_target_rows_deleted"])


def erase_months(ledger: Ledger, before: dt.date) -> None:
    """Erase all months that end before a day: contacts, runs, and last contacts of that time.

    Raises:
        Overtaken: where another change came between; try again.
    """
    table = opened(ledger)
    first = before.replace(day=1)
    months = [part[MONTH] for part in table.partitions() if part[MONTH] is not None]
    if min(months, default=month_of(first)) >= month_of(first):
        return
    old = f"month < '{month_of(first)}'"
    folded = f"(record = '{LAST_CONTACT}' AND as_of < DATE '{first.isoformat()}')"
    with change(ledger, last_change(table)) as (table, numbered):
        table.delete(
            f"{old} OR {folded}",
            writer_properties=without_statistics(),
            commit_properties=numbered,
        )
    sweep(ledger)


def own_identifiers(customers: pl.DataFrame, forgotten: pl.Series) -> pl.DataFrame:
    """Give the identifiers of customers to forget, without those that another customer shares.

    `customers` has customer_id and, normalised, email and phone where there are such fields.
    """
    gone = pl.col(CUSTOMER).is_in(forgotten.implode())
    known = [name for name in IDENTIFIERS if name in customers.columns]
    shared = [
        pl.when((~gone).any().over(name)).then(None).otherwise(pl.col(name)).alias(name)
        for name in known
        if name != CUSTOMER
    ]
    return (
        customers.select(known)
        .with_columns(*shared, gone.alias("_gone"))
        .filter("_gone")
        .drop("_gone")
    )


def is_forgotten(ledger: Ledger | None, rows: pl.DataFrame) -> pl.Series:
    """Say of each row whether it names somebody forgotten, by any of customer_id, email, phone.

    Addresses are to be normalised as they were when the person was forgotten.
    """
    known = [name for name in IDENTIFIERS if name in rows.columns]
    nobody = pl.Series("forgotten", [False]).new_from_index(0, rows.height)
    if ledger is None or not known:
        return nobody
    hashes = _remembered(ledger)
    if hashes.is_empty():
        return nobody
    named = [
        _mark_of(name, ledger.key).is_in(hashes.implode()).fill_null(value=False) for name in known
    ]
    return rows.select(pl.any_horizontal(named).alias("forgotten")).to_series()


def sweep(ledger: Ledger) -> None:
    """Remove every file that the newest version does not need, whoever left it."""
    opened(ledger).vacuum(0, dry_run=False, enforce_retention_duration=False, full=True)


def _remember(ledger: Ledger, identifiers: pl.DataFrame) -> None:
    table = opened(ledger)
    marks = [
        identifiers.select(_mark_of(name, ledger.key).alias(HMAC)).drop_nulls()
        for name in IDENTIFIERS
        if name in identifiers.columns
    ]
    known = _remembered(ledger)
    new = pl.concat(marks).unique().filter(~pl.col(HMAC).is_in(known.implode()))
    if not new.is_empty():
        add(ledger, [in_order(records(new, FORGOTTEN))], last_change(table))


def _remembered(ledger: Ledger) -> pl.Series:
    with reading(ledger):
        rows = scan(opened(ledger), FORGOTTEN)
        return rows.select(HMAC).collect().to_series()


def _mark_of(identifier: str, key: str) -> pl.Expr:
    """Hash an identifier with its kind, so that the mark is not what contacts were kept under."""
    kinds = pl.concat_str(pl.lit(f"{identifier}\x1f"), pl.col(identifier).cast(pl.String))
    return hmac_of(kinds, key)
