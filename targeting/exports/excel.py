"""Contact lists as workbooks: text stays text, numbers stay numbers, the same bytes every time."""

from __future__ import annotations

import datetime as dt
import re
import shutil
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import polars as pl

MOST_ROWS: Final = 1_048_575  # of a sheet, its header apart
LONGEST_TEXT: Final = 32_767  # of a cell, in UTF-16 units

_CREATED: Final = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
_ZIP_DATE: Final = (1980, 1, 1, 0, 0, 0)
_ZIP_MODE: Final = 0o600 << 16
_NARROWEST: Final = 9
_WIDEST: Final = 32
_WIDE_TEXT: Final = 64  # a message, or a sentence that says why
_TALLEST: Final = 14  # lines of a row; a longer message is read in its cell
_LINE: Final = 14.5  # points
_PADDING: Final = 4
_RULE: Final = {"bottom": 4, "bottom_color": "#9AA5B1"}  # between two customers
_EPOCH: Final = dt.date(1899, 12, 30)
_FIRST_DAY: Final = dt.date(1900, 3, 1)  # Excel's calendar has a 29 February 1900 before it


def write_xlsx(
    path: Path, columns: pl.DataFrame, decimals: Mapping[str, int | None], *, sheet: str, title: str
) -> None:
    """Write one sheet: header frozen, filter on, text cells as text and never as formulas.

    `decimals` says of number columns how many they show; None: as many as there are.
    """
    import xlsxwriter

    # Rows go to disk as they come (constant memory): beside the result, not in a shared /tmp.
    with TemporaryDirectory(dir=path.parent, prefix=".") as scratch:
        draft = Path(scratch) / "draft.xlsx"
        options = {
            "constant_memory": True,
            "tmpdir": scratch,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        book = xlsxwriter.Workbook(str(draft), options)
        book.set_properties({"title": title, "created": _CREATED})
        page = book.add_worksheet(sheet_name(sheet))
        _lay_out(page, columns)
        _write_rows(book, page, columns, decimals)
        book.close()
        zip_again(draft, path)


def zip_again(draft: Path, path: Path) -> None:
    """Pack the parts of a workbook anew, in one order, mode and date, for equal bytes."""
    with zipfile.ZipFile(draft) as parts, zipfile.ZipFile(path, "w") as packed:
        for part in sorted(parts.infolist(), key=_content_types_first):
            entry = zipfile.ZipInfo(part.filename, _ZIP_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = _ZIP_MODE
            entry.file_size = part.file_size  # decides on zip64 before the first byte
            with parts.open(part) as source, packed.open(entry, "w") as target:
                shutil.copyfileobj(source, target, 1 << 20)


def sheet_name(text: str) -> str:
    """Make a name that Excel allows: at most 31 characters, none of []:*?/\\, never empty."""
    plain = re.sub(r"[\[\]:*?/\\\x00-\x1f\ufffe\uffff]", " ", text)
    name = plain.strip(" '")
    while len(name.encode("utf-16-le")) > 62:
        name = name[:-1]
    name = name.strip(" '")
    return name if name and name.casefold() != "history" else "Contacts"


def too_long(column: str) -> pl.Expr:
    """Tell, for a text column, what a cell cannot hold; never missing."""
    text = pl.col(column)
    beyond_the_basic_plane = text.str.count_matches(r"[\x{10000}-\x{10FFFF}]")
    return (text.str.len_chars() + beyond_the_basic_plane > LONGEST_TEXT).fill_null(value=False)


def shortened(column: str) -> pl.Expr:
    """Cut what a cell cannot hold, and end it with ... so that the cut is seen."""
    text = pl.col(column)
    cut = text.str.head(LONGEST_TEXT // 2 - 1) + "..."
    return pl.when(too_long(column)).then(cut).otherwise(text).alias(column)


def _content_types_first(part: zipfile.ZipInfo) -> tuple[bool, str]:
    return part.filename != "[Content_Types].xml", part.filename


def _lay_out(page: Any, columns: pl.DataFrame) -> None:
    page.freeze_panes(1, 0)
    page.autofilter(0, 0, columns.height, columns.width - 1)
    page.set_landscape()
    page.set_paper(9)  # A4
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)
    page.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    page.set_footer("&L&A&R&P / &N")
    for number, column in enumerate(columns):
        page.set_column(number, number, _width(column))


def _write_rows(
    book: Any, page: Any, columns: pl.DataFrame, decimals: Mapping[str, int | None]
) -> None:
    header = {"bold": True, "bg_color": "#1F3A5F", "font_color": "#FFFFFF", "valign": "vcenter"}
    page.set_row(0, 24)
    styles = {to: book.add_format(header | {"align": to, "indent": 1}) for to in ("left", "right")}
    for number, column in enumerate(columns):
        page.write_string(0, number, column.name, styles[_side(column)])
    writers = [_writer(book, page, column, decimals.get(column.name)) for column in columns]
    heights = _heights(columns)
    for number, (row, height) in enumerate(zip(columns.iter_rows(), heights, strict=True), start=1):
        page.set_row(number, height)
        for place, value in enumerate(row):
            writers[place](number, place, value)


def _writer(
    book: Any, page: Any, column: pl.Series, decimals: int | None
) -> Callable[[int, int, Any], object]:
    """Choose once a column how its cells are written; a missing value is a blank cell."""
    style: dict[str, object] = {"valign": "top", "align": _side(column), "indent": 1} | _RULE
    write: Callable[[Any, int, int, Any, Any], None]
    if column.dtype == pl.Date:
        style["num_format"] = "yyyy-mm-dd"
        write = _write_day
    elif column.dtype.is_numeric():
        style["num_format"] = _number_format(column.dtype, decimals)
        write = _write_number
    else:
        style |= {"num_format": "@", "text_wrap": True}
        write = _write_text
    form = book.add_format(style)

    def written(row: int, place: int, value: Any) -> None:
        if value is None:
            page.write_blank(row, place, None, form)
        else:
            write(page, row, place, value, form)

    return written


def _write_text(page: Any, row: int, place: int, text: str, form: Any) -> None:
    page.write_string(row, place, text, form)


def _write_number(page: Any, row: int, place: int, number: float, form: Any) -> None:
    page.write_number(row, place, float(number), form)


def _write_day(page: Any, row: int, place: int, day: dt.date, form: Any) -> None:
    if day < _FIRST_DAY:
        page.write_string(row, place, day.isoformat(), form)
    else:
        page.write_number(row, place, (day - _EPOCH).days, form)


def _side(column: pl.Series) -> str:
    return "right" if column.dtype.is_numeric() else "left"


def _number_format(dtype: pl.DataType, decimals: int | None) -> str:
    if decimals:
        return "0." + "0" * decimals
    return "0" if decimals == 0 or dtype.is_integer() else "General"


def _width(column: pl.Series) -> float:
    """Fit most cells of a column; long texts wrap."""
    header = len(column.name) * 1.2 + 5  # bold, and room for the filter's button
    if column.dtype != pl.String or column.null_count() == column.len():
        return max(_NARROWEST, header, 12)
    longest_line = column.str.split("\n").list.eval(pl.element().str.len_chars()).list.max()
    usual = float(longest_line.quantile(0.95, "nearest") or 0)
    at_most = _WIDE_TEXT if usual > _WIDEST + 8 else _WIDEST
    return min(at_most, max(_NARROWEST, header, usual + 3))


def _heights(columns: pl.DataFrame) -> list[float]:
    """Give each row the height of its longest cell, up to a few lines."""
    texts = [c for c in columns if c.dtype == pl.String and c.null_count() < c.len()]
    lines = [_lines(column, _width(column)) for column in texts]
    if not lines or columns.height == 0:
        return [_LINE + _PADDING] * columns.height
    most = pl.DataFrame([count.alias(str(n)) for n, count in enumerate(lines)]).max_horizontal()
    return (most.clip(1, _TALLEST) * _LINE + _PADDING).to_list()


def _lines(column: pl.Series, width: float) -> pl.Series:
    # A line of n characters wraps into about n / width pieces; words do not fill them to the end.
    wrapped = (pl.element().str.len_chars() * 1.05 / width).ceil().clip(1)
    return column.str.split("\n").list.eval(wrapped).list.sum().fill_null(1)
