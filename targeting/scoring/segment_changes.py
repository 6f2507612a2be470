"""Who changed segment between two runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from targeting.frames import CUSTOMER, SEGMENT

BEFORE, NOW, CUSTOMERS = "before", "now", "customers"


@dataclass(frozen=True)
class Changes:
    """What became of the segments.

    Parameters:
        moves: of `movement`.
        rows: who is in another segment: customer_id, before, now; sorted by customer_id. A segment
            is missing where the customer was in none, or was not there at all.
    """

    moves: pl.DataFrame
    rows: pl.DataFrame


def compared(before: pl.DataFrame, now: pl.DataFrame) -> Changes:
    """Compare before and now, of all customers or some."""
    both = _both(before, now)
    return Changes(_moves(both), _changed(both))


def together(parts: Sequence[Changes]) -> Changes:
    """Put together what was compared of some customers after others; at least one part."""
    moves = pl.concat([part.moves for part in parts])
    moves = moves.group_by(BEFORE, NOW).agg(pl.col(CUSTOMERS).sum())
    rows = pl.concat([part.rows for part in parts])
    return Changes(moves.sort(BEFORE, NOW, nulls_last=True), rows.sort(CUSTOMER))


def movement(before: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """Count customers by the segment before and now, those who stayed too: before, now, customers.

    Who was in no segment in either run is left out.
    """
    return _moves(_both(before, now)).sort(BEFORE, NOW, nulls_last=True)


def share_changed(movement: pl.DataFrame) -> float | None:
    """Give the share, 0 to 1, who changed among those in a segment both times; None: nobody was."""
    both = movement.drop_nulls([BEFORE, NOW])
    total = int(both[CUSTOMERS].sum())
    if not total:
        return None
    return int(both.filter(pl.col(BEFORE) != pl.col(NOW))[CUSTOMERS].sum()) / total


def _changed(both: pl.DataFrame) -> pl.DataFrame:
    return both.filter(pl.col(BEFORE).ne_missing(pl.col(NOW)))


def _moves(both: pl.DataFrame) -> pl.DataFrame:
    seen = both.filter(pl.any_horizontal(pl.col(BEFORE, NOW).is_not_null()))
    return seen.group_by(BEFORE, NOW).agg(pl.len().cast(pl.Int64).alias(CUSTOMERS))


def _both(before: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    was = before.select(CUSTOMER, pl.col(SEGMENT).cast(pl.String).alias(BEFORE))
    is_now = now.select(CUSTOMER, pl.col(SEGMENT).cast(pl.String).alias(NOW))
    return was.join(is_now, on=CUSTOMER, how="full", coalesce=True)
