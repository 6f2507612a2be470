"""The runs that the ledger knows, and what became of each."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Final

import polars as pl

from targeting.frames import OUTCOME
from targeting.ledger.records import AS_OF, RUN, RUN_ID
from targeting.ledger.scan import scan
from targeting.ledger.table import Ledger, opened, reading
from targeting.problems import Place, refuse

if TYPE_CHECKING:
    from deltalake import DeltaTable

COMMITTED: Final = "committed"
UNDONE: Final = "undone"
SENT: Final = "sent"
DELIVERED: Final = "delivered"

_MARKS = (UNDONE, SENT, DELIVERED)

NO_RUNS: Final = pl.DataFrame(
    schema={RUN_ID: pl.String, AS_OF: pl.Date, **dict.fromkeys(_MARKS, pl.Boolean)}
)


def known_runs(ledger: Ledger | None) -> pl.DataFrame:
    """Give one row a committed run: run_id, as_of, undone, sent, delivered; by as_of, run_id."""
    if ledger is None:
        return NO_RUNS
    with reading(ledger):
        return runs_in(opened(ledger))


def runs_in(table: DeltaTable) -> pl.DataFrame:
    """Give the runs of an opened table, as `known_runs`."""
    rows = scan(table, RUN).select(RUN_ID, AS_OF, OUTCOME)
    marks = [(pl.col(OUTCOME) == mark).any().alias(mark) for mark in _MARKS]
    return rows.group_by(RUN_ID, AS_OF).agg(marks).sort(AS_OF, RUN_ID).collect()


def live_runs(
    runs: pl.DataFrame, *, after: dt.date = dt.date.min, until: dt.date = dt.date.max
) -> pl.DataFrame:
    """Keep the runs that count: not undone, and after < as_of <= until."""
    day = pl.col(AS_OF)
    return runs.filter(~pl.col(UNDONE), day > after, day <= until)


def next_run_id(equal: str, runs: pl.DataFrame) -> tuple[str, bool]:
    """Name the run that equals `equal`: itself or, where that was undone, with -2, -3, ...

    The second value says whether this run has been committed, so that it is not run again.
    """
    pattern = re.compile(re.escape(equal) + r"(-(\d+))?")
    found = [(match, undone) for match, undone in _matching(pattern, runs)]
    for match, undone in found:
        if not undone:
            return match[0], True
    if not found:
        return equal, False
    return f"{equal}-{1 + max(int(match[2] or 1) for match, _ in found)}", False


def refuse_an_earlier_day(ledger: Ledger, runs: pl.DataFrame, as_of: dt.date) -> None:
    """Refuse a run of a day before the newest committed run that was not undone.

    Raises:
        Refused: L105; its limits would not see the contacts of the days after it.
    """
    newest = live_runs(runs)[AS_OF].max()
    if isinstance(newest, dt.date) and as_of < newest:
        message = f"there has been a run of {newest}, so a run of {as_of} comes too late"
        help_ = "undo the later runs first; or look only, with --dry-run"
        raise refuse("L105", message, Place(ledger.url), help_)


def _matching(pattern: re.Pattern[str], runs: pl.DataFrame) -> list[tuple[re.Match[str], bool]]:
    pairs = (
        (pattern.fullmatch(name), undone)
        for name, undone in runs.select(RUN_ID, UNDONE).iter_rows()
    )
    return [(match, undone) for match, undone in pairs if match is not None]
