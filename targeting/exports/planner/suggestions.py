"""The sheet Suggestions: the planner's table, checked as they type, marked where to look."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from targeting.exports.planner.columns import INPUT_ENDS, LINE_COLUMNS, PLACES
from targeting.exports.planner.formats import Formats
from targeting.exports.planner.table import height_of, set_widths, table

LONGEST_REASON: Final = 500
_SAYS: Final = {
    "service_level": "A share from {:.0%} to {:.2%}.",
    "lead_time_days": "Days from order to delivery, {} to {}.",
    "review_days": "Days between two orders, {} to {}.",
    "on_hand": "A number, {} or more.",
    "on_order": "A number, {} or more.",
    "reserved": "A number, {} or more.",
    "lead_time_sd_days": "Days by which deliveries stray, {} to {}.",
}


def write_suggestions(sheet: Worksheet, formats: Formats, lines: pl.DataFrame) -> None:
    """Write the planner's table: live formulas, inputs to change, and what to look at.

    Printed are the columns up to Look at: with Because beside them, a page could not be read.
    """
    table(sheet, formats, LINE_COLUMNS, lines)
    set_widths(sheet, LINE_COLUMNS, lines)
    sheet.set_column(0, 0, 4, None, {"hidden": True})
    sheet.set_row(0, 42)
    sheet.set_default_row(28)
    _fit_rows(sheet, lines)
    sheet.freeze_panes(1, PLACES["category"])
    if lines.is_empty():
        sheet.write_string(1, 1, "Nothing to suggest: see Summary.", formats["text"])
        return
    sheet.autofilter(0, 0, lines.height, len(LINE_COLUMNS) - 1)
    sheet.print_area(0, 0, lines.height, PLACES["flags"])
    sheet.ignore_errors({"number_stored_as_text": f"A2:E{lines.height + 1}"})
    _validate(sheet, lines.height)
    _mark(sheet, formats, lines.height)


def _fit_rows(sheet: Worksheet, lines: pl.DataFrame) -> None:
    wrapped = [LINE_COLUMNS[PLACES[name]] for name in ("because", "rule", "flags")]
    texts = lines.select(column.source for column in wrapped).rows()
    widths = [column.width for column in wrapped]
    for row, said in enumerate(texts, start=1):
        height = max(map(height_of, said, widths))
        if height > 28:
            sheet.set_row(row, height)


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
    reason = {
        "validate": "length",
        "criteria": "<=",
        "value": LONGEST_REASON,
        "input_title": "Reason",
        "input_message": "Why you order something else: kept with the order.",
        "error_title": "Too long",
        "error_message": f"At most {LONGEST_REASON} signs.",
    }
    sheet.data_validation(1, PLACES["order"], height, PLACES["order"], whole_packs)
    sheet.data_validation(1, PLACES["reason"], height, PLACES["reason"], reason)
    for name, ends in INPUT_ENDS.items():
        _between(sheet, height, name, ends, _SAYS[name].format(*ends))


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


def _is_cut(at: Mapping[str, str]) -> str:
    """Say where less is suggested than is needed, and the rest is not only packs rounded up."""
    more = f"{at['quantity']}+{at['transfer_in']}"
    return f"=AND({more}<{at['needed']},{at['available']}+{more}<{at['order_up_to']})"


def _mark(sheet: Worksheet, formats: Formats, height: int) -> None:
    """Colour what needs a look; each colour comes with a word, a sign or weight."""
    at = {name: f"${xl_col_to_name(place)}2" for name, place in PLACES.items()}
    urgent = formats.mark(bg_color="#B3261E", font_color="#FFFFFF", bold=True)
    soon = formats.mark(bg_color="#F6C7B6", bold=True)
    calm = formats.mark(bg_color="#DCE6EA", italic=True)
    changed = formats.mark(bg_color="#F2A65A", bold=True, num_format='"≠ "#,##0')
    cut = formats.mark(bg_color="#E3DCEC", italic=True, num_format='"▼ "#,##0')
    idle = formats.mark(font_color="#5F6B72", italic=True)
    beyond = formats.mark(bg_color="#F2A65A", bold=True, num_format='"▲ "#,##0')
    is_beyond = f"=AND({at['order']}={at['quantity']},{at['order']}>{at['needed']})"
    marks = (
        ("order", is_beyond, beyond),  # an input was changed since, and asks for less
        ("order", f"={at['order']}<>{at['quantity']}", changed),
        ("quantity", _is_cut(at), cut),
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
