"""The lines of a run as `stock accept` needs them: typed, whole, money in minor units."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import polars as pl

from targeting.exports.sheet_lines import MOST_LINES, SheetLines, line_id
from targeting.problems import Place, refuse
from targeting.stock import columns
from targeting.stock.columns import only
from targeting.stock.inputs import KEY, Schema
from targeting.stock.suggest import Suggestions

FILE: Final = "stock/lines.parquet"
_KEPT: Final = (
    "product_id",
    "product",
    "location",
    "supplier",
    "weekly_demand",
    "weekly_sd",
    "level_demand",
    "campaign_units",
    "campaign_lead_units",
    "lead_time_days",
    "lead_time_sd_days",
    "review_days",
    "shelf_life_days",
    "service_level",
    "on_hand",
    "on_order",
    "reserved",
    "available",
    "order_up_to",
    "needed",
    "quantity",
    "pack_size",
    "minimum_order",
    "smallest_order",
    "limit",
    "orderable",
    "unit_cost",
    "price",
    "transfer_in",
    "transfer_out",
)
LINES: Final[Schema] = {
    **{name: {**columns.LINES, **columns.WORKINGS}[name] for name in _KEPT},
    "in_workbook": pl.Boolean,
}


def kept_lines(suggestions: Suggestions, digits: int, most_lines: int = MOST_LINES) -> pl.DataFrame:
    """Give what a run keeps of its suggestions for the way back: `LINES`, one row a line.

    `in_workbook` says which lines the planner was given, so that one that is missing later is a
    line deleted. Units as suggested; `unit_cost` and `price` in minor units, missing where the
    shop does not say them.
    """
    lines = SheetLines.of(suggestions, digits, most_lines)
    shown = lines.shown.select(*KEY, pl.lit(value=True).alias("in_workbook"))
    marked = lines.every.join(
        shown, on=KEY, how="left", nulls_equal=True, maintain_order="left"
    ).with_columns(pl.col("in_workbook").fill_null(value=False))
    return only(marked, LINES)


def read_lines(folder: Path) -> pl.DataFrame:
    """Read the lines that a run's folder keeps, with their `id` in the workbook.

    Raises:
        Refused: W007 where they are not there, or not whole.
    """
    try:
        lines = only(pl.read_parquet(folder / FILE, glob=False), LINES)
    except (OSError, pl.exceptions.PolarsError):
        message = f"this run's {FILE} is missing or cannot be read, so its order cannot be taken"
        help_ = "bring the folder back from a copy; a run of an older version may have left less"
        raise refuse("W007", message, Place(str(folder / FILE)), help_) from None
    ids = lines.select(line_id())["id"]
    return lines.with_columns(pl.Series("id", [as_read(text) for text in ids], dtype=pl.String))


def as_read(text: str) -> str:
    """Spell an id as it comes back from a workbook, which holds some signs as _x0001_.

    openpyxl gives an id that has such letters of its own as it stands, so both sides are spelled
    alike.
    """
    from openpyxl.utils.escape import unescape

    return str(unescape(text)) if "_x" in text else text
