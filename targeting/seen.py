"""What the data holds in each field: the range, and the share that is missing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from targeting.customers.derived import check_computed
from targeting.customers.table import CustomerData
from targeting.intake.read import read_sources
from targeting.intake.wanted import field_problems
from targeting.problems import Refused, errors
from targeting.results.shown import shown
from targeting.stock.products import product_table
from targeting.workspace.catalogue import Catalogue
from targeting.workspace.columns import SourceName
from targeting.workspace.load import Workspace, load

Seen = dict[tuple[str, str], dict[str, object]]


def readable(folder: Path) -> Workspace:
    """Load a workspace whose data can be read; its rules may still be wrong, or another shop's.

    Raises:
        Refused: for mistakes in targeting.yaml.
    """
    workspace, problems = load(folder)
    if workspace is None:
        raise Refused(problems)
    problems = errors([*field_problems(workspace), *check_computed(workspace)])
    if problems:
        raise Refused(problems)
    return workspace


def seen_values(
    workspace: Workspace,
    *,
    as_of: dt.date | None,
    files: Mapping[str, Path],
    today: dt.date,
) -> Seen:
    """Give lowest, highest and missing (a share, 0 to 1) by (customers | products, field).

    Segments and likelihoods are not computed here: they have their names and 0 to 1.
    """
    read = read_sources(workspace, files=files, as_of=as_of, today=today)
    customers = CustomerData.of(workspace, read.frames).table(read.as_of).collect()
    digits = workspace.settings.shop.minor_digits
    found = _seen("customers", customers, workspace.customer_fields, digits)
    products = _products(read.frames, read.as_of)
    return found | _seen("products", products, workspace.product_fields, digits)


def _products(frames: Mapping[SourceName, pl.DataFrame], as_of: dt.date) -> pl.DataFrame:
    purchases = frames.get("purchases")
    if purchases is None or "product_id" not in purchases.columns:
        return pl.DataFrame()
    return product_table(
        purchases,
        frames.get("products"),
        frames.get("stock"),
        None,
        as_of,
    )


def _seen(of: str, frame: pl.DataFrame, catalogue: Catalogue, digits: int) -> Seen:
    if frame.is_empty():
        return {}
    ordered = ("number", "money", "date")
    names = [name for name in frame.columns if name in catalogue]
    values = shown(frame.lazy().select(names), catalogue, digits).collect()
    found: Seen = {}
    for name in names:
        column = values[name]
        known = column.drop_nulls()
        ends = catalogue[name].type in ordered and known.len() > 0
        found[of, name] = {
            "lowest": _plain(known.min()) if ends else None,
            "highest": _plain(known.max()) if ends else None,
            "missing": round(column.null_count() / column.len(), 4),
        }
    return found


def _plain(value: object) -> object:
    if isinstance(value, dt.date):
        return value.isoformat()
    return round(value, 2) if isinstance(value, float) else value
