"""A promise of seconds, held in processor time at the pace of the machine that runs the test."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

# What the loop below takes on the two quiet cores for which the promises were made.
_SECONDS_OF_A_LOOP: Final = 0.06


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fail if the body takes longer; a slow or a busy machine gets as much more as it is slower."""
    begun = time.process_time()
    yield
    took = time.process_time() - begun
    assert took < seconds or took < seconds * _slowness()


def _slowness() -> float:
    """How many times longer a fixed loop takes here and now, at least 1."""
    begun = time.process_time()
    total = 0
    for number in range(2_000_000):
        total += number
    return max(1, (time.process_time() - begun) / _SECONDS_OF_A_LOOP)
