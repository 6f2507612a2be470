"""The point of no return of a run, and the way back while nothing has left the house."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from typing import Literal, TypeVar

import polars as pl

from targeting.frames import CHANNEL, CUSTOMER, HELD_OUT, OUTCOME, REASON, REFUSED, RULE, SELECTED
from targeting.ledger.change import Overtaken, add, last_change
from targeting.ledger.contacts import UNIVERSAL
from targeting.ledger.fold import drop_fold
from targeting.ledger.key import hmac_of
from targeting.ledger.records import (
    AS_OF,
    CONTACT,
    HMAC,
    RUN,
    RUN_ID,
    in_order,
    month_of,
    records,
)
from targeting.ledger.runs import COMMITTED, DELIVERED, SENT, UNDONE, known_runs, runs_in
from targeting.ledger.scan import scan
from targeting.ledger.table import Ledger, opened, reading
from targeting.problems import Place, refuse

T = TypeVar("T")

_TRIES = 3
_MICRO = 1_000_000
_AT_ONCE = 2**17
_TAKEN = pl.Enum([UNIVERSAL, HELD_OUT, SELECTED])


def contacts_of(decisions: pl.DataFrame, holdouts: Mapping[str, str]) -> pl.DataFrame:
    """Give what the ledger keeps of a night's decisions: who was taken, and the universal holdout.

    Columns customer_id, rule, holdout (of `holdouts`, by rule: both arms bear its name), channel,
    outcome, cost (millionths, Int64).
    """
    universal = pl.col(REASON) == UNIVERSAL
    groups = pl.Enum(sorted(set(holdouts.values())))
    rule, outcome = (pl.col(name).cast(pl.String) for name in (RULE, OUTCOME))
    name = rule.replace_strict(dict(holdouts), default=None, return_dtype=pl.String)
    return decisions.filter(pl.col(OUTCOME) != REFUSED).select(
        CUSTOMER,
        RULE,
        pl.when(~universal).then(name).cast(groups).alias("holdout"),
        CHANNEL,
        pl.when(universal).then(pl.lit(UNIVERSAL)).otherwise(outcome).cast(_TAKEN).alias(OUTCOME),
        (pl.col("cost") * _MICRO).round(0).cast(pl.Int64),
    )


def commit_run(
    ledger: Ledger, run_id: str, as_of: dt.date, contacts: pl.DataFrame, *, seen: int
) -> None:
    """Add a run's contacts (of `contacts_of`), all or none; `seen` is the `Past`'s.

    Raises:
        Overtaken: where the ledger has changed since: read again, decide again.
    """
    hashed = hmac_of(pl.col(CUSTOMER), ledger.key).alias(HMAC)
    slices = [some.select(pl.exclude(CUSTOMER), hashed) for some in _slices(contacts)]
    rows = in_order(pl.concat(slices))
    add(ledger, _committed(rows, run_id, as_of), seen)


def _slices(rows: pl.DataFrame) -> Iterator[pl.DataFrame]:
    yield from rows.iter_slices(_AT_ONCE) if rows.height else (rows,)


def _committed(rows: pl.DataFrame, run_id: str, as_of: dt.date) -> Iterator[pl.DataFrame]:
    """Give the records of a run's contacts a slice at a time: they are far wider than these."""
    for some in _slices(rows):
        named = some.with_columns(pl.lit(as_of).alias(AS_OF), pl.lit(run_id).alias(RUN_ID))
        yield records(named, CONTACT)
    yield _run_record(run_id, as_of, COMMITTED)


def undo_run(ledger: Ledger, run_id: str) -> None:
    """Take a run's contacts back by reversing rows.

    Raises:
        Refused: L106 unknown, L107 undone already, L108 sent or delivered.
        Overtaken: where another change came between; try again.
    """
    _known(ledger, known_runs(ledger), run_id, (UNDONE, SENT, DELIVERED))
    drop_fold(ledger)  # it may hold this run's days; the next upkeep folds anew
    table = opened(ledger)
    seen = last_change(table)
    with reading(ledger):
        as_of = _known(ledger, runs_in(table), run_id, (UNDONE, SENT, DELIVERED))
        own = scan(table, CONTACT, lambda month: month == month_of(as_of))
        own = own.filter(pl.col(RUN_ID) == run_id)
        back = own.with_columns(-pl.col("cost"), pl.lit(run_id).alias("reverses")).collect()
    run = _run_record(run_id, as_of, UNDONE).with_columns(pl.lit(run_id).alias("reverses"))
    add(ledger, [records(in_order(back), CONTACT), run], seen)


def mark_run(ledger: Ledger, run_id: str, mark: Literal["sent", "delivered"]) -> None:
    """Note that a run's lists have left the house, so that it cannot be undone; once is enough.

    Raises:
        Refused: L106 unknown, L107 undone.
        Overtaken: where another change came between; try again.
    """
    with reading(ledger):
        table = opened(ledger)
        runs = runs_in(table)
    as_of = _known(ledger, runs, run_id, (UNDONE,))
    if not runs.filter(pl.col(RUN_ID) == run_id)[mark].item():
        add(ledger, [_run_record(run_id, as_of, mark)], last_change(table))


def three_times(step: Callable[[], T], ledger: Ledger) -> T:
    """Do a step that reads, decides and commits; after being overtaken, twice more.

    Raises:
        Refused: L109 where it was overtaken each time.
    """
    for _ in range(_TRIES):
        try:
            return step()
        except Overtaken:
            continue
    message = f"the ledger was changed by others {_TRIES} times while this was being decided"
    raise refuse("L109", message, Place(ledger.url), "run again when the others have finished")


def _run_record(run_id: str, as_of: dt.date, outcome: str) -> pl.DataFrame:
    return records(pl.DataFrame({RUN_ID: [run_id], AS_OF: [as_of], OUTCOME: [outcome]}), RUN)


_AGAINST = {
    UNDONE: ("L107", "has been undone", "there is nothing left to take back"),
    SENT: ("L108", "was marked as sent", "people have been written to; nothing can undo that"),
    DELIVERED: ("L108", "was delivered", "people have been written to; nothing can undo that"),
}


def _known(ledger: Ledger, runs: pl.DataFrame, run_id: str, against: tuple[str, ...]) -> dt.date:
    """Give a run's day, or refuse with the first mark that stands against it."""
    own = runs.filter(pl.col(RUN_ID) == run_id)
    if own.is_empty():
        message = f"there is no committed run '{run_id}'"
        raise refuse(
            "L106", message, Place(ledger.url), "see  targeting history  for those there are"
        )
    for mark in against:
        if own[mark].item():
            code, what, help_ = _AGAINST[mark]
            raise refuse(code, f"run '{run_id}' {what}", Place(ledger.url), help_)
    as_of: dt.date = own[AS_OF].item()
    return as_of
