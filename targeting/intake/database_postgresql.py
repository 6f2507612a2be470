"""PostgreSQL as a source: its own COPY gives the rows as CSV, which Polars types by column.

Text and not the binary protocol: numerics stay exact, and what no other program can hold (infinite
dates, years before Christ) comes as the text that it is, to be rejected with its row.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

import polars as pl

from targeting.intake.database_errors import Asked, Unreachable
from targeting.intake.database_types import Typed, by_cells, seen_in, typed
from targeting.problems import Refused
from targeting.workspace.databases import schema_of
from targeting.workspace.settings import Source

if TYPE_CHECKING:
    import psycopg
    from psycopg.sql import Composable, Composed

_OF_VALUES: Final = "ACR"  # typcategory: arrays, composites, ranges
_NOT_NOW: Final = ("starting up", "shutting down", "recovery", "too many", "connection slots")
_GONE: Final = ("08", "57", "53", "58", "XX")  # classes of SQLSTATE that are the server's business
_SPELLED: Final = (
    "SELECT set_config('DateStyle', 'ISO', true), set_config('TimeZone', 'UTC', true),"
    " set_config('extra_float_digits', '1', true)"
)
_ONLY_READS: Final = "a source only reads: SELECT …"


def headers(asked: Asked, form: Source) -> list[str]:
    """Name the columns of a table or query, without reading a row."""
    with reading(asked) as connection:
        return [name for name, _ in _columns(connection, _query(connection, form))]


def height(asked: Asked, form: Source) -> int:
    """Count the rows of a table or query."""
    with reading(asked) as connection:
        whole = _picked(_query(connection, form), "count(*)").as_string(connection)
        _types(asked, connection, whole)
        found = connection.execute(whole.encode()).fetchone()
        return int(found[0]) if found else 0


def answer(asked: Asked, form: Source, names: Sequence[str]) -> pl.DataFrame:
    """Read the named columns, in that order, typed; positions name them in the frame."""
    with _asking(asked, form, names) as (connection, columns):
        (texts,) = _texts(connection, columns, None)
        return typed(texts, columns.types, seen_in([texts], columns.types))


def pieces(asked: Asked, form: Source, names: Sequence[str], rows: int) -> Iterator[pl.DataFrame]:
    """Read them so many rows at a time, each column typed as `answer` does.

    What is typed by all of its cells is read twice, as it is at one moment.
    """
    with _asking(asked, form, names) as (connection, columns):
        unsure = columns.only(by_cells(columns.types))
        texts = _texts(connection, unsure, rows) if unsure.names else ()
        seen = seen_in(texts, unsure.types)
        for piece in _texts(connection, columns, rows):
            frame = typed(piece, columns.types, seen)
            if piece.drop("0").null_count().row(0) != frame.null_count().row(0):
                raise asked.wrong("it gave other rows the second time", "keep what it calls stable")
            yield frame


@dataclass(frozen=True)
class _Columns:
    """Columns of an answer: what they are called, their types by their place from 1 on."""

    query: str
    names: Mapping[int, str]
    types: Mapping[int, Typed]

    def only(self, places: Container[int]) -> _Columns:
        """Leave out the others."""
        names = {at: name for at, name in self.names.items() if at in places}
        return _Columns(self.query, names, {at: self.types[at] for at in names})


@contextlib.contextmanager
def _asking(
    asked: Asked, form: Source, names: Sequence[str]
) -> Iterator[tuple[psycopg.Connection, _Columns]]:
    from psycopg import sql

    with reading(asked) as connection:
        query = _query(connection, form)
        whole = _picked(query, *map(sql.Identifier, names)).as_string(connection)
        types = _types(asked, connection, whole)
        nested = _nested(connection, types)
        kinds = [Typed(oid, oid in nested) for oid in types]
        places = range(1, len(names) + 1)
        yield (
            connection,
            _Columns(
                query, dict(zip(places, names, strict=True)), dict(zip(places, kinds, strict=True))
            ),
        )


def _texts(
    connection: psycopg.Connection, columns: _Columns, rows: int | None
) -> Iterator[pl.DataFrame]:
    """Read cells as the texts that COPY gives, so many rows at a time or all; one frame at least.

    The columns are called by their places; column 0 is none, and keeps a row of one empty cell from
    being an empty line.
    """
    from psycopg import sql

    picked = _picked(columns.query, sql.SQL("1"), *map(sql.Identifier, columns.names.values()))
    copy = sql.SQL("COPY ({}) TO STDOUT (FORMAT csv, ENCODING 'UTF8')").format(picked)
    schema = {str(at): pl.String() for at in (0, *columns.names)}
    with connection.cursor().copy(copy) as answered:
        lines = iter(answered)  # the server sends a row at a time
        some = _taken(lines, rows)
        if not some.getbuffer():
            yield pl.DataFrame(schema=schema)
        while some.getbuffer():
            yield pl.read_csv(some, has_header=False, schema=schema)
            some = _taken(lines, rows)


def _taken(lines: Iterator[bytes | bytearray | memoryview], rows: int | None) -> io.BytesIO:
    data = io.BytesIO()
    data.writelines(islice(lines, rows))
    data.seek(0)
    return data


def _picked(query: str, *what: Composable | str) -> Composed:
    from psycopg import sql

    columns = [sql.SQL(each) if isinstance(each, str) else each for each in what]
    template = sql.SQL("SELECT {} FROM ({}\n) AS answer")
    return template.format(sql.SQL(", ").join(columns), sql.SQL(query))


@contextlib.contextmanager
def reading(asked: Asked) -> Iterator[psycopg.Connection]:
    """Connect for reading only: the server itself refuses whatever would write."""
    with connected(asked) as connection:
        import psycopg

        connection.read_only = True
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ  # one moment's rows
        connection.execute(_SPELLED)
        yield connection


@contextlib.contextmanager
def connected(asked: Asked) -> Iterator[psycopg.Connection]:
    """Connect; every error of the database leaves as a Refused or an Unreachable."""
    try:
        import psycopg
    except ImportError:
        raise asked.no_driver() from None
    address = asked.address
    secret = os.environ.get(address.password_env) if address.password_env else None
    try:
        connection = psycopg.connect(
            address.url,
            password=secret,
            connect_timeout=20,
            client_encoding="UTF8",
        )
    except psycopg.Error as error:
        raise _refusal(asked, str(error)) from None
    try:
        with connection:
            yield connection
    except psycopg.Error as error:
        raise _explained(asked, error) from None


def _refusal(asked: Asked, text: str) -> Refused | Unreachable:
    """Tell a server that says no from one that is not there: libpq has only words for it."""
    says_no = "FATAL" in text or "password" in text or "invalid" in text
    if says_no and not any(words in text for words in _NOT_NOW):
        return asked.no_entry(text.partition("FATAL:")[2] or text)
    return asked.unreachable(text)


def _explained(asked: Asked, error: psycopg.Error) -> Refused | Unreachable:
    state = error.sqlstate or ""
    if not state or state.startswith(_GONE):
        return asked.unreachable(error.diag.message_primary or str(error))
    if state.startswith(("22", "23")):  # the message would quote a value
        return asked.wrong(_in_place(error), "look at the column's type and the values in it")
    if state == "25006":
        return asked.wrong("the query would do more than read", _ONLY_READS)
    if state == "42601" and "multiple commands" in str(error):
        return asked.wrong("the query is more than one statement", "keep the one that reads")
    return asked.wrong(error.diag.message_primary or str(error), error.diag.message_hint)


def _in_place(error: psycopg.Error) -> str:
    """Name an error about a value, and its column, without the value."""
    kind = f"{type(error).__name__} (SQLSTATE {error.sqlstate})"
    parts = (error.diag.context or "").partition(":")[0].split(", ")
    column = error.diag.column_name or next((p for p in parts if p.startswith("column ")), None)
    return (
        kind if column is None else f"{kind} in {column if ' ' in column else 'column ' + column}"
    )


def _query(connection: psycopg.Connection, form: Source) -> str:
    from psycopg import sql

    if form.query is not None:
        return form.query.strip().removesuffix(";")
    name: Composable = sql.Identifier(*schema_of(str(form.table)))
    return sql.SQL("SELECT * FROM {}").format(name).as_string(connection)


def _columns(connection: psycopg.Connection, query: str) -> list[tuple[str, int]]:
    """Let the server describe one statement: names and type ids; it runs nothing, and takes no
    second statement."""
    import psycopg
    from psycopg.pq import ExecStatus

    raw = connection.pgconn
    for result in (raw.prepare(b"", query.encode()), raw.describe_prepared(b"")):
        if result.status != ExecStatus.COMMAND_OK:
            raise psycopg.errors.error_from_result(result, encoding="utf-8")
    if not result.nfields:
        raise psycopg.errors.SyntaxError("the query gives no columns")
    names = [result.fname(at) or b"" for at in range(result.nfields)]
    return [(name.decode(), result.ftype(at)) for at, name in enumerate(names)]


def _types(asked: Asked, connection: psycopg.Connection, whole: str) -> list[int]:
    """Give the types of the answer; what is a statement but no part of one would do more."""
    from psycopg import errors

    try:
        return [oid for _, oid in _columns(connection, whole)]
    except (errors.SyntaxError, errors.FeatureNotSupported):
        raise asked.wrong("the query would do more than read", _ONLY_READS) from None


def _nested(connection: psycopg.Connection, types: Sequence[int]) -> set[int]:
    found = connection.execute(
        "SELECT oid FROM pg_type WHERE oid = ANY(%s) AND strpos(%s, typcategory::text) > 0",
        [list(types), _OF_VALUES],
    )
    return {oid for (oid,) in found}
