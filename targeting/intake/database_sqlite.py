"""SQLite as a source, through Python's own module; its cells are as loose as those of a CSV file.

A column whose cells are all numbers is numbers; any other is text, and reads as a file's cells do.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence

import polars as pl

from targeting.intake.database_errors import Asked, Unreachable
from targeting.problems import Refused, refuse
from targeting.workspace.databases import schema_of
from targeting.workspace.settings import Source

_READS = (
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
)


def headers(asked: Asked, form: Source) -> list[str]:
    """Name the columns of a table or query."""
    with reading(asked) as connection:
        return [name for name, *_ in connection.execute(_query(form)).description]


def answer(asked: Asked, form: Source, names: Sequence[str]) -> pl.DataFrame:
    """Read the named columns, in that order; positions name them in the frame."""
    picked = ", ".join(map(quoted, names))
    with reading(asked) as connection:
        rows = connection.execute(f"SELECT {picked} FROM ({_query(form)}\n)").fetchall()  # noqa: S608
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    return pl.DataFrame([_column(str(at), cells) for at, cells in enumerate(columns)])


@contextlib.contextmanager
def reading(asked: Asked) -> Iterator[sqlite3.Connection]:
    """Open a file of SQLite for reading only: nothing but SELECT is let through."""
    path = asked.address.path
    if not path.is_file():
        message = f"{asked.what}: there is no file {asked.address.path}"
        raise refuse("I001", message, asked.place, "sqlite:///FILE, from the workspace's folder on")
    with connected(asked, "ro") as connection:
        connection.set_authorizer(_only_reads)
        yield connection


@contextlib.contextmanager
def connected(asked: Asked, mode: str) -> Iterator[sqlite3.Connection]:
    """Connect (mode ro, or rwc to make the file); every error leaves as a Refused or Unreachable.

    The caller begins and ends transactions.
    """
    uri = f"{asked.address.path.absolute().as_uri()}?mode={mode}"
    try:
        with contextlib.closing(
            sqlite3.connect(uri, uri=True, timeout=20, isolation_level=None)
        ) as connection:
            yield connection
    except (sqlite3.Error, sqlite3.Warning) as error:
        raise _explained(asked, error) from None


def quoted(name: str) -> str:
    """Quote a name of a table or column."""
    return '"' + name.replace('"', '""') + '"'


def table_name(table: str) -> str:
    """Quote a table, or schema.table."""
    return ".".join(map(quoted, schema_of(table)))


def _query(form: Source) -> str:
    if form.query is not None:
        return form.query.strip().removesuffix(";")
    return f"SELECT * FROM {table_name(str(form.table))}"  # noqa: S608


def _only_reads(action: int, *_: str | None) -> int:
    return sqlite3.SQLITE_OK if action in _READS else sqlite3.SQLITE_DENY


def _explained(asked: Asked, error: Exception) -> Refused | Unreachable:
    text = str(error)
    if "locked" in text or "disk I/O" in text or "full" in text:
        return asked.unreachable(text)
    if "one statement" in text:
        return asked.wrong("the query is more than one statement", "keep the one that reads")
    if "not authorized" in text:
        return asked.wrong("the query would do more than read", "a source only reads: SELECT …")
    return asked.wrong(text.partition(" with text")[0])  # what follows would quote a value


def _column(name: str, cells: Sequence[object]) -> pl.Series:
    kinds = set(map(type, cells)) - {type(None)}
    if bytes in kinds:
        return pl.Series(name, [None] * len(cells), pl.List(pl.String))
    if kinds == {int}:
        return pl.Series(name, cells, pl.Int64)
    if kinds and kinds <= {int, float}:
        return pl.Series(name, cells, pl.Float64, strict=False)
    texts = [None if cell is None else str(cell) for cell in cells]
    return pl.Series(name, texts, pl.String)
