"""Customers that wait on disk beside their purchases, in the same parts, until they are needed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl

from targeting.intake.accounts import Read
from targeting.intake.spilled import Aside, put_aside

_AT_ONCE = 2**20  # rows


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
    for piece, some in enumerate(rows.iter_slices(_AT_ONCE)):
        put_aside(some, folder, parts, piece)
    return Aside(folder, rows.schema, parts)
