"""What each segment spent, and how many of it are left without any rule."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import polars as pl

from targeting.frames import CUSTOMER, SEGMENT
from targeting.ledger.read import LAST_CONTACTED
from targeting.report.advice.piece import DAYS, in_days
from targeting.report.numbers import Night
from targeting.report.parts import has

Spent = Mapping[str, Mapping[str, int]]

_AMOUNTS = {CUSTOMER: pl.String, "now": pl.Int64, "before": pl.Int64}


def spending(night: Night) -> Spent:
    """Give by segment, money in minor units.

    now, before: spent in the last 90 days, and in the 90 before. left, left_now: customers whom no
    rule fits tonight and who have not been contacted in the last 90 days, and what they spent.
    """
    people = night.customers.select(
        CUSTOMER, pl.col(SEGMENT).cast(pl.String), _rests(night).alias("rests")
    ).drop_nulls(SEGMENT)
    fitted = pl.DataFrame(schema={CUSTOMER: pl.String})
    if has(night.decisions, CUSTOMER):
        fitted = night.decisions.select(CUSTOMER).unique()
    joined = people.join(_paid(night), on=CUSTOMER, how="left").join(
        fitted.with_columns(fits=pl.lit(value=True)), on=CUSTOMER, how="left"
    )
    left = pl.col("fits").is_null() & ~pl.col("rests")
    sums = joined.group_by(SEGMENT).agg(
        left.sum().cast(pl.Int64).alias("left"),
        pl.col("now", "before").sum(),
        pl.col("now").filter(left).sum().alias("left_now"),
    )
    return {row.pop(SEGMENT): row for row in sums.to_dicts()}


def _rests(night: Night) -> pl.Expr:
    """Say who has been contacted lately."""
    if LAST_CONTACTED not in night.customers.columns:
        return pl.lit(value=False)
    since = night.as_of - dt.timedelta(days=DAYS)
    return (pl.col(LAST_CONTACTED).cast(pl.Date) > since).fill_null(value=False)


def _paid(night: Night) -> pl.DataFrame:
    lines = night.purchases
    if lines is None or not has(lines, CUSTOMER, "purchased_on", "amount"):
        return pl.DataFrame(schema=_AMOUNTS)
    spans = {"now": in_days(night.as_of), "before": in_days(night.as_of - dt.timedelta(days=DAYS))}
    paid = pl.col("amount").cast(pl.Int64)
    sums = [paid.filter(span).sum().alias(name) for name, span in spans.items()]
    return lines.drop_nulls(CUSTOMER).group_by(CUSTOMER).agg(sums)
