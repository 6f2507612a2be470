"""What must stop a run before anything is decided (decisions.md 4)."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

import polars as pl

from targeting.frames import REASON, ROW
from targeting.intake.accounts import Read
from targeting.problems import Problem
from targeting.workspace.columns import SourceName
from targeting.workspace.load import Workspace


def stops(read: Read, workspace: Workspace, accepted: Collection[str]) -> list[Problem]:
    """Find what must stop a run (decisions.md 4); `accepted` are `stop_if` keys to pass over.

    An empty suppressions source stops it whatever is accepted.
    """
    found = []
    if "rejected_over" not in accepted:
        found += _too_many_rejected(read, workspace)
    if "newest_purchase_older_than" not in accepted:
        found += _stale_purchases(read, workspace)
    suppressions = read.sources.get("suppressions")
    if suppressions is not None and suppressions.used == 0:
        place = workspace.place("targeting.yaml", "sources", "suppressions", "file")
        message = (
            f"the suppression list {suppressions.file} has no usable row: nobody would be kept out"
        )
        help_ = "mend the file; or delete the source, if nobody ever asked not to be contacted"
        found.append(Problem("D103", message, place, help_))
    return found


def _too_many_rejected(read: Read, workspace: Workspace) -> list[Problem]:
    limit = workspace.settings.stop_if.rejected_over
    if limit is None:
        return []
    place = workspace.place("targeting.yaml", "stop_if", "rejected_over")
    found = []
    for source, counts in read.sources.items():
        rejected = sum(counts.rejected.values())
        if rejected > limit * counts.rows:
            most = max(counts.rejected, key=lambda reason: counts.rejected[reason])
            message = f"{source}: {rejected} of {counts.rows} rows were rejected, more than "
            message += (
                f"{_percent(limit)}; most often: {most}, {_first(read.rejects, source, most)}"
            )
            help_ = "mend the file or its columns; to go on and find all in rejects.csv: "
            help_ += "--accept rejected_over"
            found.append(Problem("D101", message, place, help_))
    return found


def _first(rejects: pl.DataFrame, source: SourceName, reason: str) -> str:
    """Say where the first row rejected for a reason stands; not its value, which may be private."""
    of_reason = rejects.filter(pl.col("source") == source, pl.col(REASON) == reason)
    row, field = of_reason.sort(ROW).select(ROW, "field").row(0)
    return f"first in row {row:,}" + (f", '{field}'" if field is not None else "")


def _stale_purchases(read: Read, workspace: Workspace) -> list[Problem]:
    """Measure against as_of: it is by the run's day that a late feed makes customers lapsed."""
    period = workspace.settings.stop_if.newest_purchase_older_than
    if period is None or "purchases" not in read.sources:
        return []
    newest = read.newest_purchase
    if newest is not None and newest >= period.before(read.as_of):
        return []
    place = workspace.place("targeting.yaml", "stop_if", "newest_purchase_older_than")
    what = f"the newest purchase is of {newest}" if newest is not None else "there is no purchase"
    message = f"{what}; the run's day is {read.as_of}, more than {period} later"
    help_ = "is the export late? if it is meant: --accept newest_purchase_older_than"
    return [Problem("D102", message, place, help_)]


def _percent(share: Decimal) -> str:
    return f"{(share * 100).normalize():f}%"
