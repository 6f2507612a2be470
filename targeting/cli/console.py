"""The only file that prints: results to standard output, everything else to standard error."""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import resource
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any, TextIO

import click

from targeting.problems import Place, Problem, Refused

DONE, WRONG_INPUT, WRONG_USE, MACHINE, INTERRUPTED = 0, 1, 2, 3, 130


def guarded(group: click.Group) -> int:
    """Run a command and turn whatever ends it into a message and an exit status.

    0 done; 1 data or rules have errors; 2 wrong use; 3 the machine; 130 Ctrl-C.
    """
    _STOPPED.clear()
    _listen(_stop)
    heard, sys.unraisablehook = sys.unraisablehook, _unraisable
    _prepare_streams()
    try:
        return _guarded(group)
    except KeyboardInterrupt:
        _listen(_ignore)
        return end(_INTERRUPTED, INTERRUPTED)
    finally:
        _listen(_ignore)
        _listen(signal.SIG_IGN)  # the status is known: nothing that comes now may speak over it
        sys.unraisablehook = heard


_FEW = 5  # warnings of one code that a night prints
_INTERRUPTED = "interrupted; nothing half-written is left"
NO_MEMORY = (
    "the machine did not give the memory that was needed; nothing half-written is left: give it "
    "more, or have the work done in parts with --memory, like --memory 4GB"
)
_NO_MEMORY_FOR_A_LIBRARY = (
    "failed to map segment",
    "Cannot allocate memory",
    "can't start new thr",
)
_STOPPED = threading.Event()  # a library that is being imported may swallow KeyboardInterrupt


def _guarded(group: click.Group) -> int:
    try:
        # Not `main`: it would take a reader that left, or a file cut off, for an end of its own.
        with group.make_context("targeting", sys.argv[1:]) as context:
            group.invoke(context)
    except (click.exceptions.Abort, KeyboardInterrupt):
        _listen(_ignore)
        return end(_INTERRUPTED, INTERRUPTED)
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        return _wrong_use(error)
    except Refused as error:
        return _refused(error)
    except BrokenPipeError:
        _drop(sys.stdout)  # the reader of the result has gone; say nothing more
        return DONE
    except MemoryError:
        return end(NO_MEMORY, MACHINE, "X003")
    except SystemExit:
        raise
    except BaseException as error:  # noqa: BLE001  # a panic of Polars is no Exception
        if _STOPPED.is_set():  # a library that was interrupted may raise something of its own
            _listen(_ignore)
            return end(_INTERRUPTED, INTERRUPTED)
        return _machine_or_defect(error)
    return DONE


def say(text: str = "") -> None:
    """Print a line of the result."""
    click.echo(text)


def note(text: str) -> None:
    """Print a line that is not the result, to standard error; who reads it may leave."""
    try:
        click.echo(text, err=True)
    except OSError:
        _drop(sys.stderr)


def say_json(value: object) -> None:
    """Print the result for machines."""
    encoding = (getattr(sys.stdout, "encoding", None) or "utf-8").lower()
    plain = encoding.replace("-", "") != "utf8"
    say(json.dumps(value, indent=1, ensure_ascii=plain))


def show_problems(problems: Iterable[Problem]) -> None:
    """Print problems, to standard error."""
    for problem in problems:
        note(f"{problem}\n")


def show_few(warnings: Iterable[Problem]) -> None:
    """Print a night's warnings, few of each kind: what hundreds repeat would hide the others."""
    shown = Counter[str]()
    for warning in warnings:
        shown[warning.code] += 1
        if shown[warning.code] <= _FEW:
            note(f"{warning}\n")
    for code, found in shown.items():
        if found > _FEW:
            note(f"{counted(found - _FEW, 'more warning')} {code}: manifest.json lists them all\n")


def count_problems(problems: Iterable[Problem]) -> str:
    """Say how many errors and warnings there are."""
    found = list(problems)
    errors = sum(problem.severity == "error" for problem in found)
    warnings = len(found) - errors
    return f"{counted(errors, 'error')}, {counted(warnings, 'warning')}"


