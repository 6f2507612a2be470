"""CSV files in the spelling that a destination asks for."""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import polars as pl

from targeting.workspace.destinations import CsvForm

LINE_ENDS: Final = {"crlf": "\r\n", "lf": "\n"}
UTF8: Final = ("utf-8", "utf-8-sig")


def write_csv(path: Path, texts: pl.DataFrame, form: CsvForm) -> None:
    """Write columns of text; a missing value is an empty cell.

    Raises:
        UnicodeEncodeError: a text has no spelling in the encoding (`unwritable` finds it before).
    """
    if texts.width == 1:
        texts = texts.select(pl.all().fill_null(""))  # "" and not a blank line, which readers skip
    encoding = encoding_name(form.encoding) or form.encoding
    line_end = LINE_ENDS[form.newline]
    if encoding in UTF8:
        bom = encoding == "utf-8-sig"
        texts.write_csv(path, include_bom=bom, separator=form.delimiter, line_terminator=line_end)
        return
    spelled = texts.write_csv(separator=form.delimiter, line_terminator=line_end)
    path.write_bytes(spelled.encode(encoding))


def encoding_name(encoding: str) -> str | None:
    """Give Python's own name of a text encoding; None where it has none."""
    try:
        found = codecs.lookup(encoding)
        "".encode(encoding)
    except (LookupError, ValueError):
        return None
    return found.name


def unwritable(column: pl.Series, encoding: str) -> pl.Series:
    """Tell where a text has no spelling in the encoding; distinct values are looked at once."""
    name = encoding_name(encoding) or encoding
    if name in UTF8 or name.startswith("utf-"):
        return pl.repeat(value=False, n=column.len(), dtype=pl.Boolean, eager=True)
    beyond = column.drop_nulls().unique()
    beyond = beyond.filter(beyond.str.len_bytes() != beyond.str.len_chars())
    return column.is_in(list(_without_spelling(beyond, name))).fill_null(value=False)


def _without_spelling(texts: Iterable[str], encoding: str) -> Iterable[str]:
    for text in texts:
        try:
            text.encode(encoding)
        except UnicodeEncodeError:
            yield text
