"""Contact lists: the selected customers of each rule and segment, in each destination's form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from targeting.exports.cells import defused, starts_a_formula
from targeting.exports.columns import as_text, columns_of, decimals_of
from targeting.exports.csv import unwritable, write_csv
from targeting.frames import ADDRESS, CHANNEL, CUSTOMER, LIKELIHOOD, REASON, RULE, SEGMENT
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

# Why a row is kept out of a destination, beside the column: nothing in it was altered.
FORMULA, UNWRITABLE, TOO_LONG, NOTHING = "formula", "encoding", "too_long", "empty"
_REFUSED: Final = ("destination", RULE, CUSTOMER, "column", REASON)

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
    files: list[Written] = []
    refused: list[pl.DataFrame] = [_no_rows(contacts)]
    for name, destination in sorted(every.items()):
        if destination.of == "contacts":
            chosen = _chosen(contacts, destination)
            columns, refusals = _prepared(name, chosen, destination, texts, shop)
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
    tests = [pl.col(column).is_in(list(words)) for column, words in wanted.items() if words]
    return contacts.filter(*tests) if tests else contacts


def _prepared(
    name: str,
    contacts: pl.DataFrame,
    destination: Destination,
    fields: Mapping[str, Field],
    shop: Shop,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Give the destination's columns, with a mark on those kept, and the rows that are not."""
    columns = columns_of(contacts, destination, fields, shop)
    texts = [c for c in columns.columns if columns[c].dtype == pl.String]
    machine, workbook = destination.read_by == "machine", "xlsx" in destination.formats
    found: list[tuple[str, str, pl.Series]] = []
    if "csv" in destination.formats:
        encoding = destination.csv.encoding
        found += [(c, UNWRITABLE, unwritable(columns[c], encoding)) for c in texts]
    if machine:
        found += [(c, FORMULA, _told(columns, starts_a_formula(c))) for c in texts]
        blank = [pl.col(c).str.strip_chars().fill_null("") == "" for c in texts]
        missing = [pl.col(c).is_null() for c in columns.columns if c not in texts]
        found.append(("", NOTHING, _told(columns, pl.all_horizontal(*blank, *missing))))
    else:
        columns = columns.with_columns(defused(c) for c in texts)
    if workbook:
        from targeting.exports.excel import shortened, too_long

        if machine:
            found += [(c, TOO_LONG, _told(columns, too_long(c))) for c in texts]
        else:
            columns = columns.with_columns(shortened(c) for c in texts)
    return _sorted_out(name, contacts, columns, found)


def _told(columns: pl.DataFrame, test: pl.Expr) -> pl.Series:
    return columns.select(test).to_series()


def _sorted_out(
    name: str,
    contacts: pl.DataFrame,
    columns: pl.DataFrame,
    found: Sequence[tuple[str, str, pl.Series]],
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Name the first reason of each row that has one."""
    kept = pl.repeat(value=True, n=contacts.height, dtype=pl.Boolean, eager=True)
    refused = [_no_rows(contacts)]
    for column, reason, bad in found:
        new = bad & kept
        if new.any():
            kept &= ~new
            rows = contacts.filter(new).select(
                pl.lit(name).alias("destination"),
                pl.col(RULE).cast(pl.String),
                CUSTOMER,
                pl.lit(column).alias("column"),
                pl.lit(reason).alias(REASON),
            )
            refused.append(rows)
    return columns.with_columns(kept.alias(_KEEP)), pl.concat(refused).sort(RULE, CUSTOMER)


_KEEP: Final = "\x00keep"  # no header can be called so


def _no_rows(contacts: pl.DataFrame) -> pl.DataFrame:
    types = dict.fromkeys(_REFUSED, pl.String) | {CUSTOMER: contacts.schema[CUSTOMER]}
    return pl.DataFrame(schema={name: types[name] for name in _REFUSED})


def _lists(
    contacts: pl.DataFrame, columns: pl.DataFrame
) -> Iterator[tuple[str, str | None, pl.DataFrame]]:
    """Part the prepared columns by rule and segment, in the order of contacts."""
    keys = contacts.select(pl.col(RULE, SEGMENT).cast(pl.String))
    numbered = keys.with_row_index("at")
    for (rule, segment), rows in numbered.group_by([RULE, SEGMENT], maintain_order=True):
        part = columns[rows["at"]].filter(pl.col(_KEEP)).drop(_KEEP)
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
