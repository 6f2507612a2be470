"""The door of intake: every source of a workspace as a clean frame, every other row explained."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

import polars as pl

from targeting.frames import CUSTOMER, REASON
from targeting.intake.accounts import Counts, Read
from targeting.intake.as_of import BOUGHT, count_future, decide_as_of, reject_after
from targeting.intake.clean import NOT_FINITE
from targeting.intake.customers_aside import (
    ListedInPieces,
    can_be_in_pieces,
    customers_aside,
    customers_in_pieces,
)
from targeting.intake.filling import fill, unfillable
from targeting.intake.found import Found, open_all, origins
from targeting.intake.in_pieces import (
    InPieces,
    Reader,
    ReadInPieces,
    parts_of,
    read_in_pieces,
    too_many,
)
from targeting.intake.opened import Origin
from targeting.intake.rejects import EMPTIED, nothing_refused
from targeting.intake.source_rows import (
    SourceRows,
    columns_of,
    flag_counts,
    reject_more,
    sort_rows,
)
from targeting.intake.sources import read_cells, sha256
from targeting.intake.spilled import Budget
from targeting.intake.stops import stops
from targeting.intake.undeclared import number_warnings
from targeting.intake.wanted import Wanted, field_problems
from targeting.problems import Problem, Refused, errors, in_order
from targeting.workspace.columns import SOURCE_COLUMNS, SourceName
from targeting.workspace.load import Workspace

FILLED: Collection[SourceName] = ("customers", "products")


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
    found, more = open_all(workspace, files_of)
    warnings = [p for p in more if p.severity == "warning"]
    if stopping := errors([*problems, *more]):
        raise Refused(stopping)
    large = found.get("purchases")
    if large is not None and reader is not None and reader.takes(large):
        del found["purchases"]
        rows, digests = _sort_all(workspace, found)
        pieces = reader.read(large, given=as_of, today=today)
        read = _finished(found, rows, digests, pieces.as_of, [*warnings, *pieces.warnings])
        return _with_purchases(read, pieces, large.origin)
    if large is not None and budget is not None and too_many(large, budget):
        return _read_apart(workspace, found, budget, warnings, given=as_of, today=today)
    rows, digests = _sort_all(workspace, found)
    purchases = rows.get("purchases")
    day, odd = decide_as_of(
        workspace,
        purchases.kept if purchases else None,
        given=as_of,
        today=today,
        refused=_by_reason(purchases.rejects) if purchases else {},
    )
    if purchases is not None:
        parted = reject_after(purchases.kept, day)
        rows["purchases"] = reject_more("purchases", purchases, parted.kept, parted.refused)
    return _finished(found, rows, digests, day, [*warnings, *odd])


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
    read = _finished(found, rows, digests, pieces.as_of, [*warnings, *pieces.warnings])
    read = _with_purchases(read, pieces, large.origin)
    if customers is None or listed is None:
        return customers_aside(read)
    return _with_customers(read, listed.on(read.as_of), customers.origin)


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
            digests[source] = cells.sha256 or sha256(file.origin, file.opened)
        except Refused as refused:
            problems += refused.problems
    if problems:
        raise Refused(problems)
    return rows, digests


def _finished(
    found: Mapping[SourceName, Found],
    rows: Mapping[SourceName, SourceRows],
    digests: Mapping[SourceName, str],
    as_of: dt.date,
    warnings: list[Problem],
) -> Read:
    frames: dict[SourceName, pl.DataFrame] = {}
    unfilled: dict[SourceName, pl.DataFrame] = {}
    counts: dict[SourceName, Counts] = {}
    for source, part in rows.items():
        origin = found[source].origin
        before = part.kept.select(wanted.name for wanted in part.columns)
        kept, filled = fill(before, part.columns) if source in FILLED else (before, {})
        future = _future(source, kept, part, as_of)
        counts[source] = Counts(
            file=origin.name,
            rows=part.rows,
            used=kept.height,
            rejected=_by_reason(part.rejects),
            set_aside=part.set_aside,
            emptied=flag_counts(part.kept, EMPTIED),
            filled=filled,
            not_finite=flag_counts(part.kept, NOT_FINITE),
            future=future,
            sha256=digests[source],
        )
        frames[source], unfilled[source] = kept, before
        warnings += [*number_warnings(origin, part.unread), *_odd(origin, counts[source])]
        if source in FILLED and kept.height:
            without = [w for w in part.columns if unfillable(before, w)]
            warnings += [_nothing_to_fill(origin, wanted) for wanted in without]
    purchases = frames.get("purchases")
    return Read(
        frames=frames,
        unfilled=unfilled,
        rejects=pl.concat([nothing_refused(), *(part.rejects for part in rows.values())]),
        sources=counts,
        without_customer=_without_customer(purchases),
        as_of=as_of,
        warnings=in_order(warnings),
        refused_products={source: part.refused_products for source, part in rows.items()},
    )


def _with_purchases(read: Read, pieces: ReadInPieces, origin: Origin) -> Read:
    """Put the purchases that were read in pieces beside the other sources."""
    return replace(
        _with_pieces(read, pieces, origin),
        without_customer=pieces.spilled.nameless(),
        spilled=pieces.spilled,
    )


def _with_customers(read: Read, pieces: ListedInPieces, origin: Origin) -> Read:
    """Put the customers that were read in pieces beside the other sources."""
    read = _with_pieces(read, pieces, origin)
    odd = [_nothing_to_fill(origin, wanted) for wanted in pieces.without_value]
    return replace(
        read,
        warnings=in_order([*read.warnings, *odd]),
        listed=pieces.listed,
        listed_unfilled=pieces.unfilled,
    )


def _with_pieces(read: Read, pieces: InPieces, origin: Origin) -> Read:
    """Say beside the other sources, in the usual order, what became of the rows of one."""
    counts = {**read.sources, origin.source: pieces.counts}
    refused = {**read.refused_products, origin.source: pieces.refused_products}
    rejects = pl.concat([read.rejects, pieces.rejects])
    odd = [*number_warnings(origin, pieces.rows.unread), *_odd(origin, pieces.counts)]
    return replace(
        read,
        rejects=pl.concat(rejects.filter(pl.col("source") == name) for name in SOURCE_COLUMNS),
        sources={name: counts[name] for name in SOURCE_COLUMNS if name in counts},
        warnings=in_order([*read.warnings, *odd]),
        refused_products={name: refused[name] for name in SOURCE_COLUMNS if name in refused},
    )


def _future(
    source: SourceName, kept: pl.DataFrame, part: SourceRows, as_of: dt.date
) -> dict[str, int]:
    own = [w for w in part.columns if not (source == "purchases" and w.name == BOUGHT)]
    return count_future(kept, own, as_of)


def _by_reason(rejects: pl.DataFrame) -> dict[str, int]:
    counted = rejects.group_by(REASON).agg(pl.len()).sort(REASON)
    return dict(counted.iter_rows())


def _without_customer(purchases: pl.DataFrame | None) -> int:
    if purchases is None:
        return 0
    if CUSTOMER not in purchases.columns:
        return purchases.height
    return purchases[CUSTOMER].null_count()


def _odd(origin: Origin, counts: Counts) -> list[Problem]:
    """Warn of what may be meant, and may be a mistake."""
    found = []
    if counts.rows == 0:
        has = "has a header and" if origin.database is None else "gives"
        message = f"{origin.shown or origin.name} {has} no row"
        found.append(Problem("I101", message, origin.place("file"), None, "warning"))
    for name, count in counts.future.items():
        message = f"{origin.source}: {count} dates of '{name}' lie after the run's day"
        help_ = f"if that is meant, say under {name}, may_be_future: yes"
        place = origin.workspace.place("targeting.yaml", "fields", name)
        found.append(Problem("I105", message, place, help_, "warning"))
    lost = sum(counts.rejected.values())
    if origin.source == "suppressions" and lost:
        message = f"{lost} rows of the suppression list were rejected: they keep nobody out"
        help_ = "mend them before the lists are used; rejects.csv says which"
        found.append(Problem("I107", message, origin.place("file"), help_, "warning"))
    return found


def _nothing_to_fill(origin: Origin, wanted: Wanted) -> Problem:
    message = f"{origin.source}: '{wanted.name}' has no value to take a median of"
    place = origin.workspace.place("targeting.yaml", "fields", wanted.name, "fill")
    return Problem("I106", message, place, "nothing was filled", "warning")


__all__ = ["Counts", "Read", "read_sources", "stops"]
