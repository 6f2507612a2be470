"""The door of intake: every source of a workspace as a clean frame, every other row explained."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

from targeting.intake.accounts import Counts, Read
from targeting.intake.as_of import decide_as_of, reject_after
from targeting.intake.customers_aside import (
    can_be_in_pieces,
    customers_aside,
    customers_in_pieces,
)
from targeting.intake.finished import by_reason, finished, with_customers, with_purchases
from targeting.intake.found import Found, open_all, origins
from targeting.intake.in_pieces import Reader, parts_of, read_in_pieces, too_many
from targeting.intake.source_rows import SourceRows, columns_of, reject_more, sort_rows
from targeting.intake.sources import read_cells, sha256
from targeting.intake.spilled import Budget
from targeting.intake.stops import stops
from targeting.intake.wanted import field_problems
from targeting.problems import Problem, Refused, errors
from targeting.workspace.columns import SourceName
from targeting.workspace.load import Workspace


def read_sources(
    workspace: Workspace,
    *,
    files: Mapping[str, Path] = {},  # never changed
    as_of: dt.date | None = None,
    today: dt.date,
    budget: Budget | None = None,
    reader: Reader | None = None,
) -> Read:
    """Read every source; `files` replaces files by source (--source NAME=PATH).

    Purchases that do not fit into the `budget` are read in pieces and wait on disk; those that the
    `reader` takes, it reads and holds.

    Raises:
        Refused: with every problem of every source that keeps it from being read.
        Unreachable: where a database is not there.
    """
    files_of, problems = origins(workspace, files)
    problems += field_problems(workspace)
    found, more = open_all(workspace, files_of, reader)
    warnings = [p for p in more if p.severity == "warning"]
    if stopping := errors([*problems, *more]):
        raise Refused(stopping)
    large = found.get("purchases")
    if large is not None and reader is not None and reader.takes(large):
        del found["purchases"]
        rows, digests = _sort_all(workspace, found)
        pieces = reader.read(large, given=as_of, today=today)
        read = finished(found, rows, digests, pieces.as_of, [*warnings, *pieces.warnings])
        return with_purchases(read, pieces, large.origin)
    if large is not None and budget is not None and too_many(large, budget):
        return _read_apart(workspace, found, budget, warnings, given=as_of, today=today)
    rows, digests = _sort_all(workspace, found)
    purchases = rows.get("purchases")
    day, odd = decide_as_of(
        workspace,
        purchases.kept if purchases else None,
        given=as_of,
        today=today,
        refused=by_reason(purchases.rejects) if purchases else {},
    )
    if purchases is not None:
        parted = reject_after(purchases.kept, day)
        rows["purchases"] = reject_more("purchases", purchases, parted.kept, parted.refused)
    return finished(found, rows, digests, day, [*warnings, *odd])


def _read_apart(
    workspace: Workspace,
    found: dict[SourceName, Found],
    budget: Budget,
    warnings: list[Problem],
    *,
    given: dt.date | None,
    today: dt.date,
) -> Read:
    """Read purchases in pieces, and customers too where that can be; both wait on disk."""
    large, customers = found.pop("purchases"), found.get("customers")
    listed = None
    if customers is not None and can_be_in_pieces(customers):
        del found["customers"]
        rows, digests = _sort_all(workspace, found)
        listed = customers_in_pieces(customers, budget, parts_of(large, budget))
    else:
        rows, digests = _sort_all(workspace, found)
    pieces = read_in_pieces(large, budget, given=given, today=today)
    read = finished(found, rows, digests, pieces.as_of, [*warnings, *pieces.warnings])
    read = with_purchases(read, pieces, large.origin)
    if customers is None or listed is None:
        return customers_aside(read)
    return with_customers(read, listed.on(read.as_of), customers.origin)


def _sort_all(
    workspace: Workspace, found: Mapping[SourceName, Found]
) -> tuple[dict[SourceName, SourceRows], dict[SourceName, str]]:
    rows: dict[SourceName, SourceRows] = {}
    digests: dict[SourceName, str] = {}
    problems: list[Problem] = []
    for source, file in found.items():
        columns = columns_of(workspace.settings, source, list(file.positions))
        try:
            cells = read_cells(file.origin, file.opened, file.positions)
            rows[source] = sort_rows(file.origin, cells, columns)
            digests[source] = sha256(file.origin, file.opened, [cells.sums])
        except Refused as refused:
            problems += refused.problems
    if problems:
        raise Refused(problems)
    return rows, digests


__all__ = ["Counts", "Read", "read_sources", "stops"]
