"""What to order, in the form of whoever takes the order: an ERP's import, a supplier's sheet."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import polars as pl

from targeting.exports.files import Written, safe_path, shown_decimals, write_files
from targeting.exports.fit import KEPT, fitted, no_refusals
from targeting.exports.only import chosen
from targeting.stock.columns import LINES, MONEY
from targeting.workspace.catalogue import Field
from targeting.workspace.columns import FieldType
from targeting.workspace.destinations import Destination
from targeting.workspace.settings import Shop

SUGGESTION_KEY: Final = ("product_id", "location")


def _type(name: str, dtype: type[pl.DataType] | pl.DataType) -> FieldType:
    if name in MONEY:
        return "money"
    if isinstance(dtype, pl.List):
        return "list"
    return "text" if dtype == pl.String else "number"


SUGGESTION_FIELDS: Final[Mapping[str, Field]] = {
    name: Field(name, _type(name, dtype), "stock") for name, dtype in LINES.items()
}


def write_suggestions(
    folder: Path,
    lines: pl.DataFrame,
    destinations: Mapping[str, Destination],
    *,
    shop: Shop,
    draft: bool,
) -> tuple[list[Written], pl.DataFrame]:
    """Write exports/NAME/suggestions.* for each active destination of suggestions.

    `lines`: as stock/suggestions.csv has them, money in major units; those with something to order
    are written, in their order. A file without a line has its header: who imports it every night
    finds it. A line that a machine cannot take is not written and is given back: destination,
    product_id, location, column, reason (as in `write_contacts`).
    """
    ordered = lines.filter(pl.col("quantity") > 0)
    files: list[Written] = []
    refused = [no_refusals(ordered, SUGGESTION_KEY)]
    for name, destination in sorted(destinations.items()):
        if destination.of == "suggestions" and destination.active:
            mine = chosen(ordered, destination.only)
            columns, refusals = fitted(
                name, mine, destination, SUGGESTION_FIELDS, shop, SUGGESTION_KEY
            )
            refused.append(refusals)
            rows = columns.filter(KEPT).drop(KEPT)
            below = safe_path("exports", name, ("DRAFT_" if draft else "") + "suggestions")
            decimals = shown_decimals(destination, SUGGESTION_FIELDS, shop)
            files += write_files(folder, below, rows, destination, decimals, "Suggestions")
    return files, pl.concat(refused)
