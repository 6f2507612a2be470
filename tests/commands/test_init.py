"""targeting init: a whole workspace, or none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit.shop import run_here

PARTS = {"targeting.yaml", "segments", "rules", "exports", "templates", ".gitignore"}


def test_init_makes_a_workspace_that_checks(tmp_path: Path) -> None:
    ran = run_here("init", "my shop", cwd=tmp_path)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "a workspace stands in my shop; now: cd 'my shop' && targeting run\n"
    assert {p.name for p in (tmp_path / "my shop").iterdir()} == PARTS | {"data"}
    assert run_here("check", "my shop", cwd=tmp_path).code == 0


def test_init_without_data_says_what_is_still_to_do(tmp_path: Path) -> None:
    ran = run_here("init", ".", "--without-data", cwd=tmp_path)
    assert ran.out == "a workspace stands in .; now: say in targeting.yaml where your data is\n"
    assert {p.name for p in tmp_path.iterdir()} == PARTS
    ran = run_here("run", cwd=tmp_path)
    assert (ran.code, "there is no file data/customers.csv" in ran.err) == (1, True)


@pytest.mark.parametrize("arguments", [(), ("full",), ("full/a.txt",), ("a", "b")])
def test_init_never_writes_over_anything(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/a.txt").write_text("mine")
    ran = run_here("init", *arguments, cwd=tmp_path)
    assert ran.code == 2
    assert [p.name for p in tmp_path.rglob("*")] == ["full", "a.txt"]


def test_an_interrupted_init_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    for name, left in (("here", ["here"]), ("new", ["here"])):
        line = "import signal, os, targeting.sample as s; s.write_sample = lambda f: os.kill(os.getpid(), signal.SIGINT); from targeting.cli.main import main; main()"
        done = subprocess.run(
            [sys.executable, "-c", line, "init", name],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 128 + signal.SIGINT, done.stderr
        assert done.stderr == "targeting: interrupted; nothing half-written is left\n"
        assert [p.name for p in tmp_path.rglob("*")] == left


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_init_where_nothing_may_be_written_is_3(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    ran = run_here("init", "shop", cwd=tmp_path)
    tmp_path.chmod(0o755)
    assert (ran.code, "Permission denied" in ran.err) == (3, True)
