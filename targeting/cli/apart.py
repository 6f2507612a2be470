"""The work is done by a child: what ends it without a word (no memory) is put into words here.

Where memory is bounded from outside, by `ulimit` or a container, Polars and OpenBLAS abort past any
`except`, and the kernel kills without asking. The parent is small enough to outlive that.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from targeting.cli.console import MACHINE, NO_MEMORY, end
from targeting.run_folder.abandoned import remove_abandoned

NEEDED_AT_LEAST = 1_200_000_000  # bytes of address space: below, OpenBLAS tries for ever to start
_FORWARDED = (signal.SIGINT, signal.SIGTERM)
# How the libraries end where memory is refused: Rust aborts, V8 (the pictures) traps, the kernel
# kills; a page that cannot be had at a bad moment is a fault.
_NO_MEMORY = tuple(
    getattr(signal, f"SIG{name}") for name in ("ABRT", "KILL", "TRAP", "SEGV", "BUS")
)
_DEATH_OF_PARENT = 1  # prctl's PR_SET_PDEATHSIG


def apart(work: Callable[[], int]) -> int:
    """Do the work in a child, and give its exit status; signals reach it as if it were alone."""
    if sys.platform != "linux":
        return work()  # nowhere else does Python say whether a signal is the terminal's
    too_little = _too_little()
    if too_little:
        return end(too_little, MACHINE, "X003")
    read, write = os.pipe()
    signal.pthread_sigmask(signal.SIG_BLOCK, (*_FORWARDED, signal.SIGCHLD))
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        os.close(read)
        _die_with(parent)
        _leave_in(write)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (*_FORWARDED, signal.SIGCHLD))
        _leave(work())
    os.close(write)
    status = os.waitstatus_to_exitcode(_waited(child))
    with os.fdopen(read, "rb") as told:
        return _said(status, told.read())


def _leave(status: int) -> NoReturn:
    """End at once: taking gigabytes of tables apart one by one takes a second."""
    atexit._run_exitfuncs()
    with contextlib.suppress(OSError):  # nobody reads any more
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(status)


def writes_in(out: Path) -> None:
    """Tell the parent where something half-written may be left."""
    if _told:
        with contextlib.suppress(OSError):
            os.write(_told[0], os.fsencode(out.absolute()) + b"\0")


_told: list[int] = []  # the pipe to the parent, where there is one


def _leave_in(pipe: int) -> None:
    _told.append(pipe)


def _too_little() -> str:
    """Say so where the address space is too small for the libraries alone to start."""
    import resource

    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit == resource.RLIM_INFINITY or limit >= NEEDED_AT_LEAST:
        return ""
    needed, given = NEEDED_AT_LEAST // 1_000_000, limit // 1_000_000
    return (
        f"memory is limited to {given:,} MB (ulimit -v), too little for the program to start: it "
        f"needs {needed:,} MB before it reads a row, and --memory cannot go below that; nothing "
        "was written"
    )


def _die_with(parent: int) -> None:
    """Have the kernel end the child when the parent is killed."""
    import ctypes

    ctypes.CDLL(None).prctl(_DEATH_OF_PARENT, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(128 + signal.SIGKILL)


def _waited(child: int) -> int:
    """Wait for the child, handing on what is sent to us; give its wait status."""
    while True:
        sent = signal.sigwaitinfo((*_FORWARDED, signal.SIGCHLD))
        if sent.si_signo == signal.SIGCHLD:
            found, status = os.waitpid(child, os.WNOHANG)
            if found == child:
                return status
        elif sent.si_code <= 0:  # by `kill`; what a terminal sends, it sends to the child as well
            os.kill(child, sent.si_signo)


def _said(status: int, told: bytes) -> int:
    """Give the child's exit status; where a signal ended it, say what that means."""
    if status >= 0:
        return status
    for folder in filter(None, told.split(b"\0")):
        remove_abandoned(Path(os.fsdecode(folder)))
    if -status not in _NO_MEMORY:
        return 128 - status
    how = f" (the work ended by {signal.Signals(-status).name})"
    return end(NO_MEMORY.replace("needed;", f"needed{how};"), MACHINE, "X003")
