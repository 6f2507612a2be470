"""XLSX: one sheet, its first row with cells the header, every cell as text."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from targeting.frames import ROW
from targeting.intake.headers import tidy
from targeting.intake.opened import Cells, Opened, Origin
from targeting.problems import did_you_mean, refuse


def open_workbook(origin: Origin) -> Opened:
    """Load the sheet; rows without any cell are no rows."""
    import fastexcel

    try:
        book = fastexcel.read_excel(origin.path)
        sheet = _sheet(origin, list(book.sheet_names))
        table = book.load_sheet(sheet, header_row=None, dtypes="string").to_polars()
    except fastexcel.FastExcelError:
        raise origin.broken("not a workbook, or cut off", "save it anew as XLSX") from None
    filled = table.filter(~pl.all_horizontal(pl.all().is_null())) if table.width else table
    if filled.is_empty():
        place = origin.place("sheet") if origin.form.sheet else origin.place("file")
        message = f"{origin.shown}: the sheet '{sheet}' is empty"
        raise refuse("I003", message, place, "its first row names the columns")
    headers = tuple(tidy(header or "") for header in filled.row(0))
    return Opened(headers, lambda columns: _cells(filled, columns))


def _sheet(origin: Origin, names: list[str]) -> str:
    wanted = origin.form.sheet
    if wanted is None:
        return names[0]
    if wanted not in names:
        message = f"{origin.shown} has no sheet '{wanted}'"
        help_ = did_you_mean(wanted, names, what="its sheets")
        raise refuse("I009", message, origin.place("sheet"), help_)
    return wanted


def _cells(filled: pl.DataFrame, columns: Mapping[str, int]) -> Cells:
    picked = filled.slice(1).select(**{n: filled.columns[at] for n, at in columns.items()})
    return Cells(picked.with_row_index(ROW, offset=1), machine_text=True)
