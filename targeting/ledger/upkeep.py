"""The ledger's housekeeping after a run, so that a year of nights reads as fast as the first."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from targeting.ledger.change import Overtaken, without_statistics
from targeting.ledger.fold import fold_last_contacts
from targeting.ledger.records import MONTH, RECORD, month_of
from targeting.ledger.table import Ledger, opened

if TYPE_CHECKING:
    from deltalake import DeltaTable

MOST_FILES = 32  # of the month that is still growing
_LARGEST = 1 << 30  # bytes: a month of a large shop is one file


def tidy(ledger: Ledger, as_of: dt.date) -> None:
    """Join the small files of months that are over, and of this month when there are many.

    Folds last contacts of months that are over too. Nothing here changes an answer, and what
    happens follows from the table alone, never from a clock.
    """
    with contextlib.suppress(Overtaken):  # another writer tidies up after its own run
        fold_last_contacts(ledger, as_of)
    table = opened(ledger)
    crowded = list(_crowded(table, month_of(as_of)))
    for record, month in crowded:
        table.optimize.compact(
            partition_filters=[(RECORD, "=", record), (MONTH, "=", month)],
            target_size=_LARGEST,
            writer_properties=without_statistics(),
        )
    if crowded:
        table.vacuum(dry_run=False)  # only what has been out of use for a week


def _crowded(table: DeltaTable, this_month: str) -> Iterator[tuple[str, str]]:
    """Find the months that lie in more files than they should."""
    actions = table.get_add_actions(flatten=True)
    files = Counter(
        zip(*(actions[f"partition.{n}"].to_pylist() for n in (RECORD, MONTH)), strict=True)
    )
    for (record, month), number in sorted(files.items(), key=str):
        if month is not None and number > (MOST_FILES if month >= this_month else 1):
            yield record, month
