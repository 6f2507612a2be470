"""The pieces of the planner's workbook: formats, plain tables, and the sheet of suggestions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import polars as pl
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

SUGGESTIONS: Final = "Suggestions"
TWO_LINES: Final = 184  # signs of the column because in two lines
LETTER_PAPER: Final = ("US", "CA", "MX")
DARK, PALE, INPUT, RULE_LINE = "#243B4A", "#EEF2F4", "#FFF6D6", "#C9D3D9"

Style = Literal[
    "text", "wrap", "whole", "rate", "days", "weeks", "money", "round_money", "share", "risk",
    "date", "exact", "order", "input_units", "input_share", "input_days",
]  # fmt: skip
Value = str | float | int | dt.date | None


class Sheet(Worksheet):  # type: ignore[misc]  # XlsxWriter has no types
    """A worksheet whose formulas are written as they stand.

    XlsxWriter searches each formula for 20 functions that need a prefix: a third of the time that a
    workbook takes. Formulas here carry their prefix (`_xlfn.`) already.
    """

    def _prepare_formula(self, formula: str, expand_future_functions: object = False) -> str:
        return formula.removeprefix("=")


class Formats:
    """The workbook's cell formats by name, each made once; money in the shop's currency."""

    def __init__(self, book: Workbook, symbol: str, decimals: int) -> None:
        self.book = book
        fraction = "." + "0" * decimals if decimals else ""
        money = f'"{symbol} "#,##0{fraction};-"{symbol} "#,##0{fraction};"–"'
        round_money = f'"{symbol} "#,##0;-"{symbol} "#,##0;"–"'
        quiet = '#,##0;-#,##0;"–"'
        base = {"font_size": 10, "valign": "vcenter", "bottom": 4, "bottom_color": RULE_LINE}
        mine = base | {"bg_color": INPUT, "border": 1, "border_color": "#B8A25A"}
        numbers: dict[Style, str] = {
            "whole": quiet,
            "rate": "#,##0.0;-#,##0.0;\"–\"",
            "days": "#,##0",
            "money": money,
            "round_money": round_money,
            "weeks": '[>999]">999";#,##0',
            "share": "0.0%",
            "risk": '[>=0.5]"▲▲ "0%;[>=0.2]"▲ "0%;0%',
            "date": "yyyy-mm-dd",
            "exact": "#,##0.000",
        }  # fmt: skip
        self._made: dict[str, Format] = {
            name: book.add_format(base | {"num_format": code}) for name, code in numbers.items()
        }
        self._made |= {
            "text": book.add_format(base | {"indent": 1}),
            "wrap": book.add_format(base | {"text_wrap": True, "font_size": 9, "indent": 1}),
            "order": book.add_format(mine | {"num_format": quiet, "bold": True}),
            "input_units": book.add_format(mine | {"num_format": "#,##0.###"}),
            "input_share": book.add_format(mine | {"num_format": "0.0#%"}),
            "input_days": book.add_format(mine | {"num_format": "0"}),
            "fact": book.add_format(base | {"align": "right"}),
            "title": book.add_format(
                {"bold": True, "font_size": 18, "font_color": DARK, "valign": "vcenter"}
            ),
            "section": book.add_format({"bold": True, "font_size": 12, "font_color": DARK}),
            "note": book.add_format({"text_wrap": True, "valign": "top", "font_size": 10}),
            "header": book.add_format(_header(DARK, "#FFFFFF")),
            "header_input": book.add_format(_header("#E3B93C", "#000000")),
        }
        bold = {"bold": True, "top": 1, "font_size": 10}
        self.total: dict[str, Format] = {"text": book.add_format(bold | {"indent": 1})} | {
            name: book.add_format(bold | {"num_format": code}) for name, code in numbers.items()
        }

    def __getitem__(self, name: str) -> Format:
        return self._made[name]

    def mark(self, **properties: str | int | bool) -> Format:
        """Make a format for a condition."""
        return self.book.add_format(properties)


def _header(ground: str, ink: str) -> dict[str, str | int | bool]:
    return {
        "bold": True,
        "font_size": 10,
        "text_wrap": True,
        "valign": "vcenter",
        "align": "center",
        "bg_color": ground,
        "font_color": ink,
        "border": 1,
        "border_color": "#FFFFFF",
    }


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

    `formula` names other columns in braces; the value is then what the formula gives.
    """

    source: str
    header: str
    width: float
    style: Style = "text"
    formula: str | None = None
    workings: bool = False  # folded away to the right

    @property
    def is_input(self) -> bool:
        """Whether the planner may change it."""
        return self.style.startswith("input") or self.style == "order"


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


def set_widths(sheet: Worksheet, columns: Sequence[Column]) -> None:
    """Set the widths; fold the workings away."""
    for place, column in enumerate(columns):
        folded = {"level": 1, "hidden": True} if column.workings else {}
        sheet.set_column(place, place, column.width, None, folded)
    if any(column.workings for column in columns):
        sheet.set_column(len(columns), len(columns), None, None, {"collapsed": True})


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


