"""targeting fields: what a rule may name, and what the data holds of it."""

from __future__ import annotations

from pathlib import Path

from tests.commands.shops import BUYERS, HEADER, LIKELIHOOD, SEGMENTS
from tests.kit.shop import ShopFolder, shop


def test_fields_says_type_range_and_what_is_missing(small: ShopFolder) -> None:
    ran = small.run_here("fields")
    assert ran.code == 0
    lines = [" ".join(line.split()) for line in ran.out.splitlines()]
    assert "age number 16.7% missing 17.0 to 50.0 years" in lines
    assert "city category Lahore | Karachi | Quetta" in lines
    assert "visited_on date 16.7% missing 2026-11-01 to 2026-11-01" in lines
    assert small.left == []


def test_fields_for_machines(small: ShopFolder) -> None:
    rows = {row["field"]: row for row in small.run_here("fields", "--json").json}
    assert rows["age"] == {
        "of": "customers", "field": "age", "type": "number", "unit": "years", "values": None,
        "from": "customers", "lowest": 17.0, "highest": 50.0, "missing": 0.1667, "personal": False,
    }  # fmt: skip
    assert rows["email"]["personal"] is True


def test_fields_of_purchases_segments_and_likelihood(tmp_path: Path) -> None:
    files = {"segments/customers.yaml": SEGMENTS, "segments/likelihood.yaml": LIKELIHOOD}
    ran = shop(tmp_path, BUYERS | files, bare=True).run_here("fields", "--json")
    rows = {(row["of"], row["field"]): row for row in ran.json}
    assert rows["customers", "segment"]["values"] == ["Big, *or* A/B?", "..."]
    assert rows["customers", "frequency"]["highest"] == 2
    assert rows["customers", "likelihood"]["type"] == "number"
    assert rows["products", "weekly_demand"]["type"] == "number"


def test_fields_of_nobody(tmp_path: Path) -> None:
    ran = shop(tmp_path, {"customers.csv": HEADER}).run_here("fields")
    assert (ran.code, "  age " in ran.out) == (0, True)


def test_fields_of_a_broken_file_is_1(tmp_path: Path) -> None:
    ran = shop(tmp_path, {"customers.csv": ""}).run_here("fields", "--json")
    assert (ran.code, ran.json["problems"][0]["code"]) == (1, "I003")


def test_fields_are_listed_while_the_rules_are_still_another_shops(small: ShopFolder) -> None:
    small.write("rules/marketing/other.yaml", "title: Another shop's rule, half adapted\n")
    assert small.run_here("check").code == 1
    ran = small.run_here("fields")
    assert ran.code == 0
    assert "age" in ran.out
