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
from targeting.intake.customers_aside import customers_aside
from targeting.intake.filling import fill
from targeting.intake.found import Found, open_all, origins
from targeting.intake.in_pieces import Reader, ReadInPieces, read_in_pieces, too_many
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
from targeting.intake.wanted import field_problems
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
    taken = large is not None and reader is not None and reader.takes(large)
    if large is not None and (taken or too_many(large, budget)):
        del found["purchases"]
    else:
        large = None
    sorted_rows, digests, more = _sort_all(workspace, found)
    if more:
        raise Refused(more)
    if large is not None:
        if reader is not None and taken:
            pieces = reader.read(large, given=as_of, today=today)
        else:
            assert budget is not None
            pieces = read_in_pieces(large, budget, given=as_of, today=today)
        warnings += pieces.warnings
        read = _finished(found, sorted_rows, digests, pieces.as_of, warnings)
        read = _with_pieces(read, pieces, large.origin)
        return read if taken else customers_aside(read)
    purchases = sorted_rows.get("purchases")
    day, odd = decide_as_of(
        workspace,
        purchases.kept if purchases else None,
        given=as_of,
        today=today,
        refused=_by_reason(purchases.rejects) if purchases else {},
    )
    if purchases is not None:
        parted = reject_after(purchases.kept, day)
        sorted_rows["purchases"] = reject_more("purchases", purchases, parted.kept, parted.refused)
    warnings += odd
    return _finished(found, sorted_rows, digests, day, warnings)


def _sort_all(
    workspace: Workspace, found: Mapping[SourceName, Found]
) -> tuple[dict[SourceName, SourceRows], dict[SourceName, str], list[Problem]]:
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
    return rows, digests, problems


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
        warnings += [*part.warnings, *_odd(origin, counts[source], part)]
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


def _with_pieces(read: Read, pieces: ReadInPieces, origin: Origin) -> Read:
    """Put the purchases that were read in pieces beside the other sources, in the usual order."""
    counts = {**read.sources, "purchases": pieces.counts}
    refused = {**read.refused_products, "purchases": pieces.refused_products}
    first, others = read.rejects.filter(_BEFORE), read.rejects.filter(~_BEFORE)
    return replace(
        read,
        rejects=pl.concat([first, pieces.rejects, others]),
        sources={name: counts[name] for name in SOURCE_COLUMNS if name in counts},
        without_customer=pieces.spilled.nameless(),
        warnings=in_order([*read.warnings, *_odd(origin, pieces.counts, pieces.rows)]),
        refused_products={name: refused[name] for name in SOURCE_COLUMNS if name in refused},
        spilled=pieces.spilled,
    )


_BEFORE = pl.col("source") == "customers"  # the one source that is read before the purchases


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


def _odd(origin: Origin, counts: Counts, part: SourceRows) -> list[Problem]:
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
    for wanted in part.columns if origin.source in FILLED and counts.used else ():
        if wanted.fill == "median" and part.kept[wanted.name].null_count() == counts.used:
            message = f"{origin.source}: '{wanted.name}' has no value to take a median of"
            place = origin.workspace.place("targeting.yaml", "fields", wanted.name, "fill")
            found.append(Problem("I106", message, place, "nothing was filled", "warning"))
    lost = sum(counts.rejected.values())
    if origin.source == "suppressions" and lost:
        message = f"{lost} rows of the suppression list were rejected: they keep nobody out"
        help_ = "mend them before the lists are used; rejects.csv says which"
        found.append(Problem("I107", message, origin.place("file"), help_, "warning"))
    return found


__all__ = ["Counts", "Read", "read_sources", "stops"]
