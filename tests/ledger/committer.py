"""A program of its own that commits a run, waits for a line, and commits the others.

Arguments: folder, name, number of runs, contacts a run.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import sys
from pathlib import Path

from targeting.ledger.change import Overtaken
from tests.ledger.kit import email, new_ledger, night

if __name__ == "__main__":
    folder, name, runs, contacts = sys.argv[1:]
    ledger = new_ledger(Path(folder))
    people = [email(f"customer-{number}") for number in range(int(contacts))]
    for number in range(int(runs)):
        while True:
            with contextlib.suppress(Overtaken):
                night(ledger, f"{name}-{number}", dt.date(2026, 11, 24), *people)
                break
        if number == 0:  # warm now: what follows takes milliseconds
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            sys.stdin.readline()
