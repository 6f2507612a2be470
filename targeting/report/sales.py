"""The shop over time: sales and repeat purchases by month, and who came back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import polars as pl

from targeting.customers.lines import Lines, receipt
from targeting.frames import CUSTOMER

_WORD = 2**32  # a customer and a month in one number: what is sorted groups fast
DAYS = 90  # over which spending is compared with the time before

_MONTH = pl.col("purchased_on").dt.year().cast(pl.Int32) * 12 + (
    pl.col("purchased_on").dt.month().cast(pl.Int32) - 1
)
_DAYS: Mapping[str, type[pl.DataType]] = {
    "purchased_on": pl.Date,
    "lines": pl.UInt32,
    "amount": pl.Int64,
}
_MONTHS: Mapping[str, type[pl.DataType]] = {
    "first": pl.Int32,
    "month": pl.Int32,
    "customers": pl.UInt32,
    "orders": pl.UInt32,
    "buyers": pl.UInt32,
    "repeat_buyers": pl.UInt32,
}
_SPENT: Mapping[str, type[pl.DataType]] = {CUSTOMER: pl.String, "now": pl.Int64, "before": pl.Int64}


def _empty(schema: Mapping[str, type[pl.DataType]]) -> pl.DataFrame:
    return pl.DataFrame(schema=schema)


@dataclass(frozen=True)
class Trade:
    """What the report reads of purchases, added up: as large as the shop is old, not as it is big.

    Parameters:
        by_day: purchased_on, lines, amount (minor units): all lines, returns taken off.
        by_month: first, month, customers, orders: the known customers who bought in a month, by the
            month of their first purchase; months count from year 0. Only lines of positive amount
            count; an order is a transaction, without one a day. In the row of a first month stand
            also `buyers`, all of them, and `repeat_buyers`, those who ordered twice in all.
        spent: one row a customer with a line in the last 180 days: now, before: spent in the last
            90 days, and in the 90 before; sorted by customer_id.
    """

    by_day: pl.DataFrame = field(default_factory=lambda: _empty(_DAYS))
    by_month: pl.DataFrame = field(default_factory=lambda: _empty(_MONTHS))
    spent: pl.DataFrame = field(default_factory=lambda: _empty(_SPENT))

    @property
    def lines(self) -> int:
        """Count the lines of purchases."""
        return int(self.by_day["lines"].sum())

    def sales(self, until: dt.date) -> int:
        """Add up the 90 days that end with a day, in minor units."""
        return int(self.by_day.filter(in_days(until))["amount"].sum())


def sold_by_day(purchases: pl.LazyFrame) -> pl.LazyFrame:
    """Add purchases up, as `Trade.by_day`; of a shop that does not say day and amount none."""
    if not _has(purchases.collect_schema().names()):
        return pl.LazyFrame(schema=_DAYS)
    sold = pl.len().alias("lines"), pl.col("amount").cast(pl.Int64).sum()
    return _days(purchases.group_by("purchased_on").agg(sold))


def trade_of(by_day: pl.DataFrame | None, lines: Lines | None, as_of: dt.date) -> Trade:
    """Add up what `sold_by_day` gave of all purchases; `lines` are those of known customers."""
    if by_day is None:
        return Trade()
    by_day = _days(by_day.lazy().group_by("purchased_on").agg(pl.all().sum())).collect()
    if lines is None or not _has(lines.schema.names()):
        return Trade(by_day)
    columns = lines.schema.names()
    by_month = (
        lines.sums(lambda part: _by_first_month(part, columns))
        .group_by("first", "month")
        .agg(pl.col("customers", "orders", "buyers", "repeat_buyers").sum())
        .sort("first", "month")
        .select(pl.col(name).cast(kind) for name, kind in _MONTHS.items())
    )
    return Trade(by_day, by_month, lines.each(lambda part: _spent(part, as_of)))


def _days(sums: pl.LazyFrame) -> pl.LazyFrame:
    return (
        sums.drop_nulls("purchased_on")
        .sort("purchased_on")
        .select(pl.col(name).cast(kind) for name, kind in _DAYS.items())
    )


def _has(columns: Collection[str]) -> bool:
    return {"purchased_on", "amount"} <= set(columns)


def _by_first_month(lines: pl.LazyFrame, columns: Collection[str]) -> pl.LazyFrame:
    bought = lines.filter(pl.col("purchased_on").is_not_null(), pl.col("amount") > 0)
    packed = pl.col(CUSTOMER).cast(pl.UInt64) * _WORD + _MONTH.cast(pl.UInt64)
    by_month = bought.select(packed.alias("packed"), receipt(columns).alias("order")).collect()
    # Lines stand by customer; where the file goes from day to day they stand by month too.
    if not by_month["packed"].is_sorted():
        by_month = by_month.sort("packed")
    active = (
        by_month.lazy()
        .with_columns(pl.col("packed").set_sorted())
        .group_by("packed")
        .agg(pl.col("order").n_unique().alias("orders"))
        .select(
            (pl.col("packed") // _WORD).cast(pl.UInt32).alias(CUSTOMER),
            (pl.col("packed") % _WORD).cast(pl.Int32).alias("month"),
            "orders",
        )
    )
    ever = active.group_by(CUSTOMER).agg(
        pl.col("month").min().alias("first"), pl.col("orders").sum().alias("ever")
    )
    new = pl.col("first") == pl.col("month")
    return (
        active.join(ever, on=CUSTOMER)
        .group_by("first", "month")
        .agg(
            pl.len().alias("customers"),
            pl.col("orders").sum(),
            new.sum().alias("buyers"),
            (new & (pl.col("ever") >= 2)).sum().alias("repeat_buyers"),
        )
    )


def _spent(lines: pl.LazyFrame, as_of: dt.date) -> pl.LazyFrame:
    now, before = in_days(as_of), in_days(as_of - dt.timedelta(days=DAYS))
    paid = pl.col("amount").cast(pl.Int64)
    return (
        lines.filter(now | before)
        .group_by(CUSTOMER)
        .agg(paid.filter(now).sum().alias("now"), paid.filter(before).sum().alias("before"))
    )


def in_days(until: dt.date) -> pl.Expr:
    """Say which purchases fall in the 90 days that end with a day, that day included."""
    day = pl.col("purchased_on")
    return day.is_between(until - dt.timedelta(days=DAYS), until, closed="right")


def trends(trade: Trade, as_of: dt.date, digits: int) -> dict[str, object]:
    """Follow the shop month by month, up to the month of `as_of`; empty months are zeros.

    sales: all lines, returns taken off, in major units. orders, active_customers: as in `Trade`.
    repeat_share: of a month's customers, those who had bought in an earlier month.
    complete: the month is over. buyers, repeat_buyers: over all time; the latter ordered twice.
    """
    sales = trade.by_day.group_by(_MONTH.alias("month")).agg(pl.col("amount").sum())
    if sales.is_empty():
        return {"months": [], "buyers": 0, "repeat_buyers": 0}
    first = int(sales["month"].min())  # type: ignore[arg-type]  # Int32, not empty
    months = pl.DataFrame({"month": range(first, _month_of(as_of) + 1)}, schema={"month": pl.Int32})
    by_month = (
        months.join(sales, on="month", how="left")
        .join(_by_month(trade.by_month), on="month", how="left")
        .sort("month")
        .fill_null(0)
    )
    return {
        "months": [_month_row(row, as_of, digits) for row in by_month.iter_rows(named=True)],
        "buyers": int(trade.by_month["buyers"].sum()),
        "repeat_buyers": int(trade.by_month["repeat_buyers"].sum()),
    }


def cohorts(trade: Trade, as_of: dt.date) -> list[dict[str, object]]:
    """Group customers by the month of their first purchase.

    shares: the share of them who bought in that month (always 1), the month after, and so on to
    the month of `as_of`.
    """
    counted = trade.by_month.select("first", "month", "customers")
    by_pair = {(first, month): n for first, month, n in counted.iter_rows()}
    last = _month_of(as_of)
    return [
        {
            "cohort": _month_name(first),
            "customers": size,
            "shares": [by_pair.get((first, month), 0) / size for month in range(first, last + 1)],
        }
        for (first, month), size in by_pair.items()
        if first == month
    ]


def _by_month(active: pl.DataFrame) -> pl.DataFrame:
    return active.group_by("month").agg(
        pl.col("orders", "customers").sum(),
        pl.col("customers").filter(pl.col("first") < pl.col("month")).sum().alias("returned"),
    )


def _month_row(row: dict[str, int], as_of: dt.date, digits: int) -> dict[str, object]:
    customers = row["customers"]
    return {
        "month": _month_name(row["month"]),
        "sales": row["amount"] / 10**digits,
        "orders": row["orders"],
        "active_customers": customers,
        "repeat_share": row["returned"] / customers if customers else None,
        "complete": row["month"] < _month_of(as_of + dt.timedelta(days=1)),
    }


def _month_of(day: dt.date) -> int:
    return day.year * 12 + day.month - 1


def _month_name(month: int) -> str:
    return f"{month // 12:04}-{month % 12 + 1:02}"
