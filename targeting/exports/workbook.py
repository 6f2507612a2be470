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
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from targeting.exports.sheets import (
    SUGGESTIONS,
    Column,
    Formats,
    at_midnight,
    cells,
    printed,
    put,
    set_widths,
    table,
    write_suggestions,
)
from targeting.stock.columns import MONEY
from targeting.stock.suggest import Suggestions
from targeting.workspace.settings import Shop

NO_CATEGORY: Final = "(no category)"
ID_SEPARATOR: Final = "␟"
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
) -> None:
    """Write the planner's workbook, the same bytes each time.

    Every formula carries its value, for readers that do not recalculate. `budget` is in major
    units, None without one.
    """
    content = BytesIO()
    book = Workbook(content, {"in_memory": True, "strings_to_formulas": False})
    title = f"Stock suggestions of {shop.name} for {as_of:%Y-%m-%d}"
    book.set_properties({"title": title, "author": "targeting", "created": at_midnight(as_of)})
    lines = _sheet_lines(suggestions, shop.minor_digits)
    symbol = get_currency_symbol(shop.currency, shop.locale).replace('"', "")
    formats = Formats(book, symbol, _decimals(lines, shop.minor_digits))
    paper = _Pages(book, formats, shop, title)
    paper.summary(suggestions, lines, as_of, run_id, budget)
    write_suggestions(paper.add(SUGGESTIONS, "#E3B93C"), formats, lines)
    paper.by_category(lines)
    paper.by_segment(suggestions)
    paper.overstock(lines)
    paper.assumptions(lines)
    paper.data_problems(suggestions)
    book.close()
    path.write_bytes(content.getvalue())


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


def _sheet_lines(suggestions: Suggestions, digits: int) -> pl.DataFrame:
    """Join lines and workings as the sheet shows them: what is ordered first, by category.

    Money in major units; cells whose formula gives an empty text are missing.
    """
    scale = 10**digits
    lead_weeks = pl.col("lead_time_days") / 7
    uncertain = (pl.col("level_demand") * pl.col("lead_time_sd_days") / 7) ** 2
    short = pl.col("order_up_to") - pl.col("available")
    packs = (short / pl.col("pack_size") - 1e-9).ceil() * pl.col("pack_size")
    sells = pl.col("weekly_demand") > 0
    cover = pl.col("available").clip(lower_bound=0) / pl.col("weekly_demand") * 7
    joined = suggestions.lines.hstack(suggestions.workings.drop("product_id", "location"))
    return joined.with_columns(
        pl.concat_str(
            "product_id", pl.lit(ID_SEPARATOR), pl.col("location").fill_null("")
        ).alias("id"),
        pl.coalesce("product", "product_id").alias("product"),
        pl.col("category").fill_null(NO_CATEGORY),
        pl.col("quantity").alias("order"),
        pl.when(sells).then(cover).alias("cover_days"),
        (lead_weeks * pl.col("weekly_sd") ** 2 + uncertain).sqrt().alias("lead_spread"),
        pl.when(short > 1e-9)
        .then(pl.max_horizontal(packs, "smallest_order"))
        .otherwise(0)
        .alias("in_packs"),
        pl.when("orderable").then(pl.lit("yes")).otherwise(pl.lit("no")).alias("orderable"),
        pl.col("flags", "defaults", "wanted_by").list.join("; "),
        *((pl.col(name) / scale).alias(name) for name in sorted(MONEY) if name in joined.columns),
    ).with_columns(
        (pl.col("order") * pl.col("unit_cost")).alias("line_cost"),
        (pl.col("needed") * pl.col("unit_cost")).alias("needed_cost"),
    ).sort(
        pl.col("quantity") == 0, pl.col("needed") == 0,
        "category", "product", "product_id", "location", nulls_last=True,
    )  # fmt: skip


def _decimals(lines: pl.DataFrame, digits: int) -> int:
    """Show no decimals where no amount has any."""
    costs = lines["unit_cost"].drop_nulls()
    return 0 if (costs == costs.round()).all() else digits


