"""suggestions.xlsx, what the planner opens on Monday, and the same lines as CSV files."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import polars as pl
from babel.numbers import get_currency_symbol
from xlsxwriter.workbook import Workbook

from targeting.exports.planner.assumptions import write_assumptions
from targeting.exports.planner.by_category import write_by_category
from targeting.exports.planner.by_segment import write_by_segment
from targeting.exports.planner.columns import SUGGESTIONS
from targeting.exports.planner.data_problems import write_data_problems
from targeting.exports.planner.formats import DARK, INK_OF_INPUTS, INK_OF_PROBLEMS, Formats
from targeting.exports.planner.overstock import write_overstock
from targeting.exports.planner.suggestions import write_suggestions
from targeting.exports.planner.summary import write_summary
from targeting.exports.planner.table import Sheet, at_midnight, printed
from targeting.exports.planner.transfers import write_transfers
from targeting.exports.sheet_lines import MOST_LINES, SheetLines, in_major_units
from targeting.stock.columns import MONEY
from targeting.stock.suggest import Suggestions
from targeting.workspace.settings import Shop


def write_workbook(
    path: Path,
    suggestions: Suggestions,
    *,
    shop: Shop,
    as_of: dt.date,
    run_id: str,
    budget: Decimal | None,
    most_lines: int = MOST_LINES,
) -> int:
    """Write the planner's workbook, the same bytes each time; give the number of its lines.

    Every formula carries its value, for readers that do not recalculate. `budget` is in major
    units, None without one. No sheet has more than `most_lines`, and says so where it would.
    """
    content = BytesIO()
    book = Workbook(content, {"in_memory": True, "strings_to_formulas": False})
    title = f"Stock suggestions of {shop.name} for {as_of:%Y-%m-%d}"
    book.set_properties({"title": title, "author": "targeting", "created": at_midnight(as_of)})
    digits = shop.minor_digits
    lines = SheetLines.of(suggestions, digits, most_lines)
    symbol = get_currency_symbol(shop.currency, shop.locale).replace('"', "")
    formats = Formats(book, symbol, _decimals(lines.every, digits))
    pages = _Pages(book, shop.region, title)
    write_summary(
        pages.add("Summary"),
        formats,
        lines,
        facts={
            "Stock suggestions": shop.name,
            "As of the end of": f"{as_of:%Y-%m-%d}",
            "Run": run_id,
            "Currency": shop.currency,
        },
        notes=suggestions.notes,
        campaigns=suggestions.campaigns,
        budget=budget,
        digits=digits,
    )
    write_suggestions(pages.add(SUGGESTIONS, INK_OF_INPUTS), formats, lines.shown)
    if suggestions.transfers.height:
        write_transfers(pages.add("Transfers"), formats, suggestions, digits, most_lines)
    write_by_category(pages.add("By category"), formats, lines, digits)
    write_by_segment(pages.add("By segment"), formats, suggestions)
    write_overstock(pages.add("Overstock"), formats, lines.every, digits, most_lines)
    write_assumptions(pages.add("Assumptions"), formats, lines.every, suggestions.forecast_check)
    problems = pages.add("Data problems", INK_OF_PROBLEMS)
    write_data_problems(problems, formats, suggestions.data_problems, most_lines)
    book.close()
    path.write_bytes(content.getvalue())
    return lines.shown.height


def suggestion_csv(suggestions: Suggestions, digits: int) -> dict[str, pl.DataFrame]:
    """Give the frames under their files' names (no ending): money in major units, lists as text."""
    frames = {
        "suggestions": suggestions.lines.with_columns(
            pl.col("flags", "defaults").list.join("; ")
        ),
        "by_category": suggestions.by_category,
        "by_segment": suggestions.by_segment,
        "segment_demand": suggestions.segment_demand,
        "transfers": suggestions.transfers,
        "data_problems": suggestions.data_problems,
    }  # fmt: skip
    return {name: _money_in_major_units(frame, digits) for name, frame in frames.items()}


def _money_in_major_units(frame: pl.DataFrame, digits: int) -> pl.DataFrame:
    money = [name for name in frame.columns if name in MONEY]
    return frame.with_columns(in_major_units(pl.col(money), digits))


def _decimals(lines: pl.DataFrame, digits: int) -> int:
    """Show no decimals where no amount has any."""
    costs = lines["unit_cost"].drop_nulls()
    return 0 if (costs % 10**digits == 0).all() else digits


@dataclass(frozen=True)
class _Pages:
    """The workbook's sheets: each set up for printing under the same title."""

    book: Workbook
    region: str
    title: str

    def add(self, name: str, colour: str = DARK) -> Sheet:
        sheet: Sheet = self.book.add_worksheet(name, Sheet)
        sheet.set_tab_color(colour)
        printed(sheet, self.region, self.title)
        return sheet
