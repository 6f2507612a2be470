"""SQLite as a source, through Python's own module; its cells are as loose as those of a CSV file.

A column whose cells are all numbers is numbers; any other is text, and reads as a file's cells do.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence

import polars as pl

from targeting.intake.database_errors import Asked, Unreachable
from targeting.problems import Refused, refuse
from targeting.workspace.databases import schema_of
from targeting.workspace.settings import Source

_AT_ONCE = 100_000  # rows
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


def height(asked: Asked, form: Source) -> int:
    """Count the rows of a table or query."""
    with reading(asked) as connection:
        (rows,) = connection.execute(_picked(form, ["count(*)"])).fetchone()
        return int(rows)


def answer(asked: Asked, form: Source, names: Sequence[str]) -> pl.DataFrame:
    """Read the named columns, in that order; positions name them in the frame."""
    with reading(asked) as connection:
        rows = connection.execute(_picked(form, map(quoted, names))).fetchall()
    columns = _columns(rows, len(names))
    return _frame(columns, [set(map(type, cells)) for cells in columns])


def pieces(asked: Asked, form: Source, names: Sequence[str], rows: int) -> Iterator[pl.DataFrame]:
    """Read them so many rows at a time, typed by all cells: these are looked through first."""
    with reading(asked) as connection:
        kinds = _kinds(connection, form, names)
        answered = connection.execute(_picked(form, map(quoted, names)))

        def taken() -> list[pl.DataFrame]:
            return [_sure(asked, some, kinds) for some in _fetched(answered, rows)]

        yield pl.concat([_sure(asked, [], kinds), *taken()])
        while read := taken():
            yield pl.concat(read)


def _fetched(answered: sqlite3.Cursor, rows: int) -> Iterator[list[tuple[object, ...]]]:
    """Fetch so many rows, few at a time: as Python's objects they take most room."""
    while rows > 0 and (some := answered.fetchmany(min(rows, _AT_ONCE))):
        yield some
        rows -= len(some)


def _sure(
    asked: Asked, rows: Sequence[Sequence[object]], kinds: Sequence[set[type]]
) -> pl.DataFrame:
    """Type rows by what was seen of all their columns; other cells were not there then."""
    columns = _columns(rows, len(kinds))
    for cells, known in zip(columns, kinds, strict=True):
        if not set(map(type, cells)) <= known:
            raise asked.wrong("it gave other rows the second time")
    return _frame(columns, kinds)


_TYPES = {"integer": int, "real": float, "text": str, "blob": bytes, "null": type(None)}


def _kinds(connection: sqlite3.Connection, form: Source, names: Sequence[str]) -> list[set[type]]:
    """Say of each column what its cells are."""
    asks = [f"group_concat(DISTINCT typeof({quoted(name)}))" for name in names]
    found = connection.execute(_picked(form, asks)).fetchone()
    return [{_TYPES[name] for name in (each or "null").split(",")} for each in found]


def _picked(form: Source, what: Iterable[str]) -> str:
    return f"SELECT {', '.join(what)} FROM ({_query(form)}\n)"  # noqa: S608


def _columns(rows: Sequence[Sequence[object]], width: int) -> list[tuple[object, ...]]:
    return list(zip(*rows, strict=True)) or [()] * width


def _frame(columns: Sequence[Sequence[object]], kinds: Sequence[set[type]]) -> pl.DataFrame:
    typed = zip(columns, kinds, strict=True)
    return pl.DataFrame([_column(str(at), *each) for at, each in enumerate(typed)])


@contextlib.contextmanager
def reading(asked: Asked) -> Iterator[sqlite3.Connection]:
    """Open a file of SQLite for reading only: nothing but SELECT is let through."""
    path = asked.address.path
    if not path.is_file():
        message = f"{asked.what}: there is no file {asked.address.path}"
        raise refuse("I001", message, asked.place, "sqlite:///FILE, from the workspace's folder on")
    with connected(asked, "ro") as connection:
        connection.execute("BEGIN")  # all that is read is of one moment
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


def _column(name: str, cells: Sequence[object], seen: set[type]) -> pl.Series:
    kinds = seen - {type(None)}
    if bytes in kinds:
        return pl.Series(name, [None] * len(cells), pl.List(pl.String))
    if kinds == {int}:
        return pl.Series(name, cells, pl.Int64)
    if kinds and kinds <= {int, float}:
        return pl.Series(name, cells, pl.Float64, strict=False)
    texts = [None if cell is None else str(cell) for cell in cells]
    return pl.Series(name, texts, pl.String)