def counted(number: int, word: str) -> str:
    """Say how many: `1 customer`, `2,000 customers`."""
    return f"{number:,} {word}" + ("" if number == 1 else "s")


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

            console = Console(stderr=True)
            if not console.is_dumb_terminal:
                self._status = console.status("starting")

    def __enter__(self) -> Progress:
        if self._status is not None:
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._status is not None:
            self._status.stop()

    def tell(self, step: str) -> None:
        """Begin a step; end here where a signal to stop came to nothing before."""
        if _STOPPED.is_set():
            raise KeyboardInterrupt
        self._close()
        self._name, self._began = step, time.perf_counter()
        if self._status is not None:
            self._status.update(step)
        else:
            note(f"{step} …")

    @property
    def detail(self) -> Callable[[str], None] | None:
        """Show how far the step is; None where no spinner turns."""
        return None if self._status is None else self._show

    def timings(self) -> dict[str, Any]:
        """Give seconds and peak memory by step, for timings.json."""
        self._close()
        return {"steps": self._steps, "peak_memory_mb": _peak_mb()}

    def _show(self, detail: str) -> None:
        self._status.update(f"{self._name}: {detail}" if detail else self._name)

    def _close(self) -> None:
        if self._name is not None:
            seconds = round(time.perf_counter() - self._began, 3)
            step = {"step": self._name, "seconds": seconds, "peak_memory_mb": _peak_mb()}
            self._steps.append(step)
            self._name = None


def _refused(error: Refused) -> int:
    show_problems(error.problems)
    note(f"{count_problems(error.problems)}; nothing was written")
    _say_problems(error.problems)
    return WRONG_INPUT


def _wrong_use(error: click.ClickException) -> int:
    try:
        error.show()
    except OSError:
        _drop(sys.stderr)
    _say_problems([Problem("X002", error.format_message(), Place("targeting"))])
    return WRONG_USE


def _say_problems(problems: Iterable[Problem]) -> None:
    """Give machines what went wrong; asked for even where the command line cannot be read."""
    if not ({"--json", "--format=json"} & set(sys.argv) or "--format json" in " ".join(sys.argv)):
        return
    try:
        say_json({"problems": [problem.as_dict() for problem in problems]})
    except OSError:
        _drop(sys.stdout)


def _machine_or_defect(error: BaseException) -> int:
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    number = getattr(error, "errno", None)
    if number == errno.ENOMEM or any(words in str(error) for words in _NO_MEMORY_FOR_A_LIBRARY):
        return end(NO_MEMORY, MACHINE, "X003")
    full = number in (errno.ENOSPC, errno.EDQUOT) or "No space left" in str(error)
    if full:
        return end("the disk is full; nothing half-written is left: free some space", MACHINE)
    if isinstance(error, ConnectionError):  # says itself which database, and what to do
        return end(text, MACHINE)
    if isinstance(error, OSError):
        where = f" ({error.filename})" if error.filename else ""
        help_ = "look at the path, its permissions and the disk, or name another with --out DIR"
        return end(f"the machine refused: {error.strerror or text}{where}; {help_}", MACHINE)
    if os.environ.get("TARGETING_DEBUG"):
        raise error
    what = f"{type(error).__name__}: {text[:300]}"
    return end(
        f"a defect of the program, not of your files: {what}\n"
        "please report it; TARGETING_DEBUG=1 shows where it happened",
        MACHINE,
    )


def end(text: str, status: int, code: str = "X001") -> int:
    """Say what ended the command, and give its exit status."""
    problem = Problem(code, text, Place("targeting"))
    note(f"targeting: {problem.message}")
    _say_problems([problem])
    return status


def _stop(*_: object) -> None:
    _STOPPED.set()
    raise KeyboardInterrupt


def _unraisable(lost: sys.UnraisableHookArgs) -> None:
    """Keep silent of a stop that fell into a library's own callback: the next step ends there."""
    if not (_STOPPED.is_set() and lost.exc_type is KeyboardInterrupt):
        sys.__unraisablehook__(lost)


def _ignore(*_: object) -> None:
    """Do nothing; SIG_IGN at once would let Python speak of a signal that came just before."""


def _listen(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handler)


def _prepare_streams() -> None:
    """Make standard streams that are closed go nowhere, and no letter in a message an error."""
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    logging.raiseExceptions = False
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the number: else a file of ours would
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _drop(stream: TextIO) -> None:
    """Send the rest of a stream nowhere, so that the interpreter's own flush succeeds too."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _peak_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024 if sys.platform != "darwin" else 1024**2), 1)
