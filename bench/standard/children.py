"""A way of doing the work as a child process: its wall clock, processor time and peak memory."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Taken:
    """What a process took; `steps` as it tells them itself, in seconds."""

    wall: float
    busy: float  # user and system, of all its threads
    peak: float  # GB
    steps: dict[str, float]


def run(module: str, *arguments: str | Path, log: Path) -> Taken:
    """Run `python -m module` to its end, its words into a log.

    The peak is the kernel's for the child; this process imports no frames, because a child of a
    large parent would be counted as large.
    """
    command = [sys.executable, "-m", module, *map(str, arguments)]
    began = time.perf_counter()
    with log.open("ab") as words:
        child = subprocess.Popen(command, stdout=words, stderr=words)  # noqa: S603  # our own
        _, status, used = os.wait4(child.pid, 0)
    wall = time.perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{module} ended with {child.returncode}; its last words stand in {log}")
    return Taken(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024**2, {})


def middle(taken: Sequence[Taken]) -> Taken:
    """Give the median of each figure over the repetitions."""
    return Taken(
        statistics.median(one.wall for one in taken),
        statistics.median(one.busy for one in taken),
        statistics.median(one.peak for one in taken),
        {
            step: statistics.median(one.steps[step] for one in taken if step in one.steps)
            for step in taken[0].steps
        },
    )
