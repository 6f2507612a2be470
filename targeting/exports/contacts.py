"""Contact lists: the selected customers of each rule and segment, in each destination's form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from targeting.exports.cells import defused
from targeting.exports.columns import as_text, decimals_of
from targeting.exports.csv import write_csv
from targeting.exports.fit import KEPT, fitted, no_refusals
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


@dataclass(frozen=True)
class Written:
    """A file that a step left: its path from the run's folder on, with /, and its rows."""

    path: str
    rows: int


def write_contacts(
    folder: Path,
    contacts: pl.DataFrame,
    destinations: Mapping[str, Destination],
    *,
    shop: Shop,
    texts: Mapping[str, Field],
    draft: bool,
) -> tuple[list[Written], pl.DataFrame]:
    """Write every destination's lists; give the files, and the rows that a destination refused.

    One row of contacts is a selected customer and rule, sorted by rule, segment, customer_id.
    `texts` are the customer's fields. A refused row says destination, rule, customer_id, column and
    reason: `formula` (a machine's cell would start one), `encoding` (no spelling in the file's),
    `too_long` (for a workbook's cell), `empty` (a machine's row without any value).

    Raises:
        Refused: two segments of the data have one file name.
    """
    every = {CONTACT_LIST: _PLAIN_LIST} | dict(destinations)
    absent = [name for name in CONTACT_COLUMNS if name not in contacts.columns]  # no scores: empty
    contacts = contacts.with_columns(pl.lit(None, pl.String).alias(name) for name in absent)
    files: list[Written] = []
    refused: list[pl.DataFrame] = [no_refusals(contacts)]
    for name, destination in sorted(every.items()):
        if destination.of == "contacts":
            chosen = _chosen(contacts, destination)
            columns, refusals = fitted(name, chosen, destination, texts, shop)
            refused.append(refusals)
            _look_for_twins(name, chosen)
            decimals = {h: decimals_of(f, texts, shop) for h, f in destination.headers.items()}
            for rule, segment, rows in _lists(chosen, columns):
                below = _path(name, rule, segment, draft=draft)
                title = f"{rule}: {segment or NO_SEGMENT}"
                files += _write(folder, below, rows, destination, decimals, segment or title)
    return files, pl.concat(refused)


def file_slug(segment: str | None) -> str:
    """Make the file's name for a segment: `no_segment` without one, never empty, never too long."""
    if segment is None:
        return NO_SEGMENT
    name = slug(segment).encode()[:LONGEST_SLUG].decode(errors="ignore").strip("_")
    return name or "segment"


def _chosen(contacts: pl.DataFrame, destination: Destination) -> pl.DataFrame:
    only = destination.only
    wanted = {CHANNEL: only.channel, RULE: only.rule, "kind": only.kind}
    tests = [
        pl.col(column).cast(pl.String).is_in(list(words))
        for column, words in wanted.items()
        if words
    ]
    return contacts.filter(*tests) if tests else contacts


def _lists(
    contacts: pl.DataFrame, columns: pl.DataFrame
) -> Iterator[tuple[str, str | None, pl.DataFrame]]:
    """Part the prepared columns by rule and segment, in the order of contacts."""
    keys = contacts.select(pl.col(RULE, SEGMENT).cast(pl.String))
    numbered = keys.with_row_index("at")
    for (rule, segment), rows in numbered.group_by([RULE, SEGMENT], maintain_order=True):
        part = columns[rows["at"]].filter(pl.col(KEPT)).drop(KEPT)
        if part.height:
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
    below = ["contacts"] if name == CONTACT_LIST else ["exports", name]
    path = Path(*below, rule, file)
    parts = [name, rule, file]
    if any(part in ("", ".", "..") or set(part) & set("/\\\0") for part in parts):
        raise ValueError(f"no path for a list: {path}")
    return path


def _write(
    folder: Path,
    below: Path,
    rows: pl.DataFrame,
    destination: Destination,
    decimals: Mapping[str, int | None],
    sheet: str,
) -> Iterator[Written]:
    """Write one list in every format, in several files where it is longer than may be."""
    (folder / below).parent.mkdir(parents=True, exist_ok=True)
    for form in destination.formats:
        for path, part in _split(below, rows, destination.split_at, form):
            if form == "csv":
                spelled = [as_text(c, decimals[c.name]) for c in part]
                table = pl.DataFrame(spelled)
                write_csv(folder / path, _header_defused(table, destination), destination.csv)
            else:
                from targeting.exports.excel import write_xlsx

                table = _header_defused(part, destination)
                shown = dict(zip(table.columns, decimals.values(), strict=True))
                title = destination.title or "Contacts"
                write_xlsx(folder / path, table, shown, sheet=sheet, title=title)
            yield Written(path.as_posix(), part.height)


def _split(
    below: Path, rows: pl.DataFrame, split_at: int | None, form: str
) -> Iterator[tuple[Path, pl.DataFrame]]:
    from targeting.exports.excel import MOST_ROWS

    most = split_at or rows.height
    most = min(most, MOST_ROWS) if form == "xlsx" else most
    if rows.height <= most:
        yield below.with_name(f"{below.name}.{form}"), rows
        return
    for number, part in enumerate(rows.iter_slices(most), start=1):
        yield below.with_name(f"{below.name}.{number}.{form}"), part


def _header_defused(table: pl.DataFrame, destination: Destination) -> pl.DataFrame:
    if destination.read_by == "machine":
        return table
    headers = pl.DataFrame({"header": table.columns}).select(defused("header"))["header"]
    return table.rename(dict(zip(table.columns, headers, strict=True)))
