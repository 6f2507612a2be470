"""targeting run: what it says, what it leaves, and when it stops."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from tests.commands.shops import (
    BOUGHT,
    BUYERS,
    CUSTOMERS,
    HEADER,
    LIKELIHOOD,
    PURCHASES,
    SEGMENTS,
    SETTINGS,
    STOP_IF,
    many_purchases,
)
from tests.kit.shop import SMALL, ShopFolder, run_here, shop


def test_a_run_says_where_every_row_went_and_where_the_lists_are(small: ShopFolder) -> None:
    ran = small.run("run")  # in a process of its own, as a user would
    assert ran.code == 0
    (folder,) = small.runs
    assert ran.out == (
        f"Corner shop, as of 2026-11-24: out/{folder.name}\n"
        "\n"
        "  customers             6 rows = 6 used + 0 rejected\n"
        "\n"
        "  6 customers, 6 persons\n"
        "\n"
        "  rule                              eligible  held out  selected\n"
        "  hello                                    3         0         1\n"
        "\n"
        "  0 products and locations, 0 to order\n"
        f"  lists: out/{folder.name}/contacts\n"
        f"  sheet: out/{folder.name}/stock/suggestions.xlsx\n"
        f"  report: out/{folder.name}/report.html\n"
    )
    steps = [line.removesuffix(" …") for line in ran.err.splitlines()]
    story = ["checking the workspace", "reading sources", "scoring", "matching rules"]
    story += ["deciding who is contacted", "suggesting orders", "writing lists, sheet and report"]
    assert [step for step in steps if step in story] == story
    listed = pl.read_csv(folder / "contacts/hello/no_segment.csv")
    assert listed["customer_id"].to_list() == ["a"]
    assert (small.folder / "out/latest").read_text() == folder.name + "\n"


def test_json_is_the_manifest_and_the_folder(small: ShopFolder) -> None:
    ran = small.run_here("run", "--json")
    (folder,) = small.runs
    manifest = json.loads((folder / "manifest.json").read_text())
    assert ran.json == manifest | {"folder": f"out/{folder.name}"}
    assert {o["path"] for o in manifest["outputs"]} == {
        p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()
    } - {"manifest.json", "timings.json"}


def test_an_equal_run_shows_the_folder_and_does_nothing_twice(small: ShopFolder) -> None:
    first = small.run_here("run")
    before = {p: p.stat().st_mtime_ns for p in (small.folder / "out").rglob("*")}
    second = small.run_here("run")
    assert second.code == 0
    assert second.out == first.out
    assert f"this run was made before; its folder: out/{small.runs[0].name}" in second.err
    after = {p: p.stat().st_mtime_ns for p in (small.folder / "out").rglob("*")}
    assert after == before


def test_a_dry_run_writes_drafts_and_nothing_else_however_often(small: ShopFolder) -> None:
    for _ in range(2):
        assert small.run_here("run", "--dry-run").code == 0
        (folder,) = small.runs
        assert folder.name.endswith("-dry")
        assert small.left == [folder.name]
        assert (folder / "contacts/hello/DRAFT_no_segment.csv").is_file()
    assert small.run_here("run").code == 0
    assert small.run_here("run", "--dry-run").code == 0
    assert (small.folder / "out/latest").read_text().strip() + "-dry" == folder.name


def test_paths_are_those_of_the_shell_and_may_be_in_any_script(tmp_path: Path) -> None:
    made = shop(tmp_path / "میری دکان #1 100%*'", {"customers.csv": None})
    (tmp_path / "today").mkdir()
    (tmp_path / "today/نئے گاہک.csv").write_text(CUSTOMERS)
    ran = run_here(
        "run", f"../{made.folder.name}", "--source", "customers=نئے گاہک.csv", "--out", "../a b/out",
        cwd=tmp_path / "today",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert (tmp_path / "a b/out/latest").is_file()
    assert not (made.folder / "out").exists()


def test_models_are_kept_in_a_folder_of_any_name(tmp_path: Path) -> None:
    made = shop(tmp_path / "shop #(a)*?")
    for day in ("2026-11-24", "2026-11-25"):
        ran = run_here("run", str(made.folder), "--as-of", day, cwd=tmp_path)
        assert "M010" not in ran.err


def test_a_folder_in_which_no_ledger_can_be_found_again_is_refused(tmp_path: Path) -> None:
    made = shop(tmp_path / "shop [a]")
    ran = made.run_here("run")
    assert ran.code == 1
    assert "L111" in ran.err
    assert "whose path has '[' in it" in ran.err
    assert made.run_here("run", "--out", "../out").code == 0


def test_a_rule_that_selects_nobody_leaves_no_list_and_a_line_of_noughts(tmp_path: Path) -> None:
    rule = SMALL["rules/marketing/hello.yaml"].replace("18", "118").replace("17", "117")
    made = shop(tmp_path, {"rules/marketing/hello.yaml": rule})
    ran = made.run_here("run")
    assert ran.code == 0, ran.err
    assert "  hello                                    0         0         0\n" in ran.out
    assert not (made.runs[0] / "contacts/hello").exists()
    summary = pl.read_csv(made.runs[0] / "contacts/summary.csv")
    assert summary.select("rule", "eligible", "selected").rows() == [("hello", 0, 0)]


@pytest.mark.parametrize(
    "left_out",
    [
        ["rules/marketing/hello.yaml"],
        ["rules/marketing/hello.yaml", "rules/policy.yaml", "templates/messages/hello.j2"],
    ],
)
def test_a_shop_without_rules_still_has_a_report(tmp_path: Path, left_out: list[str]) -> None:
    made = shop(tmp_path, dict.fromkeys(left_out))
    ran = made.run_here("run")
    assert ran.code == 0, ran.err
    assert (made.runs[0] / "report.html").stat().st_size > 0


def test_whoever_is_suppressed_is_on_no_list(tmp_path: Path) -> None:
    settings = SETTINGS.replace("fields:", "  suppressions: {file: s.csv}\nfields:")
    made = shop(tmp_path, {"targeting.yaml": settings, "s.csv": "domain\nexample.com\n"})
    ran = made.run_here("run")
    assert "  hello                                    3         0         0\n" in ran.out
    reasons = pl.read_parquet(made.runs[0] / "decisions.parquet")["reason"].to_list()
    assert sorted(map(str, reasons)) == ["no_address", "suppressed", "suppressed"]


def test_segments_of_any_name_are_files_of_safe_names(tmp_path: Path) -> None:
    files = {
        "segments/customers.yaml": SEGMENTS,
        "segments/likelihood.yaml": LIKELIHOOD,
        "purchases.csv": many_purchases(),
    }
    made = shop(tmp_path, BUYERS | files, bare=True)
    assert made.run_here("run").code == 0
    names = {p.name for p in (made.runs[0] / "contacts/all").iterdir()}
    assert names == {"big_or_a_b.csv", "segment.csv"}


def test_models_of_other_settings_and_damaged_ones_are_refused_until_new_ones_are_fitted(
    tmp_path: Path,
) -> None:
    files = {
        "segments/customers.yaml": SEGMENTS,
        "segments/likelihood.yaml": LIKELIHOOD,
        "purchases.csv": many_purchases(),
    }
    made = shop(tmp_path, BUYERS | files, bare=True)
    assert made.run_here("run").code == 0
    runs = made.runs
    made.write("segments/customers.yaml", SEGMENTS.replace("monetary", "recency_days"))
    ran = made.run_here("run")
    assert (ran.code, "the segments were made from other features" in ran.err) == (1, True)
    assert "make new models: targeting fit" in ran.err
    assert made.runs == runs
    assert made.run_here("fit").code == 0
    assert made.run_here("run").code == 0
    for path in (made.folder / "out/models").iterdir():
        path.write_bytes(b"\0damaged")
    ran = made.run_here("run", "--as-of", "2026-11-24")
    assert (ran.code, "these models cannot be read" in ran.err) == (1, True)
    assert made.run_here("fit", "--as-of", "2026-11-24").code == 0
    ran = made.run_here("run", "--as-of", "2026-11-25")
    assert (ran.code, "models" in ran.err) == (0, False)


@pytest.mark.parametrize("model", [None, LIKELIHOOD])
@pytest.mark.parametrize(
    "purchases", [BOUGHT, BOUGHT + "a,2026-11-01,1,r,s,1\n", PURCHASES], ids=["no", "one", "few"]
)
def test_too_few_customers_to_learn_from_are_no_error(
    tmp_path: Path, purchases: str, model: str | None
) -> None:
    files = {"segments/customers.yaml": SEGMENTS, "purchases.csv": purchases}
    more = {"segments/likelihood.yaml": model} if model else {}
    made = shop(tmp_path, BUYERS | files | more, bare=True)
    ran = made.run_here("run", "--as-of", "2026-11-24")
    assert ran.code == 0, ran.err


def stopping(tmp_path: Path, purchases: str = PURCHASES) -> ShopFolder:
    files = {"targeting.yaml": BUYERS["targeting.yaml"] + STOP_IF, "purchases.csv": purchases}
    return shop(tmp_path, BUYERS | files, bare=True)


def test_too_many_rejected_rows_stop_a_run_unless_accepted(tmp_path: Path) -> None:
    made = stopping(tmp_path, PURCHASES + "x,y,z,,,\n" * 5)
    ran = made.run_here("run", "--json")
    assert ran.code == 1
    (problem,) = ran.json["problems"]
    assert (problem["file"], problem["line"], problem["code"]) == ("targeting.yaml", 7, "D101")
    assert problem["message"] == (
        "purchases: 5 of 10 rows were rejected, more than 20%; most often: not_a_date, "
        "first in row 6, 'purchased_on'"
    )
    assert "--accept rejected_over" in problem["help"]
    assert not (tmp_path / "out").exists()
    ran = made.run_here("run", "--json", "--accept", "rejected_over", "--accept", "rejected_over")
    assert ran.code == 0, ran.err
    assert ran.json["accepted"] == ["rejected_over"]


def test_stale_purchases_stop_a_run_unless_accepted(tmp_path: Path) -> None:
    made = stopping(tmp_path)
    ran = made.run_here("run", "--as-of", "2026-12-24")
    assert ran.code == 1
    assert "the newest purchase is of 2026-11-23; the run's day is 2026-12-24" in ran.err
    ran = made.run_here("run", "--as-of", "2026-12-24", "--accept", "newest_purchase_older_than")
    assert ran.code == 0


def test_a_list_that_changed_too_much_stops_a_run_and_changes_nothing(tmp_path: Path) -> None:
    made = stopping(tmp_path)
    made.write("segments/customers.yaml", SEGMENTS)
    assert made.run_here("run").code == 0
    before = {p: p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()}

    made.write("purchases.csv", many_purchases())
    ran = made.run_here("run")
    assert ran.code == 1
    assert "D104: the list of 'all' changed from 2 to 60 customers" in ran.err
    assert {p: p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()} == before

    assert made.run_here("run", "--accept", "list_changed_over").code == 0
    made.write("purchases.csv", BOUGHT + "z,2026-11-23,-5,q,s1,1\n")
    ran = made.run_here("run")
    assert ran.code == 1
    assert "changed from 60 to 0 customers" in ran.err


def test_lists_that_cannot_be_compared_stop_a_run(tmp_path: Path) -> None:
    made = stopping(tmp_path)
    assert made.run_here("run").code == 0
    folder, latest = made.runs[0], tmp_path / "out/latest"
    manifest = (folder / "manifest.json").read_bytes()
    (folder / "manifest.json").write_bytes(b"\xff\0")
    ran = made.run_here("run", "--as-of", "2026-11-24")
    assert (ran.code, "D105" in ran.err, "--accept list_changed_over" in ran.err) == (1, True, True)
    (folder / "manifest.json").write_bytes(manifest)
    for damaged in (b"\xff\xfe\0", b"", b"../../elsewhere\n", b"2026-11-23-00000000\n"):
        latest.write_bytes(damaged)
        ran = made.run_here("run", "--as-of", "2026-11-24")
        assert (ran.code, "names no run that is here" in ran.err) == (1, True)
    accepted = made.run_here("run", "--as-of", "2026-11-24", "--accept", "list_changed_over")
    assert accepted.code == 0
    assert latest.read_text().strip() == made.runs[1].name


def test_a_damaged_latest_hurts_nobody_who_asked_for_no_comparison(small: ShopFolder) -> None:
    (small.folder / "out").mkdir()
    (small.folder / "out/latest").write_bytes(b"\xff\xfe\0")
    assert small.run_here("run").code == 0
    assert (small.folder / "out/latest").read_text().strip() == small.runs[0].name


@pytest.mark.parametrize("damage", ["{", None])
def test_a_finished_run_without_its_manifest_says_what_to_do(
    small: ShopFolder, damage: str | None
) -> None:
    small.run_here("run")
    path = small.runs[0] / "manifest.json"
    path.unlink()
    if damage is not None:
        path.write_text(damage)
    ran = small.run_here("run")
    assert ran.code == 1
    assert "D106" in ran.err
    name = small.runs[0].name
    assert f"targeting undo {name}" in ran.err
    assert small.run_here("undo", name).code == 0
    assert small.run_here("run").code == 0


USAGE = {
    ("--as-of", "24/11/2026"): "'24/11/2026' is not a date",
    ("--as-of", "2026-02-30"): "is not in the calendar",
    ("--as-of", "0001-01-01"): "is not between 1900-01-01 and 2199-12-31",
    ("--as-of", "9999-12-31"): "is not between 1900-01-01 and 2199-12-31",
    ("--source", "custmers=x.csv"): "did you mean 'customers'?",
    ("--source", "customers"): "is not NAME=PATH, like purchases=today.csv",
    (".", "-w", "other"): "named twice: as an argument and with -w",
    ("--out", "customers.csv"): "'customers.csv' is a file",
    ("customers.csv",): "'customers.csv' is a file",
    ("--dryrun",): "'--dry-run'",
    ("--accept", "all"): "'list_changed_over'",
    (".", "x"): "unexpected extra argument (x)",
}


@pytest.mark.parametrize("arguments", USAGE)
def test_wrong_use_is_2_and_says_what_is_right(
    small: ShopFolder, arguments: tuple[str, ...]
) -> None:
    ran = small.run_here("run", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert USAGE[arguments] in ran.err
    assert "Try 'targeting run --help'" in ran.err
    ran = small.run_here("run", *arguments, "--json")
    assert ran.code == 2
    assert USAGE[arguments] in ran.json["problems"][0]["message"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--source", "stock=customers.csv"), "'stock' is not a source of this workspace"),
        (("--source", "customers=nope.csv"), "nope.csv:1:1: error I001: there is no file nope.csv"),
        (("nowhere",), "no workspace here: targeting.yaml is not in this folder"),
    ],
)
def test_what_is_not_there_is_1(small: ShopFolder, arguments: tuple[str, ...], said: str) -> None:
    ran = small.run_here("run", *arguments)
    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err


def test_a_mistyped_command_gets_the_right_word(small: ShopFolder) -> None:
    ran = small.run_here("rnu")
    assert (ran.code, "Did you mean 'run'?" in ran.err) == (2, True)


def test_files_with_a_header_alone_are_a_warning_where_the_day_is_known(tmp_path: Path) -> None:
    made = shop(tmp_path, BUYERS | {"purchases.csv": BOUGHT}, bare=True)
    ran = made.run_here("run")
    assert (ran.code, "as_of is newest_purchase, but there is no purchase" in ran.err) == (1, True)
    assert made.run_here("run", "--as-of", "2026-11-24").code == 0
    ran = shop(tmp_path / "other", {"customers.csv": HEADER}).run_here("run")
    assert (ran.code, "has a header and no row" in ran.err) == (0, True)


POOR = {"LC_ALL": "C", "LANG": "C", "TERM": "dumb", "COLUMNS": "40", "PYTHONIOENCODING": "latin-1"}


def test_a_poor_terminal_gets_the_same_run(tmp_path: Path) -> None:
    shop(tmp_path, {"targeting.yaml": SETTINGS.replace("Corner shop", "دکان")})
    poor = {k: v for k, v in os.environ.items() if k not in ("HOME", "PYTHONUTF8")} | POOR
    done = subprocess.run(
        [sys.executable, "-m", "targeting", "run", "--json"],
        cwd=tmp_path, env=poor, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["shop"] == "دکان"
    assert "Traceback" not in done.stderr.decode()


@pytest.mark.skipif(shutil.which("bash") is None, reason="a shell makes the pipes")
@pytest.mark.parametrize("streams", ["2>&1 | head -1", "<&- >&- 2>&-"])
def test_a_run_goes_on_when_nobody_listens(small: ShopFolder, streams: str) -> None:
    line = f"set -o pipefail; {sys.executable} -m targeting run {streams}"
    done = subprocess.run(["bash", "-c", line], cwd=small.folder, capture_output=True, check=False)
    assert done.returncode == 0
    assert b"Traceback" not in done.stdout + done.stderr
    assert len(small.runs) == 1
    assert (small.folder / "out/latest").is_file()


def test_what_many_rules_share_is_warned_of_a_few_times(tmp_path: Path) -> None:
    rules = {
        f"rules/marketing/hello_{n}.yaml": SMALL["rules/marketing/hello.yaml"]
        .replace("priority: 1", f"priority: {n}")
        .replace("in Lahore\n", f"in Lahore, for the {n}th time\n")
        for n in range(2, 6)
    }
    made = shop(tmp_path / "shop", dict(rules))
    ran = made.run_here("run")
    assert ran.code == 0, ran.err
    assert ran.err.count("warning S003:") == 5
    assert "5 more warnings S003: manifest.json lists them all\n" in ran.err
    manifest = json.loads((made.runs[0] / "manifest.json").read_bytes())
    assert [each["code"] for each in manifest["warnings"]].count("S003") == 10  # pairs of five
    assert made.run_here("check").out.count("warning S003:") == 10
