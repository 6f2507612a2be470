"""The ledger read aloud: to one customer, to the shop, and to `measure`."""

from __future__ import annotations

import datetime as dt

import polars as pl

from targeting.frames import CHANNEL, CUSTOMER, OUTCOME, RULE
from targeting.ledger.key import hmac_of
from targeting.ledger.records import AS_OF, CONTACT, HMAC, RUN_ID, month_of
from targeting.ledger.runs import UNDONE, runs_in
from targeting.ledger.scan import scan
from targeting.ledger.table import Ledger, opened, reading

_ORDER = (AS_OF, RUN_ID, RULE, CHANNEL, OUTCOME)


def contacts_with(
    ledger: Ledger,
    customers: pl.Series,
    *,
    since: dt.date = dt.date.min,
    run_id: str | None = None,
    rule: str | None = None,
) -> pl.DataFrame:
    """Give all that the ledger holds of some customers, from a day on, of one run or rule or all.

    Columns run_id, as_of, customer_id, rule, holdout, channel, outcome (universal_holdout too),
    cost (millionths), undone; by day, run, rule, channel, outcome, id.

    Raises:
        Refused: L104 where the ledger cannot be read.
    """
    ids = customers.unique().to_frame(CUSTOMER).lazy()
    names = ids.with_columns(hmac_of(pl.col(CUSTOMER), ledger.key).alias(HMAC))
    with reading(ledger):
        rows = _contacts(ledger, since, run_id, rule)
        kept = [RUN_ID, AS_OF, CUSTOMER, RULE, "holdout", CHANNEL, OUTCOME, "cost", UNDONE]
        known = rows.join(names, on=HMAC).select(kept)
        return known.collect(engine="streaming").sort(*_ORDER, CUSTOMER)


def contacts_by_rule(ledger: Ledger) -> pl.DataFrame:
    """Count what each run did: run_id, as_of, rule, channel, outcome, contacts, cost, undone.

    Runs that contacted nobody have no row here; `known_runs` has them.

    Raises:
        Refused: L104 where the ledger cannot be read.
    """
    with reading(ledger):
        grouped = _contacts(ledger, dt.date.min, None, None).group_by(*_ORDER, UNDONE)
        counted = grouped.agg(pl.len().cast(pl.Int64).alias("contacts"), pl.col("cost").sum())
        order = [RUN_ID, AS_OF, RULE, CHANNEL, OUTCOME, "contacts", "cost", UNDONE]
        return counted.select(order).collect(engine="streaming").sort(_ORDER)


def _contacts(ledger: Ledger, since: dt.date, run_id: str | None, rule: str | None) -> pl.LazyFrame:
    """Scan contacts as they were written, without reversing rows, and say which are undone."""
    table = opened(ledger)
    rows = scan(table, CONTACT, lambda month: month >= month_of(since)).filter(
        pl.col(AS_OF) >= since, pl.col("reverses").is_null()
    )
    if run_id is not None:
        rows = rows.filter(pl.col(RUN_ID) == run_id)
    if rule is not None:
        rows = rows.filter(pl.col(RULE) == rule)
    return rows.join(runs_in(table).lazy().select(RUN_ID, UNDONE), on=RUN_ID)
