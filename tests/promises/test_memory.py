"""With `--memory` purchases are worked through in parts, and nothing else is different."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest

from targeting.sample.write import write_sample
from tests.kit.disk import small_disk
from tests.kit.shop import ROOT, ShopFolder, run_here, shop

SETTINGS = """\
shop: {{name: Corner shop, currency: USD, region: US, locale: en_US}}
as_of: newest_purchase
sources:
  customers: {{file: customers.csv}}
  purchases: {{file: {file}}}
fields:
  age: {{type: number, range: [0, 120], fill: median, if_bad: missing}}
  email: {{type: text, personal: yes}}
  email_consent: {{type: yes/no}}
  joined_on: {{type: date}}
  height: {{type: number, fill: median}}
stop_if: {{rejected_over: 90%}}
"""
RULE = """\
title: Thank who bought
priority: {priority}
when: {{all: [{field}: {{{bound}: {value}}}]}}
then: {{offer: thanks, channel: email, message: hello.j2}}
holdout: 20%
examples:
  - {{case: just in, given: {{{field}: {value}}}, expect: in}}
  - {{case: out, given: {{{field}: {beyond}}}, expect: out}}
"""
FRESH = {"field": "recency_days", "bound": "at_most", "value": 60, "beyond": 61}
LARGE = {"field": "monetary", "bound": "at_least", "value": 20_000, "beyond": 19_999}
FILES: Mapping[str, str | None] = {
    "rules/marketing/hello.yaml": None,
    "rules/marketing/fresh.yaml": RULE.format(priority=1, **FRESH),
    "rules/marketing/large.yaml": RULE.format(priority=2, **LARGE),
    "customers.csv": "customer_id,age,email,email_consent,joined_on,height\n"
    + "".join(f"{n},{n % 90},c{n}@example.com,yes,2026-01-01,\n" for n in range(205)),
}
TINY = 300_000  # bytes: pieces of a thousand rows, so that every shop here is read in several


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `--memory` be far smaller than a machine's, and all that is done at once as small."""
    monkeypatch.setattr("targeting.cli.options.LEAST_MEMORY", 1)
    monkeypatch.setattr("targeting.customers.held.PAGE", 64)
    monkeypatch.setattr("targeting.customers.addresses._AT_ONCE", 50)
    monkeypatch.setattr("targeting.intake.customers_aside._AT_ONCE", 90)
    monkeypatch.setattr("targeting.intake.database_sqlite._AT_ONCE", 700)


def outputs(out: Path) -> dict[str, str]:
    (manifest,) = out.glob("2*/manifest.json")
    written = json.loads(manifest.read_bytes())
    told = {each["path"]: each["sha256"] for each in written.pop("outputs")}
    return told | {"manifest": json.dumps(written)}


def both(
    folder: Path, *arguments: str, memory: int = TINY
) -> tuple[dict[str, str], dict[str, str]]:
    """Run twice, whole and in parts, into folders of their own; the second with the same models."""
    whole, parts = folder / "whole", folder / "parts"
    for out, more in ((whole, ()), (parts, ("--memory", str(memory)))):
        ran = run_here("run", "--out", str(out), *arguments, *more, cwd=folder)
        assert ran.code == 0, ran.err
    left = sorted(path.name for path in parts.iterdir())
    assert not [name for name in left if name.startswith(".spill")]
    found = outputs(whole)
    read_all(found)
    return found, outputs(parts)


def parquet_shop(folder: Path, purchases: pl.DataFrame, **files: str) -> ShopFolder:
    settings = SETTINGS.format(file="purchases.parquet")
    made = shop(folder, {**FILES, "targeting.yaml": settings, **files})
    purchases.write_parquet(made.folder / "purchases.parquet", row_group_size=700)
    return made


def read_all(outputs: Mapping[str, str]) -> None:
    """Check that a run read its purchases and customers, and decided by them."""
    manifest = json.loads(outputs["manifest"])
    used = {each["name"]: each["used"] for each in manifest["inputs"]}
    assert min(used["customers"], used["purchases"]) > 150
    assert max(rule.get("eligible", 0) for rule in manifest["rules"]) > 10


