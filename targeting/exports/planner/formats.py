"""How cells look: the workbook's formats by name, in the shop's currency."""

from __future__ import annotations

from typing import Literal

from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook

DARK, INPUT, RULE_LINE = "#243B4A", "#FFF6D6", "#C9D3D9"
INK_OF_INPUTS, INK_OF_PROBLEMS = "#E3B93C", "#B3261E"  # of sheets' tabs

Style = Literal[
    "text", "wrap", "whole", "rate", "days", "units", "weeks", "money", "round_money", "share",
    "risk", "date", "exact", "order", "input_units", "input_share", "input_days", "input_text",
]  # fmt: skip


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
            "units": "General",
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
            "input_units": book.add_format(mine | {"num_format": "General"}),
            "input_share": book.add_format(mine | {"num_format": "0.0#%"}),
            "input_days": book.add_format(mine | {"num_format": "0"}),
            "input_text": book.add_format(
                mine | {"text_wrap": True, "font_size": 9, "num_format": "@"}
            ),
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
