"""A run on Apache Spark decides what the run on this machine decides, byte for byte."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from tests.kit.shop import SMALL, ShopFolder, shop
from tests.spark.cluster import QUIET, kill, needed, started

PURCHASES = """\
  purchases:
    file: purchases.parquet
    columns: {customer_id: who, transaction_id: receipt, purchased_on: day, amount: paid}
fields:
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
    needed()
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
        paid=pl.when(pl.col("n") % 777 > 0).then((pl.col("n") * 13 % 4_000) / 100 - 2),
    ).write_parquet(made.folder / "purchases.parquet", row_group_size=1_000)
    return made


def contents(folder: Path) -> dict[str, bytes]:
    """Read every file of a run, but for the one that may differ."""
    files = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    del files["timings.json"]
    return files


def same_as_local(made: ShopFolder) -> None:
    local = made.run("run", "--out", "local")
    assert local.code == 0, local.err
    (one,), (other,) = ([*(made.folder / out).glob("2*")] for out in ("local", "out"))
    assert one.name == other.name
    here, there = contents(one), contents(other)
    assert here.keys() == there.keys()
    assert [name for name in here if here[name] != there[name]] == []
    assert pl.read_csv(one / "rejects.csv").height >= 10
    assert pl.read_parquet(one / "decisions.parquet")["outcome"].n_unique() >= 2


def test_two_cores_decide_as_the_local_run(bought: ShopFolder) -> None:
    ran = bought.run("run", "--engine", "spark", "--master", "local[2]", env=QUIET)
    assert ran.code == 0, ran.err
    same_as_local(bought)


def test_a_csv_is_read_here_and_worked_on_there(bought: ShopFolder) -> None:
    settings = (bought.folder / "targeting.yaml").read_text()
    pl.read_parquet(bought.folder / "purchases.parquet").write_csv(bought.folder / "purchases.csv")
    bought.write("targeting.yaml", settings.replace("purchases.parquet", "purchases.csv"))
    ran = bought.run("run", "--engine", "spark", "--master", "local[2]", env=QUIET)
    assert ran.code == 0, ran.err
    same_as_local(bought)


def test_a_worker_that_dies_costs_a_retry(bought: ShopFolder, tmp_path: Path) -> None:
    with started(tmp_path) as cluster:
        first, _ = cluster.worker(), cluster.worker()
        with subprocess.Popen(
            [sys.executable, "-m", "targeting", "run", "--engine", "spark", "--master", cluster.url],
            cwd=bought.folder, env={**os.environ, **QUIET}, stderr=subprocess.PIPE, text=True,
            stdout=subprocess.DEVNULL,
        ) as run:  # fmt: skip
            assert run.stderr is not None
            said = ""
            for line in run.stderr:
                said += line
                if line.startswith("computing customers"):
                    kill(first)
        assert "computing customers" in said
        assert run.returncode == 0, said
    same_as_local(bought)


def test_a_worker_with_another_package_is_refused(bought: ShopFolder, tmp_path: Path) -> None:
    older = tmp_path / "older" / "polars_hash-0.0.1.dist-info"
    older.mkdir(parents=True)
    (older / "METADATA").write_text("Metadata-Version: 2.1\nName: polars-hash\nVersion: 0.0.1\n")
    with started(tmp_path) as cluster:
        cluster.worker(path=older.parent)
        ran = bought.run("run", "--engine", "spark", "--master", cluster.url, env=QUIET)
    assert ran.code == 1, ran.err
    assert "polars-hash 0.0.1 instead of" in ran.err
    assert "requirements.lock" in ran.err
    assert bought.left == []


def test_nobody_at_the_address_is_said_at_once(bought: ShopFolder) -> None:
    ran = bought.run("run", "--engine", "spark", "--master", "spark://127.0.0.1:1", env=QUIET)
    assert ran.code == 3, ran.err
    assert "nobody answers there" in ran.err


def test_an_address_that_is_none_is_a_wrong_use(bought: ShopFolder) -> None:
    for words in (["--engine", "spark"], ["--master", "local"],
                  ["--engine", "spark", "--master", "here"]):  # fmt: skip
        assert bought.run_here("run", *words).code == 2