_BOTH_WEEKS = "({lead_time_days}+{review_days})/7"
_SPREAD = "SQRT({weeks}*{weekly_sd}^2+({level_demand}*{lead_time_sd_days}/7)^2)"
_SHORT = "{order_up_to}-{available}"

LINE_COLUMNS: Final = (
    Column("id", "Line id", 4),
    Column("product_id", "Product id", 11),
    Column("product", "Product", 27),
    Column("location", "Location", 11),
    Column("category", "Category", 13),
    Column("on_hand", "On hand", 7, "input_units"),
    Column("on_order", "On order", 7, "input_units"),
    Column("weekly_demand", "Weekly demand", 8, "rate"),
    Column(
        "cover_days", "Cover days", 7, "weeks",
        'IF({weekly_demand}>0,MAX({available},0)/{weekly_demand}*7,"")',
    ),
    Column(
        "needed", "Needed", 8, "whole",
        'IF(OR({orderable}="no",' + _SHORT + '<=1E-9),0,IF({limit}="",{in_packs},'
        "IF(MIN({in_packs},{limit})<{smallest_order},0,MIN({in_packs},{limit}))))",
    ),
    Column("quantity", "Suggested", 10, "whole"),
    Column("pack_size", "Pack size", 6, "days"),
    Column("order", "Order", 8, "order"),
    Column("line_cost", "Line cost", 14, "money", 'IF({unit_cost}="","",{order}*{unit_cost})'),
    Column(
        "stockout_risk", "Stock-out risk", 9, "risk",
        "IF({lead_spread}>0,_xlfn.NORM.S.DIST(({level_demand}*{lead_time_days}/7-{available})"
        "/{lead_spread},TRUE),IF({level_demand}*{lead_time_days}/7>{available},1,0))",
    ),
    Column("service_level", "Service level", 8, "input_share"),
    Column("lead_time_days", "Lead time days", 8, "input_days"),
    Column("flags", "Look at", 12, "wrap"),
    Column("because", "Because", 70, "wrap"),
    Column("brand", "Brand", 12, workings=True),
    Column("supplier", "Supplier", 18, workings=True),
    Column("abc", "ABC", 5, workings=True),
    Column("xyz", "XYZ", 5, workings=True),
    Column("demand_class", "Demand class", 12, workings=True),
    Column("method", "Method", 14, workings=True),
    Column("wanted_by", "Wanted by", 20, "wrap", workings=True),
    Column("weekly_sd", "Weekly spread", 9, "exact", workings=True),
    Column("level_demand", "Weekly demand for levels", 11, "exact", workings=True),
    Column("lead_time_sd_days", "Lead time spread days", 9, "input_units", workings=True),
    Column("review_days", "Review days", 8, "input_days", workings=True),
    Column("reserved", "Reserved", 9, "input_units", workings=True),
    Column(
        "available", "Available", 9, "rate", "{on_hand}-{reserved}+{on_order}", workings=True
    ),
    Column(
        "lead_spread", "Spread over lead time", 10, "exact",
        _SPREAD.replace("{weeks}", "{lead_time_days}/7"), workings=True,
    ),
    Column(
        "safety_stock", "Safety stock", 9, "exact",
        "_xlfn.NORM.S.INV({service_level})*" + _SPREAD.replace("{weeks}", _BOTH_WEEKS),
        workings=True,
    ),
    Column(
        "reorder_point", "Reorder point", 9, "exact",
        "{level_demand}*{lead_time_days}/7+_xlfn.NORM.S.INV({service_level})*{lead_spread}",
        workings=True,
    ),
    Column(
        "order_up_to", "Order up to", 9, "exact",
        "{level_demand}*" + _BOTH_WEEKS + "+{safety_stock}", workings=True,
    ),
    Column("transfer_in", "Transfer in", 9, "whole", workings=True),
    Column("minimum_order", "Minimum order", 9, "whole", workings=True),
    Column("smallest_order", "Smallest order", 9, "whole", workings=True),
    Column("limit", "Limit by rule", 9, "whole", workings=True),
    Column("orderable", "May be ordered", 9, workings=True),
    Column(
        "in_packs", "In whole packs", 9, "whole",
        "IF(" + _SHORT + ">1E-9,MAX({smallest_order},"
        "ROUNDUP((" + _SHORT + ")/{pack_size}-1E-9,0)*{pack_size}),0)",
        workings=True,
    ),
    Column("unit_cost", "Unit cost", 12, "money", workings=True),
    Column("price", "Price", 12, "money", workings=True),
    Column(
        "expected_lost_margin", "Margin lost if left out", 14, "round_money", workings=True
    ),
    Column("rule", "Rules", 60, workings=True),
    Column("defaults", "Defaults", 90, workings=True),
)  # fmt: skip
PLACES: Final[Mapping[str, int]] = {c.source: place for place, c in enumerate(LINE_COLUMNS)}


