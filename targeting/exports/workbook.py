"""suggestions.xlsx, what the planner opens on Monday, and the same lines as CSV files."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Final

import polars as pl
from babel.numbers import get_currency_symbol
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from targeting.exports.sheet_lines import MOST_LINES, SheetLines, as_shown
from targeting.exports.sheet_totals import (
    ALL_CATEGORY,
    BELOW_COST,
    COST,
    LIVE_CATEGORY,
    category_rows,
    pointed,
    sums,
    sums_of_all,
    total_formulas,
)
from targeting.exports.sheets import (
    SUGGESTIONS,
    Column,
    Formats,
    Sheet,
    at_midnight,
    printed,
    put,
    set_widths,
    table,
    write_suggestions,
)
from targeting.stock.columns import MONEY
from targeting.stock.suggest import Suggestions
from targeting.workspace.settings import Shop

OVERSTOCK_WEEKS: Final = 26
URGENT_LINES: Final = 10


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
    lines = SheetLines.of(suggestions, shop.minor_digits, most_lines)
    symbol = get_currency_symbol(shop.currency, shop.locale).replace('"', "")
    formats = Formats(book, symbol, _decimals(lines.every, shop.minor_digits))
    paper = _Pages(book, formats, shop, title, most_lines)
    paper.summary(suggestions, lines, as_of, run_id, budget)
    write_suggestions(paper.add(SUGGESTIONS, "#E3B93C"), formats, lines.shown)
    paper.by_category(lines)
    paper.by_segment(suggestions)
    paper.overstock(lines.every)
    paper.assumptions(lines.every)
    paper.data_problems(suggestions)
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
    return {name: _in_major_units(frame, digits) for name, frame in frames.items()}


def _in_major_units(frame: pl.DataFrame, digits: int) -> pl.DataFrame:
    """Turn minor units into decimal numbers that keep all of them."""
    exact = pl.Decimal(38, digits)
    money = [name for name in frame.columns if name in MONEY]
    return frame.with_columns((pl.col(money).cast(exact) / 10**digits).cast(exact))


def _decimals(lines: pl.DataFrame, digits: int) -> int:
    """Show no decimals where no amount has any."""
    costs = lines["unit_cost"].drop_nulls()
    return 0 if (costs % 10**digits == 0).all() else digits


@dataclass(frozen=True)
class _Pages:
    """The sheets around the suggestions."""

    book: Workbook
    formats: Formats
    shop: Shop
    title: str
    most_lines: int

    def add(self, name: str, colour: str = "#243B4A") -> Worksheet:
        sheet = self.book.add_worksheet(name, Sheet)
        sheet.set_tab_color(colour)
        printed(sheet, self.shop.region, self.title)
        return sheet

    def summary(
        self,
        suggestions: Suggestions,
        lines: SheetLines,
        as_of: dt.date,
        run_id: str,
        budget: Decimal | None,
    ) -> None:
        """Write the first page: totals that follow the planner's orders, and what is urgent."""
        sheet = self.add("Summary")
        sheet.hide_gridlines(2)
        sheet.fit_to_pages(1, 1)
        sheet.set_column(0, 0, 54)
        sheet.set_column(1, 1, 24)
        sheet.set_column(2, 2, 13 if lines.is_whole else 24)
        sheet.set_column(3, 7, 13)
        sheet.set_row(0, 36)
        sheet.write_string(0, 0, f"Stock suggestions · {self.shop.name}", self.formats["title"])
        facts = {
            "As of the end of": f"{as_of:%Y-%m-%d}",
            "Run": run_id,
            "Currency": self.shop.currency,
        }
        for row, (name, value) in enumerate(facts.items(), start=1):
            put(sheet, row, 0, name, self.formats["text"])
            put(
                sheet, row, 1, value, self.formats["date" if isinstance(value, dt.date) else "text"]
            )
        row = self._totals(sheet, lines, budget, 5)
        known = (*suggestions.notes, *lines.notes)
        row = _paragraphs(sheet, self.formats, "What to know", known, row + 1)
        row = _urgent(sheet, self.formats, lines.shown, row + 1)
        _paragraphs(sheet, self.formats, "How to use this workbook", _HOW_TO, row + 1)
        sheet.activate()  # fmt: skip

    def _totals(self, sheet: Worksheet, lines: SheetLines, budget: Decimal | None, row: int) -> int:
        """Write the live totals, and those of all lines beside them; give the row below."""
        formats = self.formats
        sheet.write_string(row, 0, "The order", formats["section"])
        if not lines.is_whole:
            sheet.write_string(row, 1, "In this workbook", formats["header"])
            sheet.write_string(row, 2, "All lines, as suggested", formats["header"])
        here = sums(lines.shown)
        of_all = sums_of_all(lines.every, self.shop.minor_digits)
        for place, (name, (formula, style)) in enumerate(total_formulas(lines).items(), row + 1):
            sheet.write_string(place, 0, name, formats["text"])
            sheet.write_formula(place, 1, formula, formats[style], here.get(name, 0))
            if not lines.is_whole and name in of_all:
                put(sheet, place, 2, of_all[name], formats[style])
        row += 1 + len(total_formulas(lines))
        elsewhere = of_all[COST] - here[COST]
        return self._budget(sheet, budget, here[COST], 0 if lines.is_whole else elsewhere, row)

    def _budget(
        self,
        sheet: Worksheet,
        budget: Decimal | None,
        spent: float,
        elsewhere: float,
        row: int,
    ) -> int:
        """Write what is left of the budget; `elsewhere` is the cost of lines that are not here."""
        formats = self.formats
        sheet.write_string(row, 0, "Budget", formats["text"])
        if budget is None:
            sheet.write_string(row, 1, "none set", formats["text"])
            return row + 1
        put(sheet, row, 1, float(budget), formats["money"])
        left, formula = float(budget) - spent, f"=B{row + 1}-B{row - BELOW_COST}"
        if elsewhere:
            row += 1
            name = "Cost of the order lines that are not in this workbook"
            sheet.write_string(row, 0, name, formats["text"])
            put(sheet, row, 1, elsewhere, formats["money"])
            left, formula = left - elsewhere, f"=B{row}-B{row - 1 - BELOW_COST}-B{row + 1}"
        sheet.write_string(row + 1, 0, "Left of the budget", formats["text"])
        sheet.write_formula(row + 1, 1, formula, formats["money"], left)
        word = f'=IF(B{row + 2}<0,"▲ over the budget","✓ within the budget")'
        within = "✓ within the budget" if left >= 0 else "▲ over the budget"
        sheet.write_formula(row + 1, 2, word, formats["text"], within)
        return row + 2

    def by_category(self, lines: SheetLines) -> None:
        """Write one row a category; orders and costs follow the sheet of suggestions.

        Where not every line is there, the totals of all lines are fixed, and what follows the
        planner's orders stands apart.
        """
        sheet = self.add("By category")
        form = LIVE_CATEGORY if lines.is_whole else ALL_CATEGORY
        columns = tuple(pointed(column, lines.shown.height) for column in form)
        rows = category_rows(lines, self.shop.minor_digits)
        table(sheet, self.formats, columns, rows)
        _finish(sheet, columns)
        if rows.is_empty():
            return
        below = rows.height + 1
        put(sheet, below, 0, "All", self.formats.total["text"])
        for place, column in enumerate(columns[1:], start=1):
            letter = xl_col_to_name(place)
            style = self.formats.total[column.style]
            sum_up = f"=SUM({letter}2:{letter}{below})"
            sheet.write_formula(below, place, sum_up, style, rows[column.source].sum())
        _bars(sheet, rows.height, 5)
        if not lines.is_whole:
            sheet.write_string(below + 2, 0, lines.notes[0], self.formats["text"])
            sheet.write_string(below + 3, 0, lines.notes[-1], self.formats["text"])

    def by_segment(self, suggestions: Suggestions) -> None:
        """Write one row a segment: what it is expected to buy in a week, and what above others."""
        sheet = self.add("By segment")
        columns = (
            Column("segment", "Segment", 28),
            Column("expected_units", "Expected units a week", 14, "rate"),
            Column("share", "Share of all units", 11, "share"),
            Column("products", "Products wanted above average", 16, "whole"),
            Column("most", "Buys most of", 90, "wrap"),
        )
        rows = _segment_rows(suggestions)
        table(sheet, self.formats, columns, rows)
        _finish(sheet, columns)
        sheet.set_default_row(27)
        _bars(sheet, rows.height, 2)

    def overstock(self, every: pl.DataFrame) -> None:
        """Write what lies too long, the most money first."""
        sheet = self.add("Overstock")
        columns = (
            Column("product_id", "Product id", 11),
            Column("product", "Product", 30),
            Column("location", "Location", 12),
            Column("category", "Category", 15),
            Column("flags", "Why", 20, "wrap"),
            Column("on_hand", "On hand", 9, "days"),
            Column("weekly_demand", "Weekly demand", 9, "rate"),
            Column("cover_weeks", "Cover weeks", 9, "weeks"),
            Column("last_sold_on", "Last sold on", 11, "date"),
            Column("excess", "Units beyond 26 weeks", 11, "whole"),
            Column("value", "Cost of those units", 16, "money"),
        )
        keep = pl.col("weekly_demand") * OVERSTOCK_WEEKS
        excess = (pl.col("on_hand") - keep).clip(lower_bound=0).floor()
        why = pl.col("flags").list.join("; ").str.contains("overstock|dead|expiring")
        found = as_shown(every.filter(why), self.shop.minor_digits).with_columns(
            (pl.col("cover_days") / 7).alias("cover_weeks"),
            excess.alias("excess"),
            (excess * pl.col("unit_cost")).alias("value"),
        )
        rows = found.sort("value", "id", descending=[True, False], nulls_last=True)
        rows = rows.head(self.most_lines)
        table(sheet, self.formats, columns, rows)
        _finish(sheet, columns)
        if rows.is_empty():
            sheet.write_string(1, 0, "Nothing lies too long.", self.formats["text"])
        _say_cut(sheet, self.formats, rows.height, found.height, "suggestions.csv (flags)")

    def assumptions(self, every: pl.DataFrame) -> None:
        """Write which defaults and rules are behind the lines, and each formula's source."""
        sheet = self.add("Assumptions")
        columns = (
            Column("kind", "What", 18),
            Column("text", "Assumed", 46, "wrap"),
            Column("lines", "Lines", 9, "whole"),
            Column("formula", "How it is computed, and where that is from", 95, "wrap"),
        )
        formulas = pl.DataFrame(
            {"kind": ["formula"] * len(_FORMULAS), "text": list(_FORMULAS),
             "lines": [None] * len(_FORMULAS), "formula": list(_FORMULAS.values())},
            schema={"kind": pl.String, "text": pl.String, "lines": pl.Int64, "formula": pl.String},
        )  # fmt: skip
        defaults = pl.col("defaults").list.join("; ").alias("text")
        rows = [
            _counted(every, pl.col("rule").alias("text"), "rule"),
            _counted(every, defaults, "default"),
            formulas,
        ]
        table(sheet, self.formats, columns, pl.concat(rows))
        _finish(sheet, columns)
        sheet.set_default_row(27)

    def data_problems(self, suggestions: Suggestions) -> None:
        """Write what is odd in the data, for somebody to mend."""
        sheet = self.add("Data problems", "#B3261E")
        columns = (
            Column("source", "Source", 15),
            Column("product_id", "Product id", 14),
            Column("location", "Location", 14),
            Column("problem", "Problem", 60, "wrap"),
            Column("assumed", "What was assumed", 50, "wrap"),
        )
        found = suggestions.data_problems
        one_by_one = pl.col("product_id").is_not_null()  # what concerns all products comes first
        rows = found.sort(one_by_one, maintain_order=True).head(self.most_lines)
        table(sheet, self.formats, columns, rows)
        _finish(sheet, columns)
        if rows.height:
            sheet.autofilter(0, 0, rows.height, len(columns) - 1)
        else:
            sheet.write_string(1, 0, "None found.", self.formats["text"])
        _say_cut(sheet, self.formats, rows.height, found.height, "data_problems.csv")


