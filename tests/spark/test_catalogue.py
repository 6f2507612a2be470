"""Tables that only Spark knows, by name: of a Hive metastore, of a database by JDBC, of a server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.shop import Ran, ShopFolder, shop
from tests.spark.cluster import QUIET, connect
from tests.spark.equal import contents

FILES = """\
sources:
  customers: {file: customers.csv, columns: {customer_id: id, age: age, email: mail, consent: ok}}
  purchases: {file: purchases.csv, columns: {customer_id: who, purchased_on: day, amount: paid}}
"""
QUERY = "SELECT p.* FROM shop.people p WHERE p.id IS NOT NULL -- everybody"
NAMED = f"""\
sources:
  customers:
    source: spark
    query: {QUERY}
    columns: {{customer_id: id, age: age, email: mail, consent: ok}}
  purchases:
    source: spark
    table: TABLE
    columns: {{customer_id: who, purchased_on: day, amount: paid}}
"""
SETTINGS = """\
shop: {name: Corner shop, currency: USD, region: US, locale: en_US}
as_of: newest_purchase
SOURCES
fields:
  age: {type: number, range: [0, 120], if_bad: missing}
  email: {type: text, personal: yes}
  consent: {type: yes/no}
"""
RULE = """\
title: Thank who spent much
priority: 1
when: {all: [{monetary: {at_least: 1000}}]}
then: {offer: thanks, channel: email, message: hello.j2}
holdout: 20%
examples:
  - {case: much, given: {monetary: 1000}, expect: in}
  - {case: little, given: {monetary: 10}, expect: out}
"""
POLICY = "channels: {email: {address: email, consent: consent}}\n"
PEOPLE = "id,age,mail,ok\n" + "".join(f"c{n},{n % 130},c{n}@example.com,yes\n" for n in range(300))
LINES = "who,day,paid\n" + "".join(
    f"{f'c{n * 7919 % 311}' if n % 40 else ''},2026-{n % 11 + 1:02}-{n % 28 + 1:02},"
    f"{(n * 37 % 90_000 - 500) / 100:.2f}\n"
    for n in range(4_000)
)
# Makes what the shop's other programs would have made: a table of Hive's, and one by JDBC.
MADE = """\
import pathlib, sys
from pyspark.sql import SparkSession

(where, url), base = sys.argv[1:], pathlib.Path().absolute().as_uri()
spark = SparkSession.builder.getOrCreate() if where == "here" else (
    SparkSession.builder.remote(where).getOrCreate())
spark.sql("CREATE DATABASE IF NOT EXISTS shop")
read = spark.read.option("header", True)
people = read.schema("id string, age int, mail string, ok string").csv(base + "/customers.csv")
people.write.mode("overwrite").saveAsTable("shop.people")
lines = read.schema("who string, day date, paid decimal(12,2)").csv(base + "/purchases.csv")
lines = lines.coalesce(1)
lines.write.mode("overwrite").partitionBy("day").saveAsTable("shop.lines")
if url != "-":
    lines.write.mode("overwrite").jdbc(url, "BOUGHT")
    options = f"url '{url}', dbtable 'BOUGHT'"
    spark.sql(f"CREATE TABLE shop.bought USING jdbc OPTIONS ({options})")
"""


@pytest.fixture(scope="module")
def hive(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Give the environment of a Spark whose settings name a Hive metastore."""
    folder = tmp_path_factory.mktemp("hive")
    settings = {
        "spark.sql.catalogImplementation": "hive",
        "spark.sql.warehouse.dir": (folder / "warehouse").as_uri(),
        "spark.hadoop.javax.jdo.option.ConnectionURL": (
            f"jdbc:derby:;databaseName={folder}/metastore;create=true"
        ),
        "spark.ui.enabled": "false",
    }
    conf = folder / "conf"
    conf.mkdir()
    lines = "".join(f"{name} {value}\n" for name, value in settings.items())
    (conf / "spark-defaults.conf").write_text(lines)
    return {**os.environ, **QUIET, "SPARK_CONF_DIR": str(conf)}


