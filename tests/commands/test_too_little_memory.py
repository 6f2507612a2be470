"""Where the machine gives too little memory, the night ends in words, and leaves nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.commands.shops import BUYERS, many_purchases
from tests.commands.test_no_half_folder import half, started, wait_for
from tests.kit.shop import ShopFolder, shop

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits and signals of Linux")

MB = 1_000_000


def limited(made: ShopFolder, megabytes: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run with that much address space, as `ulimit -v` bounds it."""
    command = f"ulimit -v {megabytes * 1000}; exec {sys.executable} -m targeting run $0 $@"
    return subprocess.run(
        ["bash", "-c", command, *arguments],
        cwd=made.folder, capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("megabytes", [300, 1100, 1300, 1900])
def test_an_address_space_too_small_is_said_and_leaves_nothing(
    small: ShopFolder, megabytes: int
) -> None:
    ran = limited(small, megabytes, "--out", "out")
    last = ran.stderr.splitlines()[-1]
    assert ran.returncode == 3
    assert "memory" in last
    assert "--memory" in last
    assert "Traceback" not in ran.stderr
    assert "a defect of the program" not in ran.stderr
    assert (half(small), small.runs) == ([], [])


def test_where_only_the_renderer_gets_too_little_the_night_goes_on_without_pictures(
    tmp_path: Path,
) -> None:
    bought = shop(tmp_path / "shop", BUYERS | {"purchases.csv": many_purchases()}, bare=True)
    whole = bought.run("run", "--out", "whole")
    assert (whole.code, "X006" in whole.err) == (0, False), whole.err
    ran = limited(bought, 8_000, "--out", "out")
    assert ran.returncode == 0, ran.stderr
    assert "warning X006: the report has no pictures: ulimit -v allows 8 GB" in ran.stderr
    one, other = next((bought.folder / "whole").glob("2*")), bought.runs[0]
    names = [p.relative_to(one) for p in one.rglob("*") if p.is_file()]
    differing = {n.name for n in names if (one / n).read_bytes() != (other / n).read_bytes()}
    assert differing <= {"manifest.json", "report.html", "report.pdf", "timings.json"}
    told, plain = ((run / "report.html").read_text("utf-8") for run in (one, other))
    assert ("<svg" in told, "<svg" in plain) == (True, False)
    assert "Sales by month: the numbers" in plain
    assert (other / "report.pdf").read_bytes()[:5] == b"%PDF-"


def test_machines_are_told_too(small: ShopFolder) -> None:
    ran = limited(small, 300, "--json")
    assert [each["code"] for each in json.loads(ran.stdout)["problems"]] == ["X003"]


def children_of(process: subprocess.Popen[str]) -> list[int]:
    number = process.pid
    text = Path(f"/proc/{number}/task/{number}/children").read_text(encoding="utf-8")
    return [int(child) for child in text.split()]


def test_work_that_the_kernel_kills_is_spoken_of_and_cleared_away(small: ShopFolder) -> None:
    run = started(small)
    wait_for("writing", run)
    deadline = time.monotonic() + 20
    while not half(small) and time.monotonic() < deadline and run.poll() is None:
        time.sleep(0.001)
    for child in children_of(run):
        os.kill(child, signal.SIGKILL)
    _, err = run.communicate(timeout=60)
    assert run.returncode == 3
    assert "ended by SIGKILL" in err.splitlines()[-1]
    assert (half(small), small.runs) == ([], [])


def test_the_work_does_not_outlive_a_killed_parent(small: ShopFolder) -> None:
    run = started(small)
    wait_for("reading", run)
    (child,) = children_of(run)
    run.kill()
    run.communicate(timeout=60)
    deadline = time.monotonic() + 20
    while Path(f"/proc/{child}").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not Path(f"/proc/{child}").exists()
