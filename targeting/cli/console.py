"""The only file that prints: results to standard output, everything else to standard error."""

from __future__ import annotations

import errno
import json
import logging
import os
import resource
import signal
import sys
import time
from collections.abc import Iterable
from typing import Any

import click

from targeting.problems import Place, Problem, Refused

DONE, WRONG_INPUT, WRONG_USE, MACHINE, INTERRUPTED = 0, 1, 2, 3, 130


def guarded(group: click.Group) -> int:
    """Run a command and turn whatever ends it into a message and an exit status.

    0 done; 1 data or rules have errors; 2 wrong use; 3 the machine; 130 Ctrl-C.
    """
    signal.signal(signal.SIGTERM, _stop)
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    try:
        group.main(standalone_mode=False)
    except click.exceptions.Abort:
        return _end("interrupted; nothing half-written is left", INTERRUPTED)
    except KeyboardInterrupt:
        return _end("interrupted; nothing half-written is left", INTERRUPTED)
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return WRONG_USE
    except Refused as error:
        return _refused(error)
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115  # the reader has gone; say nothing more
        return DONE
    except MemoryError:
        return _end("the machine ran out of memory; nothing half-written is left", MACHINE)
    except Exception as error:  # noqa: BLE001  # no traceback is ever shown to a user
        return _machine_or_defect(error)
    return DONE


def say(text: str = "") -> None:
    """Print a line of the result."""
    click.echo(text)


def note(text: str) -> None:
    """Print a line that is not the result, to standard error."""
    click.echo(text, err=True)


def say_json(value: object) -> None:
    """Print the result for machines."""
    click.echo(json.dumps(value, indent=1, ensure_ascii=False))


def show_problems(problems: Iterable[Problem]) -> None:
    """Print problems, to standard error."""
    for problem in problems:
        note(f"{problem}\n")


def count_problems(problems: Iterable[Problem]) -> str:
    """Say how many errors and warnings there are."""
    found = list(problems)
    errors = sum(problem.severity == "error" for problem in found)
    warnings = len(found) - errors
    return f"{_count(errors, 'error')}, {_count(warnings, 'warning')}"


class Progress:
    """Says on standard error what a command is doing, and keeps the time of each step.

    On a terminal a spinner shows the current step; elsewhere each step is a plain line.
    """

    def __init__(self) -> None:
        self._steps: list[dict[str, Any]] = []
        self._began = time.perf_counter()
        self._name: str | None = None
        self._status: Any = None
        if sys.stderr.isatty():
            from rich.console import Console

            self._status = Console(stderr=True).status("starting")

    def __enter__(self) -> Progress:
        if self._status is not None:
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._status is not None:
            self._status.stop()

    def tell(self, step: str) -> None:
        """Begin a step."""
        self._close()
        self._name, self._began = step, time.perf_counter()
        if self._status is not None:
            self._status.update(step)
        else:
            note(f"{step} …")

    def timings(self) -> dict[str, Any]:
        """Give seconds and peak memory by step, for timings.json."""
        self._close()
        return {"steps": self._steps, "peak_memory_mb": _peak_mb()}

    def _close(self) -> None:
        if self._name is not None:
            seconds = round(time.perf_counter() - self._began, 3)
            step = {"step": self._name, "seconds": seconds, "peak_memory_mb": _peak_mb()}
            self._steps.append(step)
            self._name = None


def _refused(error: Refused) -> int:
    show_problems(error.problems)
    note(f"{count_problems(error.problems)}; nothing was written")
    if "--json" in sys.argv:
        say_json({"problems": [problem.as_dict() for problem in error.problems]})
    return WRONG_INPUT


def _machine_or_defect(error: Exception) -> int:
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    number = getattr(error, "errno", None)
    full = number in (errno.ENOSPC, errno.EDQUOT) or "No space left" in str(error)
    if full:
        return _end("the disk is full; nothing half-written is left: free some space", MACHINE)
    if isinstance(error, OSError):
        where = f" ({error.filename})" if error.filename else ""
        return _end(f"the machine refused: {error.strerror or text}{where}", MACHINE)
    if os.environ.get("TARGETING_DEBUG"):
        raise error
    what = f"{type(error).__name__}: {text[:300]}"
    return _end(
        f"a defect of the program, not of your files: {what}\n"
        "please report it; TARGETING_DEBUG=1 shows where it happened",
        MACHINE,
    )


def _end(text: str, status: int) -> int:
    problem = Problem("X001", text, Place("targeting"))
    note(f"targeting: {problem.message}")
    return status


def _stop(*_: object) -> None:
    raise KeyboardInterrupt


def _count(number: int, word: str) -> str:
    return f"{number} {word}" + ("" if number == 1 else "s")


def _peak_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024 if sys.platform != "darwin" else 1024**2), 1)
