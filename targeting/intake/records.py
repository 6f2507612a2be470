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
_MOST_REPAIRS = 100


@dataclass(frozen=True)
class Records:
    """The lines below the header as records.

    `good` has one row a record with as many fields as the header: ROW, text (strictly quoted).
    `bad` has one row a line with more or fewer: ROW, its text, the reason.
    `as_written` says that the good records are the file's lines, none changed and none left out.
    `unpaired` is the index of a line whose quotation mark never pairs up; nothing else counts then.
    `open_from` is the index of the first line of a record that goes on after the last line given.
    """

    good: pl.DataFrame
    bad: pl.DataFrame
    as_written: bool
    unpaired: int | None = None
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
    """Join the lines of each record.

    A record of several lines that comes out ragged, or never closes, had a stray quotation mark:
    its first line stands alone as bad, and the lines below are read anew. So one quotation mark
    too many costs one line, not the rest of the file.
    """
    text = pl.col("text")
    lines = lines.with_row_index("line").with_columns(
        outside=pl.when("strict").then(0).otherwise((~text.str.contains(shapes.whole)).cast(int)),
        inside=pl.when("quoted").then((~text.str.contains(shapes.closes)).cast(int)).otherwise(1),
        broken=pl.lit(value=False),
    )
    for _ in range(_MOST_REPAIRS):
        joined, ends_inside = _joined(lines, shapes)
        astray = (pl.col("lines") > 1) & (_width(shapes) != width)
        is_last = pl.col("line") == pl.col("line").max()
        if ends_inside:
            astray = (astray & ~is_last) if more else (astray | is_last)
        wrong = joined.filter(astray)["line"]
        if wrong.is_empty() and ends_inside:
            whole = _parted(joined.filter(~is_last), shapes, width, pl.col("broken"))
            return replace(whole, open_from=int(joined.select(pl.col("line").max()).item()))
        if wrong.is_empty():
            return _parted(joined, shapes, width, pl.col("broken"))
        here = pl.col("line").is_in(wrong.implode())
        lines = lines.with_columns(
            broken=pl.col("broken") | here,
            outside=pl.when(here).then(0).otherwise("outside"),
            inside=pl.when(here).then(0).otherwise("inside"),
        )
    nothing = lines.clear()
    return Records(nothing, nothing, as_written=False, unpaired=int(wrong[0]))


def _joined(lines: pl.DataFrame, shapes: _Shapes) -> tuple[pl.DataFrame, bool]:
    """Make one row a record: line (its first), lines (how many), text, and the flags."""
    toggles = ((pl.col("outside") == 1) & (pl.col("inside") == 0)).cast(pl.Int64).cum_sum()
    sets = pl.col("outside") == pl.col("inside")
    since = pl.when(sets).then(toggles).forward_fill().fill_null(0)
    state = pl.when(sets).then("outside").forward_fill().fill_null(0)
    after = lines.select(after=(state + toggles - since) % 2)["after"]
    starts = after.shift(1, fill_value=0) == 0
    numbered = lines.with_columns(record=starts.cum_sum(), starts=starts)
    several = numbered.filter(~(pl.col("starts") & pl.col("starts").shift(-1, fill_value=True)))
    texts = several.group_by("record", maintain_order=True).agg(
        pl.col("text").str.join("\n").alias("joined"), lines=pl.len()
    )
    joined = (
        numbered.filter("starts")
        .join(texts, on="record", how="left", maintain_order="left")
        .with_columns(
            text=pl.coalesce("joined", "text"),
            lines=pl.col("lines").fill_null(1),
            quoted=pl.col("quoted") | pl.col("joined").is_not_null(),
        )
        .drop("joined")
        .with_columns(_strict(shapes))
    )
    return joined, bool(after.len() and after[-1] == 1)


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
    # A line break inside quotes may be CRLF in the file: joined anew it is the same in every file.
    as_written = good.height == table.height and "lines" not in table.columns
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
