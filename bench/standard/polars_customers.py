"""Purchases to customers by hand in Polars: every field that the rules and models read."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
from polars import col

from bench.standard.polars_rules import AS_OF

BOUGHT = (col("amount") > 0) & (col("quantity") >= 0)
SUMMED = [
    *("monetary", "frequency", "spend_90_days", "before", "units", "returned"),
    *("monetary_180", "frequency_180", "orders_online", "spend_in_town"),
]


def spending(lines: pl.LazyFrame, as_of: dt.date) -> pl.LazyFrame:
    """Sum up each customer's lines: the fields that model and rules read of the whole history.

    The first line of a receipt stands for it, and each line is masked first, so that nothing but
    sums, least and greatest are taken by customer: half the time and memory of filters in `agg`.
    """
    day, amount, place = col("purchased_on"), col("amount"), col("location")
    ninety, before = as_of - dt.timedelta(days=90), as_of - dt.timedelta(days=180)
    units = col("quantity").cast(pl.Int64)
    receipt = BOUGHT & pl.when(BOUGHT).then("transaction_id").is_first_distinct()
    masked = lines.with_columns(receipt=receipt).select(
        "customer_id",
        monetary=amount,
        frequency="receipt",
        first=pl.when(BOUGHT).then(day),
        last=pl.when(BOUGHT).then(day),
        spend_90_days=pl.when(day > ninety).then(amount),
        before=pl.when((day > before) & (day <= ninety)).then(amount),
        units=pl.when(BOUGHT).then(units),
        returned=pl.when((amount < 0) | (units < 0)).then(-units),
        monetary_180=pl.when(day > before).then(amount),
        frequency_180=col("receipt") & (day > before),
        first_180=pl.when(BOUGHT & (day > before)).then(day),
        orders_online=col("receipt") & (place == "Online") & (day > dt.date(2025, 11, 24)),
        spend_in_town=pl.when((place == "Clifton") & (day > ninety)).then(amount),
        last_online_on=pl.when(place == "Online").then(day),
        places_visited=place.cast(pl.Categorical).to_physical(),
    )
    return masked.group_by("customer_id").agg(
        col(SUMMED).sum(),
        col("first", "first_180").min(),
        col("last", "last_online_on").max(),
        col("places_visited").n_unique(),
    )


def with_rates(table: pl.LazyFrame, as_of: dt.date) -> pl.LazyFrame:
    """Add what follows from the sums."""
    return table.with_columns(
        recency_days=(pl.lit(as_of) - col("last")).dt.total_days(),
        average_order_value=over("monetary", "frequency"),
        days_between_purchases=gap("first", "frequency"),
        return_rate=over("returned", "units"),
        spend_trend=over("spend_90_days", "before") - 1,
        average_order_180=over("monetary_180", "frequency_180"),
        days_between_180=gap("first_180", "frequency_180"),
    )


def over(above: str, below: str) -> pl.Expr:
    """Divide, where that means something."""
    return pl.when(col(below) > 0).then(col(above) / col(below))


def gap(first: str, orders: str) -> pl.Expr:
    """Give the mean days between two purchases."""
    days = (col("last") - col(first)).dt.total_days()
    return pl.when(col(orders) >= 2).then(days / (col(orders).cast(pl.Int64) - 1))


def customers_of(work: Path) -> pl.DataFrame:
    """Make one row a customer."""
    lines = pl.scan_parquet(work / "data" / "purchases.parquet")
    people = pl.scan_parquet(work / "data" / "customers.parquet")
    zero = ["monetary", "frequency", "spend_90_days", "monetary_180", "frequency_180"]
    zero += ["orders_online", "spend_in_town", "places_visited"]
    table = with_rates(spending(lines, AS_OF), AS_OF)
    joined = people.join(table, on="customer_id", how="left").with_columns(col(zero).fill_null(0))
    points = joined.with_columns(points_per_order=over("points", "frequency"))
    return points.collect(engine="streaming").sort("customer_id")
