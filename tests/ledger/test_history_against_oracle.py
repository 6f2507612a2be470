"""Random histories: every answer equals a slow loop over all contacts that count."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.ledger.commit import undo_run
from targeting.ledger.question import Question, Window
from targeting.ledger.read import Past, read_past
from targeting.ledger.upkeep import tidy
from tests.ledger.kit import Contact, Oracle, new_ledger, night

FIRST = dt.date(2026, 1, 20)
PEOPLE = ("ann", "ben", "zoe", "zöe", "")
RULES = ("win_back", "welcome", "birthday")
CHANNELS = ("email", "sms")

contacts = st.lists(
    st.tuples(
        st.sampled_from(PEOPLE),
        st.sampled_from(RULES),
        st.sampled_from(CHANNELS),
        st.sampled_from(["selected", "held_out", "universal_holdout"]),
        st.integers(0, 10**12),
    ),
    max_size=6,
)
# A step: days since the last run, its contacts, and which earlier run is undone, if any.
histories = st.lists(st.tuples(st.sampled_from([0, 1, 9, 40]), contacts, st.integers(-9, 4)),
                     min_size=1, max_size=6)  # fmt: skip
spans = st.sampled_from([1, 2, 30, 60])


@settings(max_examples=15, deadline=None)
@given(histories, spans, spans, spans)
def test_every_answer_equals_a_loop_over_the_history(
    history: list[tuple[int, list[Contact], int]], window: int, longer: int, cooldown: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        ledger, oracle, day = new_ledger(Path(folder)), Oracle(), FIRST
        for number, (days, taken, undone) in enumerate(history):
            day += dt.timedelta(days=days)
            night(ledger, f"run-{number}", day, *taken)
            oracle.runs[f"run-{number}"] = (day, taken)
            if f"run-{undone}" in oracle.runs:
                undo_run(ledger, f"run-{undone}")
                del oracle.runs[f"run-{undone}"]
            tidy(ledger, day)
            question = Question(
                day,
                (Window("email", back(day, window)), Window(None, back(day, longer))),
                {"win_back": back(day, cooldown), "welcome": None},
                last_contact=True,
            )
            agrees(read_past(ledger, pl.Series(PEOPLE), question), oracle, question)


def back(day: dt.date, days: int) -> dt.date:
    return day - dt.timedelta(days=days)


def agrees(past: Past, oracle: Oracle, question: Question) -> None:
    first, second = (oracle.within(window, question.as_of) for window in question.windows)
    assert {row[0]: row[1:] for row in past.counts.iter_rows()} == {
        who: (first.get(who, 0), second.get(who, 0)) for who in {*first, *second}
    }
    assert {row[:2]: row[2] for row in past.cooling.iter_rows()} == oracle.cooling(question)
    assert dict(past.last.iter_rows()) == oracle.newest(question.as_of)
    today = oracle.today(question.as_of)
    turns = [(who, channel) for who, _, channel, _, _ in today]
    assert {row[:2]: row[2] for row in past.turns.iter_rows()} == {
        turn: turns.count(turn) for turn in turns
    }
    used = [(rule, channel) for _, rule, channel, _, _ in today]
    assert {row[:2]: row[2:] for row in past.used.iter_rows()} == {
        one: (used.count(one), sum(c[4] for c in today if (c[1], c[2]) == one)) for one in used
    }
