"""What the program asks of Polars' memory, and where it leaves that to the user."""

from __future__ import annotations

import os
import subprocess
import sys

NAME = "_RJEM_MALLOC_CONF"
ASKED = f"""
import os
from targeting.cli.ahead import keep_freed_memory
keep_freed_memory(bounded=BOUNDED)
print(os.environ.get({NAME!r}, ""))
import polars
print(polars.Series([1, 2]).sum())
"""


def asked(*, bounded: bool = False, **variables: str) -> subprocess.CompletedProcess[str]:
    before = {name: value for name, value in os.environ.items() if name != NAME}
    return subprocess.run(
        [sys.executable, "-c", ASKED.replace("BOUNDED", str(bounded))], env=before | variables,
        capture_output=True, text=True, check=True,
    )  # fmt: skip


def test_polars_takes_what_it_is_asked_without_a_word() -> None:
    done = asked()
    said, works = done.stdout.splitlines()
    assert f"narenas:{os.cpu_count()}," in said
    assert (works, done.stderr) == ("3", "")


def test_a_job_that_is_to_stay_small_keeps_less_of_what_it_freed() -> None:
    kept = [asked(bounded=each).stdout.split("dirty_decay_ms:")[1] for each in (True, False)]
    seconds = [int(each.partition(",")[0]) / 1_000 for each in kept]
    assert seconds == [1, 10]


def test_what_a_user_asks_stays() -> None:
    assert asked(_RJEM_MALLOC_CONF="narenas:1").stdout.splitlines()[0] == "narenas:1"
