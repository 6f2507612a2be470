"""Who was forgotten stays forgotten, whatever the sources send tomorrow."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from targeting.forgetting import without_forgotten
from targeting.intake.read import Read, read_sources
from targeting.ledger.table import Ledger, find_ledger
from targeting.workspace.load import Workspace, load
from tests.kit.forgetful import ANN, ANNS, MAIL, PHONE, forgetful, found_in
from tests.kit.shop import ShopFolder

HEAD = "id,name,age,mail,phone,ok\n"
TODAY = dt.date(2026, 11, 24)


@pytest.fixture(scope="module")
def forgotten(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = forgetful(tmp_path_factory.mktemp("forgotten"))
    assert made.run_here("run").code == 0
    assert made.run_here("forget", ANN, "--yes").code == 0
    return made.folder


@pytest.fixture
def made(forgotten: Path, tmp_path: Path) -> ShopFolder:
    shutil.copytree(forgotten, tmp_path / "shop")
    return ShopFolder(tmp_path / "shop")


def next_run(made: ShopFolder) -> dict[str, Any]:
    ran = made.run_here("run", "--as-of", "2026-11-25", "--json")
    assert ran.code == 0, ran.err
    manifest: dict[str, Any] = ran.json
    return manifest


def read_of(made: ShopFolder) -> tuple[Read, Workspace, Ledger]:
    workspace, _ = load(made.folder)
    out = made.folder / "out"
    ledger = find_ledger(str(out / "ledger"), out / "ledger.key")
    assert workspace is not None
    assert ledger is not None
    return read_sources(workspace, as_of=TODAY, today=TODAY), workspace, ledger


def test_the_next_run_does_not_bring_the_customer_back(made: ShopFolder) -> None:
    manifest = next_run(made)
    assert found_in(made.folder / "out", ANNS) == set()
    assert (manifest["forgotten"], manifest["customers"]) == (1, 4)
    rejects = (Path(made.folder) / manifest["folder"] / "rejects.csv").read_text("utf-8-sig")
    assert rejects.count("\n") - 1 == sum(sum(n.values()) for n in manifest["rejected"].values())
    assert "cust-flo-83" in rejects


@pytest.mark.parametrize(
    "row",
    [
        f"new-1,Annabel,40,{MAIL.upper()},,yes",
        f"new-1,Annabel,40,  {MAIL} ,,yes",
        "new-1,Annabel,40,,415.555.2671,yes",
        "new-1,Annabel,40,other@example.com,+1 (415) 555-2671,yes",
    ],
)
def test_nor_under_another_id_or_spelling(made: ShopFolder, row: str) -> None:
    made.write("customers.csv", f"{HEAD}{row}\nben,Ben,40,ben@example.com,,yes\n")
    made.write("purchases.csv", "customer_id,purchased_on,amount\nnew-1,2026-11-01,5\n")
    made.write("responses.csv", "customer_id,event,happened_on\nnew-1,opened,2026-11-10\n")
    manifest = next_run(made)
    assert (manifest["forgotten"], manifest["customers"]) == (1, 1)
    run = made.folder / manifest["folder"]
    assert found_in(run, ["new-1", PHONE, MAIL.lower(), "Annabel"]) == set()


def test_purchases_stay_for_the_stock_and_name_nobody(made: ShopFolder) -> None:
    read, workspace, ledger = read_of(made)
    kept, customers = without_forgotten(read, workspace, ledger)
    assert customers == 1
    assert read.frames["purchases"]["customer_id"].to_list() == [ANN, "cust-ben-78"]
    assert kept.frames["purchases"]["customer_id"].to_list() == [None, "cust-ben-78"]
    assert kept.frames["purchases"].height == read.frames["purchases"].height
    assert (read.without_customer, kept.without_customer) == (0, 1)


def test_responses_go_by_id_and_by_address(made: ShopFolder) -> None:
    read, workspace, ledger = read_of(made)
    kept, _ = without_forgotten(read, workspace, ledger)
    assert read.frames["responses"].height == 3
    assert kept.frames["responses"]["customer_id"].to_list() == ["cust-ben-78"]
    assert kept.sources["responses"].rows == 2  # one is refused, and names nobody


def test_a_median_is_that_of_those_who_stay(made: ShopFolder) -> None:
    kept = without_forgotten(*read_of(made))[0]
    ages = dict(kept.frames["customers"].select("customer_id", "age").iter_rows())
    assert ages["cust-di-80"] == 41  # of 30, 41 and 50
    assert kept.unfilled["customers"]["age"].null_count() == 1


def test_the_rest_is_as_if_the_source_had_not_named_the_customer(made: ShopFolder) -> None:
    kept = without_forgotten(*read_of(made))[0]
    lines = (made.folder / "customers.csv").read_text().splitlines()
    made.write("customers.csv", "\n".join(line for line in lines if ANN not in line) + "\n")
    other, *_ = read_of(made)
    assert kept.frames["customers"].equals(other.frames["customers"])
    mine = pl.col("source") == "customers"
    columns = pl.exclude("row")
    assert (
        kept.rejects.filter(mine).select(columns).equals(other.rejects.filter(mine).select(columns))
    )


def test_where_nobody_was_forgotten_nothing_is_done(tmp_path: Path) -> None:
    made = forgetful(tmp_path)
    assert made.run_here("run").code == 0
    read, workspace, ledger = read_of(made)
    assert without_forgotten(read, workspace, ledger) == (read, 0)
    assert without_forgotten(read, workspace, ledger)[0] is read
    assert without_forgotten(read, workspace, None)[0] is read


def test_the_manifest_alone_counts_them(made: ShopFolder) -> None:
    manifest = next_run(made)
    written = json.loads((made.folder / manifest["folder"] / "manifest.json").read_bytes())
    inputs = {each["name"]: each for each in written["inputs"]}
    assert (inputs["customers"]["rows"], inputs["customers"]["used"]) == (5, 4)
