"""Purchases that are too many for the memory: read in pieces, and put aside by customer."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol

import polars as pl

from targeting.behind import Behind
from targeting.frames import REASON
from targeting.intake.accounts import Counts
from targeting.intake.as_of import BOUGHT, count_future, decide_as_of, reject_after
from targeting.intake.clean import NOT_FINITE
from targeting.intake.found import Found
from targeting.intake.opened import Elsewhere
from targeting.intake.rejects import EMPTIED, nothing_refused
from targeting.intake.source_rows import (
    SourceRows,
    columns_of,
    flag_counts,
    reject_more,
    sort_rows,
)
from targeting.intake.sources import read_pieces, sha256
from targeting.intake.spilled import (
    Aside,
    Budget,
    Kernel,
    Spilled,
    added_up,
    nameless,
    put_aside,
    tables_of,
)
from targeting.intake.undeclared import Unread, together
from targeting.intake.wanted import Wanted
from targeting.problems import Problem


@dataclass(frozen=True, kw_only=True)
class InPieces:
    """What became of the rows of a source that was read in pieces; its kept rows wait elsewhere."""

    counts: Counts
    rejects: pl.DataFrame
    refused_products: pl.Series
    rows: SourceRows  # of all pieces, without rows


@dataclass(frozen=True, kw_only=True)
class ReadInPieces(InPieces):
    """Purchases that were read in pieces."""

    spilled: Spilled
    as_of: dt.date
    warnings: list[Problem]  # about the day


class Reader(Elsewhere, Protocol):
    """Reads purchases elsewhere than here, and holds them there."""

    def takes(self, found: Found) -> bool:
        """Say whether it can read a source."""
        ...

    def read(self, found: Found, *, given: dt.date | None, today: dt.date) -> ReadInPieces:
        """Read purchases as `read_in_pieces` does."""
        ...


def too_many(found: Found, budget: Budget) -> bool:
    """Say whether a source's rows are to be read in pieces: it can be, and they do not fit."""
    opened = found.opened
    if opened.pieces is None or found.origin.form.key is not None:
        return False
    return not budget.takes(opened.rows())


def parts_of(found: Found, budget: Budget) -> int:
    """Say into how many parts the customers of such purchases are parted."""
    return math.ceil(found.opened.rows() / budget.rows)


def read_in_pieces(
    found: Found, budget: Budget, *, given: dt.date | None, today: dt.date
) -> ReadInPieces:
    """Read purchases a piece at a time, judge each by itself, and put the kept aside by customer.

    Raises:
        Refused: as `read_sources` does.
    """
    origin, opened = found.origin, found.opened
    columns = columns_of(origin.workspace.settings, origin.source, list(found.positions))
    newest_decides = given is None and origin.workspace.settings.as_of == "newest_purchase"
    known = None
    if not newest_decides:
        known, _ = decide_as_of(origin.workspace, None, given=given, today=today)
    with Behind() as behind:
        put = _Purchases(budget, parts_of(found, budget), behind)
        for cells in read_pieces(origin, opened, found.positions, budget.rows):
            rows = sort_rows(origin, cells, columns)
            if known is not None:
                parted = reject_after(rows.kept, known)
                rows = reject_more(origin.source, rows, parted.kept, parted.refused)
            put.add(rows, cells.sums)
    rejects = pl.concat([nothing_refused(), *put.rejects])
    rejected = dict(rejects.group_by(REASON).agg(pl.len()).sort(REASON).iter_rows())
    day, odd = decide_as_of(origin.workspace, put.days, given=given, today=today, refused=rejected)
    spilled = put.spilled()
    counts = Counts(
        file=origin.name,
        rows=put.rows,
        used=put.used,
        rejected=rejected,
        set_aside=put.set_aside,
        emptied=dict(put.emptied),
        filled={},
        not_finite=dict(put.not_finite),
        future=future_in(spilled, [w for w in put.last.columns if w.name != BOUGHT], day),
        sha256=sha256(origin, opened, put.of_rows),
    )
    return ReadInPieces(
        counts=counts,
        rejects=rejects,
        refused_products=pl.concat(put.refused_products).unique().sort(),
        rows=replace(put.last, unread=together(put.unread)),
        spilled=spilled,
        as_of=day,
        warnings=odd,
    )


class PutAside:
    """Writes rows to the folders of their parts, and adds up what became of the others.

    Parameters:
        behind: where a piece is written while the next is read.
    """

    def __init__(self, folder: Path, parts: int, behind: Behind) -> None:
        self.folder, self.parts, self.behind, self.piece = folder, parts, behind, 0
        self.rows = self.used = self.set_aside = 0
        self.emptied: Counter[str] = Counter()
        self.not_finite: Counter[str] = Counter()
        self.rejects: list[pl.DataFrame] = []
        self.of_rows: list[pl.DataFrame | None] = []  # sums of those that are in no file
        self.unread: list[Mapping[str, Unread]] = []
        self.last: SourceRows

    def put(self, rows: SourceRows, kept: pl.DataFrame, sums: pl.DataFrame | None) -> None:
        """Put what is kept of a piece aside."""
        self.of_rows.append(sums)
        self.rows += rows.rows
        self.set_aside += rows.set_aside
        self.rejects.append(rows.rejects)
        self.unread.append(rows.unread)
        self.behind.do(partial(put_aside, kept, self.folder, self.parts, self.piece))
        self.last = replace(rows, kept=kept.clear(), rejects=rows.rejects.clear())
        self.piece += 1

    def count(self, used: pl.DataFrame) -> None:
        """Count rows that are used, with the flags beside them."""
        self.used += used.height
        self.emptied.update(flag_counts(used, EMPTIED))
        self.not_finite.update(flag_counts(used, NOT_FINITE))


class _Purchases(PutAside):
    """Puts purchases aside, and remembers the newest days and the products of rejected rows."""

    def __init__(self, budget: Budget, parts: int, behind: Behind) -> None:
        super().__init__(budget.folder, parts, behind)
        self.kernels: tuple[Kernel, ...] = (nameless, *budget.sums)
        self.tables: list[list[pl.DataFrame]] = []
        self.refused_products: list[pl.Series] = []
        self.days = pl.DataFrame(schema={BOUGHT: pl.Date})

    def add(self, rows: SourceRows, sums: pl.DataFrame | None) -> None:
        """Put the kept rows of a piece aside."""
        self.count(rows.kept)
        self.refused_products.append(rows.refused_products)
        self.days = pl.concat([self.days, rows.kept.select(BOUGHT)]).unique().top_k(2, by=BOUGHT)
        kept = rows.kept.select(wanted.name for wanted in rows.columns)
        self.tables.append(tables_of(self.kernels, kept))
        self.put(rows, kept, sums)

    def spilled(self) -> Spilled:
        """Give what was put aside."""
        newest = self.days[BOUGHT].max()
        assert newest is None or isinstance(newest, dt.date)
        sums = added_up(self.kernels, self.tables)
        return Spilled(self.folder, self.last.kept.schema, self.parts, newest, sums)


def future_in(aside: Aside, columns: Sequence[Wanted], as_of: dt.date) -> dict[str, int]:
    """Count dates after the day of the run in rows that wait on disk, as `count_future` does."""
    counted: Counter[str] = Counter()
    if any(wanted.type == "date" for wanted in columns):
        for piece in aside.pieces():
            counted.update(count_future(piece.collect(), columns, as_of))
    return dict(counted)
