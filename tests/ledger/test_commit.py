"""Committing a run: whole or not at all, once, and back again while nothing has left."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from targeting.ledger.change import Overtaken, last_change
from targeting.ledger.commit import commit_run, contacts_of, mark_run, three_times, undo_run
from targeting.ledger.question import Question, Window
from targeting.ledger.read import read_past
from targeting.ledger.runs import known_runs, next_run_id, refuse_an_earlier_day
from targeting.ledger.table import Ledger, opened
from targeting.problems import Refused
from tests.ledger.kit import NOBODY, email, frame, new_ledger, night, undone

DAY = dt.date(2026, 11, 24)


def rows_by_run(ledger: Ledger) -> dict[str, int]:
    rows = pl.scan_delta(opened(ledger)).filter(pl.col("record") == "contact")
    return dict(rows.group_by("run_id").len().collect().iter_rows())


def start(folder: Path, name: str, runs: int, contacts: int) -> subprocess.Popen[bytes]:
    """Start a committer of its own; it waits for a line on its input."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.ledger.committer", folder, name, str(runs), str(contacts)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "POLARS_MAX_THREADS": "1"},
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"
    return child


def test_a_run_that_contacts_nobody_is_a_run(ledger: Ledger) -> None:
    night(ledger, "a", DAY)
    assert known_runs(ledger).rows() == [("a", DAY, False, False, False)]


def test_who_decided_by_an_old_state_commits_nothing(ledger: Ledger) -> None:
    seen = read_past(ledger, NOBODY, Question(DAY)).seen
    night(ledger, "first", DAY, email("ann"))
    with pytest.raises(Overtaken):
        commit_run(ledger, "second", DAY, frame(email("ann")), seen=seen)
    assert list(undone(ledger)) == ["first"]


def test_an_undoing_overtakes_too(ledger: Ledger) -> None:
    night(ledger, "a", DAY, email("ann"))
    seen = read_past(ledger, NOBODY, Question(DAY)).seen
    undo_run(ledger, "a")
    with pytest.raises(Overtaken):
        commit_run(ledger, "b", DAY, frame(email("ann")), seen=seen)


def test_three_times_decides_again_and_then_refuses(ledger: Ledger) -> None:
    tries = []

    def always_late() -> None:
        tries.append(1)
        raise Overtaken

    with pytest.raises(Refused, match="L109"):
        three_times(always_late, ledger)
    assert len(tries) == 3
    assert three_times(lambda: "decided", ledger) == "decided"


def test_decisions_become_contacts_with_both_arms_of_a_holdout() -> None:
    decisions = pl.DataFrame(
        {
            "customer_id": ["ann", "ben", "zoe", "max"],
            "rule": ["r", "r", "r", "s"],
            "channel": ["email"] * 4,
            "outcome": ["selected", "held_out", "held_out", "refused"],
            "reason": ["", "", "universal_holdout", "outranked"],
            "cost": [0.05, 0.05, 0.0, 0.0],
        }
    )
    assert contacts_of(decisions, {"r": "welcome_test"}).rows() == [
        ("ann", "r", "welcome_test", "email", "selected", 50_000),
        ("ben", "r", "welcome_test", "email", "held_out", 50_000),
        ("zoe", "r", None, "email", "universal_holdout", 0),
    ]


def test_an_equal_run_is_not_run_again_until_it_is_undone(ledger: Ledger) -> None:
    equal = "2026-11-24-0123abcd"
    assert next_run_id(equal, known_runs(ledger)) == (equal, False)
    night(ledger, equal, DAY)
    assert next_run_id(equal, known_runs(ledger)) == (equal, True)
    undo_run(ledger, equal)
    assert next_run_id(equal, known_runs(ledger)) == (f"{equal}-2", False)
    night(ledger, f"{equal}-2", DAY)
    assert next_run_id(equal, known_runs(ledger)) == (f"{equal}-2", True)
    undo_run(ledger, f"{equal}-2")
    assert next_run_id(equal, known_runs(ledger)) == (f"{equal}-3", False)


