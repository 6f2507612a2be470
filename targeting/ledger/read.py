"""What a run must know of the past before it decides, told by tonight's customers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from targeting.frames import CHANNEL, CUSTOMER, RULE
from targeting.ledger.change import last_change
from targeting.ledger.contacts import last_contacts, live_contacts
from targeting.ledger.key import hmac_of
from targeting.ledger.question import Question, Window
from targeting.ledger.records import AS_OF, HMAC
from targeting.ledger.runs import NO_RUNS, live_runs, runs_in
from targeting.ledger.table import Ledger, opened, reading

if TYPE_CHECKING:
    from deltalake import DeltaTable

LAST_CONTACTED: Final = "last_contacted_on"

_AT = "at"  # a customer's place among tonight's
# Half of the hash still tells people apart (RFC 2104, 5), and integers join five times faster.
_HALF = pl.col(HMAC).bin.slice(0, 16).bin.reinterpret(dtype=pl.Int128)
_CONTACTS = {_AT: pl.UInt32, RULE: pl.Categorical, CHANNEL: pl.Categorical, AS_OF: pl.Date}
_LAST = {_AT: pl.UInt32, RULE: pl.Categorical, AS_OF: pl.Date}
_USED = {RULE: pl.String, CHANNEL: pl.String, "contacts": pl.Int64, "cost": pl.Int64}


@dataclass(frozen=True)
class Past:
    """Contacts of all committed runs that were not undone; a rule's held-out are contacts too.

    Customers stand in the order in which they were asked for; who has nothing has no row.

    Parameters:
        seen: the ledger's last change, which `commit_run` wants to hear.
        runs: of `known_runs`, as they were then.
        counts: customer_id, then window_0, window_1, ...: contacts in each window (UInt32).
        cooling: customer_id, rule, last_contacted_on: whom a rule must leave alone, and why.
        last: customer_id, last_contacted_on; no rows where it was not asked for.
        turns: customer_id, channel, contacts: those of as_of itself.
        used: rule, channel, contacts, cost: those of as_of itself, of customers gone since too.
    """

    seen: int
    runs: pl.DataFrame
    counts: pl.DataFrame
    cooling: pl.DataFrame
    last: pl.DataFrame
    turns: pl.DataFrame
    used: pl.DataFrame


def read_past(ledger: Ledger | None, customers: pl.Series, question: Question) -> Past:
    """Read what one night needs, and no month that its longest window does not touch.

    `customers` are tonight's ids, each once. Without a ledger nobody was ever contacted.

    Raises:
        Refused: L104 where the ledger cannot be read.
    """
    if ledger is None:
        nothing = (pl.DataFrame(schema=kind) for kind in (_CONTACTS, _LAST, _USED))
        found = _Found(0, NO_RUNS, *nothing)
    else:
        with reading(ledger):
            found = _find(ledger, customers, question)
    return Past(
        seen=found.seen,
        runs=found.runs,
        counts=_named(_counts(found.contacts, question), customers),
        cooling=_named(_cooling(found.contacts, found.last, question), customers),
        last=_named(_newest(found.last, question), customers),
        turns=_named(_turns(found.contacts, question), customers),
        used=found.used,
    )


@dataclass(frozen=True)
class _Found:
    """What one version of the ledger says: the only part that reads."""

    seen: int
    runs: pl.DataFrame
    contacts: pl.DataFrame  # tonight's customers, by place: _CONTACTS
    last: pl.DataFrame  # _LAST
    used: pl.DataFrame  # _USED


def _find(ledger: Ledger, customers: pl.Series, question: Question) -> _Found:
    table = opened(ledger)
    runs = runs_in(table)
    tonight = _by_hmac(customers, ledger.key)
    recent = live_runs(runs, after=question.start, until=question.as_of)
    contacts = _of_tonight(live_contacts(table, recent), tonight, _CONTACTS)
    return _Found(
        seen=last_change(table),
        runs=runs,
        contacts=contacts.collect(engine="streaming"),
        last=_last(table, live_runs(runs, until=question.as_of), tonight, question),
        used=_used(live_contacts(table, recent.filter(pl.col(AS_OF) == question.as_of))),
    )


def _by_hmac(customers: pl.Series, key: str) -> pl.LazyFrame:
    ids = customers.to_frame(CUSTOMER).with_row_index(_AT).lazy()
    hashed = ids.select(_AT, hmac_of(pl.col(CUSTOMER), key).alias(HMAC))
    return hashed.select(_AT, _HALF.alias(HMAC))


def _of_tonight(
    rows: pl.LazyFrame, tonight: pl.LazyFrame, schema: Mapping[str, object]
) -> pl.LazyFrame:
    """Keep the rows of tonight's customers, by their places: a dozen bytes a row."""
    known = rows.with_columns(_HALF.alias(HMAC)).join(tonight, on=HMAC)
    return known.select(pl.col(name).cast(kind) for name, kind in schema.items())  # type: ignore[arg-type]


