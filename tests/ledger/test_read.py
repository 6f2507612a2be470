"""What a night hears of the past: windows, cooldowns, turns, and what counts for nothing."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from targeting.ledger.commit import undo_run
from targeting.ledger.question import Question, Window
from targeting.ledger.read import Past, read_past
from targeting.ledger.table import Ledger
from targeting.ledger.upkeep import tidy
from tests.ledger.kit import email, night

TODAY = dt.date(2026, 11, 24)
ANN = pl.Series("customer_id", ["zoe", "ann"])


def ago(days: int) -> dt.date:
    return TODAY - dt.timedelta(days=days)


def ask(ledger: Ledger, *windows: Window, as_of: dt.date = TODAY) -> Past:
    return read_past(ledger, ANN, Question(as_of, windows))


def counted(past: Past) -> list[tuple[object, ...]]:
    return past.counts.rows()


@pytest.mark.parametrize(("days", "counts"), [(0, True), (6, True), (7, False)])
def test_a_window_of_seven_days_is_tonight_and_the_six_days_before(
    ledger: Ledger, days: int, counts: bool
) -> None:
    night(ledger, "a", ago(days), email("ann"))
    assert counted(ask(ledger, Window("email", ago(7)))) == ([("ann", 1)] if counts else [])


def test_each_window_counts_its_own_channel_or_all(ledger: Ledger) -> None:
    night(ledger, "a", ago(1), email("ann"), ("ann", "recall", "sms", "selected", 4_000_000))
    past = ask(ledger, Window("email", ago(7)), Window(None, ago(30)), Window("call", ago(30)))
    assert past.counts.columns == ["customer_id", "window_0", "window_1", "window_2"]
    assert counted(past) == [("ann", 1, 2, 0)]


def test_a_rules_holdout_counts_as_a_contact_and_the_universal_one_does_not(
    ledger: Ledger,
) -> None:
    night(ledger, "a", ago(1), email("ann", outcome="held_out"))
    night(ledger, "b", ago(0), email("zoe", outcome="universal_holdout"))
    past = ask(ledger, Window(None, ago(30)))
    assert counted(past) == [("ann", 1)]
    assert past.used.is_empty()


def test_customers_who_are_not_asked_for_use_up_the_night_and_have_no_row(ledger: Ledger) -> None:
    night(ledger, "a", TODAY, email("gone"), email("ann"))
    past = ask(ledger, Window(None, ago(30)))
    assert counted(past) == [("ann", 1)]
    assert past.turns.rows() == [("ann", "email", 1)]
    assert past.used.rows() == [("win_back", "email", 2, 100_000)]


def test_an_undone_run_counts_for_nothing(ledger: Ledger) -> None:
    night(ledger, "a", TODAY, email("ann"))
    undo_run(ledger, "a")
    past = read_past(
        ledger, ANN, Question(TODAY, (Window(None, ago(9)),), {"win_back": None}, last_contact=True)
    )
    for nothing in (past.counts, past.cooling, past.last, past.turns, past.used):
        assert nothing.is_empty()


def test_a_later_run_is_not_seen_by_a_look_at_an_earlier_day(ledger: Ledger) -> None:
    night(ledger, "a", TODAY, email("ann"))
    assert counted(ask(ledger, Window(None, ago(30)), as_of=ago(1))) == []


def test_a_rules_cooldown_is_told_by_its_last_contact(ledger: Ledger) -> None:
    night(ledger, "a", ago(14), email("ann", "win_back"), email("zoe", "win_back"))
    night(ledger, "b", ago(13), email("ann", "win_back"), email("ann", "birthday"))
    past = read_past(ledger, ANN, Question(TODAY, cooldowns={"win_back": ago(14)}))
    assert past.cooling.rows() == [("ann", "win_back", ago(13))]


@pytest.mark.parametrize("folded", [False, True])
def test_once_ever_looks_back_over_all_of_history(ledger: Ledger, folded: bool) -> None:
    night(ledger, "a", ago(800), email("ann", "welcome"), email("zoe", "birthday"))
    night(ledger, "b", ago(3), email("zoe", "birthday"))
    if folded:
        tidy(ledger, ago(3))
    question = Question(TODAY, cooldowns={"welcome": None}, last_contact=True)
    past = read_past(ledger, ANN, question)
    assert past.cooling.rows() == [("ann", "welcome", ago(800))]
    assert past.last.rows() == [("zoe", ago(3)), ("ann", ago(800))]


def test_answers_stand_in_the_order_of_tonights_customers(ledger: Ledger) -> None:
    night(ledger, "a", ago(1), email("ann"), email("zoe"))
    assert [row[0] for row in counted(ask(ledger, Window(None, ago(5))))] == ["zoe", "ann"]


def test_months_outside_the_longest_window_are_not_read(ledger: Ledger) -> None:
    night(ledger, "old", dt.date(2026, 9, 30), email("ann"))
    night(ledger, "new", dt.date(2026, 11, 1), email("ann"))
    assert ledger.folder is not None
    for path in ledger.folder.glob("record=contact/month=2026-09/*"):
        path.write_bytes(b"whoever reads this fails")
    assert counted(ask(ledger, Window(None, dt.date(2026, 9, 30)))) == [("ann", 1)]
