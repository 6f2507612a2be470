"""The shop over time: sales and repeat purchases by month, and who came back."""

from __future__ import annotations

import datetime as dt

import polars as pl

from targeting.frames import CUSTOMER

_DAY = pl.col("purchased_on").cast(pl.Date)
_MONTH = _DAY.dt.year().cast(pl.Int32) * 12 + _DAY.dt.month().cast(pl.Int32) - 1


def activity(purchases: pl.DataFrame | None) -> pl.DataFrame:
    """Give a row for each customer and month with a purchase: customer_id, month, orders, first.

    month counts from year 0; first is the month of the customer's first purchase. Only lines of
    positive amount and of a known customer count; an order is a transaction, without one a day.
    """
    if purchases is None or not {CUSTOMER, "purchased_on", "amount"} <= set(purchases.columns):
        return pl.DataFrame(schema=_ACTIVITY)
    day = _DAY.cast(pl.String)
    written = "transaction_id" in purchases.columns
    order = pl.coalesce(pl.col("transaction_id").cast(pl.String), day) if written else day
    known = purchases.lazy().filter(
        pl.col(CUSTOMER).is_not_null() & pl.col("purchased_on").is_not_null(),
        pl.col("amount").cast(pl.Int64) > 0,
    )
    # 64 bits stand for an order among those of one customer and month: a third of the time.
    ordered = known.select(
        pl.col(CUSTOMER).cast(pl.String), _MONTH.alias("month"), order.hash().alias("order")
    )
    by_month = ordered.group_by(CUSTOMER, "month").agg(pl.col("order").n_unique().alias("orders"))
    active = by_month.collect(engine="streaming")
    first = active.group_by(CUSTOMER).agg(pl.col("month").min().alias("first"))
    return active.join(first, on=CUSTOMER).select(*_ACTIVITY)


_ACTIVITY = {CUSTOMER: pl.String, "month": pl.Int32, "orders": pl.UInt32, "first": pl.Int32}


def trends(
    purchases: pl.DataFrame | None, active: pl.DataFrame, as_of: dt.date, digits: int
) -> dict[str, object]:
    """Follow the shop month by month, up to the month of `as_of`; empty months are zeros.

    sales: all lines, returns taken off, in major units. orders, active_customers: as in `activity`.
    repeat_share: of a month's customers, those who had bought in an earlier month.
    complete: the month is over. buyers, repeat_buyers: over all time; the latter ordered twice.
    """
    sales = _sales(purchases)
    if sales.is_empty():
        return {"months": [], "buyers": 0, "repeat_buyers": 0}
    first = int(sales["month"].min())  # type: ignore[arg-type]  # Int32, not empty
    months = pl.DataFrame({"month": range(first, _month_of(as_of) + 1)}, schema={"month": pl.Int32})
    by_month = (
        months.join(sales, on="month", how="left")
        .join(_by_month(active), on="month", how="left")
        .sort("month")
        .fill_null(0)
    )
    orders = active.group_by(CUSTOMER).agg(pl.col("orders").sum())["orders"]
    return {
        "months": [_month_row(row, as_of, digits) for row in by_month.iter_rows(named=True)],
        "buyers": orders.len(),
        "repeat_buyers": int((orders >= 2).sum()),
    }


def cohorts(active: pl.DataFrame, as_of: dt.date) -> list[dict[str, object]]:
    """Group customers by the month of their first purchase.

    shares: the share of them who bought in that month (always 1), the month after, and so on to
    the month of `as_of`.
    """
    counted = active.group_by("first", "month").agg(pl.len()).sort("first", "month")
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


def _sales(purchases: pl.DataFrame | None) -> pl.DataFrame:
    """Add up what was paid by month."""
    if purchases is None or not {"purchased_on", "amount"} <= set(purchases.columns):
        return pl.DataFrame(schema={"month": pl.Int32, "amount": pl.Int64})
    lines = purchases.lazy().select(_MONTH.alias("month"), pl.col("amount").cast(pl.Int64))
    by_month = lines.drop_nulls("month").group_by("month").agg(pl.col("amount").sum())
    return by_month.collect()


def _by_month(active: pl.DataFrame) -> pl.DataFrame:
    return active.group_by("month").agg(
        pl.col("orders").sum(),
        pl.len().alias("customers"),
        (pl.col("first") < pl.col("month")).sum().alias("returned"),
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
