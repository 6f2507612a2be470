"""The ledger read aloud: everything of a customer, undone and universally held out too."""

from __future__ import annotations

import datetime as dt

import polars as pl

from targeting.ledger.commit import undo_run
from targeting.ledger.history import contacts_by_rule, contacts_with
from targeting.ledger.table import Ledger
from tests.ledger.kit import email, night

DAY = dt.date(2026, 11, 24)
BEFORE = dt.date(2026, 3, 1)
ANN = pl.Series("customer_id", ["ann", "ann"])


def three_runs(ledger: Ledger) -> None:
    night(ledger, "a", BEFORE, email("ann", "welcome"), email("ben", "welcome"))
    night(ledger, "b", DAY, email("ann", outcome="universal_holdout"))
    night(ledger, "c", DAY, email("ann", outcome="held_out"), email("ben"))
    undo_run(ledger, "c")


def test_a_customer_hears_all_of_it_once(ledger: Ledger) -> None:
    three_runs(ledger)
    heard = contacts_with(ledger, ANN).select("run_id", "customer_id", "outcome", "undone")
    assert heard.rows() == [
        ("a", "ann", "selected", False),
        ("b", "ann", "universal_holdout", False),
        ("c", "ann", "held_out", True),
    ]


def test_measure_asks_for_a_rule_since_a_day_or_for_a_run(ledger: Ledger) -> None:
    three_runs(ledger)
    people = pl.Series("customer_id", ["ben", "ann"])
    assert contacts_with(ledger, people, rule="welcome")["customer_id"].to_list() == ["ann", "ben"]
    assert contacts_with(ledger, people, since=DAY)["run_id"].to_list() == ["b", "c", "c"]
    assert contacts_with(ledger, people, run_id="b")["customer_id"].to_list() == ["ann"]


def test_the_shop_hears_counts_by_run_rule_and_outcome(ledger: Ledger) -> None:
    three_runs(ledger)
    counts = contacts_by_rule(ledger).select("run_id", "rule", "outcome", "contacts", "undone")
    assert counts.rows() == [
        ("a", "welcome", "selected", 2, False),
        ("b", "win_back", "universal_holdout", 1, False),
        ("c", "win_back", "held_out", 1, True),
        ("c", "win_back", "selected", 1, True),
    ]
