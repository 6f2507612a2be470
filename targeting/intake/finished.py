"""Sources whose rows are sorted, put together: filled, counted, warned of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import replace

import polars as pl

from targeting.frames import CUSTOMER, REASON
from targeting.intake.accounts import Counts, Read
from targeting.intake.as_of import BOUGHT, count_future
from targeting.intake.clean import NOT_FINITE
from targeting.intake.customers_aside import ListedInPieces
from targeting.intake.filling import fill, unfillable
from targeting.intake.found import Found
from targeting.intake.in_pieces import InPieces, ReadInPieces
from targeting.intake.opened import Origin
from targeting.intake.rejects import EMPTIED, nothing_refused
from targeting.intake.source_rows import SourceRows, flag_counts
from targeting.intake.undeclared import number_warnings
from targeting.intake.wanted import Wanted
from targeting.problems import Problem, in_order
from targeting.workspace.columns import SOURCE_COLUMNS, SourceName

FILLED: Collection[SourceName] = ("customers", "products")


def finished(
    found: Mapping[SourceName, Found],
    rows: Mapping[SourceName, SourceRows],
    digests: Mapping[SourceName, str],
    as_of: dt.date,
    warnings: list[Problem],
) -> Read:
    """Fill what `fill` asks for, and count what became of every row; `warnings` are added to."""
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
            rejected=by_reason(part.rejects),
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


def with_purchases(read: Read, pieces: ReadInPieces, origin: Origin) -> Read:
    """Put the purchases that were read in pieces beside the other sources."""
    return replace(
        _with_pieces(read, pieces, origin),
        without_customer=pieces.spilled.nameless(),
        spilled=pieces.spilled,
    )


def with_customers(read: Read, pieces: ListedInPieces, origin: Origin) -> Read:
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


def by_reason(rejects: pl.DataFrame) -> dict[str, int]:
    """Count rejects by their reason."""
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