def hostile_purchases(rows: int) -> pl.DataFrame:
    """Purchases as a real export has them: no id, no day, no amount, tomorrow, equal lines."""
    at = pl.int_range(rows, eager=True)
    start = dt.date(2026, 1, 1)
    return pl.DataFrame(
        {
            "customer_id": (at * 7919 % 211).cast(pl.String),
            "transaction_id": (at * 31 % 2_503).cast(pl.String),
            "purchased_on": (pl.Series([start]).new_from_index(0, rows).cast(pl.Int32)
                             + at * 13 % 340).cast(pl.Date).cast(pl.String),
            "amount": ((at * 101 % 9_000) - 300).cast(pl.String),
        }
    ).with_columns(
        customer_id=pl.when(at % 37 != 0).then("customer_id"),
        amount=pl.when(at % 53 == 0).then(pl.lit("ten")).otherwise("amount"),
        purchased_on=pl.when(at % 71 == 0).then(pl.lit("31.31.2026")).otherwise("purchased_on"),
    )  # fmt: skip


def test_a_hostile_export_gives_the_same_bytes_in_parts(tmp_path: Path) -> None:
    made = parquet_shop(tmp_path / "shop", hostile_purchases(7_500))
    whole, parts = both(made.folder, "--accept", "rejected_over")
    assert whole == parts


def test_lines_of_a_csv_are_cut_where_records_end(tmp_path: Path) -> None:
    rows = hostile_purchases(6_000).with_row_index("n").with_columns(
        transaction_id=pl.when(pl.col("n") % 11 == 0)
        .then(pl.format('"a ""quoted"", {}\n\nid"', "n"))
        .when(pl.col("n") % 401 == 0)
        .then(pl.lit('5" nail'))
        .when(pl.col("n") % 997 == 0)
        .then(pl.lit("1,2"))
        .otherwise("transaction_id")
    )  # fmt: skip
    header = "customer_id,transaction_id,purchased_on,amount"
    lines = rows.select(pl.concat_str(pl.col(header.split(",")).fill_null(""), separator=","))
    text = "\n".join([header, *lines.to_series()])
    for number, ending in enumerate(("\n", "\r\n")):
        written = text.replace("\n", ending) + ending * number
        files = {"targeting.yaml": SETTINGS.format(file="purchases.csv")}
        made = shop(tmp_path / str(number), {**FILES, **files, "purchases.csv": written.encode()})
        whole, parts = both(made.folder, "--accept", "rejected_over")
        assert whole == parts


def hostile_customers(rows: int, numbered: int) -> str:
    """A list of customers as a real export has it: doubles, contradictions, gaps, other styles."""

    def line(n: int) -> str:
        m = n % numbered
        who = "" if n % 91 == 0 else str(m)
        age = "abc" if m % 83 == 0 else "" if m % 7 == 0 else str(m % 90)
        joined = f"{2026 + (m % 20 == 0) + n // numbered * (m % 9 == 0)}-01-0{1 + m % 9}"
        height = f"{m},5" if m % 5 else ""
        short = ",x" if n % 401 == 0 else ""
        return f'{who},{age},"c{m}@example.com",yes,{joined},"{height}"{short}\n'

    return "customer_id,age,email,email_consent,joined_on,height\n" + "".join(
        map(line, range(rows))
    )


@pytest.mark.parametrize(
    "more", ["", ", newest_by: joined_on", ', where: "age IS NULL OR age < 80"']
)
def test_a_hostile_list_of_customers_gives_the_same_bytes_in_parts(
    tmp_path: Path, more: str
) -> None:
    settings = SETTINGS.format(file="purchases.parquet")
    settings = settings.replace("customers.csv", "customers.csv" + more)
    customers = hostile_customers(2_600, 1_100)
    files = {"customers.csv": customers, "targeting.yaml": settings}
    made = parquet_shop(tmp_path / "shop", hostile_purchases(7_500), **files)
    whole, parts = both(made.folder, "--accept", "rejected_over")
    assert whole == parts
    manifest = json.loads(whole["manifest"])
    reasons = set(manifest["rejected"]["customers"])
    assert {"missing", "ragged_line", "duplicate"} <= reasons
    assert {"older_version"} <= reasons if "newest" in more else {"conflicting_id"} <= reasons
    assert manifest["filled"]["customers"]["age"] > 10
    assert manifest["emptied"]["customers"]["age"] > 1
    assert manifest["future"]["customers"]["joined_on"] > 0
    assert {"I103", "I105"} <= {each["code"] for each in manifest["warnings"]}


