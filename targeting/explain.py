"""A page for each code: what it means, why it matters, how to mend it."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

PAGES = Path(__file__).with_name("problem_pages.md")
_SECTION = re.compile(r"^## ([A-Z]\d{3}) (.+)\n((?:(?!##? ).*\n?)*)", re.MULTILINE)


def codes() -> tuple[str, ...]:
    """List every code that has a page, in the order of the pages."""
    return tuple(_sections())


def title(code: str) -> str | None:
    """Give the heading of a code's page; None where there is none."""
    found = _sections().get(code)
    return None if found is None else found[0]


def text(code: str) -> str | None:
    """Give a code's page without its heading, as Markdown; None where there is none."""
    found = _sections().get(code)
    return None if found is None else found[1]


def page(code: str) -> str | None:
    """Give the whole page of a code, for a terminal; None where there is none."""
    found = _sections().get(code)
    return None if found is None else f"{code}: {found[0]}\n\n{found[1]}"


@cache
def _sections() -> dict[str, tuple[str, str]]:
    written = PAGES.read_text(encoding="utf-8")
    return {code: (head.strip(), body.strip()) for code, head, body in _SECTION.findall(written)}
