"""Comments on the cells of a sheet, which openpyxl leaves out where it reads row by row."""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path
from typing import Any, Final

# Excel keeps a thread of answers apart, and writes a plain comment for older programs before it.
_THREAD: Final = re.compile(r"^\[Threaded comment\].*?Comment:\s*", re.DOTALL)
_AUTHOR: Final = re.compile(r"^[^\n:]{1,60}:\n")


def comments_by_row(path: Path, sheet: str) -> dict[int, str]:
    """Give each row's comments as one text, column by column; empty where they cannot be read.

    The name that Excel puts above a comment is left out, and so is its note about threads.
    """
    from openpyxl.utils import coordinate_to_tuple

    try:
        found = sorted((coordinate_to_tuple(cell), text) for cell, text in _comments(path, sheet))
    except (OSError, LookupError, ValueError, TypeError, SyntaxError, *_BROKEN):
        return {}
    by_row: dict[int, list[str]] = {}
    for (row, _), text in found:
        if plain := " ".join(_AUTHOR.sub("", _THREAD.sub("", text)).split()):
            by_row.setdefault(row, []).append(plain)
    return {row: "; ".join(texts) for row, texts in by_row.items()}


_BROKEN: Final = (zipfile.BadZipFile, zlib.error)


def _comments(path: Path, sheet: str) -> list[tuple[str, str]]:
    from openpyxl.comments.comment_sheet import CommentSheet
    from openpyxl.packaging.relationship import get_dependents, get_rels_path
    from openpyxl.reader.workbook import WorkbookParser
    from openpyxl.xml.constants import COMMENTS_NS
    from openpyxl.xml.functions import fromstring

    with zipfile.ZipFile(path) as archive:
        parser = WorkbookParser(archive, "xl/workbook.xml", keep_links=False)
        parser.parse()
        part = next(rel.target for page, rel in parser.find_sheets() if page.name == sheet)
        related: str = get_rels_path(part)  # type: ignore[no-untyped-call]
        if related not in archive.namelist():
            return []
        wanted = get_dependents(archive, related).find(COMMENTS_NS)
        pages: list[Any] = [
            CommentSheet.from_tree(fromstring(archive.read(rel.target)))  # type: ignore[arg-type]
            for rel in wanted
        ]
        return [(cell, comment.text) for page in pages for cell, comment in page.comments]