def _say_cut(sheet: Worksheet, formats: Formats, shown: int, found: int, file: str) -> None:
    """Say below a table that it is only the first of its rows, and where all are."""
    if shown < found:
        text = f"The first {shown:,} of {found:,}: all are in stock/{file}."
        sheet.write_string(shown + 2, 0, text, formats["text"])


def _urgent(sheet: Worksheet, formats: Formats, lines: pl.DataFrame, row: int) -> int:
    """List the lines where leaving the order out would lose the most margin."""
    urgent = (
        lines.filter((pl.col("needed") > 0) & (pl.col("expected_lost_margin") > 0))
        .sort("expected_lost_margin", "id", descending=[True, False])
        .head(URGENT_LINES)
    )
    if urgent.is_empty():
        return row
    columns = (
        Column("product", "Product", 34),
        Column("location", "Location", 22),
        Column("on_hand", "On hand", 12, "days"),
        Column("weekly_demand", "Weekly demand", 12, "rate"),
        Column("needed", "Needed", 12, "whole"),
        Column("quantity", "Suggested", 12, "whole"),
        Column("expected_lost_margin", "Margin lost if left out", 15, "round_money"),
        Column("stockout_risk", "Stock-out risk", 12, "risk"),
    )
    sheet.write_string(row, 0, "Where the most margin is at stake", formats["section"])
    sheet.set_row(row + 1, 28)
    table(sheet, formats, columns, urgent, top=row + 1)
    return row + 2 + urgent.height


