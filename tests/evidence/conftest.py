"""The sample shop over three nights, to be asked about."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from targeting.evidence.read_run import RunFolder, open_run
from targeting.sample import write_sample
from targeting.workspace.starter import copy_starter
from tests.kit.shop import run_here

GO_ON = ("--accept", "list_changed_over", "--accept", "newest_purchase_older_than")


@dataclass(frozen=True)
class Nights:
    """Three runs of 2,000 customers.

    Everybody is new to the first. The second comes four days later. The third is the first again,
    in another folder, as if the owner had edited rules, policy and segments, and some customers had
    withdrawn their consent.
    """

    first: RunFolder
    second: RunFolder
    third: RunFolder


@pytest.fixture(scope="session")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    folder = tmp_path_factory.mktemp("nights")
    copy_starter(folder)
    write_sample(folder / "data", customers=2000)
    first, second = _night(folder), _night(folder, "--as-of", "2026-11-28")
    _edit(folder)
    return Nights(first, second, _night(folder, "--out", "again"))


def _edit(folder: Path) -> None:
    """Change a limit, a holdout, a priority, a channel's capacity, the segments, and consents."""
    edits = [
        ("marketing/accessory_bundles", "pick: {at_most: 250,", "pick: {at_most: 3,"),
        ("marketing/welcome_second_visit", "holdout: 10%", "holdout: 40%"),
        ("policy", "call_consent, cost: 60, at_most: 200", "call_consent, cost: 60, at_most: 5"),
        ("policy", "cooldown: 14 days", "cooldown: 5 days"),
        ("marketing/brand_education", "priority: 60", "priority: 5"),
    ]
    for name, old, new in edits:
        path = folder / "rules" / f"{name}.yaml"
        text = path.read_text(encoding="utf-8")
        assert old in text, name
        path.write_text(text.replace(old, new), encoding="utf-8")
    path = folder / "segments" / "customers.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("window: 180 days", "window: 120 days"), encoding="utf-8")
    path = folder / "data" / "customers.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    withdrawn = [line.replace(",Y,", ",N,") for line in lines[1:400]]
    path.write_text("".join([lines[0], *withdrawn, *lines[400:]]), encoding="utf-8")


def _night(folder: Path, *more: str) -> RunFolder:
    ran = run_here("run", "--json", *more, *GO_ON, cwd=folder)
    assert ran.code == 0, ran.err
    return open_run(folder / ran.json["folder"])


def decided(run: RunFolder) -> dict[tuple[str, str], tuple[str, str, str]]:
    """Read decisions.parquet: customer and rule to outcome, reason, channel."""
    rows = pl.read_parquet(run.folder / "decisions.parquet")
    rows = rows.select("customer_id", "rule", "outcome", "reason", "channel")
    return {(a, b): (c, d, e) for a, b, c, d, e in rows.iter_rows()}
