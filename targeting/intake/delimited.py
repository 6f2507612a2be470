"""CSV and its kin: the delimiter found, short and long lines set apart, cells as text."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from targeting.frames import ROW
from targeting.intake.headers import Sought, tidy
from targeting.intake.opened import Cells, Opened, Origin
from targeting.intake.records import Records, records
from targeting.intake.texts import LONGEST_FIRST_LINE, Text, utf8_text
from targeting.problems import refuse

_OTHERS = (";", "\t", "|")
_SPELLED = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";"}


@dataclass(frozen=True)
class _Head:
    """The header's fields, the lines it takes, and what parts its fields."""

    headers: tuple[str, ...]
    lines: int
    delimiter: str


def open_delimited(origin: Origin, sought: Sought) -> Opened:
    """Read the header; the lines are looked at when cells are asked for."""
    text = utf8_text(origin)
    head = _head(origin, text, sought)
    return Opened(head.headers, lambda columns: _cells(origin, text, head, columns))


def _head(origin: Origin, text: Text, sought: Sought) -> _Head:
    start = _start(text)
    given = origin.form.delimiter
    if given is not None:
        return _headers(origin, start, _one_sign(origin, given))
    if origin.path.suffix.lower() == ".tsv":
        return _headers(origin, start, "\t")
    comma = _headers(origin, start, ",")
    if sought.all_in(comma.headers):
        return comma
    others = [_headers(origin, start, sign) for sign in _OTHERS]
    # By the number of columns found, so that one misspelled column is reported as that.
    return max([comma, *others], key=lambda head: sought.seen_in(head.headers))


def _one_sign(origin: Origin, given: str) -> str:
    sign = _SPELLED.get(given, given)
    if len(sign) != 1 or not sign.isascii() or sign in '"\r\n':
        message = f"'{given}' cannot part fields"
        raise refuse("I010", message, origin.place("delimiter"), 'one sign: "," ";" "|" or tab')
    return sign


def _start(text: Text) -> str:
    if isinstance(text, Path):
        with text.open("rb") as file:
            return file.read(LONGEST_FIRST_LINE + 1).decode("utf-8-sig", errors="ignore")
    start = text.read(LONGEST_FIRST_LINE + 1).decode("utf-8-sig", errors="ignore")
    text.seek(0)
    return start


def _headers(origin: Origin, start: str, delimiter: str) -> _Head:
    reader = csv.reader(io.StringIO(start, newline=""), delimiter=delimiter)
    try:
        fields = next((fields for fields in reader if any(field.strip() for field in fields)), None)
    except csv.Error:
        fields = None  # a field of more than 128 kB
    if fields is None:
        message = f"{origin.shown} has no header"
        raise refuse("I003", message, origin.line(1), "the first line names the columns")
    return _Head(tuple(map(tidy, fields)), reader.line_num, delimiter)


def _cells(origin: Origin, text: Text, head: _Head, columns: Mapping[str, int]) -> Cells:
    lines = pl.scan_lines(text, glob=False).collect().to_series()[head.lines :]
    parted = records(lines, head.delimiter, len(head.headers))
    if parted.unpaired is not None:
        number = head.lines + parted.unpaired + 1
        message = f"{origin.shown}: quotation marks do not pair up from line {number} on"
        raise refuse("I007", message, origin.line(number), "mend or double the stray marks")
    frame = _fields(text, head, parted).select(
        **{name: pl.col(str(position)) for name, position in columns.items()}
    )
    return Cells(frame.collect().with_columns(parted.good[ROW]), parted.bad)


def _fields(text: Text, head: _Head, parted: Records) -> pl.LazyFrame:
    """Let Polars part the good records into fields; from the file itself where all are good."""
    schema: dict[str, pl.DataType] = {str(i): pl.String() for i in range(len(head.headers))}
    if parted.good.is_empty():
        return pl.LazyFrame(schema=schema)
    if not parted.as_written:
        text = io.BytesIO(parted.good["text"].str.join("\n").item().encode())
    return pl.scan_csv(
        text,
        has_header=False,
        skip_lines=head.lines if parted.as_written else 0,
        separator=head.delimiter,
        schema=schema,
        empty_string_is_null=False,
        glob=False,
    )
