"""What is installed from the wheel needs nothing of the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.kit.shop import ROOT


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel with the locked hatchling, and unpack it as an installer would."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def installed(unpacked: Path, *line: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run Python outside of the checkout, the wheel before all else on its path."""
    return subprocess.run(
        [sys.executable, *line],
        cwd=cwd, env={**os.environ, "PYTHONPATH": str(unpacked)},
        capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip


def test_a_wheel_makes_a_workspace_and_runs_it(unpacked: Path, tmp_path: Path) -> None:
    where = installed(unpacked, "-c", "import targeting; print(targeting.__file__)", cwd=tmp_path)
    assert where.stdout.startswith(str(unpacked))
    made = installed(unpacked, "-m", "targeting", "init", "shop", cwd=tmp_path)
    assert (made.returncode, made.stderr) == (0, "")
    ran = installed(unpacked, "-m", "targeting", "run", cwd=tmp_path / "shop")
    assert ran.returncode == 0, ran.stderr
    run = (tmp_path / "shop/out/latest").read_text().strip()
    assert list((tmp_path / "shop/out" / run / "contacts").glob("*/*.csv"))


def test_a_wheel_holds_the_program_and_the_starter_and_nothing_else(unpacked: Path) -> None:
    assert {p.name for p in unpacked.iterdir() if not p.name.endswith(".dist-info")} == {
        "targeting"
    }
    starter = unpacked / "targeting/workspace/starter"
    assert {p.name for p in starter.iterdir()} == {
        "targeting.yaml", "segments", "rules", "exports", "templates",
    }  # fmt: skip
    scripts = next(unpacked.glob("*.dist-info")) / "entry_points.txt"
    assert "targeting = targeting.cli.main:main" in scripts.read_text()
