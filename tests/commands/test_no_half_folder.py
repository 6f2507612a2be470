"""A run folder appears whole or not at all, whatever ends the run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit.disk import small_disk
from tests.kit.shop import SMALL, ShopFolder, run_targeting, shop


def started(made: ShopFolder, *arguments: str) -> subprocess.Popen[str]:
    """Begin a run; its standard error can be read while it goes on."""
    return subprocess.Popen(
        [sys.executable, "-m", "targeting", "run", *arguments],
        cwd=made.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def wait_for(step: str, run: subprocess.Popen[str]) -> None:
    assert run.stderr is not None
    assert any(line.startswith(step) for line in run.stderr)


def half(made: ShopFolder) -> list[Path]:
    """Find what no reader should ever see: partials, and runs that are not whole."""
    out = made.folder / "out"
    return [*out.glob(".*.partial"), *(f for f in made.runs if not (f / "manifest.json").is_file())]


@pytest.mark.parametrize(
    ("step", "numbers"),
    [
        ("reading", [signal.SIGINT]),
        ("scoring", [signal.SIGTERM]),
        ("writing", [signal.SIGINT, signal.SIGINT, signal.SIGTERM]),
    ],
)
def test_an_interrupted_run_is_130_and_leaves_nothing(
    small: ShopFolder, step: str, numbers: list[signal.Signals]
) -> None:
    run = started(small)
    wait_for(step, run)
    for number in numbers:
        run.send_signal(number)
    out, err = run.communicate(timeout=60)
    assert (run.returncode, out) == (130, "")
    assert err.splitlines()[-1] == "targeting: interrupted; nothing half-written is left"
    assert "Traceback" not in err
    assert (half(small), small.runs) == ([], [])


def test_what_a_killed_run_left_is_removed_by_the_next(small: ShopFolder) -> None:
    run = started(small)
    wait_for("writing", run)
    run.kill()
    run.communicate(timeout=60)
    assert small.runs == []
    (small.folder / "out/.2026-11-23-0badcafe.partial").mkdir()
    (small.folder / "out/.2026-11-23-0badcafe.partial/half").write_text("x")
    (small.folder / "out/.2026-11-22-0badcafe.partial").write_text("a file")
    (small.folder / "out/.mine.partial").mkdir()  # of somebody else
    assert small.run_here("run").code == 0
    assert [path.name for path in half(small)] == [".mine.partial"]
    assert len(small.runs) == 1


def test_of_two_runs_at_once_one_does_the_work(small: ShopFolder) -> None:
    runs = [started(small), started(small)]
    ends = [run.communicate(timeout=120) for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    assert ends[0][0] == ends[1][0]
    assert sum("this run was made before" in err for _, err in ends) == 1
    assert (len(small.runs), half(small)) == (1, [])


def test_a_full_disk_is_3_and_leaves_nothing(small: ShopFolder, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "120k") as disk:
        ran = small.run_here("run", "--out", str(disk / "out"), "--json")
        assert ran.code == 3
        assert ran.json["problems"][0]["message"] == (
            "the disk is full; nothing half-written is left: free some space"
        )
        kept = {"models", "ledger", "ledger.key"}
        assert {p.name for p in (disk / "out").iterdir()} - kept == {".lock"}
        ran = run_targeting("init", str(disk / "shop"), cwd=small.folder)
        assert (ran.code, (disk / "shop").exists()) == (3, False)


def test_a_folder_that_cannot_be_written_is_3(small: ShopFolder) -> None:
    ran = small.run_here("run", "--out", "customers.csv/out")
    assert ran.code == 3
    assert "Not a directory (customers.csv/out)" in ran.err
    assert "name another with --out DIR" in ran.err
    small.write("out/.lock/x", "")
    assert small.run_here("run").code == 3
    assert half(small) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_3(small: ShopFolder) -> None:
    small.folder.chmod(0o555)
    ran = small.run_here("run")
    small.folder.chmod(0o755)
    assert (ran.code, "Permission denied" in ran.err) == (3, True)


def test_a_run_that_is_refused_while_it_writes_leaves_nothing(tmp_path: Path) -> None:
    settings = SMALL["targeting.yaml"].replace("city: city,", "city: city, segment: part,")
    header = SMALL["customers.csv"].splitlines()[0].replace("city", "city,part")
    files = {
        "targeting.yaml": settings + "  segment: {type: category}\n",
        "customers.csv": f"{header}\n"
        "a,20,Lahore,A/B,a@example.com,yes,\n"
        "b,20,Lahore,a b,b@example.com,yes,\n",
    }
    made = shop(tmp_path, files)
    ran = made.run_here("run")
    assert ran.code == 1, ran.out + ran.err
    assert "would share the file 'a_b'" in ran.err
    assert (made.left, half(made)) == ([], [])
