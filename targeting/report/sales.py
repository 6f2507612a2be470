"""The shop over time: sales and repeat purchases by month, and who came back."""

from __future__ import annotations

import datetime as dt

import polars as pl

from targeting.frames import CUSTOMER

_MONTH = pl.col("purchased_on").dt.year().cast(pl.Int64) * 12 + (
    pl.col("purchased_on").dt.month().cast(pl.Int64) - 1
)


def trends(purchases: pl.DataFrame | None, as_of: dt.date, digits: int) -> dict[str, object]:
    """Follow the shop month by month, up to the month of `as_of`; empty months are zeros.

    sales: all lines, returns taken off. orders, active_customers: lines of positive amount of known
    customers. repeat_share: of a month's customers, those who had bought in an earlier month.
    complete: the month is over. buyers, repeat_buyers: over all time; the latter ordered twice.
    """
    lines = _lines(purchases)
    if lines.is_empty():
        return {"months": [], "buyers": 0, "repeat_buyers": 0}
    known = _known(lines)
    active = _active(known)
    months = pl.DataFrame({"month": range(_first(lines), _month_of(as_of) + 1)}).cast(pl.Int64)
    by_month = (
        months.join(lines.group_by("month").agg(pl.col("amount").sum()), on="month", how="left")
        .join(_by_month(active), on="month", how="left")
        .sort("month")
        .with_columns(pl.col("amount", "orders", "customers", "returned").fill_null(0))
    )
    orders = active.group_by(CUSTOMER).agg(pl.col("orders").sum())["orders"]
    return {
        "months": [_month_row(row, as_of, digits) for row in by_month.iter_rows(named=True)],
        "buyers": orders.len(),
        "repeat_buyers": int((orders >= 2).sum()),
    }


def cohorts(purchases: pl.DataFrame | None, as_of: dt.date) -> list[dict[str, object]]:
    """Group customers by the month of their first purchase.

    shares: the share of them who bought in that month (always 1), the month after, and so on to
    the month of `as_of`.
    """
    active = _active(_known(_lines(purchases)))
    if active.is_empty():
        return []
    counted = active.group_by("first", "month").agg(pl.len().alias("customers"))
    by_pair = {(first, month): n for first, month, n in counted.sort("first", "month").iter_rows()}
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


def _lines(purchases: pl.DataFrame | None) -> pl.DataFrame:
    """Bring purchases to month, amount, customer_id, order; nothing where a column is missing."""
    if purchases is None or not {"purchased_on", "amount"} <= set(purchases.columns):
        return pl.DataFrame(schema=_LINE)
    day = pl.col("purchased_on").cast(pl.Date).cast(pl.String)
    has_orders = "transaction_id" in purchases.columns
    order = pl.col("transaction_id").cast(pl.String) if has_orders else pl.lit(None, pl.String)
    customer = CUSTOMER if CUSTOMER in purchases.columns else None
    return purchases.select(
        _MONTH.alias("month"),
        pl.col("amount").cast(pl.Int64),
        pl.col(customer).cast(pl.String) if customer else pl.lit(None, pl.String).alias(CUSTOMER),
        pl.coalesce(order, day).alias("order"),
    ).drop_nulls("month")


_LINE = {"month": pl.Int64, "amount": pl.Int64, CUSTOMER: pl.String, "order": pl.String}


def _known(lines: pl.DataFrame) -> pl.DataFrame:
    return lines.filter(pl.col(CUSTOMER).is_not_null(), pl.col("amount") > 0)


def _active(known: pl.DataFrame) -> pl.DataFrame:
    """One row a customer and month with a purchase: orders, and the month of the first purchase."""
    return (
        known.group_by(CUSTOMER, "month")
        .agg(pl.col("order").n_unique().alias("orders"))
        .with_columns(pl.col("month").min().over(CUSTOMER).alias("first"))
    )


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


def _first(lines: pl.DataFrame) -> int:
    return int(lines["month"].min())  # type: ignore[arg-type]  # Int64, not empty


def _month_of(day: dt.date) -> int:
    return day.year * 12 + day.month - 1


def _month_name(month: int) -> str:
    return f"{month // 12:04}-{month % 12 + 1:02}"
