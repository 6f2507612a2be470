"""What a user did that the program cannot accept: where, what, and what instead."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, order=True)
class Place:
    """A stretch of one line in one file; counted from 1, `end_column` past the end."""

    file: str
    line: int = 1
    column: int = 1
    end_column: int = 2
    excerpt: str = field(default="", compare=False, repr=False)  # the whole line, for the caret


@dataclass(frozen=True)
class Problem:
    """One finding in the reader's words: a stable code, its place, and one proposed fix."""

    code: str
    message: str
    place: Place
    help: str | None = None
    severity: Severity = "error"

    def as_dict(self) -> dict[str, str | int | None]:
        """Give the form that `check --json` prints."""
        return {
            "file": self.place.file,
            "line": self.place.line,
            "column": self.place.column,
            "end_column": self.place.end_column,
            "severity": self.severity,
            "code": self.code,
            "message": self.message,
            "help": self.help,
        }

    def __str__(self) -> str:
        where = f"{self.place.file}:{self.place.line}:{self.place.column}"
        lines = [f"{where}: {self.severity} {self.code}: {self.message}"]
        if self.place.excerpt.strip():
            lines += _caret(self.place)
        if self.help:
            lines.append(f"      = help: {self.help}")
        return "\n".join(lines)


class Refused(Exception):
    """The user's input cannot be used; carries every problem found. Caught once, in `cli`."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = in_order(problems)
        super().__init__("\n".join(map(str, self.problems)))


def refuse(code: str, message: str, place: Place, instead: str | None = None) -> Refused:
    """Make the error for a single problem, ready to raise."""
    return Refused([Problem(code, message, place, instead)])


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Sort by file and place, each problem once."""
    return tuple(sorted(dict.fromkeys(problems), key=lambda p: (p.place, p.code, p.message)))


def errors(problems: Iterable[Problem]) -> list[Problem]:
    """Keep what must be mended before a run."""
    return [problem for problem in problems if problem.severity == "error"]


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Find the known word that the writer probably meant."""
    by_folded = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[close[0]] if close else None


def did_you_mean(word: str, known: Iterable[str], *, what: str = "one of") -> str:
    """Propose the nearest known word, or list them where none is near."""
    names = list(known)
    near = nearest(word, names)
    if near is not None:
        return f"did you mean '{near}'?"
    return f"{what}: {listed(names)}" if names else "nothing can stand here"


def listed(words: Sequence[str], most: int = 12) -> str:
    """Join words for a message, the tail of a long list left out."""
    shown = ", ".join(words[:most])
    return f"{shown}, … ({len(words)} in all)" if len(words) > most else shown


def _caret(place: Place) -> list[str]:
    """Draw the line with the stretch underlined; a window of it where the line is long."""
    text = place.excerpt.rstrip("\n").replace("\t", " ")
    start = place.column - 1
    width = max(1, min(place.end_column, len(text) + 1) - place.column)
    skipped = max(0, start - 60)
    shown = text[skipped : skipped + 120]
    width = min(width, max(1, len(shown) - (start - skipped)))
    return [f"{place.line:5} | {shown}", "      | " + " " * (start - skipped) + "^" * width]
