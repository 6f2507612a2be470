"""A run that is killed at any moment has happened or has not; the next one is right."""

from __future__ import annotations

import datetime as dt
import os
import random
from pathlib import Path

import pytest

from targeting.ledger.runs import known_runs
from tests.kit import killed
from tests.kit.shop import ROOT, SMALL, ShopFolder

pytestmark = pytest.mark.skipif(os.name != "posix", reason="there is no kill -9")

KILLS, NIGHTS = 15, 3
FIRST = dt.date(2026, 11, 1)


@pytest.fixture(autouse=True)
def _with_our_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # for the server that forks


def days(number: int) -> list[str]:
    """Give days in order, some of them twice as near as the limit is wide."""
    return [(FIRST + dt.timedelta(days=4 * n)).isoformat() for n in range(number)]


def test_fifteen_kills_change_nothing(tmp_path: Path) -> None:
    struck = killed.busy_shop(tmp_path / "struck")
    spared = killed.busy_shop(tmp_path / "spared")
    chance = random.Random(13)  # noqa: S311
    longest = max(killed.seconds_of(spared.folder, "run", "--as-of", day) for day in days(NIGHTS))
    for day in days(NIGHTS):
        for _ in range(KILLS // NIGHTS):
            run = killed.start(struck.folder, "run", "--as-of", day)
            killed.kill_after(run, chance.uniform(0, longest))
            killed.check_whole(struck)
        assert struck.run_here("run", "--as-of", day).code == 0
    assert killed.contacts(struck).equals(killed.contacts(spared))
    assert killed.files_of(struck) == killed.files_of(spared)
    assert killed.twice_in_a_period(killed.contacts(struck)) == 0


def test_of_five_runs_at_once_none_is_lost_and_nobody_is_contacted_twice(tmp_path: Path) -> None:
    made = killed.busy_shop(tmp_path / "shop")
    base = SMALL["rules/marketing/hello.yaml"]
    others = [
        killed.busy_shop(tmp_path / f"shop{n}", {f"rules/marketing/only{n}.yaml": base})
        for n in range(2)
    ]
    asked = [(other.folder, "2026-11-24") for other in others]
    asked += [(made.folder, f"2026-11-2{day}") for day in (4, 5, 6)]
    out = str(made.folder / "out")
    runs = [killed.start(folder, "run", "--as-of", day, "--out", out) for folder, day in asked]
    for run in runs:
        run.join(120)
    ends = [run.exitcode for run in runs]
    assert set(ends) <= {0, 1}  # 1: a later day was faster
    rows = killed.contacts(made)
    assert killed.twice_in_a_period(rows) == 0
    assert rows.group_by("as_of").len()["len"].max() <= 40  # type: ignore[operator]
    committed = set(known_runs(killed.ledger_of(made))["run_id"])
    assert {path.name for path in made.runs} == committed
    done = {day for end, (_, day) in zip(ends, asked, strict=True) if end == 0}
    assert {name[:10] for name in committed} == done
    assert "2026-11-26" in done
    killed.check_whole(made)


def test_a_killed_forget_is_finished_by_doing_it_again(tmp_path: Path) -> None:
    made = killed.busy_shop(tmp_path / "shop")
    for day in days(3):
        assert made.run_here("run", "--as-of", day).code == 0
    names = iter(killed.CUSTOMERS)
    longest = killed.seconds_of(made.folder, "forget", next(names), "--yes")
    chance = random.Random(31)  # noqa: S311
    for _ in range(4):
        gone = next(names)
        command = killed.start(made.folder, "forget", gone, "--yes")
        killed.kill_after(command, chance.uniform(0.2, 1) * longest)
        killed.check_whole(made)
        assert made.run_here("forget", gone, "--yes").code == 0
        assert _still_naming(made, gone) == []


def _still_naming(made: ShopFolder, customer: str) -> list[str]:
    from tests.kit.forgetful import found_in

    found = found_in(made.folder / "out", [customer, f"{customer}@example.com"])
    return sorted(name for name, _ in found)
