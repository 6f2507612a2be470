"""What the ledger says of runs and of one customer, newest first, as people and machines read it.

Costs are in the shop's currency.
"""

from __future__ import annotations

import datetime as dt

import polars as pl

from targeting.frames import CHANNEL, CUSTOMER, HELD_OUT, OUTCOME, RULE, SELECTED
from targeting.ledger.contacts import UNIVERSAL
from targeting.ledger.history import contacts_by_rule, contacts_with
from targeting.ledger.records import AS_OF, RUN_ID
from targeting.ledger.runs import known_runs
from targeting.ledger.table import Ledger

_MICRO = 1_000_000
_COST = (pl.col("cost") / _MICRO).round(6)
_OF_CUSTOMER = (RUN_ID, AS_OF, RULE, CHANNEL, OUTCOME, "cost", "undone")


def history_of_runs(ledger: Ledger | None, since: dt.date) -> pl.DataFrame:
    """Give one row a run, rule and channel; a run that contacted nobody has one without a rule.

    Columns run_id, as_of, rule, channel, contacts, held_out (the universal holdout too), cost (of
    the contacted), undone, sent, delivered.
    """
    runs = known_runs(ledger).filter(pl.col(AS_OF) >= since)
    if ledger is None or runs.is_empty():
        return runs.select(RUN_ID, AS_OF, *_NOTHING, "undone", "sent", "delivered")
    contacted, held = pl.col(OUTCOME) == SELECTED, pl.col(OUTCOME).is_in([HELD_OUT, UNIVERSAL])
    counted = (
        contacts_by_rule(ledger)
        .group_by(RUN_ID, RULE, CHANNEL)
        .agg(
            pl.col("contacts").filter(contacted).sum(),
            pl.col("contacts").filter(held).sum().alias(HELD_OUT),
            pl.col("cost").filter(contacted).sum(),
        )
    )
    told = runs.join(counted, on=RUN_ID, how="left").with_columns(_COST)
    zeroes = pl.col("contacts", HELD_OUT, "cost").fill_null(0)
    return _newest_first(told.with_columns(zeroes)).select(
        RUN_ID, AS_OF, RULE, CHANNEL, "contacts", HELD_OUT, "cost", "undone", "sent", "delivered"
    )


def history_of_customer(ledger: Ledger | None, customer: str, since: dt.date) -> pl.DataFrame:
    """Give one row a contact or holdout of a customer; none where the ledger does not know the id.

    Columns run_id, as_of, rule, channel, outcome, cost, undone.
    """
    if ledger is None:
        return pl.DataFrame(schema=dict.fromkeys(_OF_CUSTOMER, pl.String))
    rows = contacts_with(ledger, pl.Series(CUSTOMER, [customer]), since=since)
    return _newest_first(rows.with_columns(_COST)).select(_OF_CUSTOMER)


_NOTHING = (
    pl.lit(None, pl.String).alias(RULE),
    pl.lit(None, pl.String).alias(CHANNEL),
    pl.lit(0).alias("contacts"),
    pl.lit(0).alias(HELD_OUT),
    pl.lit(0.0).alias("cost"),
)


def _newest_first(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.sort(AS_OF, RUN_ID, RULE, CHANNEL, descending=[True, True, False, False])