def _last(
    table: DeltaTable, runs: pl.DataFrame, tonight: pl.LazyFrame, question: Question
) -> pl.DataFrame:
    """Find the last contact of each customer and rule: of all rules, or of the once-ever ones."""
    if not question.last_contact and not question.once_ever:
        return pl.DataFrame(schema=_LAST)
    rows = last_contacts(table, runs)
    if not question.last_contact:
        rows = rows.filter(pl.col(RULE).is_in(question.once_ever))
    newest = _of_tonight(rows, tonight, _LAST).group_by(_AT, RULE).agg(pl.col(AS_OF).max())
    return newest.collect(engine="streaming")


def _counts(contacts: pl.DataFrame, question: Question) -> pl.DataFrame:
    counted = [
        _within(window).sum().cast(pl.UInt32).alias(f"window_{number}")
        for number, window in enumerate(question.windows)
    ]
    names = [column.meta.output_name() for column in counted]
    grouped = contacts.group_by(_AT).agg(counted)
    return grouped.filter(pl.any_horizontal(pl.lit(value=False), *(pl.col(n) > 0 for n in names)))


def _within(window: Window) -> pl.Expr:
    on_channel = pl.lit(value=True) if window.channel is None else pl.col(CHANNEL) == window.channel
    return (pl.col(AS_OF) > window.after) & on_channel


def _cooling(contacts: pl.DataFrame, last: pl.DataFrame, question: Question) -> pl.DataFrame:
    """Keep by customer and rule the last contact that lies within the rule's cooldown."""
    after = {rule: day for rule, day in question.cooldowns.items() if day is not None}
    resting = pl.col(AS_OF) > pl.col(RULE).cast(pl.String).replace_strict(
        after, default=None, return_dtype=pl.Date
    )
    rows = [
        contacts.filter(resting).group_by(_AT, RULE).agg(pl.col(AS_OF).max()),
        last.filter(pl.col(RULE).cast(pl.String).is_in(question.once_ever)),
    ]
    return pl.concat(rows).with_columns(pl.col(RULE).cast(pl.String))


def _newest(last: pl.DataFrame, question: Question) -> pl.DataFrame:
    asked = last if question.last_contact else last.clear()
    return asked.group_by(_AT).agg(pl.col(AS_OF).max())


def _turns(contacts: pl.DataFrame, question: Question) -> pl.DataFrame:
    today = contacts.filter(pl.col(AS_OF) == question.as_of)
    counted = today.group_by(_AT, CHANNEL).agg(pl.len().cast(pl.UInt32).alias("contacts"))
    return counted.with_columns(pl.col(CHANNEL).cast(pl.String))


def _used(today: pl.LazyFrame) -> pl.DataFrame:
    sums = (pl.len().cast(pl.Int64).alias("contacts"), pl.col("cost").sum())
    return today.group_by(RULE, CHANNEL).agg(sums).sort(RULE, CHANNEL).collect()


def _named(rows: pl.DataFrame, customers: pl.Series) -> pl.DataFrame:
    """Put ids for places, in their order, and say of a day what it is."""
    keys = [name for name in (_AT, RULE, CHANNEL) if name in rows.columns]
    rows = rows.sort(keys)
    named = rows.select(pl.col(_AT)).to_series()
    ids = customers.gather(named).alias(CUSTOMER)
    return rows.drop(_AT).insert_column(0, ids).rename({AS_OF: LAST_CONTACTED}, strict=False)
