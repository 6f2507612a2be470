"""Nights for the ledger's tests, and what they come to in plain Python."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from targeting.ledger.commit import commit_run
from targeting.ledger.question import Question, Window
from targeting.ledger.read import read_past
from targeting.ledger.runs import known_runs
from targeting.ledger.table import Ledger, open_ledger

Contact = tuple[str, str, str, str, int]  # customer, rule, channel, outcome, cost

NOBODY = pl.Series("customer_id", [], dtype=pl.String)


def new_ledger(folder: Path) -> Ledger:
    return open_ledger(str(folder / "ledger"), folder / "ledger.key")


def night(ledger: Ledger, run_id: str, as_of: dt.date, *contacts: Contact) -> None:
    """Commit one run, decided by the newest state."""
    seen = read_past(ledger, NOBODY, Question(as_of)).seen
    commit_run(ledger, run_id, as_of, frame(*contacts), seen=seen)


def frame(*contacts: Contact) -> pl.DataFrame:
    schema = {
        "customer_id": pl.String,
        "rule": pl.String,
        "channel": pl.String,
        "outcome": pl.String,
        "cost": pl.Int64,
    }
    rows = pl.DataFrame(contacts, schema=schema, orient="row")
    return rows.with_columns(pl.lit(None, dtype=pl.String).alias("holdout"))


def email(customer: str, rule: str = "win_back", outcome: str = "selected") -> Contact:
    return (customer, rule, "email", outcome, 50_000)


def holds(folder: Path, secret: bytes) -> bool:
    """Look for bytes, raw or in hex, in every file of a folder and in every unpacked Parquet."""
    return any(secret in data or secret.hex().encode() in data for data in _all_bytes(folder))


def _all_bytes(folder: Path) -> Iterator[bytes]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield path.read_bytes()
            if path.suffix == ".parquet":
                unpacked = io.BytesIO()
                pl.read_parquet(path, hive_partitioning=False).write_ipc(unpacked)
                yield unpacked.getvalue()


def undone(ledger: Ledger) -> dict[str, bool]:
    return dict(known_runs(ledger).select("run_id", "undone").iter_rows())


@dataclass
class Oracle:
    """The same history as lists, and every answer by a loop over all of it."""

    runs: dict[str, tuple[dt.date, list[Contact]]] = field(default_factory=dict)

    def counting(self, until: dt.date) -> list[tuple[dt.date, Contact]]:
        return [
            (day, contact)
            for day, contacts in self.runs.values()
            for contact in contacts
            if day <= until and contact[3] != "universal_holdout"
        ]

    def within(self, window: Window, as_of: dt.date) -> dict[str, int]:
        found: dict[str, int] = {}
        for day, (customer, _, channel, _, _) in self.counting(as_of):
            if day > window.after and window.channel in (None, channel):
                found[customer] = found.get(customer, 0) + 1
        return found

    def last(self, as_of: dt.date) -> dict[tuple[str, str], dt.date]:
        found: dict[tuple[str, str], dt.date] = {}
        for day, (customer, rule, _, _, _) in self.counting(as_of):
            found[customer, rule] = max(day, found.get((customer, rule), day))
        return found

    def cooling(self, question: Question) -> dict[tuple[str, str], dt.date]:
        cooldowns = question.cooldowns
        return {
            (customer, rule): day
            for (customer, rule), day in self.last(question.as_of).items()
            if rule in cooldowns and day > (cooldowns[rule] or dt.date.min)
        }

    def newest(self, as_of: dt.date) -> dict[str, dt.date]:
        last = self.last(as_of)
        return {
            who: max(day for (one, _), day in last.items() if one == who)
            for who in {who for who, _ in last}
        }

    def today(self, as_of: dt.date) -> list[Contact]:
        return [contact for day, contact in self.counting(as_of) if day == as_of]
