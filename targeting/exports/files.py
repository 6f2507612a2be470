"""One prepared table as the files that a destination asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from targeting.exports.cells import defused
from targeting.exports.columns import as_text, decimals_of
from targeting.exports.csv import write_csv
from targeting.workspace.catalogue import Field
from targeting.workspace.destinations import Destination
from targeting.workspace.settings import Shop


@dataclass(frozen=True)
class Written:
    """A file that a step left: its path from the run's folder on, with /, and its rows."""

    path: str
    rows: int


def write_files(
    folder: Path,
    below: Path,
    rows: pl.DataFrame,
    destination: Destination,
    decimals: Mapping[str, int | None],
    sheet: str,
) -> Iterator[Written]:
    """Write a table in every format, in several files where it is longer than may be.

    `below`: the file's path in the folder, without an ending. `decimals`: by header.
    """
    (folder / below).parent.mkdir(parents=True, exist_ok=True)
    for form in destination.formats:
        for path, part in _split(below, rows, destination.split_at, form):
            if form == "csv":
                spelled = [as_text(c, decimals[c.name]) for c in part]
                table = header_defused(pl.DataFrame(spelled), destination)
                write_csv(folder / path, table, destination.csv)
            else:
                from targeting.exports.excel import write_xlsx

                table = header_defused(part, destination)
                shown = dict(zip(table.columns, decimals.values(), strict=True))
                title = destination.title or sheet
                write_xlsx(folder / path, table, shown, sheet=sheet, title=title)
            yield Written(path.as_posix(), part.height)


def shown_decimals(
    destination: Destination, fields: Mapping[str, Field], shop: Shop
) -> dict[str, int | None]:
    """Say by header how many decimals its column always shows."""
    return {header: decimals_of(form, fields, shop) for header, form in destination.headers.items()}


def safe_path(*parts: str) -> Path:
    """Join the parts of a file's path, each of which must be a single name.

    Raises:
        ValueError: a part would lead elsewhere.
    """
    if any(part in ("", ".", "..") or set(part) & set("/\\\0") for part in parts):
        raise ValueError(f"no path for a list: {'/'.join(parts)!r}")
    return Path(*parts)


def header_defused(table: pl.DataFrame, destination: Destination) -> pl.DataFrame:
    """Make the headers safe too, where persons read them."""
    if destination.read_by == "machine":
        return table
    headers = pl.DataFrame({"header": table.columns}).select(defused("header"))["header"]
    return table.rename(dict(zip(table.columns, headers, strict=True)))


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
