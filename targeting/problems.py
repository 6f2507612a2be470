"""What a user did that the program cannot accept: where, what, and what instead."""

from __future__ import annotations

import difflib
import re
import unicodedata
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
            "message": _short(self.message),
            "help": None if self.help is None else _short(self.help),
        }

    def __str__(self) -> str:
        where = f"{self.place.file}:{self.place.line}:{self.place.column}"
        lines = [f"{where}: {self.severity} {self.code}: {_short(self.message)}"]
        if self.place.excerpt.strip():
            lines += _caret(self.place)
        if self.help:
            lines.append(f"      = help: {_short(self.help)}")
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


def has_invisible(text: str) -> bool:
    """Say whether a text holds a character that nobody can see, such as a no-break space."""
    return _INVISIBLE.search(text) is not None


def did_you_mean(word: str, known: Iterable[str], *, what: str = "one of") -> str:
    """Propose the nearest known word, or list them where none is near."""
    names = list(known)
    plain = _INVISIBLE.sub(_visible, word).strip()
    if plain != word and plain in names:
        hidden = _INVISIBLE.search(word)
        sign = f"U+{ord(hidden[0]):04X}" if hidden else "a space"
        return f"type '{plain}' again: {sign} hides in it"
    near = nearest(word, names)
    if near is not None:
        return f"did you mean '{near}'?"
    return f"{what}: {listed(names)}" if names else "nothing can stand here"


def listed(words: Sequence[str], most: int = 12) -> str:
    """Join words for a message, the tail of a long list left out."""
    shown = ", ".join(words[:most])
    return f"{shown}, … ({len(words)} in all)" if len(words) > most else shown


# Spaces and format characters that look like nothing or like a plain space. Joiners (U+200C and D)
# are letters' business in Urdu and in emoji.
_INVISIBLE = re.compile(
    "[\u00a0\u00ad\u1680\u2000-\u200b\u200e\u200f\u202a-\u202f\u205f-\u2064\u2066-\u206f\u3000\ufeff]"
)
# A password in the URL of a database, which is refused and must not be shown again.
_SECRET = re.compile(r"(?<=:)(?!//)\S+(?=@)|(?<=password=)[^\s&\"',}]+")
_TURNS_ROUND = re.compile("[\u202a-\u202e\u2066-\u2069]")  # would reorder the terminal's line


def _short(text: str, most: int = 400) -> str:
    """Cut the middle out of a text that quotes a word of thousands of letters."""
    return text if len(text) <= most else f"{text[: most // 2]} … {text[-most // 2 :]}"


def _visible(found: re.Match[str]) -> str:
    return " " if unicodedata.category(found[0]) == "Zs" else ""


def _caret(place: Place) -> list[str]:
    """Draw the line with the stretch underlined; a window of it where the line is long."""
    start = place.column - 1
    skipped = max(0, start - 60)
    around = max(0, skipped - 200)  # what hides a password may stand outside of the window
    near = place.excerpt[around : skipped + 320]
    plain = _SECRET.sub(lambda found: "*" * len(found[0]), near)
    text = _TURNS_ROUND.sub("·", "".join(c if c.isprintable() else " " for c in plain))
    shown = text[skipped - around : skipped - around + 120]
    before, word = shown[: start - skipped], shown[start - skipped : place.end_column - 1 - skipped]
    caret = " " * _width(before) + "^" * max(1, _width(word))
    return [f"{place.line:5} | {shown.rstrip()}", f"      | {caret}"]


def _width(text: str) -> int:
    """Count the columns that a text takes on a terminal."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.category(c) in ("Mn", "Me", "Cf") for c in text)
