"""Customers that wait on disk beside their purchases, in the same parts, until they are needed."""

from __future__ import annotations

import datetime as dt
import shutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from targeting.frames import REASON
from targeting.intake.accounts import Counts, Read
from targeting.intake.clean import NOT_FINITE
from targeting.intake.duplicates import drop_doubles
from targeting.intake.filling import fillings_of, unfillable
from targeting.intake.found import Found
from targeting.intake.in_pieces import InPieces, future_in
from targeting.intake.opened import Origin
from targeting.intake.rejects import EMPTIED, gathered
from targeting.intake.source_rows import (
    PRODUCT,
    SourceRows,
    columns_of,
    flag_counts,
    judge_rows,
)
from targeting.intake.sources import read_pieces, sha256
from targeting.intake.spilled import Aside, Budget, put_aside
from targeting.intake.undeclared import Unread, together
from targeting.intake.wanted import Wanted

_AT_ONCE = 2**20  # rows


@dataclass(frozen=True, kw_only=True)
class ListedInPieces(InPieces):
    """Customers that were read in pieces.

    Parameters:
        listed: the kept, missing numbers filled.
        unfilled: the kept as they came.
        without_value: columns that were to be filled with a median, and have no value.
    """

    listed: Aside
    unfilled: Aside
    without_value: tuple[Wanted, ...]

    def on(self, as_of: dt.date) -> ListedInPieces:
        """Count what lies after the day of the run, now that it is known."""
        future = future_in(self.unfilled, self.rows.columns, as_of)
        return replace(self, counts=replace(self.counts, future=future))


def can_be_in_pieces(found: Found) -> bool:
    """Say whether customers can be judged piece by piece, and doubles be found part by part.

    A `key` of other columns compares rows of different parts.
    """
    return found.opened.pieces is not None and found.origin.form.key is None


def customers_in_pieces(found: Found, budget: Budget, parts: int) -> ListedInPieces:
    """Read customers a piece at a time, and put the kept aside by customer.

    Raises:
        Refused: as `read_sources` does.
    """
    origin, opened = found.origin, found.opened
    columns = columns_of(origin.workspace.settings, origin.source, list(found.positions))
    judged = _Judged(budget.folder / "judged", parts)
    for cells in read_pieces(origin, opened, found.positions, budget.rows):
        judged.add(judge_rows(origin, cells, columns))
    unfilled = judged.one_each(origin, budget.folder / "listed", [w.name for w in columns])

    to_fill = [w for w in columns if w.fill is not None]
    numbers = unfilled.summed(lambda rows: rows.select(w.name for w in to_fill))
    fillings, filled = fillings_of(numbers, to_fill)
    listed = _filled(unfilled, fillings, budget.folder / "filled") if filled else unfilled

    rejects = gathered(origin.source, judged.rejects)
    counts = Counts(
        file=origin.name,
        rows=judged.rows,
        used=judged.used,
        rejected=dict(rejects.group_by(REASON).agg(pl.len()).sort(REASON).iter_rows()),
        set_aside=judged.set_aside,
        emptied=dict(judged.emptied),
        filled=filled,
        not_finite=dict(judged.not_finite),
        future={},
        sha256=sha256(origin, opened),
    )
    return ListedInPieces(
        counts=counts,
        rejects=rejects,
        refused_products=pl.Series(PRODUCT, dtype=pl.String),
        rows=replace(judged.last, unread=together(judged.unread)),
        listed=listed,
        unfilled=unfilled,
        without_value=tuple(w for w in to_fill if judged.used and unfillable(numbers, w)),
    )


class _Judged:
    """Writes judged rows to the folders of their parts, and adds up what became of the others."""

    def __init__(self, folder: Path, parts: int) -> None:
        self.folder, self.parts, self.piece = folder, parts, 0
        self.rows = self.used = self.set_aside = 0
        self.emptied: Counter[str] = Counter()
        self.not_finite: Counter[str] = Counter()
        self.rejects: list[pl.DataFrame] = []
        self.unread: list[Mapping[str, Unread]] = []
        self.last: SourceRows

    def add(self, rows: SourceRows) -> None:
        """Put the rows of a piece aside that have no fault of their own."""
        self.rows += rows.rows
        self.set_aside += rows.set_aside
        self.rejects.append(rows.rejects)
        self.unread.append(rows.unread)
        put_aside(rows.kept, self.folder, self.parts, self.piece)
        self.last = replace(rows, kept=rows.kept.clear(), rejects=rows.rejects.clear())
        self.piece += 1

    def one_each(self, origin: Origin, folder: Path, names: list[str]) -> Aside:
        """Keep one row of each customer, part by part: all rows of one are in one part."""
        for part in range(self.parts):
            parted = drop_doubles(self._part(part), origin.source, origin.form)
            self.used += parted.kept.height
            self.emptied.update(flag_counts(parted.kept, EMPTIED))
            self.not_finite.update(flag_counts(parted.kept, NOT_FINITE))
            self.rejects.append(parted.refused)
            _write_part(parted.kept.select(names), folder, part)
        shutil.rmtree(self.folder, ignore_errors=True)
        return Aside(folder, self.last.kept.select(names).schema, self.parts)

    def _part(self, number: int) -> pl.DataFrame:
        """Give the rows of a part, in the order of the file; a flag that a piece lacks is null."""
        pieces = sorted((self.folder / f"{number:04}").glob("*.parquet"))
        read = [pl.read_parquet(piece, glob=False) for piece in pieces]
        return pl.concat([self.last.kept, *read], how="diagonal")


def _filled(unfilled: Aside, fillings: list[pl.Expr], folder: Path) -> Aside:
    for part in range(unfilled.parts):
        _write_part(unfilled.part(part).with_columns(fillings).collect(), folder, part)
    return replace(unfilled, folder=folder)


def _write_part(rows: pl.DataFrame, folder: Path, part: int) -> None:
    below = folder / f"{part:04}"
    below.mkdir(parents=True)
    rows.write_parquet(below / "00000.parquet", compression="lz4")


def customers_aside(read: Read) -> Read:
    """Put the customers beside the purchases that wait on disk; without any nothing is done."""
    purchases = read.spilled
    if purchases is None or "customers" not in read.frames:
        return read
    frames, unfilled = dict(read.frames), dict(read.unfilled)
    folder, parts = purchases.folder, purchases.parts
    listed = _put(frames.pop("customers"), folder / "listed", parts)
    before = unfilled.pop("customers")
    listed_unfilled = listed
    if any(read.sources["customers"].filled.values()):
        listed_unfilled = _put(before, folder / "unfilled", parts)
    return replace(
        read, frames=frames, unfilled=unfilled, listed=listed, listed_unfilled=listed_unfilled
    )


def customers_back(read: Read) -> Read:
    """Bring the customers into memory again."""
    if read.listed is None or read.listed_unfilled is None:
        return read
    filled, before = (
        pl.concat(aside.pieces()).collect() for aside in (read.listed, read.listed_unfilled)
    )
    return replace(
        read,
        frames={**read.frames, "customers": filled},
        unfilled={**read.unfilled, "customers": before},
        listed=None,
        listed_unfilled=None,
    )


def _put(rows: pl.DataFrame, folder: Path, parts: int) -> Aside:
    shutil.rmtree(folder, ignore_errors=True)  # what came back from there, and is less now
    for piece, some in enumerate(rows.iter_slices(_AT_ONCE)):
        put_aside(some, folder, parts, piece)
    return Aside(folder, rows.schema, parts)