@pytest.mark.parametrize("as_of", ["2026-06-30", "2026-12-31"])
def test_a_given_day_rejects_what_lies_after_it_alike(tmp_path: Path, as_of: str) -> None:
    made = parquet_shop(tmp_path / "shop", hostile_purchases(3_000))
    whole, parts = both(made.folder, "--accept", "rejected_over", "--as-of", as_of)
    assert whole == parts


def test_a_forgotten_customers_purchases_stay_forgotten_in_parts(tmp_path: Path) -> None:
    made = parquet_shop(tmp_path / "shop", hostile_purchases(3_000))
    accept = ("--accept", "rejected_over", "--accept", "list_changed_over")
    for out in ("whole", "parts"):
        assert run_here("run", "--out", out, *accept, cwd=made.folder).code == 0
        assert run_here("forget", "17", "--yes", "--out", out, cwd=made.folder).code == 0
        shutil.rmtree(next((made.folder / out).glob("2*")))
    days = ("--as-of", "2027-01-10")
    whole, parts = both(made.folder, *accept, *days)
    assert whole.keys() == parts.keys()
    differing = {name for name in whole if whole[name] != parts[name]}
    assert differing == set()


def test_the_sample_shop_with_products_and_new_models_gives_the_same_bytes(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    for name in ("rules", "segments", "exports", "templates"):
        shutil.copytree(ROOT / name, folder / name)
    write_sample(folder / "data")
    shutil.copyfile(ROOT / "targeting.yaml", folder / "targeting.yaml")
    whole, parts = both(folder, memory=20 * TINY)  # models fitted in 60 parts take minutes
    assert whole == parts


def test_tables_of_a_database_whose_cells_are_of_several_types(tmp_path: Path) -> None:
    rows = hostile_purchases(6_000)
    day = pl.col("purchased_on").fill_null("")
    rows = rows.with_columns(day, amount=pl.col("amount").cast(pl.Float64, strict=False))
    database = "source: sqlite:///shop.db, table"
    settings = SETTINGS.format(file="p").replace("file: p", f"{database}: purchases")
    settings = settings.replace("file: customers.csv", f"{database}: customers")
    made = shop(tmp_path / "shop", {**FILES, "targeting.yaml": settings})
    customers = pl.read_csv(made.folder / "customers.csv", infer_schema=False)
    with closing(sqlite3.connect(made.folder / "shop.db")) as connection, connection:
        for name, frame in (("purchases", rows), ("customers", customers)):
            connection.execute(f"CREATE TABLE {name} ({', '.join(frame.columns)})")
            marks = ", ".join("?" * frame.width)
            connection.executemany(f"INSERT INTO {name} VALUES ({marks})", frame.rows())  # noqa: S608
        connection.execute("UPDATE purchases SET amount = 7 WHERE rowid % 3 = 0")
        connection.execute("UPDATE purchases SET amount = 'ten' WHERE rowid = 5900")
        connection.execute("UPDATE customers SET age = 30 WHERE rowid < 40")
    whole, parts = both(made.folder, "--accept", "rejected_over")
    assert whole == parts
    rejected = pl.read_csv(next((made.folder / "parts").glob("2*/rejects.csv")))
    assert rejected.filter(field="amount", value="ten").height == 1


@pytest.mark.parametrize("size", ["100k", "300k"])
def test_a_disk_that_fills_up_with_what_waits_is_said(tmp_path: Path, size: str) -> None:
    made = parquet_shop(tmp_path / "shop", hostile_purchases(7_500))
    with small_disk(tmp_path / "disk", size) as disk:
        out = disk / "out"
        options = ("--out", str(out), "--memory", str(TINY), "--accept", "rejected_over")
        ran = run_here("run", *options, "--json", cwd=made.folder)
        assert (ran.code, len(ran.json["problems"])) == (3, 1)
        assert "the disk is full" in ran.json["problems"][0]["message"]
        assert not [path for path in out.iterdir() if path.name != ".lock"]


@pytest.mark.parametrize("size", ["lots", "-1GB", "1e9", ""])
def test_a_size_that_is_none_is_wrong_use(tmp_path: Path, size: str) -> None:
    made = shop(tmp_path / "shop")
    ran = run_here("run", "--memory", size, cwd=made.folder)
    assert (ran.code, "is no size, like 4GB" in ran.err) == (2, True)


def test_less_than_the_libraries_take_is_wrong_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    ran = run_here("run", "--memory", "100MB", cwd=shop(tmp_path / "shop").folder)
    assert (ran.code, "too little" in ran.err) == (2, True)
