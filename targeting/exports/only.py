"""Which rows a destination wants."""

from __future__ import annotations

import polars as pl

from targeting.workspace.destinations import Only


def chosen(rows: pl.DataFrame, only: Only) -> pl.DataFrame:
    """Keep the rows whose words a destination names; no word of a kind: all of them."""
    tests = [pl.col(column).cast(pl.String).is_in(list(words)) for column, words in only if words]
    return rows.filter(*tests) if tests else rows
