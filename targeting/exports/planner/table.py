"""Columns and rows of any sheet: values as what they are, live formulas, widths, printing."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from targeting.exports.planner.formats import Formats, Style

LETTER_PAPER: Final = ("US", "CA", "MX")

Value = str | float | int | dt.date | None


class Sheet(Worksheet):  # type: ignore[misc]  # XlsxWriter has no types
    """A worksheet whose formulas are written as they stand.

    XlsxWriter searches each formula for 20 functions that need a prefix: a third of the time that a
    workbook takes. Formulas here carry their prefix (`_xlfn.`) already.
    """

    def _prepare_formula(self, formula: str, expand_future_functions: object = False) -> str:
        return formula.removeprefix("=")


def put(sheet: Worksheet, row: int, column: int, value: Value, style: Format) -> None:
    """Write a value as what it is: a text is never a formula, missing is an empty cell."""
    match value:
        case None:
            sheet.write_blank(row, column, None, style)
        case str():
            sheet.write_string(row, column, value[:32_000], style)
        case dt.date():
            sheet.write_datetime(row, column, at_midnight(value), style)
        case _:
            sheet.write_number(row, column, value, style)


def at_midnight(day: dt.date) -> dt.datetime:
    """Give the day as Excel keeps days: a time without a zone."""
    return dt.datetime(day.year, day.month, day.day)  # noqa: DTZ001


@dataclass(frozen=True)
class Column:
    """One column of a sheet: where its values come from, and how they are shown.

    `formula` names other columns in braces; the value is then what the formula gives. `seldom`:
    hidden on nights when no line has anything in it.
    """

    source: str
    header: str
    width: float
    style: Style = "text"
    formula: str | None = None
    workings: bool = False  # folded away to the right
    seldom: bool = False

    @property
    def is_input(self) -> bool:
        """Whether the planner may change it."""
        return self.style.startswith("input") or self.style == "order"

    @property
    def is_summed(self) -> bool:
        """Whether a total below it means something."""
        return self.style in ("whole", "money", "share")


def table(
    sheet: Worksheet,
    formats: Formats,
    columns: Sequence[Column],
    rows: pl.DataFrame,
    *,
    top: int = 0,
) -> None:
    """Write headers and rows; formulas carry the value that the frame holds for them."""
    formulas = _formulas(columns)
    for place, column in enumerate(columns):
        header = formats["header_input" if column.is_input else "header"]
        sheet.write_string(top, place, column.header, header)
        style = formats[column.style]
        formula = formulas.get(column.source)
        for row, value in enumerate(rows[column.source].to_list(), start=top + 1):
            if formula is None:
                put(sheet, row, place, value, style)
            else:
                cached = "" if value is None else value
                sheet.write_formula(row, place, formula.replace("§", str(row + 1)), style, cached)


def set_widths(sheet: Worksheet, columns: Sequence[Column], rows: pl.DataFrame) -> None:
    """Set the widths; fold the workings away, hide columns that say nothing tonight."""
    for place, column in enumerate(columns):
        folded = {"level": 1, "hidden": True} if column.workings else {}
        silent = {"hidden": True} if column.seldom and _says_nothing(rows[column.source]) else {}
        sheet.set_column(place, place, column.width, None, folded | silent)
    if any(column.workings for column in columns):
        sheet.set_column(len(columns), len(columns), None, None, {"collapsed": True})


def _says_nothing(values: pl.Series) -> bool:
    said = values.drop_nulls()
    return said.is_empty() or (said.dtype.is_numeric() and bool((said == 0).all()))


def finish(sheet: Worksheet, columns: Sequence[Column], rows: pl.DataFrame) -> None:
    """Set the widths of a table that starts in the first row, and keep its header in view."""
    set_widths(sheet, columns, rows)
    sheet.set_row(0, 32)
    sheet.freeze_panes(1, 1)


def add_totals(
    sheet: Worksheet, formats: Formats, columns: Sequence[Column], rows: pl.DataFrame, name: str
) -> None:
    """Sum the numbers below a table that starts in the first row; `name` is the first cell."""
    below = rows.height + 1
    put(sheet, below, 0, name, formats.total["text"])
    for place, column in enumerate(columns[1:], start=1):
        style = formats.total[column.style if column.is_summed else "text"]
        if not column.is_summed:
            put(sheet, below, place, None, style)
            continue
        letter = xl_col_to_name(place)
        total = rows[column.source].sum() or 0
        sheet.write_formula(below, place, f"=SUM({letter}2:{letter}{below})", style, total)


def bars(sheet: Worksheet, height: int, place: int) -> None:
    """Draw shares as bars in their cells."""
    if height:
        bar = {"type": "data_bar", "bar_color": "#9DB4C0", "min_type": "num",
               "min_value": 0, "max_type": "num", "max_value": 1}  # fmt: skip
        sheet.conditional_format(1, place, height, place, bar)


def say_cut(
    sheet: Worksheet, formats: Formats, row: int, shown: int, found: int, file: str
) -> None:
    """Say below a table that it is only the first of its rows, and where all are."""
    if shown < found:
        text = f"The first {shown:,} of {found:,}: all are in stock/{file}."
        sheet.write_string(row, 0, text, formats["text"])


def height_of(text: str | None, width: float) -> float:
    """Give the points that a text of nine points takes in a column so many signs wide."""
    return 3 + 12.5 * max(1, math.ceil(len(text or "") / (width * 1.1)))


def printed(sheet: Worksheet, region: str, title: str) -> None:
    """Set up printing: landscape, one page wide, the header on each page, pages numbered."""
    sheet.set_landscape()
    sheet.set_paper(1 if region in LETTER_PAPER else 9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.6)
    sheet.set_header("&L&9" + title[:100].replace("&", "&&") + "&R&9&A")
    sheet.set_footer("&R&9&P / &N")


def _formulas(columns: Sequence[Column]) -> dict[str, str]:
    """Turn column names in formulas into cells of the row that § stands for."""
    cells = {c.source: f"${xl_col_to_name(place)}§" for place, c in enumerate(columns)}
    return {c.source: "=" + c.formula.format_map(cells) for c in columns if c.formula is not None}
