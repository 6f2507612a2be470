"""What the page is made of: tables, figures, tiles; every value is a text ready to be shown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

from targeting.customers.held import Columns
from targeting.workspace.catalogue import Field


@dataclass(frozen=True)
class Table:
    """Rows under heads; the first column names the row.

    bars: for each row the parts of its bar, as shares of the longest one.
    """

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: frozenset[int] = frozenset()  # further columns that hold words, not numbers
    bars: tuple[tuple[float, ...], ...] = ()
    foot: tuple[str, ...] = ()
    note: str = ""


Layout = Literal["narrow", "wide", "wide beside"]


@dataclass(frozen=True)
class Figure:
    """A picture, the sentence it says, and its numbers as a table."""

    name: str
    title: str
    reading: str
    svg: str
    table: Table
    layout: Layout = "narrow"


@dataclass(frozen=True)
class Tile:
    """One figure of the first screen."""

    label: str
    value: str
    meaning: str
    kind: str = ""
    share: float = 0.0


@dataclass(frozen=True)
class Finding:
    """Something to know before acting: what, where it stands, and what to do about it."""

    text: str
    where: str = ""
    instead: str = ""


def title_of(name: str, field: Field | None = None) -> str:
    """Call a field as its owner titled it, else by its name in plain words."""
    if field is not None and field.title:
        return field.title
    if field is not None and field.origin == "purchases" and name in _SPENDING:
        return _SPENDING[name]
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


_SPENDING = {
    "recency_days": "Days since last purchase",
    "frequency": "Purchases",
    "monetary": "Spent in all",
    "average_order_value": "Average order",
    "tenure_days": "Days since first purchase",
    "days_between_purchases": "Days between purchases",
    "return_rate": "Share returned",
    "spend_90_days": "Spent in 90 days",
    "spend_trend": "Change of spending",
}


def mapping(value: object) -> Mapping[str, object]:
    """Take a mapping out of the manifest; nothing where there is none."""
    return value if isinstance(value, Mapping) else {}


def rows_of(value: object) -> list[Mapping[str, object]]:
    """Take a list of mappings out of the manifest or the figures."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return []
    return [row for row in value if isinstance(row, Mapping)]


def whole(value: object) -> int:
    """Take a count out of the manifest; 0 where there is none."""
    return int(value) if isinstance(value, (int, float)) else 0


def real(value: object) -> float | None:
    """Take a number out of the manifest or the figures; None for what is not finite."""
    return float(value) if isinstance(value, (int, float)) and math.isfinite(value) else None


def has(frame: Columns | None, *columns: str) -> bool:
    """Say whether a frame has rows and these columns."""
    return frame is not None and frame.height > 0 and set(columns) <= set(frame.columns)


def contact_cost(summary: pl.DataFrame, column: str) -> float:
    """Add up a cost column of the summary, exactly to the millionth of a minor unit."""
    if not has(summary, column):
        return 0.0
    millionths = summary.select((pl.col(column) * 1_000_000).round().cast(pl.Int64).sum()).item()
    return float(int(millionths) / 1_000_000)


def total(frame: pl.DataFrame | None, column: str) -> int:
    """Add up a column; 0 where it is missing."""
    if frame is None or not has(frame, column):
        return 0
    return int(frame[column].sum() or 0)