@dataclass(frozen=True)
class _Pages:
    """The sheets around the suggestions."""

    book: Workbook
    formats: Formats
    shop: Shop
    title: str

    def add(self, name: str, colour: str = "#243B4A") -> Worksheet:
        sheet = self.book.add_worksheet(name)
        sheet.set_tab_color(colour)
        printed(sheet, self.shop.region, self.title)
        return sheet

    def summary(
        self,
        suggestions: Suggestions,
        lines: pl.DataFrame,
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
        sheet.set_column(2, 7, 13)
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
        row = _totals(sheet, self.formats, lines, budget, 5)
        row = _paragraphs(sheet, self.formats, "What to know", suggestions.notes, row + 1)
        row = _urgent(sheet, self.formats, lines, row + 1)
        _paragraphs(sheet, self.formats, "How to use this workbook", _HOW_TO, row + 1)
        sheet.activate()  # fmt: skip

    def by_category(self, lines: pl.DataFrame) -> None:
        """Write one row a category; orders and costs follow the sheet of suggestions."""
        sheet = self.add("By category")
        height = lines.height
        mine = f"--EXACT({cells('category', height)},{{category}})"
        total = f"SUM({cells('line_cost', height)})"
        columns = (
            Column("category", "Category", 26),
            Column("lines", "Lines", 9, "whole"),
            Column("to_order", "Lines to order", 10, "whole",
                   f"SUMPRODUCT({mine},--({cells('order', height)}>0))"),
            Column("quantity", "Units to order", 10, "whole",
                   f"SUMPRODUCT({mine},{cells('order', height)})"),
            Column("cost", "Cost", 18, "money",
                   f"SUMPRODUCT({mine},{cells('line_cost', height)})"),
            Column("share", "Share of cost", 10, "share", f"IF({total}=0,0,{{cost}}/{total})"),
        )  # fmt: skip
        rows = lines.group_by("category").agg(
            pl.len().alias("lines"),
            (pl.col("order") > 0).sum().alias("to_order"),
            pl.col("order").sum().alias("quantity"),
            _add_up("line_cost").alias("cost"),
        ).sort("category").with_columns(
            (pl.col("cost") / pl.col("cost").sum()).fill_nan(0).alias("share")
        )  # fmt: skip
        table(sheet, self.formats, columns, rows)
        _finish(sheet, columns)
        if rows.is_empty():
            return
        totals = [rows[name].sum() for name in ("lines", "to_order", "quantity", "cost", "share")]
        put(sheet, rows.height + 1, 0, "All", self.formats.total["text"])
        for place, value in enumerate(totals, start=1):
            letter = "ABCDEF"[place]
            style = self.formats.total[columns[place].style]
            sum_up = f"=SUM({letter}2:{letter}{rows.height + 1})"
            sheet.write_formula(rows.height + 1, place, sum_up, style, value)
        _bars(sheet, rows.height, 5)

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

    def overstock(self, lines: pl.DataFrame) -> None:
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
        why = pl.col("flags").str.contains("overstock|dead|expiring")
        rows = lines.filter(why).with_columns(
            (pl.col("cover_days") / 7).alias("cover_weeks"),
            excess.alias("excess"),
            (excess * pl.col("unit_cost")).alias("value"),
        )  # fmt: skip
        rows = rows.sort("value", "id", descending=[True, False], nulls_last=True)
        table(sheet, self.formats, columns, rows)
        _finish(sheet, columns)
        if rows.is_empty():
            sheet.write_string(1, 0, "Nothing lies too long.", self.formats["text"])

    def assumptions(self, lines: pl.DataFrame) -> None:
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
        rows = [_counted(lines, "rule", "rule"), _counted(lines, "defaults", "default"), formulas]
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
        table(sheet, self.formats, columns, suggestions.data_problems)
        _finish(sheet, columns)
        if suggestions.data_problems.height:
            sheet.autofilter(0, 0, suggestions.data_problems.height, len(columns) - 1)
        else:
            sheet.write_string(1, 0, "None found.", self.formats["text"])


def _totals(
    sheet: Worksheet, formats: Formats, lines: pl.DataFrame, budget: Decimal | None, row: int
) -> int:
    """Write the live totals; give the row below them."""
    n = lines.height
    order, cost = cells("order", n), cells("line_cost", n)
    spent = _float(lines.select(_add_up("line_cost")).item())
    units = _float(lines.select(pl.col("order").sum()).item())
    ordered = lines.filter(pl.col("order") > 0).height
    risky = lines.filter(pl.col("stockout_risk") >= 0.2).height
    all_needed = _float(lines.select(_add_up("needed_cost")).item())
    rows: list[tuple[str, str, float, str]] = [
        ("Lines looked at", f"=COUNTA({cells('id', n)})", n, "whole"),
        ("Lines to order", f'=COUNTIF({order},">0")', ordered, "whole"),
        ("Units to order", f"=SUM({order})", units, "whole"),
        ("Cost of the order", f"=SUM({cost})", spent, "money"),
        ("Cost of all that is needed",
         f"=SUMPRODUCT({cells('needed', n)},{cells('unit_cost', n)})", all_needed, "money"),
        ("Lines at 20% risk or more of running out before a delivery",
         f'=COUNTIF({cells("stockout_risk", n)},">=0.2")', risky, "whole"),
        ("Lines where Order is not what was suggested",
         f"=SUMPRODUCT(--({order}<>{cells('quantity', n)}))", 0, "whole"),
    ]  # fmt: skip
    sheet.write_string(row, 0, "The order", formats["section"])
    row += 1
    for name, formula, value, style in rows:
        sheet.write_string(row, 0, name, formats["text"])
        sheet.write_formula(row, 1, formula, formats[style], value)
        if name == "Cost of the order":
            spent_cell = f"B{row + 1}"
        row += 1
    sheet.write_string(row, 0, "Budget", formats["text"])
    if budget is None:
        sheet.write_string(row, 1, "none set", formats["text"])
        return row + 1
    put(sheet, row, 1, float(budget), formats["money"])
    left = float(budget) - spent
    sheet.write_string(row + 1, 0, "Left of the budget", formats["text"])
    sheet.write_formula(row + 1, 1, f"=B{row + 1}-{spent_cell}", formats["money"], left)
    word = f'=IF(B{row + 2}<0,"▲ over the budget","✓ within the budget")'
    within = "✓ within the budget" if left >= 0 else "▲ over the budget"
    sheet.write_formula(row + 1, 2, word, formats["text"], within)
    return row + 2


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


def _counted(lines: pl.DataFrame, column: str, kind: str) -> pl.DataFrame:
    """Count the lines behind each rule or default."""
    texts = lines.select(pl.col(column).str.split("; ").alias("text")).explode("text")
    return (
        texts.filter(pl.col("text") != "")
        .group_by("text")
        .agg(pl.len().cast(pl.Int64).alias("lines"))
        .sort("lines", "text", descending=[True, False])
        .select(
            pl.lit(kind).alias("kind"), "text", "lines", pl.lit(None, pl.String).alias("formula")
        )
    )


def _add_up(column: str) -> pl.Expr:
    """Add money in millionths, so that the order of rows does not matter."""
    return (pl.col(column) * 1_000_000).round().cast(pl.Int128).sum().cast(pl.Float64) / 1_000_000


def _float(value: object) -> float:
    assert isinstance(value, int | float)
    return float(value)


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
