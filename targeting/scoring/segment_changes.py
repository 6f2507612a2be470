"""Who changed segment between two runs."""

from __future__ import annotations

import polars as pl

from targeting.frames import CUSTOMER, SEGMENT

BEFORE, NOW, CUSTOMERS = "before", "now", "customers"


def changes(before: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """List who is in another segment: customer_id, before, now; sorted by customer_id.

    Both frames have customer_id and segment, one row a customer. A segment is missing where the
    customer was in none, or was not there at all.
    """
    return _both(before, now).filter(pl.col(BEFORE).ne_missing(pl.col(NOW))).sort(CUSTOMER)


def movement(before: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """Count customers by the segment before and now, those who stayed too: before, now, customers.

    Who was in no segment in either run is left out.
    """
    seen = _both(before, now).filter(pl.any_horizontal(pl.col(BEFORE, NOW).is_not_null()))
    counted = seen.group_by(BEFORE, NOW).agg(pl.len().cast(pl.Int64).alias(CUSTOMERS))
    return counted.sort(BEFORE, NOW, nulls_last=True)


def share_changed(movement: pl.DataFrame) -> float | None:
    """Give the share, 0 to 1, who changed among those in a segment both times; None: nobody was."""
    both = movement.drop_nulls([BEFORE, NOW])
    total = int(both[CUSTOMERS].sum())
    if not total:
        return None
    return int(both.filter(pl.col(BEFORE) != pl.col(NOW))[CUSTOMERS].sum()) / total


def _both(before: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    was = before.select(CUSTOMER, pl.col(SEGMENT).cast(pl.String).alias(BEFORE))
    is_now = now.select(CUSTOMER, pl.col(SEGMENT).cast(pl.String).alias(NOW))
    return was.join(is_now, on=CUSTOMER, how="full", coalesce=True)
