"""A run on Apache Spark decides what the run on this machine decides, byte for byte."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import pty
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from targeting.spark import files, master
from tests.kit.shop import SMALL, Ran, ShopFolder, shop
from tests.spark.cluster import Cluster, kill
from tests.spark.equal import on_spark, same

PURCHASES = """\
  purchases:
    file: purchases.parquet
    columns: {customer_id: who, transaction_id: receipt, purchased_on: day, amount: paid, sent_on: sent}
fields:
  sent_on: {type: date}
"""
RULE = """\
title: Thank who bought this month
priority: 2
when: {all: [{recency_days: {at_most: 30}}, {monetary: {at_least: 50}}]}
then: {offer: thanks, channel: email, message: hello.j2}
holdout: 20%
examples:
  - {case: fresh, given: {recency_days: 3, monetary: 80}, expect: in}
  - {case: long ago, given: {recency_days: 31, monetary: 80}, expect: out}
"""


@pytest.fixture
def bought(tmp_path: Path) -> ShopFolder:
    """Make a shop of 400 customers and 6,000 purchases, a few of them bad."""
    people = "".join(f"c{n},{n % 90},Lahore,c{n}@example.com,yes,2026-11-01\n" for n in range(400))
    made = shop(
        tmp_path / "shop",
        {
            "targeting.yaml": SMALL["targeting.yaml"].replace("fields:\n", PURCHASES, 1),
            "rules/marketing/thanks.yaml": RULE,
            "customers.csv": "id,age,city,mail,ok,visited\n" + people,
        },
    )
    rows = pl.int_range(6_000, eager=True)
    day = dt.date(2026, 11, 25)  # a day late: rejected
    pl.DataFrame({"n": rows}).select(
        who=pl.when(pl.col("n") % 50 > 0).then(pl.format("c{}", pl.col("n") * 7919 % 397)),
        receipt=pl.format("r{}", pl.col("n") // 2),
        day=pl.lit(day) - pl.duration(days=pl.col("n") * 31 % 500),
        sent=pl.lit(day) + pl.duration(days=pl.col("n") % 7 - 4),
        paid=pl.when(pl.col("n") % 777 > 0).then((pl.col("n") * 13 % 4_000) / 100 - 2),
    ).write_parquet(made.folder / "purchases.parquet", row_group_size=1_000)
    return made


def same_as_local(made: ShopFolder, ran: Ran) -> None:
    run = same(made, ran)
    assert (
        json.loads((run / "manifest.json").read_bytes())["future"]["purchases"]["sent_on"] > 1_000
    )
    assert pl.read_csv(run / "rejects.csv").height >= 10
    assert pl.read_parquet(run / "decisions.parquet")["outcome"].n_unique() >= 2


def test_two_cores_decide_as_the_local_run(bought: ShopFolder) -> None:
    same_as_local(bought, on_spark(bought, "local[2]"))


def test_a_partition_is_read_piece_by_piece(
    bought: ShopFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = "spark.sql.execution.arrow.maxRecordsPerBatch"
    monkeypatch.setitem(master._SETTINGS, batch, "500")
    monkeypatch.setattr(files, "_TOGETHER", 900)
    same_as_local(bought, on_spark(bought, "local[2]"))


def test_a_csv_with_line_breaks_in_quotes_and_stray_marks(bought: ShopFolder) -> None:
    settings = (bought.folder / "targeting.yaml").read_text()
    lines = pl.read_parquet(bought.folder / "purchases.parquet").with_row_index("n")
    receipt = (
        pl.when(pl.col("n") % 3 == 0)
        .then(pl.format('"r{}\n, of the ""second""\n till"', pl.col("n") // 2))
        .when(pl.col("n") % 1009 == 0)
        .then(pl.lit('"r'))
        .otherwise("receipt")
    )
    columns = pl.all().exclude("n").cast(pl.String).fill_null("")
    other = pl.when(pl.col("n") % 211 == 5).then(pl.lit('"12,50"')).otherwise("paid")
    lines = lines.with_columns(pl.col("paid").cast(pl.String)).with_columns(paid=other)
    rows = lines.with_columns(receipt=receipt).select(pl.concat_str(columns, separator=","))
    header = ",".join(lines.columns[1:])
    text = "\n".join([header, *rows.to_series(), "c1,short"])
    assert len(text) > 300_000  # more than one stretch
    bought.write("purchases.csv", text)
    bought.write("targeting.yaml", settings.replace("purchases.parquet", "purchases.csv"))
    ran = on_spark(bought, "local[2]", "--accept", "rejected_over")
    run = same(bought, ran, "--accept", "rejected_over")
    rejects = pl.read_csv(run / "rejects.csv").filter(source="purchases")
    assert rejects.filter(reason="ragged_line").height == 5
    warned = json.loads((run / "manifest.json").read_bytes())["warnings"]
    assert "I103" in {each["code"] for each in warned}  # from the tasks together


def test_purchases_with_a_key_are_read_here(bought: ShopFolder) -> None:
    settings = (bought.folder / "targeting.yaml").read_text()
    file = "    file: purchases.parquet\n"
    key = f"{file}    key: [transaction_id, purchased_on, amount]\n"
    bought.write("targeting.yaml", settings.replace(file, key))
    purchases = bought.folder / "purchases.parquet"
    lines = pl.read_parquet(purchases)
    pl.concat([lines, lines.head(50)]).write_parquet(purchases)
    same_as_local(bought, on_spark(bought, "local[2]"))
    rejects = pl.read_csv(bought.runs[0] / "rejects.csv")
    again = rejects.filter(source="purchases", reason="duplicate")
    assert again.height == 49  # one of the 50 lacks its amount


def test_forgotten_customers_stay_forgotten_where_purchases_are_a_delta_table(
    bought: ShopFolder,
) -> None:
    lake = bought.folder / "purchases.parquet"
    lines = pl.read_parquet(lake)
    lake.unlink()
    lines[:4_000].write_delta(str(lake))
    lines[4_000:].write_delta(str(lake), mode="append")
    for out in ("local", "out"):
        assert bought.run_here("run", "--out", out).code == 0
        assert bought.run_here("forget", "c7", "--yes", "--out", out).code == 0
        shutil.rmtree(next((bought.folder / out).glob("2*")))
    later = ("--as-of", "2026-11-25")
    run = same(bought, on_spark(bought, "local[2]", *later), *later)
    assert "c7" not in pl.read_parquet(run / "customers.parquet")["customer_id"]


def test_a_worker_that_dies_costs_a_retry(bought: ShopFolder, cluster: Cluster) -> None:
    third = cluster.worker()
    command = [
        sys.executable,
        "-m",
        "targeting",
        "run",
        "--engine",
        "spark",
        "--master",
        cluster.url,
    ]
    with terminal() as (ours, theirs), subprocess.Popen(
        command, cwd=bought.folder, env={**os.environ, "TERM": "xterm", "COLUMNS": "200"},
        stderr=theirs, stdout=subprocess.DEVNULL,
    ) as run:  # fmt: skip
        os.close(theirs)
        said = ""
        for heard in read(ours):
            said += heard
            if "computing customers" in said and third.returncode is None:
                kill(third)
    assert run.returncode == 0, said
    assert third.returncode is not None
    assert re.search(r"computing customers: \d+ of \d+ tasks on Apache Spark", said)
    assert "Apache Spark: Lost executor" in said
    assert "Traceback" not in said
    same_as_local(bought, Ran(run.returncode, "", said, bought.folder))


@contextlib.contextmanager
def terminal() -> Iterator[tuple[int, int]]:
    ours, theirs = pty.openpty()
    yield ours, theirs
    os.close(ours)


def read(stream: int) -> Iterator[str]:
    """Read a terminal until nobody writes to it any more."""
    with contextlib.suppress(OSError):
        while heard := os.read(stream, 1 << 16):
            yield heard.decode(errors="replace")


def test_a_worker_with_another_package_is_refused(
    bought: ShopFolder, cluster: Cluster, tmp_path: Path
) -> None:
    older = tmp_path / "older" / "polars_hash-0.0.1.dist-info"
    older.mkdir(parents=True)
    (older / "METADATA").write_text("Metadata-Version: 2.1\nName: polars-hash\nVersion: 0.0.1\n")
    third = cluster.worker(path=older.parent)
    try:
        ran = bought.run("run", "--engine", "spark", "--master", cluster.url)
    finally:
        kill(third)
    assert ran.code == 1, ran.err
    assert "polars-hash 0.0.1 instead of" in ran.err
    assert "requirements.lock" in ran.err
    assert bought.left == []


def test_nobody_at_the_address_is_said_at_once(bought: ShopFolder) -> None:
    ran = bought.run("run", "--engine", "spark", "--master", "spark://127.0.0.1:1")
    assert ran.code == 3, ran.err
    assert "nobody answers there" in ran.err


def test_an_address_that_is_none_is_a_wrong_use(bought: ShopFolder) -> None:
    for words in (["--engine", "spark"], ["--master", "local"],
                  ["--engine", "spark", "--master", "here"]):  # fmt: skip
        assert bought.run_here("run", *words).code == 2
