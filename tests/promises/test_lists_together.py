"""How many lists are in work at a time changes no list, no message and no figure."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from targeting.sample.write import write_sample
from tests.kit.shop import ROOT, SMALL, ShopFolder, run_here, shop


def run(folder: Path, out: str) -> dict[str, str]:
    ran = run_here("run", "--out", out, cwd=folder)
    assert ran.code == 0, ran.err
    (manifest,) = (folder / out).glob("2*/manifest.json")
    written = json.loads(manifest.read_bytes())
    told = {each["path"]: each["sha256"] for each in written.pop("outputs")}
    return told | {"manifest": json.dumps(written)}


def test_lists_written_rule_by_rule_are_those_written_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "shop"
    for name in ("rules", "segments", "exports", "templates"):
        shutil.copytree(ROOT / name, folder / name)
    write_sample(folder / "data")
    shutil.copyfile(ROOT / "targeting.yaml", folder / "targeting.yaml")
    together = run(folder, "together")
    assert sum(name.startswith("contacts/") for name in together) > 10
    shutil.copytree(folder / "together/models", folder / "apart/models")
    monkeypatch.setattr("targeting.results.lists.TOGETHER", 1)
    assert run(folder, "apart") == together


def test_all_messages_that_cannot_be_written_are_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = broken(tmp_path)
    both = made.run_here("run")
    monkeypatch.setattr("targeting.results.lists.TOGETHER", 1)
    apart = made.run_here("run")
    assert both.code == apart.code == 1
    assert both.err.count("error M201") == 2
    assert apart.err == both.err


def broken(tmp_path: Path) -> ShopFolder:
    """Make a shop of two rules, whose messages name the last visit: one customer each has none."""
    hello = SMALL["rules/marketing/hello.yaml"]
    other = hello.replace("Lahore", "Karachi").replace("hello", "other").replace("y: 1", "y: 2")
    came = "Subject: Hello\nYou came on {{ visited_on }}.\n"
    more = "g,30,Lahore,g@example.com,yes,\nh,30,Karachi,h@example.com,yes,\n"
    return shop(
        tmp_path / "shop",
        {
            "rules/marketing/other.yaml": other,
            "templates/messages/hello.j2": came,
            "templates/messages/other.j2": came,
            "customers.csv": SMALL["customers.csv"] + more,
        },
    )
