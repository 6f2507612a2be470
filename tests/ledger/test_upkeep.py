"""A year of nights: few files, the same answers, and no clock in what is joined when."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl

from targeting.ledger.commit import undo_run
from targeting.ledger.contacts import folded_through
from targeting.ledger.question import Question, Window
from targeting.ledger.read import read_past
from targeting.ledger.table import Ledger, opened
from targeting.ledger.upkeep import MOST_FILES, tidy
from tests.ledger.kit import email, new_ledger, night

FIRST = dt.date(2026, 1, 1)


def nights(ledger: Ledger, number: int, every: int = 1) -> dt.date:
    day = FIRST
    for count in range(number):
        day = FIRST + dt.timedelta(days=count * every)
        night(ledger, f"run-{count}", day, email("ann"), email(f"c{count}"))
        tidy(ledger, day)
    return day


def files(ledger: Ledger) -> int:
    return len(opened(ledger).file_uris())


def test_months_that_are_over_become_one_file_each(ledger: Ledger) -> None:
    nights(ledger, 40)  # all of January, nine nights of February
    assert files(ledger) == 2 * 1 + 2 * 9 + 1  # contacts and runs; the fold


def test_a_month_of_many_runs_stays_in_few_files(ledger: Ledger) -> None:
    for number in range(MOST_FILES + 3):
        night(ledger, f"run-{number}", FIRST, email("ann"))
        tidy(ledger, FIRST)
    assert files(ledger) == 2 * 3  # joined at the 33rd, and two more
    past = read_past(ledger, pl.Series(["ann"]), Question(FIRST))
    assert past.turns["contacts"].to_list() == [MOST_FILES + 3]


def test_tidying_twice_changes_nothing(ledger: Ledger) -> None:
    day = nights(ledger, 6, every=9)
    before = opened(ledger).version()
    tidy(ledger, day)
    assert opened(ledger).version() == before


def test_equal_histories_lie_in_equally_many_files(tmp_path: Path) -> None:
    one, other = (new_ledger(tmp_path / name) for name in ("one", "other"))
    nights(one, 12, every=5)
    nights(other, 12, every=5)
    assert files(one) == files(other)


def test_undoing_a_run_of_a_folded_month_unfolds_it(ledger: Ledger) -> None:
    night(ledger, "a", FIRST, email("ann", "welcome"))
    night(ledger, "b", FIRST + dt.timedelta(days=40))
    tidy(ledger, FIRST + dt.timedelta(days=40))
    assert folded_through(opened(ledger)) == "2026-01"
    undo_run(ledger, "a")
    ask = Question(FIRST + dt.timedelta(days=40), cooldowns={"welcome": None})
    assert read_past(ledger, pl.Series(["ann"]), ask).cooling.is_empty()


def test_a_look_at_a_day_before_the_fold_reads_history_itself(ledger: Ledger) -> None:
    day = nights(ledger, 3, every=30)
    assert folded_through(opened(ledger)) == "2026-01"
    ask = Question(FIRST, (Window(None, FIRST - dt.timedelta(days=1)),), last_contact=True)
    assert read_past(ledger, pl.Series(["ann", "c1"]), ask).last.rows() == [("ann", FIRST)]
    assert day == dt.date(2026, 3, 2)
