"""What each segment spent, and how many of it are left without any rule."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import polars as pl

from targeting.frames import CUSTOMER, SEGMENT
from targeting.ledger.read import LAST_CONTACTED
from targeting.report.numbers import Night
from targeting.report.parts import AT_ONCE, has, of_piece
from targeting.report.sales import DAYS

Spent = Mapping[str, Mapping[str, int]]


def spending(night: Night) -> Spent:
    """Give by segment, money in minor units.

    now, before: spent in the last 90 days, and in the 90 before. left, left_now: customers whom no
    rule fits tonight and who have not been contacted in the last 90 days, and what they spent.
    """
    segment, rests = pl.col(SEGMENT).cast(pl.String), _rests(night).alias("rests")
    people = night.customers.lazy().select(CUSTOMER, segment, rests).drop_nulls(SEGMENT)
    fitted = pl.DataFrame(schema={CUSTOMER: pl.String})
    if has(night.decisions, CUSTOMER):
        fitted = night.decisions.select(CUSTOMER)
    pieces = night.customers.height // AT_ONCE + 1
    sums = [
        _sums(*(of_piece(frame, number, pieces) for frame in (people, night.trade.spent, fitted)))
        for number in range(pieces)
    ]
    found = pl.concat(sums).group_by(SEGMENT).agg(pl.all().sum())
    return {row.pop(SEGMENT): row for row in found.to_dicts()}


def _sums(people: pl.LazyFrame, spent: pl.LazyFrame, fitted: pl.LazyFrame) -> pl.DataFrame:
    fits = fitted.unique().with_columns(fits=pl.lit(value=True))
    joined = people.join(spent, on=CUSTOMER, how="left").join(fits, on=CUSTOMER, how="left")
    left = pl.col("fits").is_null() & ~pl.col("rests")
    sums = joined.group_by(SEGMENT).agg(
        left.sum().cast(pl.Int64).alias("left"),
        pl.col("now", "before").sum(),
        pl.col("now").filter(left).sum().alias("left_now"),
    )
    return sums.collect(engine="streaming")


def _rests(night: Night) -> pl.Expr:
    """Say who has been contacted lately."""
    if LAST_CONTACTED not in night.customers.columns:
        return pl.lit(value=False)
    since = night.as_of - dt.timedelta(days=DAYS)
    return (pl.col(LAST_CONTACTED).cast(pl.Date) > since).fill_null(value=False)
