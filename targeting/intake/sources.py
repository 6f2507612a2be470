"""A source's file opened, whatever its kind; what cannot be opened is a problem with a place."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import polars as pl

from targeting.behind import ahead
from targeting.intake.columnar import is_table, open_columnar, refuse_nested
from targeting.intake.database_errors import Unreachable
from targeting.intake.delimited import open_delimited
from targeting.intake.headers import Sought
from targeting.intake.json_records import open_json, open_ndjson
from targeting.intake.opened import Cells, Elsewhere, Opened, Origin
from targeting.intake.row_digest import digest
from targeting.intake.workbook import open_workbook
from targeting.problems import did_you_mean, refuse

FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".json": "json",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".parquet": "parquet",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
}


def open_source(origin: Origin, sought: Sought, elsewhere: Elsewhere | None = None) -> Opened:
    """Open the file of a source, or its table or query in a database.

    `elsewhere` opens what Spark knows by name.

    Raises:
        Refused: where it is missing, no file, empty, unreadable, or not what it says it is.
        Unreachable: where the database is not there.
    """
    if origin.database is not None:
        if origin.database.is_spark:
            return _where_it_is(origin, elsewhere).open(origin)
        from targeting.intake.database import open_database

        return open_database(origin, origin.database)
    _refuse_what_is_no_file(origin)
    kind = file_kind(origin)
    try:
        match kind:
            case "csv":
                return open_delimited(origin, sought)
            case "json":
                return open_json(origin, sought)
            case "ndjson":
                return open_ndjson(origin, sought)
            case "parquet":
                return open_columnar(origin)
            case "xlsx":
                return open_workbook(origin)
            case other:
                raise AssertionError(other)
    except OSError as error:
        raise _unreadable(origin, error) from None


def _where_it_is(origin: Origin, elsewhere: Elsewhere | None) -> Elsewhere:
    if elsewhere is None:
        message = f"source {origin.source}: only Apache Spark knows {origin.name}"
        help_ = f"run with --engine spark --master URL, or give --source {origin.source}=FILE"
        raise refuse("I053", message, origin.place("file"), help_)
    return elsewhere


def read_cells(origin: Origin, opened: Opened, columns: dict[str, int]) -> Cells:
    """Read the cells of our columns, all of them plain values."""
    try:
        cells = opened.cells(columns)
    except Unreachable:
        raise
    except OSError as error:
        raise _unreadable(origin, error) from None
    refuse_nested(origin, cells.frame)
    return cells


def read_pieces(
    origin: Origin, opened: Opened, columns: Mapping[str, int], rows: int
) -> Iterator[Cells]:
    """Read so many rows of our columns at a time, where a kind of file can be read so."""
    assert opened.pieces is not None
    try:
        for cells in ahead(opened.pieces(columns, rows)):
            refuse_nested(origin, cells.frame)
            yield cells
    except Unreachable:
        raise
    except OSError as error:
        raise _unreadable(origin, error) from None


def sha256(origin: Origin, opened: Opened, sums: Iterable[pl.DataFrame | None] = ()) -> str:
    """Digest a file without holding it; for a folder, the names and digests of its files.

    Rows that are in no file are digested by the `sums` of their pieces.
    """
    if added := [each for each in sums if each is not None]:
        return digest(added)
    if not origin.path.is_dir():
        return _digest(origin.path)
    folder = origin.path.absolute()
    listed = "".join(f"{_digest(file)} {file.relative_to(folder)}\n" for file in opened.files)
    return hashlib.sha256(listed.encode()).hexdigest()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _refuse_what_is_no_file(origin: Origin) -> None:
    place = origin.place("file")
    if not _is_text(str(origin.path)):
        message = f"the path of {origin.shown} holds bytes that are no UTF-8"
        raise refuse("I002", message, place, "rename it")
    try:
        if origin.path.is_dir():
            if is_table(origin.path):
                return
            message = f"{origin.shown} is a folder, not a file"
            help_ = "name the file inside it; only Parquet and Delta are read by the folder"
            raise refuse("I002", message, place, help_)
        if not origin.path.exists():
            message = f"there is no file {origin.shown}"
            if origin.path.is_symlink():
                raise refuse("I001", message, place, "the link of that name leads nowhere")
            raise refuse("I001", message, place, _nearby(origin.path))
        if not origin.path.is_file():
            raise refuse("I002", f"{origin.shown} is not a plain file", place, "copy it to one")
        with origin.path.open("rb") as file:
            empty = not file.read(1)
    except OSError as error:
        raise _unreadable(origin, error) from None
    if empty:
        raise refuse("I003", f"{origin.shown} is empty: 0 bytes", place, "was it written?")


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in path


def _nearby(path: Path) -> str:
    folder = path.parent
    try:
        names = sorted(entry.name for entry in folder.iterdir() if entry.is_file())
    except OSError:
        return f"there is no folder {folder} either"
    return did_you_mean(path.name, names, what="the folder has") if names else "the folder is empty"


def file_kind(origin: Origin) -> str:
    """Say what kind of file a source is, by its settings or its ending."""
    if origin.path.is_dir():
        return "parquet"
    if origin.form.format is not None:
        return origin.form.format
    kind = FORMATS.get(origin.path.suffix.lower())
    if kind is None:
        message = f"{origin.shown}: its ending does not say what it is"
        help_ = "add format: csv | json | ndjson | parquet | xlsx"
        raise refuse("I008", message, origin.place("file"), help_)
    return kind


def _unreadable(origin: Origin, error: OSError) -> Exception:
    message = f"{origin.shown} cannot be read: {(error.strerror or str(error)).lower()}"
    return refuse("I002", message, origin.place("file"), "check the file and its permissions")
