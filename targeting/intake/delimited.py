"""CSV and its kin: the delimiter found, short and long lines set apart, cells as text."""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path

import polars as pl

from targeting.frames import ROW
from targeting.intake.delimited_fields import Head, fields_of, fields_of_file, picked
from targeting.intake.headers import Sought, tidy
from targeting.intake.opened import Cells, Opened, Origin
from targeting.intake.records import Records, records
from targeting.intake.stretches import Stretches
from targeting.intake.texts import LONGEST_FIRST_LINE, Text, utf8_text
from targeting.problems import refuse

_OTHERS = (";", "\t", "|")
_SPELLED = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";"}


def open_delimited(origin: Origin, sought: Sought) -> Opened:
    """Read the header; the lines are looked at when cells are asked for."""
    text = utf8_text(origin)
    head = _head(origin, text, sought)
    return Opened(
        head.headers,
        lambda columns: _cells(origin, text, head, columns),
        lambda columns, rows: _pieces(origin, text, head, columns, rows),
        lambda: _about(text),
        Stretches(origin, text.absolute(), head) if isinstance(text, Path) else None,
    )


def _head(origin: Origin, text: Text, sought: Sought) -> Head:
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


def _headers(origin: Origin, start: str, delimiter: str) -> Head:
    reader = csv.reader(io.StringIO(start, newline=""), delimiter=delimiter)
    try:
        fields = next((fields for fields in reader if any(field.strip() for field in fields)), None)
    except csv.Error:
        fields = None  # a field of more than 128 kB
    if fields is None:
        message = f"{origin.shown} has no header"
        raise refuse("I003", message, origin.line(1), "the first line names the columns")
    return Head(tuple(map(tidy, fields)), reader.line_num, delimiter)


def _cells(origin: Origin, text: Text, head: Head, columns: Mapping[str, int]) -> Cells:
    lines = pl.scan_lines(text, glob=False).collect().to_series()[head.lines :]
    parted = records(lines, head.delimiter, len(head.headers))
    frame = picked(_fields(text, head, parted), columns)
    return Cells(frame.with_columns(parted.good[ROW]), parted.bad)


def _pieces(
    origin: Origin, text: Text, head: Head, columns: Mapping[str, int], rows: int
) -> Iterator[Cells]:
    """Read about so many lines at a time; a record that goes on after them waits for the next."""
    done = 0
    waiting = pl.Series(dtype=pl.String)
    for block, follows in _blocks(text, head.lines, rows):
        lines = pl.concat([waiting, block])
        parted = records(lines, head.delimiter, len(head.headers), more=follows)
        frame = picked(fields_of(parted.good["text"], head), columns)
        bad = parted.bad.with_columns(pl.col(ROW) + done)
        yield Cells(frame.with_columns(parted.good[ROW] + done), bad)
        done += parted.good.height + parted.bad.height
        waiting = lines[lines.len() if parted.open_from is None else parted.open_from :]


def _blocks(text: Text, skipped: int, rows: int) -> Iterator[tuple[pl.Series, bool]]:
    """Give the lines below the header, about so many at a time, and whether more follow."""
    size = rows * _bytes_a_line(text)
    with text.open("rb") if isinstance(text, Path) else contextlib.nullcontext(text) as file:
        file.seek(0)
        cut, block = b"", file.read(size)
        while block:
            following = file.read(size)
            block = cut + block
            end = block.rfind(b"\n") + 1 if following else len(block)
            lines = pl.scan_lines(io.BytesIO(block[:end])).collect().to_series()
            yield lines[skipped:], bool(following)
            cut, block, skipped = block[end:], following, max(0, skipped - lines.len())


def _bytes_a_line(text: Text) -> int:
    start = _start(text)
    return max(1, len(start.encode()) // max(1, start.count("\n")))


def _about(text: Text) -> int:
    """Say about how many lines there are, by the length of the first."""
    size = text.stat().st_size if isinstance(text, Path) else text.getbuffer().nbytes
    return int(size // _bytes_a_line(text))


def _fields(text: Text, head: Head, parted: Records) -> pl.LazyFrame:
    """Part the good records into fields; from the file itself where all are good."""
    if parted.as_written and not parted.good.is_empty():
        return fields_of_file(text, head)
    return fields_of(parted.good["text"], head)
