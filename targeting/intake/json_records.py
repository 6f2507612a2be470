"""JSON: an array of objects, or one object a line."""

from __future__ import annotations

import io
import itertools
import json
import re
from collections.abc import Mapping

import polars as pl

from targeting.frames import REASON, ROW
from targeting.intake.headers import Sought, tidy
from targeting.intake.opened import VALUE, Cells, Opened, Origin
from targeting.intake.texts import Text, utf8_text
from targeting.problems import Refused, refuse

UNREADABLE = "unreadable_line"


def open_json(origin: Origin, sought: Sought) -> Opened:
    """Read an array of objects; a type that differs from record to record is read as text."""
    raw = _bytes(utf8_text(origin, first_line_ends=False)).removeprefix(b"\xef\xbb\xbf")
    if not raw.lstrip().startswith(b"["):
        lines = raw.lstrip().startswith(b"{") and b"\n{" in raw
        instead = "one object a line: format: ndjson" if lines else 'like [{"age": 41}, …]'
        raise origin.broken("not an array of objects", instead)
    frame = _objects(origin, raw, sought)
    return Opened(
        tuple(map(tidy, frame.columns)),
        lambda columns: Cells(_picked(frame, columns).with_row_index(ROW, offset=1)),
    )


def open_ndjson(origin: Origin, sought: Sought) -> Opened:
    """Read one object a line; a line that is none is set apart."""
    text = pl.col("text")
    lines = (
        pl.scan_lines(utf8_text(origin), name="text", glob=False)
        .select(text.str.strip_chars("\ufeff").str.strip_chars())
        .filter(text != "")
        .with_row_index(ROW, offset=1)
        .with_columns(good=text.str.starts_with("{") & text.str.json_path_match("$").is_not_null())
        .collect()
    )
    good = lines.filter("good")
    array = b"[" + (good["text"].str.join(",").item() or "").encode() + b"]"
    frame = _objects(origin, array, sought)
    bad = lines.filter(~pl.col("good")).select(
        ROW, text.str.head(200).alias(VALUE), pl.lit(UNREADABLE).alias(REASON)
    )
    return Opened(
        tuple(map(tidy, frame.columns)),
        lambda columns: Cells(_picked(frame, columns).with_columns(good[ROW]), bad),
    )


def _bytes(text: Text) -> bytes:
    return text.getvalue() if isinstance(text, io.BytesIO) else text.read_bytes()


def _objects(origin: Origin, raw: bytes, sought: Sought) -> pl.DataFrame:
    if re.fullmatch(rb"\s*\[\s*\]\s*", raw):  # no record tells its columns: take them as there
        return pl.DataFrame(schema=dict.fromkeys(sought.theirs.values(), pl.String))
    try:
        return pl.read_json(io.BytesIO(raw), infer_schema_length=None)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return _plain_objects(origin, raw)


def _plain_objects(origin: Origin, raw: bytes) -> pl.DataFrame:
    """Read what Polars will not: a column that nests here and not there; name what is no JSON."""
    try:
        found = json.loads(raw)
    except ValueError as error:
        raise _no_json(origin, error) from None
    except RecursionError:
        raise origin.broken("nested too deep") from None
    if not all(map(dict.__instancecheck__, found)):
        raise origin.broken("not every entry is an object", 'like [{"age": 41}, …]')
    names = list(dict.fromkeys(itertools.chain.from_iterable(found)))
    return pl.DataFrame(
        {name: pl.Series([_text(entry.get(name)) for entry in found]) for name in names}
    )


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _no_json(origin: Origin, error: ValueError) -> Refused:
    line = re.search(r"line (\d+)", str(error))
    place = origin.line(int(line[1]) if line else 1)
    message = f"{origin.shown} is not JSON from line {place.line} on"
    return refuse("I007", message, place, "was it cut off? write it anew")


def _picked(frame: pl.DataFrame, columns: Mapping[str, int]) -> pl.DataFrame:
    return frame.select(**{name: frame.columns[at] for name, at in columns.items()})
