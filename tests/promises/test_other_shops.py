"""Other shops' files, by another targeting.yaml and nothing else."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from tests.kit.shop import shop

RULE = """\
title: Somebody to write to
priority: 1
when:
  all:
    - {line}
then: {{offer: hello, channel: counter, message: hello.j2}}
examples:
  - {{case: in, given: {{{given}}}, expect: in}}
  - {{case: out, given: {{{out}}}, expect: out}}
"""
POLICY = "channels: {counter: {cost: 0}}\n"
HELLO = "Hello.\n"


def test_attributes_without_purchases(tmp_path: Path) -> None:
    bank = shop(
        tmp_path,
        {
            "targeting.yaml": """\
shop: {name: Bank, currency: EUR, region: PT, locale: pt_PT}
as_of: 2014-11-30
sources:
  customers:
    file: bank.csv
    columns: {customer_id: id, age: idade, job: profissão, balance: saldo, subscribed: y}
fields:
  age: {type: number, range: [18, 100]}
  job: {type: category, values: [admin., técnico]}
  balance: {type: money, numbers: "1.234,56"}
  subscribed: {type: yes/no, yes: [sim], no: [não]}
""",
            "bank.csv": "id;idade;profissão;saldo;y\n1;30;admin.;1.200,50;sim\n2;;técnico;-3,10;não\n3;17;admin.;0;sim\n4;40;outro;0;sim\n",
            "rules/policy.yaml": POLICY,
            "rules/marketing/rich.yaml": RULE.format(
                line="balance: {at_least: 1200.50}",
                given="balance: 1200.50",
                out="balance: 1200.49",
            ),
            "templates/messages/hello.j2": HELLO,
        },
        bare=True,
    )
    ran = bank.run("run", "--json")
    assert ran.code == 0, ran.err
    assert ran.json["rejected"] == {"customers": {"not_allowed": 1, "out_of_range": 1}}
    assert [(r["name"], r["selected"]) for r in ran.json["rules"]] == [("rich", 1)]
    people = pl.read_parquet(Path(tmp_path, ran.json["folder"]) / "customers.parquet")
    assert people.select("customer_id", "balance").rows() == [("1", 1200.5), ("2", -3.1)]
    assert "recency_days" not in people.columns


def test_a_rule_that_needs_purchases_is_told_that_there_are_none(tmp_path: Path) -> None:
    made = shop(
        tmp_path,
        {
            "rules/marketing/hello.yaml": RULE.format(
                line="recency_days: {at_most: 30}", given="recency_days: 30", out="recency_days: 31"
            ).replace("counter", "email")
        },
    )
    ran = made.run("check")
    assert ran.code == 1
    assert "rules/marketing/hello.yaml:5:7: error F002: there is no 'recency_days' here" in ran.out
    assert "targeting.yaml names no purchases source" in ran.out


def test_purchases_with_returns_and_missing_customers_and_no_attributes(tmp_path: Path) -> None:
    made = shop(
        tmp_path,
        {
            "targeting.yaml": """\
shop: {name: Gifts, currency: GBP, region: GB, locale: en_GB}
as_of: newest_purchase
sources:
  purchases:
    file: lines.csv
    columns: {customer_id: CustomerID, transaction_id: InvoiceNo, purchased_on: InvoiceDate, product_id: StockCode, quantity: Quantity, unit_price: UnitPrice}
""",
            "lines.csv": """\
InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,CustomerID
1,A,6,2011-11-01 08:26,2.55,17850
2,B,2,2011-11-20 09:00,10.00,17850
C3,B,-1,2011-11-21 10:00,10.00,17850
4,A,1,2011-12-01 10:00,3.39,
5,A,x,2011-12-02 10:00,3.39,13047
6,A,1,2011-12-03 10:00,3.39,13047
""",
            "rules/policy.yaml": POLICY,
            "rules/marketing/back.yaml": RULE.format(
                line="recency_days: {at_least: 7}", given="recency_days: 7", out="recency_days: 6"
            ),
            "templates/messages/hello.j2": HELLO,
        },
        bare=True,
    )
    ran = made.run("run", "--json")
    assert ran.code == 0, ran.err
    assert ran.json["as_of"] == "2011-12-03"
    assert ran.json["rejected"] == {"purchases": {"not_a_number": 1}}
    assert ran.json["without_customer"] == 1
    people = pl.read_parquet(Path(tmp_path, ran.json["folder"]) / "customers.parquet")
    figures = people.select("customer_id", "monetary", "frequency", "recency_days", "return_rate")
    assert figures.rows() == [("13047", 3.39, 1, 0, 0.0), ("17850", 25.3, 2, 13, 0.125)]


FOUR_ALIKE = """\
shop: {{name: Clinic, currency: USD, region: US, locale: en_US}}
as_of: 2026-01-31
sources:
  customers:
    file: people.csv
    columns: {{customer_id: id, score: {score}}}
fields:
  score: {{type: number}}
"""
PEOPLE = "id,value,value,value,value\na,1,2,3,4\n"


def test_a_header_that_names_four_columns_alike_asks_which_is_meant(tmp_path: Path) -> None:
    files = {"people.csv": PEOPLE, "targeting.yaml": FOUR_ALIKE.format(score="value")}
    ran = shop(tmp_path, files, bare=True).run("run")
    assert ran.code == 1
    assert "targeting.yaml:6:39: error I012" in ran.err
    assert "value (2)" in ran.err


def test_one_of_four_columns_of_one_name_is_chosen_by_its_number(tmp_path: Path) -> None:
    files = {"people.csv": PEOPLE, "targeting.yaml": FOUR_ALIKE.format(score="value (3)")}
    ran = shop(tmp_path, files, bare=True).run("run", "--json")
    assert ran.code == 0, ran.err
    people = pl.read_parquet(Path(tmp_path, ran.json["folder"]) / "customers.parquet")
    assert people["score"].to_list() == [3.0]
