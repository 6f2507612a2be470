"""Forgetting: nothing of the person is left on disk, and the next file brings nobody back."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from targeting.ledger.commit import undo_run
from targeting.ledger.erase import erase_months, forget, is_forgotten, own_identifiers
from targeting.ledger.key import hmac_of
from targeting.ledger.question import Question, Window
from targeting.ledger.read import read_past
from targeting.ledger.runs import known_runs
from targeting.ledger.table import Ledger, opened
from targeting.ledger.upkeep import tidy
from tests.ledger.kit import email, holds, night

DAY = dt.date(2026, 11, 24)
PEOPLE = pl.DataFrame(
    {
        "customer_id": ["ann", "ben", "zoe"],
        "email": ["ann@example.com", "ben@example.com", None],
        "phone": ["+4915112345678", "+4915112345678", None],
    }
)


def hash_of(ledger: Ledger, customer: str) -> bytes:
    found: bytes = pl.select(hmac_of(pl.lit(customer), ledger.key)).item()
    return found


def forget_ann(ledger: Ledger) -> int:
    gone = pl.Series("customer_id", ["ann"])
    return forget(ledger, gone, own_identifiers(PEOPLE, gone))


def long_history(ledger: Ledger) -> None:
    """Make log, checkpoints, compacted files, a fold, reversals and orphans that all knew ann."""
    for days in range(70, 0, -3):
        day = DAY - dt.timedelta(days=days)
        night(ledger, f"run-{days}", day, email("ann"), email("ben"), email("zoe"))
        tidy(ledger, day)
    undo_run(ledger, "run-1")
    tidy(ledger, DAY)
    opened(ledger).create_checkpoint()
    assert ledger.folder is not None
    known = next(ledger.folder.glob("record=contact/*/*.parquet"))
    known.with_name("part-orphan.parquet").write_bytes(known.read_bytes())


def test_no_byte_of_the_forgotten_is_left(ledger: Ledger) -> None:
    long_history(ledger)
    assert ledger.folder is not None
    assert holds(ledger.folder, hash_of(ledger, "ann"))
    forget_ann(ledger)
    assert not holds(ledger.folder, hash_of(ledger, "ann"))
    assert holds(ledger.folder, hash_of(ledger, "ben"))


def test_the_others_keep_their_history_and_the_log_no_statistics(ledger: Ledger) -> None:
    long_history(ledger)
    ask = Question(DAY, (Window(None, DAY - dt.timedelta(days=99)),), {"win_back": None})
    before = read_past(ledger, pl.Series(["ben", "zoe"]), ask)
    forget_ann(ledger)
    after = read_past(ledger, pl.Series(["ann", "ben", "zoe"]), ask)
    assert after.counts.equals(before.counts)
    assert after.cooling.equals(before.cooling)
    statistics = pl.DataFrame(opened(ledger).get_add_actions(flatten=True)).columns
    told = {name.split(".")[1] for name in statistics if name.startswith(("min", "max", "null"))}
    assert told == {"as_of"}


def test_many_at_once_leave_no_byte_either(ledger: Ledger) -> None:
    people = [f"c{number}" for number in range(500)]
    night(ledger, "a", DAY, *map(email, people))
    gone = pl.Series("customer_id", people[:300])
    assert forget(ledger, gone, gone.to_frame()) == 300
    assert ledger.folder is not None
    for customer in people[:300:30]:
        assert not holds(ledger.folder, hash_of(ledger, customer))
    assert holds(ledger.folder, hash_of(ledger, people[-1]))


def test_a_forgotten_customer_is_known_again_by_id_and_own_addresses(ledger: Ledger) -> None:
    forget_ann(ledger)
    rows = pl.DataFrame(
        {
            "customer_id": ["ann", "new-1", "new-2", "ben", None],
            "email": [None, "ann@example.com", "other@example.com", "ben@example.com", None],
            "phone": [None, None, "+4915112345678", "+4915112345678", None],
        }
    )
    assert is_forgotten(ledger, rows).to_list() == [True, True, False, False, False]
    assert is_forgotten(ledger, rows.select("email")).to_list() == [
        False,
        True,
        False,
        False,
        False,
    ]


def test_an_identifier_is_known_only_as_what_it_was(ledger: Ledger) -> None:
    forget_ann(ledger)
    assert not is_forgotten(ledger, pl.DataFrame({"email": ["ann"]})).any()


def test_before_anybody_was_forgotten_nobody_is(ledger: Ledger) -> None:
    rows = pl.DataFrame({"customer_id": ["ann"]})
    assert is_forgotten(ledger, rows).to_list() == [False]
    assert is_forgotten(None, rows).to_list() == [False]
    assert is_forgotten(ledger, pl.DataFrame({"product_id": ["p"]})).to_list() == [False]


def test_forgetting_twice_is_forgetting_once(ledger: Ledger) -> None:
    night(ledger, "a", DAY, email("ann"), email("ben"))
    assert forget_ann(ledger) == 1
    assert forget_ann(ledger) == 0
    marks = pl.scan_delta(opened(ledger)).filter(pl.col("record") == "forgotten").collect()
    assert marks.height == 2  # id and e-mail; the phone is ben's too
    assert is_forgotten(ledger, PEOPLE).to_list() == [True, False, False]


@pytest.mark.parametrize("folded", [False, True])
def test_months_before_the_kept_time_are_erased_with_their_runs(
    ledger: Ledger, folded: bool
) -> None:
    night(ledger, "old", dt.date(2026, 8, 31), email("ann"))
    night(ledger, "kept", dt.date(2026, 9, 1), email("ben"))
    night(ledger, "new", DAY)
    if folded:
        tidy(ledger, DAY)
    erase_months(ledger, dt.date(2026, 9, 20))
    assert known_runs(ledger)["run_id"].to_list() == ["kept", "new"]
    past = read_past(ledger, PEOPLE["customer_id"], Question(DAY, last_contact=True))
    assert past.last["customer_id"].to_list() == ["ben"]
    assert ledger.folder is not None
    assert not holds(ledger.folder, hash_of(ledger, "ann"))


def test_erasing_nothing_changes_nothing(ledger: Ledger) -> None:
    night(ledger, "new", DAY, email("ann"))
    version = opened(ledger).version()
    erase_months(ledger, DAY)
    assert opened(ledger).version() == version


def test_the_forgotten_stay_forgotten_when_old_months_go(ledger: Ledger) -> None:
    night(ledger, "old", dt.date(2025, 1, 1), email("ann"))
    forget_ann(ledger)
    erase_months(ledger, DAY)
    assert is_forgotten(ledger, PEOPLE).to_list() == [True, False, False]
