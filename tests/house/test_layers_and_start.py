"""Imports point one way, and `--help` waits for nobody."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from targeting.cli.main import COMMANDS
from targeting.cli.stock import PARTS
from tests.kit.shop import ROOT, run_here

HEAVY = {"polars", "pydantic", "sklearn", "numpy", "scipy", "pandas", "altair", "rich", "yaml"}


def test_imports_point_one_way() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    if not lint.exists():
        pytest.skip("import-linter is not installed")
    done = subprocess.run([lint], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "targeting", *arguments],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    imported = set(re.findall(r"\| +([\w.]+)$", done.stderr, re.M))
    assert "targeting.cli.main" in imported
    assert {name.partition(".")[0] for name in imported} & HEAVY == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_a_file_with_one_sentence_and_one_example(
    name: str, tmp_path: Path
) -> None:
    command = importlib.import_module(f"targeting.cli.{name}").command
    assert isinstance(command, click.Command)
    assert command.name == name
    ran = run_here(name, "--help", cwd=tmp_path)
    assert (ran.code, ran.err) == (0, "")
    assert f"Example: targeting {name}" in " ".join(ran.out.split())


def test_every_command_file_is_a_command() -> None:
    with_command = {
        path.stem
        for path in (ROOT / "targeting/cli").glob("*.py")
        if "@click.command(" in path.read_text(encoding="utf-8")
    }
    parts = {f"stock_{part}" for part in PARTS}
    assert with_command == (set(COMMANDS) - {"stock"}) | parts


@pytest.mark.parametrize("part", PARTS)
def test_every_part_of_a_command_has_one_sentence_and_one_example(
    part: str, tmp_path: Path
) -> None:
    ran = run_here("stock", part, "--help", cwd=tmp_path)
    assert (ran.code, ran.err) == (0, "")
    assert f"Example: targeting stock {part}" in " ".join(ran.out.split())


def test_help_lists_every_command(tmp_path: Path) -> None:
    ran = run_here("--help", cwd=tmp_path)
    assert ran.code == 0
    for name, what in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(what[:20])}", ran.out, re.M)