@pytest.fixture
def named(tmp_path: Path) -> ShopFolder:
    """Make a shop whose files are what the tables are made of."""
    return shop(
        tmp_path / "shop",
        {
            "targeting.yaml": SETTINGS.replace("SOURCES", FILES),
            "rules/policy.yaml": POLICY,
            "rules/marketing/hello.yaml": None,
            "rules/marketing/thanks.yaml": RULE,
            "customers.csv": PEOPLE,
            "purchases.csv": LINES,
        },
    )


def make(made: ShopFolder, where: str, url: str, env: dict[str, str]) -> None:
    command = [sys.executable, "-c", MADE, where, url]
    ran = subprocess.run(command, cwd=made.folder, env=env, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr.decode()[-3_000:]


def use(made: ShopFolder, table: str) -> None:
    made.write("targeting.yaml", SETTINGS.replace("SOURCES", NAMED.replace("TABLE", table)))


def spark(made: ShopFolder, master: str, env: dict[str, str]) -> Ran:
    command = [sys.executable, "-m", "targeting", "run", "--engine", "spark", "--master", master]
    ran = subprocess.run(
        command, cwd=made.folder, env=env, capture_output=True, text=True, check=False
    )
    return Ran(ran.returncode, ran.stdout, ran.stderr, made.folder)


def same_as_of_files(made: ShopFolder, ran: Ran) -> None:
    """Check that a run was the one of the files, but for where its rows are from."""
    assert ran.code == 0, ran.err
    files = ("--source", "customers=customers.csv", "--source", "purchases=purchases.csv")
    local = made.run_here("run", "--out", "local", *files)
    assert local.code == 0, local.err
    mine, theirs = contents(made.folder / "local"), contents(made.folder / "out")
    assert mine.keys() == theirs.keys()
    differing = {name.partition("/")[2] for name in mine if mine[name] != theirs[name]}
    assert differing <= {"manifest.json", "report.html", "report.pdf"}
    manifest = json.loads((made.runs[0] / "manifest.json").read_bytes())
    used = {each["name"]: each for each in manifest["inputs"]}
    assert (used["customers"]["used"], used["purchases"]["used"]) == (300, 4_000)
    assert used["customers"]["file"] == "spark (query)"
    assert len(used["purchases"]["sha256"]) == 64


def test_tables_of_a_hive_metastore_and_of_a_database_by_jdbc(
    named: ShopFolder, hive: dict[str, str], tmp_path: Path
) -> None:
    make(named, "here", f"jdbc:derby:{tmp_path}/bought;create=true", hive)
    use(named, "spark_catalog.shop.bought")
    same_as_of_files(named, spark(named, "local[2]", hive))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with connect(tmp_path_factory.mktemp("server")) as url:
        yield url


def test_tables_of_a_connect_server_and_what_is_none(named: ShopFolder, server: str) -> None:
    env = {**os.environ, **QUIET}
    make(named, server, "-", env)
    use(named, "shop.nothing")
    ran = spark(named, server, env)
    assert (ran.code, "targeting.yaml:" in ran.err) == (1, True)
    assert "I052" in ran.err
    assert "shop`.`nothing" in ran.err
    use(named, "shop.lines")
    settings = (named.folder / "targeting.yaml").read_text()
    for wrong in (
        "DROP TABLE shop.people",
        "SELECT nothing FROM shop.people",
        "SELECT 1; SELECT 2",
    ):
        named.write("targeting.yaml", settings.replace(QUERY, wrong))
        ran = spark(named, server, env)
        assert (ran.code, "I052" in ran.err, "Traceback" in ran.err) == (1, True, False)
    named.write("targeting.yaml", settings)
    same_as_of_files(named, spark(named, server, env))  # nothing was dropped
