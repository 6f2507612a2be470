"""What each segment spent, and how many of it are left without any rule."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import numpy as np
import polars as pl

from targeting.customers.held import pages_of
from targeting.frames import CUSTOMER, PLACE, SEGMENT
from targeting.ledger.read import LAST_CONTACTED
from targeting.report.numbers import Night
from targeting.report.parts import has
from targeting.report.sales import DAYS

Spent = Mapping[str, Mapping[str, int]]


def spending(night: Night) -> Spent:
    """Give by segment, money in minor units.

    now, before: spent in the last 90 days, and in the 90 before. left, left_now: customers whom no
    rule fits tonight and who have not been contacted in the last 90 days, and what they spent.
    """
    fitted = np.zeros(night.customers.height, dtype=np.bool_)
    if has(night.decisions, PLACE):
        fitted[night.decisions[PLACE].to_numpy()] = True
    segment, rests = pl.col(SEGMENT).cast(pl.String), _rests(night).alias("rests")
    sums = []
    start = 0
    for page in pages_of(night.customers):
        people = page.select(CUSTOMER, segment, rests).collect()
        fits = pl.Series("fits", fitted[start : start + people.height])
        sums.append(_sums(people.with_columns(fits), night.trade.spent))
        start += people.height
    found = pl.concat(sums).group_by(SEGMENT).agg(pl.all().sum())
    return {row.pop(SEGMENT): row for row in found.to_dicts()}


def _sums(people: pl.DataFrame, spent: pl.DataFrame) -> pl.DataFrame:
    """Add up a page; both stand in the order of ids."""
    joined = people.join(_between(spent, people[CUSTOMER]), on=CUSTOMER, how="left")
    left = ~pl.col("fits") & ~pl.col("rests")
    return (
        joined.drop_nulls(SEGMENT)
        .group_by(SEGMENT)
        .agg(
            left.sum().cast(pl.Int64).alias("left"),
            pl.col("now", "before").sum(),
            pl.col("now").filter(left).sum().alias("left_now"),
        )
    )


def _between(rows: pl.DataFrame, ids: pl.Series) -> pl.DataFrame:
    """Take the rows of customers from the first to the last id; both are sorted."""
    if ids.is_empty():
        return rows.clear()
    among = rows[CUSTOMER]
    start = among.search_sorted(str(ids[0]), side="left")
    return rows[start : among.search_sorted(str(ids[-1]), side="right")]


def _rests(night: Night) -> pl.Expr:
    """Say who has been contacted lately."""
    if LAST_CONTACTED not in night.customers.columns:
        return pl.lit(value=False)
    since = night.as_of - dt.timedelta(days=DAYS)
    return (pl.col(LAST_CONTACTED).cast(pl.Date) > since).fill_null(value=False)
