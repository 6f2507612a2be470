"""targeting check: every problem of every file, for people, for machines and for GitHub."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.kit.shop import SMALL, ShopFolder, shop

WRONG = {"rules/marketing/hello.yaml": SMALL["rules/marketing/hello.yaml"].replace("city", "cty")}


def test_a_good_workspace_has_no_problem(small: ShopFolder) -> None:
    ran = small.run_here("check")
    assert (ran.code, ran.out, ran.err) == (0, "", "0 errors, 0 warnings\n")
    ran = small.run("check", "--format", "json")
    assert (ran.code, ran.json) == (0, [])


def test_a_problem_has_its_place_and_the_right_word(tmp_path: Path) -> None:
    ran = shop(tmp_path, WRONG).run_here("check")
    assert ran.code == 1
    assert "rules/marketing/hello.yaml:6:7: error " in ran.out
    assert "city" in ran.out
    assert "error" in ran.err


@pytest.mark.parametrize("arguments", [("--json",), ("--format", "json"), ("--format=json",)])
def test_problems_for_machines(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    made = shop(tmp_path, WRONG)
    ran = made.run_here("check", *arguments)
    assert ran.code == 1
    first = ran.json[0]
    assert (first["file"], first["line"], first["column"]) == ("rules/marketing/hello.yaml", 6, 7)
    assert set(first) == {
        "file", "line", "column", "end_column", "severity", "code", "message", "help",
    }  # fmt: skip
    wrong = made.run_here("check", "--nope", *arguments)
    assert (wrong.code, wrong.json["problems"][0]["code"]) == (2, "X002")


def test_problems_for_github(tmp_path: Path) -> None:
    ran = shop(tmp_path, WRONG).run_here("check", "--format", "github")
    assert ran.code == 1
    line = ran.out.splitlines()[0]
    assert line.startswith("::error file=rules/marketing/hello.yaml,line=6,col=7,title=")
    assert all(line.startswith("::") for line in ran.out.splitlines())


def test_what_github_reads_as_its_own_is_escaped() -> None:
    from targeting.cli.check import annotation
    from targeting.problems import Place, Problem

    problem = Problem("R001", "50%\nof 'x'", Place("a,b:c.yaml", 2, 3), "say 50 percent")
    assert annotation(problem) == (
        "::error file=a%2Cb%3Ac.yaml,line=2,col=3,title=R001::50%25%0Aof 'x' (say 50 percent)"
    )


def test_strict_lets_a_warning_fail(tmp_path: Path) -> None:
    policy = SMALL["rules/policy.yaml"] + "cooldown: 14 days\n"
    made = shop(tmp_path, {"rules/policy.yaml": policy})
    ran = made.run_here("check", "--json")
    if not json.loads(ran.out):
        pytest.skip("nothing of this workspace is warned of any more")
    assert (ran.code, made.run_here("check", "--strict").code) == (0, 1)


def test_no_workspace_is_a_problem_too(tmp_path: Path) -> None:
    ran = shop(tmp_path, {"targeting.yaml": None}).run_here("check", "--json")
    assert (ran.code, ran.json[0]["code"]) == (1, "W001")


def test_check_never_looks_at_the_data(tmp_path: Path) -> None:
    assert shop(tmp_path, {"customers.csv": None}).run_here("check").code == 0


def test_a_damaged_last_run_says_nothing_against_the_rules(tmp_path: Path) -> None:
    made = shop(tmp_path / "shop")
    assert made.run_here("run").code == 0
    (run,) = made.runs
    (made.folder / "out" / run / "manifest.json").write_text("{", encoding="utf-8")
    ran = made.run_here("check")
    assert ran.code == 0
    assert "warning D106" in ran.out
    (made.folder / "out" / "latest").write_text("\x00", encoding="utf-8")
    assert made.run_here("check").code == 0
