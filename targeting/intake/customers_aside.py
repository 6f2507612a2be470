"""Customers that wait on disk beside their purchases, in the same parts, until they are needed."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from targeting.behind import Behind
from targeting.frames import CUSTOMER, REASON
from targeting.intake.accounts import Counts, Read
from targeting.intake.duplicates import drop_doubles
from targeting.intake.filling import fillings_of, unfillable
from targeting.intake.found import Found
from targeting.intake.in_pieces import InPieces, PutAside, future_in
from targeting.intake.opened import Origin
from targeting.intake.rejects import gathered
from targeting.intake.source_rows import (
    PRODUCT,
    columns_of,
    judge_rows,
)
from targeting.intake.sources import read_pieces, sha256
from targeting.intake.spilled import ENDING, Aside, Budget, put, put_aside, scan
from targeting.intake.undeclared import together
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
    with Behind() as behind:
        judged = _Judged(budget.folder / "judged", parts, behind)
        for cells in read_pieces(origin, opened, found.positions, budget.rows):
            rows = judge_rows(origin, cells, columns)
            judged.put(rows, rows.kept, cells.sums)
    unfilled = judged.one_each(origin, budget.folder / "listed", [w.name for w in columns])

    listed, filled, without_value = _listed(unfilled, columns, budget.folder / "filled")
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
        sha256=sha256(origin, opened, judged.of_rows),
    )
    return ListedInPieces(
        counts=counts,
        rejects=rejects,
        refused_products=pl.Series(PRODUCT, dtype=pl.String),
        rows=replace(judged.last, unread=together(judged.unread)),
        listed=listed,
        unfilled=unfilled,
        without_value=without_value,
    )


class _Judged(PutAside):
    """Puts aside the customers that have no fault of their own; then keeps one row of each."""

    def one_each(self, origin: Origin, folder: Path, names: list[str]) -> Aside:
        """Keep one row of each customer, part by part: all rows of one are in one part."""
        for part in range(self.parts):
            parted = drop_doubles(self._part(part), origin.source, origin.form)
            self.count(parted.kept)
            self.rejects.append(parted.refused)
            _write_part(parted.kept.select(names), folder, part)
        shutil.rmtree(self.folder, ignore_errors=True)
        return Aside(folder, self.last.kept.select(names).schema, self.parts)

    def _part(self, number: int) -> pl.DataFrame:
        """Give the rows of a part, in the order of the file; a flag that a piece lacks is null."""
        pieces = sorted((self.folder / f"{number:04}").glob(f"*{ENDING}"))
        read = [scan([piece]).collect() for piece in pieces]
        return pl.concat([self.last.kept, *read], how="diagonal")


def _listed(
    unfilled: Aside, columns: Sequence[Wanted], folder: Path
) -> tuple[Aside, dict[str, int], tuple[Wanted, ...]]:
    """Fill gaps, part by part; give the cells filled, and the columns that have no value at all."""
    to_fill = [wanted for wanted in columns if wanted.fill is not None]
    numbers = unfilled.summed(lambda rows: rows.select(wanted.name for wanted in to_fill))
    fillings, filled = fillings_of(numbers, to_fill)
    without = tuple(w for w in to_fill if numbers.height and unfillable(numbers, w))
    if not filled:
        return unfilled, filled, without
    return _again(unfilled, folder, lambda rows: rows.with_columns(fillings)), filled, without


def _again(aside: Aside, folder: Path, kernel: Callable[[pl.LazyFrame], pl.LazyFrame]) -> Aside:
    """Write every part anew, beside the old one."""
    shutil.rmtree(folder, ignore_errors=True)
    for part in range(aside.parts):
        _write_part(kernel(aside.part(part)).collect(), folder, part)
    return replace(aside, folder=folder)


def _write_part(rows: pl.DataFrame, folder: Path, part: int) -> None:
    put(rows, folder / f"{part:04}" / f"00000{ENDING}")


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


def without_customers(
    read: Read, gone: pl.Series, columns: Sequence[Wanted]
) -> tuple[Read, int, dict[str, int]]:
    """Leave customers out of those that wait on disk, and fill anew from who stays.

    Gives the number of those who stay, and the cells filled.
    """
    assert read.listed_unfilled is not None
    theirs, folder = pl.col(CUSTOMER).is_in(gone.implode()), read.listed_unfilled.folder
    unfilled = _again(
        read.listed_unfilled, folder.with_name("stay"), lambda rows: rows.filter(~theirs)
    )
    listed, filled, _ = _listed(unfilled, columns, folder.with_name("stay_filled"))
    stay = int(unfilled.summed(lambda rows: rows.select(pl.len().alias("rows")))["rows"].sum())
    return replace(read, listed=listed, listed_unfilled=unfilled), stay, filled


def _put(rows: pl.DataFrame, folder: Path, parts: int) -> Aside:
    for piece, some in enumerate(rows.iter_slices(_AT_ONCE)):
        put_aside(some, folder, parts, piece)
    return Aside(folder, rows.schema, parts)
