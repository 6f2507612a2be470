"""Contact lists: the selected customers of each rule and segment, in each destination's form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import polars as pl

from targeting.exports.files import Written, safe_path, shown_decimals, write_files
from targeting.exports.fit import KEPT, fitted, no_refusals
from targeting.exports.only import chosen
from targeting.exports.seeds import DESTINATION
from targeting.frames import ADDRESS, CHANNEL, CUSTOMER, LIKELIHOOD, RULE, SEGMENT
from targeting.problems import Place, refuse
from targeting.workspace.catalogue import Field, slug
from targeting.workspace.destinations import ColumnForm, Destination
from targeting.workspace.settings import Shop

CONTACT_LIST: Final = "contact_list"
CONTACT_COLUMNS: Final = (
    RULE, "kind", SEGMENT, LIKELIHOOD, CHANNEL, ADDRESS, "offer", "message", "because",
)  # fmt: skip
NO_SEGMENT: Final = "no_segment"
LONGEST_SLUG: Final = 180  # bytes; file systems stop at 255

# What shops get that have no exports/contact_list.yaml.
_PLAIN_LIST: Final = Destination(
    title="Contact list",
    columns=tuple(
        {name: ColumnForm(field=name, decimals=3 if name == LIKELIHOOD else None)}
        for name in (CUSTOMER, *CONTACT_COLUMNS)
        if name != "kind"
    ),
)


def write_contacts(
    folder: Path,
    contacts: pl.DataFrame,
    destinations: Mapping[str, Destination],
    *,
    shop: Shop,
    texts: Mapping[str, Field],
    draft: bool,
    seeds: pl.DataFrame | None = None,
) -> tuple[list[Written], pl.DataFrame]:
    """Write every destination's lists; give the files, and the rows that a destination refused.

    One row of contacts is a selected customer and rule, sorted by rule, segment, customer_id.
    `texts` are the customer's fields. `seeds` (`seed_rows`) end each list that has a customer, and
    count among a file's rows. A refused row says destination, rule, customer_id, column and reason:
    `formula` (a machine's cell would start one), `encoding` (no spelling in the file's), `too_long`
    (for a workbook's cell), `empty` (a machine's row without any value, or a column that is
    required).

    Raises:
        Refused: two segments of the data have one file name.
    """
    contacts = _whole(contacts)
    seeds = _whole(contacts.clear().with_columns(pl.lit("").alias(DESTINATION)), seeds)
    files: list[Written] = []
    refused: list[pl.DataFrame] = [no_refusals(contacts)]
    for name, destination in written_lists(destinations).items():
        mine = chosen(contacts, destination.only)
        own = seeds.filter(pl.col(DESTINATION) == name).select(mine.columns)
        rows = pl.concat([mine, own])
        columns, refusals = fitted(name, rows, destination, texts, shop)
        refused.append(refusals)
        _look_for_twins(name, mine)
        decimals = shown_decimals(destination, texts, shop)
        for rule, segment, part in _lists(rows, columns, customers=mine.height):
            below = _path(name, rule, segment, draft=draft)
            title = segment or f"{rule}: {NO_SEGMENT}"
            files += write_files(folder, below, part, destination, decimals, title)
    return files, pl.concat(refused)


def written_lists(destinations: Mapping[str, Destination]) -> dict[str, Destination]:
    """Give the destinations of contacts that are active, in the order in which they are written."""
    every = {CONTACT_LIST: _PLAIN_LIST} | dict(destinations)
    return {
        name: destination
        for name, destination in sorted(every.items())
        if destination.of == "contacts" and destination.active
    }


def file_slug(segment: str | None) -> str:
    """Make the file's name for a segment: `no_segment` without one, never empty, never too long."""
    if segment is None:
        return NO_SEGMENT
    name = slug(segment).encode()[:LONGEST_SLUG].decode(errors="ignore").strip("_")
    return name or "segment"


def _whole(contacts: pl.DataFrame, seeds: pl.DataFrame | None = None) -> pl.DataFrame:
    """Add the columns that shops without scores lack, empty."""
    frame = contacts if seeds is None else seeds
    absent = [name for name in CONTACT_COLUMNS if name not in frame.columns]
    return frame.with_columns(pl.lit(None, pl.String).alias(name) for name in absent)


def _lists(
    contacts: pl.DataFrame, columns: pl.DataFrame, *, customers: int
) -> Iterator[tuple[str, str | None, pl.DataFrame]]:
    """Part the prepared columns by rule and segment, in the order of contacts.

    The first rows are customers', the others seeds': a list of seeds alone is none.
    """
    keys = contacts.select(pl.col(RULE, SEGMENT).cast(pl.String)).with_row_index("at")
    kept = keys.filter(columns[KEPT])
    for (rule, segment), rows in kept.group_by([RULE, SEGMENT], maintain_order=True):
        if rows.item(0, "at") < customers:
            part = columns[rows["at"]].drop(KEPT)
            yield str(rule), None if segment is None else str(segment), part


def _look_for_twins(name: str, contacts: pl.DataFrame) -> None:
    """Refuse two segments with one file name, which `check` cannot see where data brings them."""
    segments = sorted(contacts[SEGMENT].cast(pl.String).drop_nulls().unique())
    taken = {NO_SEGMENT: "no segment"}
    for segment in segments:
        file = file_slug(segment)
        if file in taken:
            message = f"segments '{taken[file]}' and '{segment}' would share the file '{file}'"
            place = Place(f"exports/{name}.yaml")
            raise refuse("X101", message, place, "rename one of the two")
        taken[file] = segment


def _path(name: str, rule: str, segment: str | None, *, draft: bool) -> Path:
    """Say where a list goes: below the run's folder, whatever the names are."""
    file = ("DRAFT_" if draft else "") + file_slug(segment)
    return safe_path(*(["contacts"] if name == CONTACT_LIST else ["exports", name]), rule, file)
