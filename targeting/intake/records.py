"""Lines of a delimited file become records: quoted line breaks, stray quotes, ragged lines.

Quotes mean what Python's csv module and Excel mean by them: they count where a field begins, and
are letters elsewhere (a 5" nail). All of it is columnar: whether a line begins inside a quoted
field is a running composition of what each line does to that state.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import polars as pl

from targeting.frames import REASON, ROW
from targeting.intake.opened import VALUE

RAGGED = "ragged_line"
_LONGEST_RECORD = 1 << 23  # bytes; what goes on for longer began with a stray quotation mark


@dataclass(frozen=True)
class Records:
    """The lines below the header as records.

    `good` has one row a record with as many fields as the header: ROW, text (strictly quoted).
    `bad` has one row a line with more or fewer: ROW, its text, the reason.
    `as_written` says that the good records are the file's lines, none changed and none left out.
    `open_from` is the index of the first line of a record that goes on after the last line given.
    """

    good: pl.DataFrame
    bad: pl.DataFrame
    as_written: bool
    open_from: int | None = None


@dataclass(frozen=True)
class _Shapes:
    """Regular expressions of a line, for one delimiter."""

    mark: str

    @property
    def field(self) -> str:
        """Match a field as csv reads it: quoted (letters may follow), plain, or empty."""
        d = re.escape(self.mark)
        return rf'(?:"(?:[^"]|"")*"(?:[^"{d}][^{d}]*)?|[^"{d}][^{d}]*|)'

    @property
    def whole(self) -> str:
        """Match a record that ends outside of quotes."""
        return rf"^{self.field}(?:{re.escape(self.mark)}{self.field})*$"

    @property
    def strict(self) -> str:
        """Match a record whose quotes stand around whole fields only."""
        d = re.escape(self.mark)
        field = rf'(?:"(?:[^"]|"")*"|[^"{d}]*)'
        return rf"^{field}(?:{d}{field})*$"

    @property
    def closes(self) -> str:
        """Match a line that begins inside a quoted field and ends outside."""
        d = re.escape(self.mark)
        return rf'^(?:[^"]|"")*"(?:[^"{d}][^{d}]*)?(?:{d}{self.field})*$'

    @property
    def before_open(self) -> str:
        """Match a line that ends inside a quoted field, and take what stands before the field."""
        d = re.escape(self.mark)
        return rf'^((?:{self.field}{d})*)"(?:[^"]|"")*$'

    @property
    def with_mark(self) -> str:
        """Match one field and the delimiter before it, in a text that begins with one."""
        return re.escape(self.mark) + self.field


def records(lines: pl.Series, delimiter: str, width: int, *, more: bool = False) -> Records:
    """Part the lines below a header into records of `width` fields, and bad lines.

    `more`: the file goes on after these lines, and so may their last record.
    """
    shapes = _Shapes(delimiter)
    table = pl.DataFrame({"text": lines}).with_columns(
        quoted=pl.col("text").str.contains('"', literal=True)
    )
    one_a_line = True
    if table["quoted"].any():
        table = table.with_columns(_strict(shapes))
        one_a_line = bool(table["strict"].all())
    if one_a_line:
        return _parted(table, shapes, width, _UNBROKEN)
    return _with_line_breaks(table, shapes, width, more=more)


_UNBROKEN = pl.lit(value=False)


def _strict(shapes: _Shapes) -> pl.Expr:
    return (~pl.col("quoted") | pl.col("text").str.contains(shapes.strict)).alias("strict")


def _with_line_breaks(lines: pl.DataFrame, shapes: _Shapes, width: int, *, more: bool) -> Records:
    """Join the lines of each record, from the first on.

    A record of several lines that comes out ragged, is too long, or never closes, had a stray
    quotation mark: its first line stands alone as bad, and the lines below are read anew. So one
    quotation mark too many costs one line, not the rest of the file, and a part of a file that
    begins with a record reads as it does within the file.
    """
    lines = lines.with_row_index("line")
    opening = _taken(_openings(lines, shapes, width, more=more))
    waiting = opening.filter("waits")["line"]
    open_from = None if waiting.is_empty() else int(waiting[0])
    astray = opening.filter(~pl.col("joins") & ~pl.col("waits"))["line"]
    joined = _joined(lines[:open_from], opening.filter("joins").select("line", "last"), shapes)
    broken = pl.col("line").is_in(astray.implode())
    return replace(_parted(joined, shapes, width, broken), as_written=False, open_from=open_from)


def _openings(lines: pl.DataFrame, shapes: _Shapes, width: int, *, more: bool) -> pl.DataFrame:
    """Give each line that ends inside of quotes, if it begins outside of them.

    Its index, `last`: the line that closes the quotes; `joins`: whether the two and what is between
    them are a record; `waits`: whether that is not known before the file goes on.
    """
    text = pl.col("text")
    size = (text.str.len_bytes() + 1).cast(pl.Int64).cum_sum()
    parts = pl.when("quoted").then(_delimiters(shapes, '"' + text)).otherwise(0).cum_sum()
    counted = lines.with_columns(size=size, parts=parts)
    closes = pl.col("quoted") & text.str.contains(shapes.closes)
    end = counted.filter(closes).select("line", last="line", size_then="size", parts_then="parts")
    before = pl.col("size") - text.str.len_bytes() - 1
    fields = _delimiters(shapes, text) + pl.col("parts_then") - pl.col("parts") + 1
    rest = int(counted["size"][-1]) - before
    return (
        counted.filter(~pl.col("strict") & ~text.str.contains(shapes.whole))
        .join_asof(end, on="line", strategy="forward", allow_exact_matches=False)
        .select(
            "line",
            "last",
            joins=(fields == width).fill_null(value=False)
            & (pl.col("size_then") - before <= _LONGEST_RECORD).fill_null(value=False),
            waits=pl.lit(more) & pl.col("last").is_null() & (rest <= _LONGEST_RECORD),
        )
    )


def _taken(openings: pl.DataFrame) -> pl.DataFrame:
    """Leave out the openings that are inside of the record of an earlier one."""
    line, last = openings["line"], openings["last"]
    after = pl.Series(line.search_sorted(last.fill_null(0), side="right"), dtype=pl.UInt32)
    own = pl.int_range(1, pl.len() + 1, dtype=pl.UInt32)
    following = (
        openings.select(pl.when("waits").then(pl.len()).when("joins").then(after).otherwise(own))
        .to_series()
        .to_list()
    )
    taken, at = [], 0
    while at < len(following):
        taken.append(at)
        at = following[at]
    return openings[taken]


def _joined(lines: pl.DataFrame, several: pl.DataFrame, shapes: _Shapes) -> pl.DataFrame:
    """Make one row a record; `several` has the first and last line of those of more than one."""
    first = several.select("line", "last", first="line")
    placed = lines.join_asof(first, on="line", strategy="backward").with_columns(
        within=(pl.col("line") <= pl.col("last")).fill_null(value=False)
    )
    texts = (
        placed.filter("within")
        .group_by("first", maintain_order=True)
        .agg(pl.col("text").str.join("\n").alias("joined"))
    )
    return (
        placed.filter(~pl.col("within") | (pl.col("line") == pl.col("first")))
        .join(texts, left_on="line", right_on="first", how="left", maintain_order="left")
        .with_columns(text=pl.coalesce("joined", "text"))
        .select("line", "text", "quoted")
        .with_columns(_strict(shapes))
    )


def _delimiters(shapes: _Shapes, text: pl.Expr) -> pl.Expr:
    """Count what parts the fields of a line that begins outside of quotes, wherever it ends."""
    mark = pl.lit(shapes.mark)
    ended = pl.coalesce(text.str.extract(shapes.before_open), text)
    return (mark + ended).str.count_matches(shapes.with_mark).cast(pl.Int64) - 1


def _width(shapes: _Shapes) -> pl.Expr:
    """Count the fields of a record."""
    text = pl.col("text")
    with_quotes = (pl.lit(shapes.mark) + text).str.count_matches(shapes.with_mark)
    without = text.str.count_matches(shapes.mark, literal=True) + 1
    return pl.when("quoted").then(with_quotes).otherwise(without)


def _parted(table: pl.DataFrame, shapes: _Shapes, width: int, broken: pl.Expr) -> Records:
    blank = pl.col("text").str.strip_chars() == ""
    found = (
        table.lazy()
        .with_columns(good=(_width(shapes) == width) & ~broken & ~blank)
        .filter(~blank)
        .with_row_index(ROW, offset=1)
        .collect()
    )
    bad = found.lazy().filter(~pl.col("good"))
    shown = pl.col("text").str.head(200).alias(VALUE)
    good = found.filter("good") if not found["good"].all() else found
    as_written = good.height == table.height
    if "strict" in good.columns and not good["strict"].all():
        as_written = False
        good = good.with_columns(text=pl.when("strict").then("text").otherwise(_requoted(shapes)))
    return Records(
        good.select(ROW, "text"),
        bad.select(ROW, shown, pl.lit(RAGGED).alias(REASON)).collect(),
        as_written,
    )


def _requoted(shapes: _Shapes) -> pl.Expr:
    """Write a record with stray quotes so that every field stands in quotes."""
    field = pl.element().str.slice(1)
    quoted = r'(?s)^"((?:[^"]|"")*)"(.*)$'
    content = (
        pl.when(field.str.starts_with('"'))
        .then(
            field.str.extract(quoted, 1).str.replace_all('""', '"', literal=True)
            + field.str.extract(quoted, 2)
        )
        .otherwise(field)
    )
    again = pl.lit('"') + content.str.replace_all('"', '""', literal=True) + pl.lit('"')
    found = (pl.lit(shapes.mark) + pl.col("text")).str.extract_all(shapes.with_mark)
    return found.list.eval(again).list.join(shapes.mark)
