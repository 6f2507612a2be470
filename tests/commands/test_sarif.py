"""targeting check --format sarif and --explain: findings for other programs, pages for people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from targeting import __version__
from targeting.explain import codes, page
from targeting.problems import Place, Problem
from targeting.sarif import sarif
from tests.kit.shop import SMALL, ShopFolder, shop

HELLO = "rules/marketing/hello.yaml"
WRONG = {HELLO: SMALL[HELLO].replace("city: Lahore\nthen", "city: Lahor\nthen")}


def _check_form(log: dict[str, Any]) -> dict[str, Any]:
    """Assert what the schema of SARIF 2.1.0 requires of what we write; give the one run."""
    assert set(log) == {"$schema", "version", "runs"}
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-schema-2.1.0.json")
    (run,) = log["runs"]
    assert run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("targeting", __version__)
    ids = [rule["id"] for rule in driver["rules"]]
    assert len(ids) == len(set(ids))
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"]
        assert rule["help"]["text"]
    for result in run["results"]:
        assert ids[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("none", "note", "warning", "error")
        assert result["message"]["text"]
        (location,) = result["locations"]
        physical = location["physicalLocation"]
        assert " " not in physical["artifactLocation"]["uri"]
        region = physical["region"]
        assert set(region) == {"startLine", "startColumn", "endColumn"}
        assert all(isinstance(number, int) and number >= 1 for number in region.values())
        assert region["endColumn"] >= region["startColumn"]
    return dict(run)


def test_a_problem_is_a_result_with_its_place(tmp_path: Path) -> None:
    ran = shop(tmp_path, WRONG).run_here("check", "--format", "sarif")
    assert ran.code == 1
    run = _check_form(ran.json)
    (result,) = run["results"]
    assert (result["ruleId"], result["level"]) == ("V001", "error")
    assert "'Lahor'" in result["message"]["text"]
    assert "did you mean 'Lahore'?" in result["message"]["text"]
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": HELLO},
        "region": {"startLine": 6, "startColumn": 13, "endColumn": 18},
    }


def test_a_good_workspace_is_a_run_without_results(small: ShopFolder) -> None:
    ran = small.run_here("check", "--format", "sarif")
    assert ran.code == 0
    assert _check_form(ran.json)["results"] == []


def test_files_have_addresses_relative_to_the_workspace() -> None:
    places = [Place("rules/marketing/ستمبر x.yaml", 3, 5, 9), Place("/srv/out/latest")]
    run = _check_form(sarif(Problem("P006", "no name", place) for place in places))
    uris = [
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for result in run["results"]
    ]
    assert uris == [
        "rules/marketing/%D8%B3%D8%AA%D9%85%D8%A8%D8%B1%20x.yaml",
        "file:///srv/out/latest",
    ]
    assert len(run["tool"]["driver"]["rules"]) == 1


@pytest.mark.parametrize("typed", ["V001", "v001"])
def test_explain_prints_the_page_of_a_code_without_a_workspace(tmp_path: Path, typed: str) -> None:
    ran = ShopFolder(tmp_path).run_here("check", "--explain", typed)
    assert (ran.code, ran.out, ran.err) == (0, f"{page('V001')}\n", "")


def test_explain_for_machines(tmp_path: Path) -> None:
    ran = ShopFolder(tmp_path).run_here("check", "--explain", "S003", "--json")
    assert ran.json == {"code": "S003", "page": page("S003")}


@pytest.mark.parametrize(("typed", "near"), [("V01", "V001"), ("S0003", "S003")])
def test_an_unknown_code_is_wrong_use_and_names_the_nearest(
    tmp_path: Path, typed: str, near: str
) -> None:
    assert near in codes()
    ran = ShopFolder(tmp_path).run_here("check", "--explain", typed)
    assert ran.code == 2
    assert f"did you mean '{near}'?" in ran.err
