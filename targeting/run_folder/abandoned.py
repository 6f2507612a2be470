"""What a killed process left half-written in a folder of runs, removed without heavy imports."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

PUBLISHING = ".publishing"  # the run that was being committed
LOCK = ".lock"
PARTIALS = ".????-??-??-*.partial"


def remove_abandoned(out: Path) -> None:
    """Remove the unfinished runs of a folder in which nobody works, but for one that may be
    committed: the next command looks into the ledger before it names or removes that."""
    if os.name != "posix" or not (out / LOCK).exists():
        return
    import fcntl

    with contextlib.suppress(OSError), (out / LOCK).open("a+") as lock:
        fcntl.flock(lock.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not (out / PUBLISHING).exists():
            for left in out.glob(PARTIALS):
                remove(left)


def remove(path: Path) -> None:
    """Remove a file or folder of ours, wherever that can be done."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
