"""The chapters as plain data for typst: texts, pictures it can read, widths of columns."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass

from targeting.report.parts import Figure, Table

# Control characters, and the marks that turn the direction of all that follows them.
_NOT_SHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]+")
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_INK = "#1c2126"
_FONTS = "IBM Plex Sans, IBM Plex Sans Arabic, Libertinus Serif"
_PIXELS_ACROSS = re.compile(r'<svg [^>]*?\bwidth="([0-9.]+)"')

_FEWEST = 7  # letters: no column and no head is made narrower


def as_data(value: object) -> object:
    """Give what JSON can hold, with every text free of control characters."""
    match value:
        case str():
            return _shown(value)
        case None | bool() | int() | float():
            return value
        case Table():
            columns = [_column(value, k) for k in range(len(value.heads))]
            letters, heads = [n for n, _ in columns], [lines for _, lines in columns]
            return _by_field(value) | {"letters": letters, "heads": heads}
        case Figure():
            across = _PIXELS_ACROSS.match(value.svg)
            drawn = {"svg": _standing_alone(value.svg), "across": float(across[1]) if across else 0}
            return _by_field(value) | drawn
        case Mapping():
            return {str(key): as_data(inner) for key, inner in value.items()}
        case frozenset():
            return sorted(value)
        case Sequence():
            return [as_data(inner) for inner in value]
        case _ if is_dataclass(value):
            return _by_field(value)
        case _:
            raise TypeError(f"{type(value).__name__} has no place on paper")


def _column(table: Table, k: int) -> tuple[int, list[str]]:
    """Count the letters that a column needs, and break its head into lines.

    Numbers are never broken and their heads between words only; a column of words may be broken.
    """
    head = _shown(table.heads[k])
    cells = [row[k] for row in (*table.rows, table.foot) if k < len(row)]
    needed = max(map(len, [*cells, *head.split()]), default=0)
    if k == 0 or k in table.words:
        return max(_FEWEST, needed, min(len(head), 20)), [head]
    lines = textwrap.wrap(head, max(_FEWEST, needed))
    return max([needed, *map(len, lines)]), lines


def _shown(text: str) -> str:
    return _NOT_SHOWN.sub(" ", text)


def _by_field(value: object) -> dict[str, object]:
    assert is_dataclass(value)
    return {field.name: as_data(getattr(value, field.name)) for field in fields(value)}


def _standing_alone(svg: str) -> str:
    """Give a picture of the page what it took from there: name space, colour and letters."""
    if not svg:
        return ""
    style = f"<style>text{{font-family:{_FONTS}}}</style>"
    tag, end, rest = _NOT_IN_XML.sub("", svg).partition(">")
    return f'{tag} xmlns="http://www.w3.org/2000/svg" color="{_INK}"{end}{style}{rest}'
