"""A source of which only Apache Spark knows where it is, without Apache Spark."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kit.shop import shop

SETTINGS = """\
shop: {name: Corner shop, currency: USD, region: US, locale: en_US}
as_of: 2026-11-24
sources:
  customers: {source: spark, TABLE}
"""
CUSTOMERS = "customer_id\na\nb\n"


@pytest.mark.parametrize("table", ["table: crm.people", "query: SELECT * FROM crm.people"])
def test_another_command_or_engine_says_how_to_read_it(tmp_path: Path, table: str) -> None:
    files = {"targeting.yaml": SETTINGS.replace("TABLE", table), "customers.csv": CUSTOMERS}
    made = shop(
        tmp_path / "shop", {**files, "rules/marketing/hello.yaml": None, "rules/policy.yaml": None}
    )
    assert made.run_here("check").code == 0
    ran = made.run_here("run")
    assert (ran.code, "targeting.yaml:4" in ran.err, "I053" in ran.err) == (1, True, True)
    assert "--engine spark" in ran.err
    assert made.left == []
    ran = made.run_here("run", "--source", "customers=customers.csv")
    assert ran.code == 0, ran.err


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("table: crm.people, password_env: HIDDEN", "'password_env' belongs to a database"),
        ("table: crm.people, delimiter: ';'", "'delimiter' belongs to a file"),
        ("table: crm.people, query: SELECT 1", "not exactly one thing to read"),
    ],
)
def test_what_does_not_belong_there_is_refused(tmp_path: Path, wrong: str, said: str) -> None:
    made = shop(tmp_path / "shop", {"targeting.yaml": SETTINGS.replace("TABLE", wrong)})
    ran = made.run_here("check")
    assert (ran.code, said in ran.out) == (1, True), ran.out
