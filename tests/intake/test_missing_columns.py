"""A declared field that the night stands on, and that no source has, is told of by its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kit.shop import SMALL, shop

UNMAPPED = "    columns: {customer_id: id, age: age, city: city, email: mail, email_consent: ok, visited_on: visited}\n"
DERIVED = 'derived:\n  decades: {type: number, sql: "age / 10"}\n'
HEADER = "customer_id,age,city,email,email_consent,visited_on"


@pytest.mark.parametrize("gone", ["age", "email", "email_consent"])
def test_without_a_map_a_column_that_is_gone_is_named(tmp_path: Path, gone: str) -> None:
    settings = SMALL["targeting.yaml"].replace(UNMAPPED, "") + DERIVED
    rows = SMALL["customers.csv"].split("\n", 1)[1]
    whole = shop(
        tmp_path / "whole",
        {"targeting.yaml": settings, "customers.csv": f"{HEADER}\n{rows}"},
    )
    assert whole.run_here("run").code == 0
    renamed = HEADER.replace(f",{gone},", ",other,")
    made = shop(
        tmp_path / "shop",
        {"targeting.yaml": settings, "customers.csv": f"{renamed}\n{rows}"},
    )
    ran = made.run_here("run")
    assert ran.code == 1
    assert f"error I011: no source has a column '{gone}'" in ran.err
    assert not list((made.folder / "out").glob("2*"))


@pytest.mark.parametrize("mapped", [True, False])
def test_a_field_that_only_rules_could_read_is_warned_of(tmp_path: Path, mapped: bool) -> None:
    declared = "fields:\n  points: {type: number}\n"
    settings = SMALL["targeting.yaml"].replace("fields:\n", declared, 1)
    files = {"targeting.yaml": settings}
    if not mapped:
        rows = SMALL["customers.csv"].split("\n", 1)[1]
        files = {
            "targeting.yaml": settings.replace(UNMAPPED, ""),
            "customers.csv": f"{HEADER},point\n" + rows.replace("\n", ",7\n"),
        }
    made = shop(tmp_path, files)
    ran = made.run_here("run")
    assert ran.code == 0
    assert "warning I108: no source has a column 'points': it is missing for everybody" in ran.err
    assert ("did you mean 'point'?" in ran.err) is not mapped
