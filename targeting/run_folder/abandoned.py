"""What a killed process left half-written in a folder of runs, removed without heavy imports."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

PUBLISHING = ".publishing"  # the run that was being committed
LOCK = ".lock"
SPILL = ".spill-"  # and the number of the process
PARTIALS = ".????-??-??-*.partial"


def remove_abandoned(out: Path) -> None:
    """Remove the unfinished runs of a folder in which nobody works, but for one that may be
    committed: the next command looks into the ledger before it names or removes that."""
    remove_spills(out)
    if os.name != "posix" or not (out / LOCK).exists():
        return
    import fcntl

    with contextlib.suppress(OSError), (out / LOCK).open("a+") as lock:
        fcntl.flock(lock.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not (out / PUBLISHING).exists():
            for left in out.glob(PARTIALS):
                remove(left)


def remove_spills(out: Path) -> None:
    """Remove what processes that are no more had put aside."""
    for folder in out.glob(f"{SPILL}*"):
        number = folder.name.removeprefix(SPILL).partition("-")[0]
        if number.isdigit() and not _lives(int(number)):
            remove(folder)


def _lives(process: int) -> bool:
    if os.name != "posix":
        return False  # there a folder in use cannot be removed
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def remove(path: Path) -> None:
    """Remove a file or folder of ours, wherever that can be done."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
