"""The bytes of a file as text: UTF-8, at most 1 MB, and nothing that cannot be seen."""

from __future__ import annotations

import re
from pathlib import Path

from targeting.problems import Place, Problem
from targeting.workspace.spot import place_at

LARGEST_FILE = 1_000_000

_LINE_END = re.compile(r"\r\n|\r|\n|\x85|\u2028|\u2029")  # what YAML takes for one
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def read_text(path: Path, name: str) -> tuple[str, Problem | None]:
    """Read a file's text; a problem says what stands in the way."""
    try:
        if path.is_dir():
            return "", Problem("Y008", "is a folder, not a file", Place(name), "rename the folder")
        if path.stat().st_size > LARGEST_FILE:
            help_ = "is this the right file?"
            return "", Problem("Y007", "larger than 1 MB", Place(name), help_)
        raw = path.read_bytes()
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}"
        return "", Problem("Y008", message, Place(name), "check the file")
    return _decoded(raw, name)


def lines_of(text: str) -> tuple[str, ...]:
    """Split a text as YAML counts lines."""
    return tuple(_LINE_END.split(text))


def unprintable(text: str, name: str, lines: tuple[str, ...]) -> Problem | None:
    """Find the first control character, which no YAML may hold."""
    found = _UNPRINTABLE.search(text)
    if found is None:
        return None
    before = lines_of(text[: found.start()])
    where = place_at(name, lines, len(before), len(before[-1]) + 1)
    message = f"the character U+{ord(found[0]):04X} cannot stand here"
    return Problem("Y001", message, where, "delete it (it may be invisible)")


def _decoded(raw: bytes, name: str) -> tuple[str, Problem | None]:
    utf16 = raw.startswith((b"\xff\xfe", b"\xfe\xff")) or raw[:2].count(0) == 1
    if utf16:
        return "", Problem("Y009", "is UTF-16", Place(name), "save it as UTF-8")
    try:
        return raw.decode("utf-8-sig"), None
    except UnicodeDecodeError as error:
        lines = lines_of(error.object[: error.start].decode("utf-8-sig"))
        where = Place(name, len(lines), len(lines[-1]) + 1, len(lines[-1]) + 2)
        return "", Problem("Y009", "is not UTF-8", where, "save it as UTF-8")
