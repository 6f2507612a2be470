"""A frame of customers summed up by arm: a count for a yes/no outcome, a sample for a number."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

import polars as pl

from targeting.frames import RULE, SEGMENT
from targeting.measure.figures import Count, Figure
from targeting.measure.means import sample_of

ARM: Final = "arm"
ENDS_ON: Final = "window_ends_on"
SEEN: Final = "outcome:"  # before an outcome's name: a file may call one `arm`

Group: TypeAlias = tuple[str | None, str | None]  # rule, segment; a segment of None: all of them
Tally: TypeAlias = Mapping[tuple[Group, str], Figure]  # by group and arm


def outcomes_of(frame: pl.DataFrame) -> list[str]:
    """Name the outcomes, in the order of their columns."""
    return [name.removeprefix(SEEN) for name in frame.columns if name.startswith(SEEN)]


def is_rate(frame: pl.DataFrame, outcome: str) -> bool:
    """Say whether an outcome is yes/no."""
    return frame.schema[SEEN + outcome] == pl.Boolean


def tally(frame: pl.DataFrame, outcome: str) -> dict[tuple[Group, str], Figure]:
    """Sum up one outcome by group and arm, over all segments and by each; missing ones left out."""
    found: dict[tuple[Group, str], Figure] = {}
    for by in _levels(frame):
        keys = [*by, ARM]
        if is_rate(frame, outcome):
            summed = frame.group_by(keys).agg(
                pl.col(SEEN + outcome).sum().alias("yes"), pl.col(SEEN + outcome).count().alias("n")
            )
            found |= {_key(row): Count(row["yes"], row["n"]) for row in summed.to_dicts()}
        else:
            found |= _samples(frame, keys, outcome)
    return found


def groups_of(frame: pl.DataFrame) -> list[Group]:
    """Give every rule, all segments together first, then each; no rule (all of them) first."""
    rows = [row for by in _levels(frame) for row in frame.select(by).unique().to_dicts()]
    found = {(row[RULE], row.get(SEGMENT)) for row in rows}
    return sorted(found, key=lambda g: (g[0] is not None, g[0] or "", g[1] is not None, g[1] or ""))


def ends_of(frame: pl.DataFrame) -> dict[Group, dt.date]:
    """Give the day on which the window of each group's last customer ends; none without windows."""
    if ENDS_ON not in frame.columns:
        return {}
    found: dict[Group, dt.date] = {}
    for by in _levels(frame):
        rows = frame.group_by(by).agg(pl.col(ENDS_ON).max()).to_dicts()
        found |= {(row[RULE], row.get(SEGMENT)): row[ENDS_ON] for row in rows}
    return found


def _levels(frame: pl.DataFrame) -> Sequence[list[str]]:
    return [[RULE], [RULE, SEGMENT]] if SEGMENT in frame.columns else [[RULE]]


def _samples(
    frame: pl.DataFrame, keys: Sequence[str], outcome: str
) -> dict[tuple[Group, str], Figure]:
    """Sum up a group at a time; a group whose every number is missing has none."""
    number = pl.col(SEEN + outcome).drop_nulls().alias(SEEN)
    found: dict[tuple[Group, str], Figure] = {}
    grouped = frame.group_by(keys).agg(number)
    for row, values in zip(grouped.select(keys).to_dicts(), grouped[SEEN], strict=True):
        found[_key(row)] = sample_of(values.to_numpy())
    return found


def _key(row: Mapping[str, str]) -> tuple[Group, str]:
    return (row[RULE], row.get(SEGMENT)), row[ARM]