def test_a_day_before_the_newest_is_refused_until_the_newest_is_undone(ledger: Ledger) -> None:
    night(ledger, "a", DAY)
    refuse_an_earlier_day(ledger, known_runs(ledger), DAY)
    yesterday = DAY - dt.timedelta(days=1)
    with pytest.raises(Refused, match="L105"):
        refuse_an_earlier_day(ledger, known_runs(ledger), yesterday)
    undo_run(ledger, "a")
    refuse_an_earlier_day(ledger, known_runs(ledger), yesterday)


def test_undoing_adds_reversing_rows_that_take_the_cost_back(ledger: Ledger) -> None:
    night(ledger, "a", DAY, email("ann"), email("ben", outcome="held_out"))
    undo_run(ledger, "a")
    rows = pl.scan_delta(opened(ledger)).filter(pl.col("record") == "contact").collect()
    back = rows.filter(pl.col("reverses") == "a")
    assert back.height == 2
    assert rows["cost"].sum() == 0
    same = ["run_id", "as_of", "customer", "rule", "channel", "outcome"]
    first = rows.filter(pl.col("reverses").is_null())
    assert_frame_equal(first.select(same), back.select(same), check_row_order=False)


def test_what_cannot_be_undone_says_why(ledger: Ledger) -> None:
    for name in ("gone", "posted", "delivered"):
        night(ledger, name, DAY)
    undo_run(ledger, "gone")
    mark_run(ledger, "posted", "sent")
    mark_run(ledger, "delivered", "delivered")
    for name, code in (("x", "L106"), ("gone", "L107"), ("posted", "L108"), ("delivered", "L108")):
        with pytest.raises(Refused, match=code):
            undo_run(ledger, name)
    with pytest.raises(Refused, match="L107"):
        mark_run(ledger, "gone", "sent")


def test_marking_twice_is_marking_once(ledger: Ledger) -> None:
    night(ledger, "a", DAY)
    mark_run(ledger, "a", "sent")
    before = last_change(opened(ledger))
    mark_run(ledger, "a", "sent")
    assert last_change(opened(ledger)) == before
    assert known_runs(ledger).rows() == [("a", DAY, False, True, False)]


def test_of_two_programs_at_once_each_change_is_won_by_one_and_nothing_is_lost(
    tmp_path: Path,
) -> None:
    children = [start(tmp_path, name, 6, 3) for name in ("left", "right")]
    for child in children:
        assert child.stdin is not None
        child.stdin.write(b"go\n")
        child.stdin.flush()
    assert [child.wait(60) for child in children] == [0, 0]
    for child in children:
        child.communicate()
    ledger = new_ledger(tmp_path)
    expected = {f"{name}-{number}": 3 for name in ("left", "right") for number in range(6)}
    assert rows_by_run(ledger) == expected
    assert last_change(opened(ledger)) == 12


@pytest.mark.parametrize("milliseconds", [2, 15, 40, 90])
def test_a_program_killed_in_the_middle_leaves_whole_runs_only(
    tmp_path: Path, milliseconds: int
) -> None:
    child = start(tmp_path, "run", 1000, 2000)
    assert child.stdin is not None
    child.stdin.write(b"go\n")
    child.stdin.flush()
    time.sleep(milliseconds / 1000)
    child.kill()
    child.communicate()
    ledger = new_ledger(tmp_path)
    runs = known_runs(ledger)["run_id"].to_list()
    assert rows_by_run(ledger) == dict.fromkeys(runs, 2000)
    assert last_change(opened(ledger)) == len(runs)
    night(ledger, "next", DAY, email("customer-0"))
    past = read_past(
        ledger,
        pl.Series(["customer-0"]),
        Question(DAY, (Window(None, DAY - dt.timedelta(days=1)),)),
    )
    assert past.counts["window_0"].to_list() == [len(runs) + 1]