def _paragraphs(
    sheet: Worksheet, formats: Formats, heading: str, texts: tuple[str, ...], row: int
) -> int:
    if not texts:
        return row
    sheet.write_string(row, 0, heading, formats["section"])
    for number, text in enumerate(texts, start=row + 1):
        sheet.merge_range(number, 0, number, 7, "", formats["note"])
        sheet.write_string(number, 0, text, formats["note"])
        sheet.set_row(number, 14 * (1 + len(text) // 190))
    return row + 1 + len(texts)


def _segment_rows(suggestions: Suggestions) -> pl.DataFrame:
    named = suggestions.lines.select(
        "product_id", pl.coalesce("product", "product_id").alias("product")
    ).unique("product_id", keep="first", maintain_order=True)
    micro = (pl.col("expected_units") * 1_000_000).round().cast(pl.Int64).sum().alias("units")
    most = (
        suggestions.segment_demand.group_by("segment", "product_id")
        .agg(micro)
        .join(named, on="product_id")
        .sort("units", "product_id", descending=[True, False])
        .group_by("segment", maintain_order=True)
        .agg(pl.col("product").head(5).str.join(", ").alias("most"))
    )
    wanted = (
        suggestions.workings.select("product_id", pl.col("wanted_by").alias("segment"))
        .explode("segment")
        .group_by("segment")
        .agg(pl.col("product_id").n_unique().alias("products"))
    )
    share = pl.col("expected_units") / suggestions.by_segment["expected_units"].sum()
    return (
        suggestions.by_segment.join(most, on="segment", how="left", maintain_order="left")
        .join(wanted, on="segment", how="left", maintain_order="left")
        .with_columns(share.fill_nan(0).alias("share"), pl.col("products").fill_null(0))
        .sort("expected_units", "segment", descending=[True, False])
    )


def _counted(every: pl.DataFrame, text: pl.Expr, kind: str) -> pl.DataFrame:
    """Count the lines behind each rule or default: first those with the very same list of them."""
    lists = every.group_by(text).agg(pl.len().cast(pl.Int64).alias("lines"))
    return (
        lists.with_columns(pl.col("text").str.split("; "))
        .explode("text")
        .filter(pl.col("text") != "")
        .group_by("text")
        .agg(pl.col("lines").sum())
        .sort("lines", "text", descending=[True, False])
        .select(
            pl.lit(kind).alias("kind"), "text", "lines", pl.lit(None, pl.String).alias("formula")
        )
    )


def _finish(sheet: Worksheet, columns: tuple[Column, ...]) -> None:
    set_widths(sheet, columns)
    sheet.set_row(0, 32)
    sheet.freeze_panes(1, 1)


def _bars(sheet: Worksheet, height: int, place: int) -> None:
    if height:
        bar = {"type": "data_bar", "bar_color": "#9DB4C0", "min_type": "num",
               "min_value": 0, "max_type": "num", "max_value": 1}  # fmt: skip
        sheet.conditional_format(1, place, height, place, bar)


_HOW_TO = (
    "Type what you order into the yellow column Order of the sheet Suggestions; it starts as "
    "Suggested. This page and By category follow.",
    "Other yellow cells (on hand, on order, service level, lead time) may be changed too: Needed, "
    "cover and risk follow at once. Suggested does not: it settles the budget among all lines.",
    "Needed is what one line asks for by itself, in whole packs. Suggested is what is left of it "
    "within the budget (▼ where that is less). An Order that differs from it is marked ≠.",
    "Risk is the chance of running out before a delivery ordered now could come: ▲ from 20%, ▲▲ "
    "from 50%. Look at says in words what the colours mean.",
    "The + above the columns to the right unfolds the workings: cost, levels, limits, rules and "
    "defaults of each line.",
)

_FORMULAS: Final = {
    "Weekly demand": "Weeks counted back from the day of the run, net of returns, at most 104. "
    "Smooth and erratic: SBA (Syntetos and Boylan 2005). Intermittent and lumpy: IMAPA "
    "(Petropoulos and Kourentzes 2015). Under 8 weeks since the first sale: their mean, the "
    "first week counted by an eighth.",
    "Demand class": "Average interval 1.32 and squared variation 0.49, from the first sale on "
    "(Syntetos, Boylan and Croston 2005).",
    "Weekly demand for levels": "Exponential smoothing; SBA's low bias would leave levels short.",
    "Weekly spread": "Root mean square of the one-step errors of that smoothing.",
    "ABC, XYZ": "ABC: share of 52 weeks' revenue, the product itself included, A to 80%, B to 95%. "
    "XYZ: standard deviation / mean of weekly demand, X to 0.5, Y to 1.",
    "Available": "on hand - reserved + on order",
    "Safety stock": "z(service level) x square root of (weeks x spread² + demand² x lead time "
    "spread²), weeks = lead time + review (Silver, Pyke and Thomas 2017).",
    "Reorder point": "demand over the lead time + z x its spread: at or below it, a line is low.",
    "Order up to": "demand over lead time + review + safety stock (periodic review: every line "
    "below it is ordered up to it at each review).",
    "Needed": "order up to - available, up to whole packs, at least the smallest order, at most "
    "the rule's limit (under the smallest order: 0); discontinued, or unsold for 26 weeks: 0.",
    "Suggested": "Needed within the budget: lines that lose the least margin for their money are "
    "cut first.",
    "Margin lost if left out": "(price - unit cost) x units short by the end of lead time + "
    "review, less those short before a delivery could come (normal loss function, Silver, Pyke "
    "and Thomas 2017).",
    "Stock-out risk": "Probability that demand over the lead time exceeds what is available.",
    "Wanted by": "Segments whose share of the product's units in 26 weeks is at least 1.2 times "
    "their share of all units.",
    "Expected units by segment": "Weekly demand, shared by the units that each segment's buyers "
    "took in 26 weeks, weighed by their likelihood to buy again.",
}