def cells(source: str, lines: int) -> str:
    """Name a column's cells on the sheet of suggestions, for the other sheets' formulas."""
    name = xl_col_to_name(PLACES[source], col_abs=True)
    return f"{SUGGESTIONS}!{name}$2:{name}${max(lines, 1) + 1}"


def write_suggestions(sheet: Worksheet, formats: Formats, lines: pl.DataFrame) -> None:
    """Write the planner's table: live formulas, inputs to change, and what to look at."""
    table(sheet, formats, LINE_COLUMNS, lines)
    set_widths(sheet, LINE_COLUMNS)
    sheet.set_column(0, 0, 4, None, {"hidden": True})
    if lines["location"].count() == 0:
        sheet.set_column(PLACES["location"], PLACES["location"], 11, None, {"hidden": True})
    sheet.set_row(0, 42)
    sheet.set_default_row(27)
    for row, text in enumerate(lines["because"], start=1):
        if len(text) > TWO_LINES:
            sheet.set_row(row, 13.5 * (1 + len(text) // (TWO_LINES // 2)))
    sheet.freeze_panes(1, PLACES["category"])
    if lines.is_empty():
        sheet.write_string(1, 1, "Nothing to suggest: see Summary.", formats["text"])
        return
    sheet.autofilter(0, 0, lines.height, len(LINE_COLUMNS) - 1)
    sheet.ignore_errors({"number_stored_as_text": f"A2:D{lines.height + 1}"})
    _validate(sheet, lines.height)
    _mark(sheet, formats, lines.height)


def _validate(sheet: Worksheet, height: int) -> None:
    order, pack = (xl_col_to_name(PLACES[name]) for name in ("order", "pack_size"))
    whole_packs = {
        "validate": "custom",
        "value": f"=AND(ISNUMBER({order}2),{order}2>=0,MOD({order}2,{pack}2)=0)",
        "input_title": "Order",
        "input_message": "Units, in whole packs (Pack size is to the left). 0 orders nothing.",
        "error_title": "Whole packs",
        "error_message": "Type 0 or a multiple of the pack size.",
    }
    sheet.data_validation(1, PLACES["order"], height, PLACES["order"], whole_packs)
    _between(sheet, height, "service_level", (0.01, 0.9999), "A share from 1% to 99.99%.")
    _between(sheet, height, "lead_time_days", (0, 3650), "Days from order to delivery, 0 to 3650.")
    _between(sheet, height, "review_days", (0, 3650), "Days between two orders, 0 to 3650.")
    for name in ("on_hand", "on_order", "reserved", "lead_time_sd_days"):
        _between(sheet, height, name, (0, 1e12), "A number, 0 or more.")


def _between(
    sheet: Worksheet, height: int, name: str, ends: tuple[float, float], says: str
) -> None:
    place = PLACES[name]
    rule = {
        "validate": "decimal",
        "criteria": "between",
        "minimum": ends[0],
        "maximum": ends[1],
        "error_title": "Not a possible value",
        "error_message": says,
    }
    sheet.data_validation(1, place, height, place, rule)


def _mark(sheet: Worksheet, formats: Formats, height: int) -> None:
    """Colour what needs a look; each colour comes with a word, a sign or weight."""
    at = {name: f"${xl_col_to_name(place)}2" for name, place in PLACES.items()}
    urgent = formats.mark(bg_color="#B3261E", font_color="#FFFFFF", bold=True)
    soon = formats.mark(bg_color="#F6C7B6", bold=True)
    calm = formats.mark(bg_color="#DCE6EA", italic=True)
    changed = formats.mark(bg_color="#F2A65A", bold=True, num_format='"≠ "#,##0')
    cut = formats.mark(bg_color="#E3DCEC", italic=True, num_format='"▼ "#,##0')
    idle = formats.mark(font_color="#5F6B72", italic=True)
    marks = (
        ("order", f"={at['order']}<>{at['quantity']}", changed),
        ("quantity", f"={at['quantity']}<{at['needed']}", cut),
        ("flags", f'=ISNUMBER(SEARCH("stock-out",{at["flags"]}))', urgent),
        ("flags", f'=ISNUMBER(SEARCH("low",{at["flags"]}))', soon),
        ("flags", f"=LEN({at['flags']})>0", calm),
        ("stockout_risk", f"={at['stockout_risk']}>=0.5", soon),
        ("product", f"=AND({at['order']}=0,{at['needed']}=0)", idle),
        ("because", f"=AND({at['order']}=0,{at['needed']}=0)", idle),
    )
    for name, formula, style in marks:
        rule = {"type": "formula", "criteria": formula, "format": style, "stop_if_true": True}
        sheet.conditional_format(1, PLACES[name], height, PLACES[name], rule)
