"""Cells that look like numbers which nobody said how to read, and what would read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from targeting.intake.contract import UNREAD, WHY
from targeting.intake.numbers import likely_style
from targeting.intake.opened import VALUE, Cells, Origin
from targeting.intake.wanted import Wanted
from targeting.problems import Problem

_LOOKED_AT = 10_000


@dataclass(frozen=True)
class Unread:
    """Cells of a column that are no plain number: how many, and the first of them."""

    cells: int
    texts: pl.Series


def unread(cells: Cells, judged: pl.DataFrame, columns: Sequence[Wanted]) -> dict[str, Unread]:
    """Find them, by column, where targeting.yaml does not say how numbers are written."""
    found = {}
    for column in columns:
        why = WHY + column.name
        if column.style_declared or column.type not in ("number", "money"):
            continue
        if why not in judged.columns:
            continue
        reason = pl.lit(UNREAD[column.type], dtype=judged.schema[why])
        here = judged.select((pl.col(why) == reason).fill_null(value=False)).to_series()
        texts = cells.frame.filter(here).select(pl.col(column.name).cast(pl.String)).to_series()
        if texts.len():
            first = texts.head(_LOOKED_AT).str.strip_chars().alias(VALUE)
            found[column.name] = Unread(texts.len(), first)
    return found


def together(parts: Iterable[Mapping[str, Unread]]) -> dict[str, Unread]:
    """Put those of the pieces of a source together, in their order."""
    found: dict[str, Unread] = {}
    for part in parts:
        for name, here in part.items():
            before = found.get(name, Unread(0, here.texts.clear()))
            texts = pl.concat([before.texts, here.texts]).head(_LOOKED_AT)
            found[name] = Unread(before.cells + here.cells, texts)
    return found


def number_warnings(origin: Origin, found: Mapping[str, Unread]) -> list[Problem]:
    """Propose `numbers:` where another style would read them."""
    return [
        _declare(origin, name, column.cells, example)
        for name, column in found.items()
        if (example := likely_style(column.texts)) is not None
    ]


def _declare(origin: Origin, name: str, cells: int, example: str) -> Problem:
    fields = origin.workspace.settings.fields
    path = ("fields", name) if name in fields else ("sources", origin.source, "columns", name)
    place = origin.workspace.place("targeting.yaml", *path)
    message = f"{origin.source}: {cells} cells of '{name}' are no plain numbers"
    return Problem("I103", message, place, f'under {name}, say numbers: "{example}"', "warning")
