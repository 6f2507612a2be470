"""A line and column of a text, and the lines around it: for explaining what broke there."""

from __future__ import annotations

import re

from targeting.problems import Place, Problem

Lines = tuple[str, ...]


def place_at(name: str, lines: Lines, line: int, column: int, end: int = 0) -> Place:
    """Make a place that lies inside the file, whatever a parser says of its end."""
    line = max(1, min(line, len(lines)))
    excerpt = lines[line - 1] if lines else ""
    column = max(1, min(column, len(excerpt) + 1))
    return Place(name, line, column, max(column + 1, min(end, len(excerpt) + 1)), excerpt)


class Spot:
    """A line and column, moved back to the last word where a file ends before it."""

    def __init__(self, name: str, lines: Lines, line: int, column: int) -> None:
        self.name, self.lines = name, lines
        self.line, self.column = line, column
        if line > len(lines) or not any(text.strip() for text in lines[line - 1 :]):
            self.line, self.column = _last_written(lines)

    @property
    def text(self) -> str:
        """The whole line."""
        return self.lines[self.line - 1] if self.line <= len(self.lines) else ""

    @property
    def rest(self) -> str:
        """The line from here on."""
        return self.text[self.column - 1 :]

    @property
    def before(self) -> str:
        """The line up to here."""
        return self.text[: self.column - 1]

    @property
    def sign(self) -> str:
        """The character that stands here; none at the end of a line."""
        return self.rest[:1]

    @property
    def previous(self) -> str:
        """The last character before here that is no space."""
        return self.before.rstrip()[-1:]

    def place(self, width: int = 1) -> Place:
        """Give the place that begins here."""
        return place_at(self.name, self.lines, self.line, self.column, self.column + width)

    def problem(self, message: str, instead: str, width: int = 1) -> Problem:
        """Make a problem that begins here."""
        return Problem("Y001", message, self.place(width), instead)

    def at(self, line: int, column: int | None = None) -> Spot:
        """Go elsewhere in the text; to a line's first word where no column is given."""
        first = indent(self.lines[line - 1]) + 1 if column is None else column
        return Spot(self.name, self.lines, line, first)

    def written_above(self) -> int | None:
        """Find the nearest line above that is neither empty nor a comment."""
        above = range(self.line - 1, 0, -1)
        return next((n for n in above if _is_written(self.lines[n - 1])), None)

    def written_below(self) -> int | None:
        """Find the nearest line below that is neither empty nor a comment."""
        below = range(self.line + 1, len(self.lines) + 1)
        return next((n for n in below if _is_written(self.lines[n - 1])), None)


def opens(line: str) -> bool:
    """Say whether lines may stand below this one, as its value."""
    return line.split(" #", maxsplit=1)[0].rstrip().endswith(":")


def content(line: str) -> int:
    """Count the signs before a line's first word, dashes included."""
    found = re.match(r"\s*(-\s+)*", line)
    return found.end() if found else 0


def dashed(line: str) -> bool:
    """Say whether a line begins with a dash."""
    return line.lstrip().startswith("-")


def indent(line: str) -> int:
    """Count the spaces that a line begins with."""
    return len(line) - len(line.lstrip())


def _is_written(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _last_written(lines: Lines) -> tuple[int, int]:
    for number in range(len(lines), 0, -1):
        if lines[number - 1].strip():
            return number, len(lines[number - 1].rstrip()) + 1
    return 1, 1
