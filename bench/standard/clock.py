"""The steps of one way of doing the work, timed."""

from __future__ import annotations

import json
import time
from pathlib import Path


class Clock:
    """Times steps one after the other; begins when it is made."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._began = time.perf_counter()
        self._steps: list[dict[str, str | float]] = []

    def tell(self, step: str) -> None:
        """Say that a step has ended."""
        now = time.perf_counter()
        self._steps.append({"step": step, "seconds": round(now - self._began, 3)})
        self._began = now

    def write(self) -> None:
        """Write the steps in the form of a run's timings.json."""
        self._out.mkdir(parents=True, exist_ok=True)
        (self._out / "timings.json").write_text(json.dumps({"steps": self._steps}, indent=1))
