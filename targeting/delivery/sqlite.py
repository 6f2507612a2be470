"""A delivery to SQLite: the same promises as PostgreSQL's, without a server."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping

import polars as pl

from targeting.delivery.rows import Shipment
from targeting.delivery.tables import COLUMNS, DELIVERED, KEY, refuse_names, refuse_others, type_of
from targeting.frames import RULE, SEGMENT
from targeting.intake.database_errors import Asked
from targeting.intake.database_sqlite import connected, quoted

_NOTE = (
    f"INSERT INTO {DELIVERED} (run_id, destination, rule, segment, rows, sha256)"  # noqa: S608
    " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING rule, segment"
)
_HAS = f"SELECT 1 FROM {DELIVERED} WHERE run_id = ? AND destination = ?"  # noqa: S608


@contextlib.contextmanager
def filled(asked: Asked, shipment: Shipment) -> Iterator[None]:
    """Insert what the database does not have yet; it stays when the block ends without an error.

    Raises:
        Refused: X105 where the table is another, X106 where the database refuses.
        Unreachable: where it is locked, or the disk fails.
    """
    refuse_names(asked, shipment.names)
    with connected(asked, "rwc") as connection, _transaction(connection):
        connection.execute(_made(DELIVERED, COLUMNS, KEY))
        new = _noted(connection, shipment)
        if new.height:
            lines = shipment.lines_of(new)
            _make_table(asked, connection, shipment.table, lines)
            _insert(connection, shipment.table, lines)
        yield


def has(asked: Asked, shipment: Shipment) -> bool:
    """Say whether any list of a shipment was delivered."""
    if not asked.address.path.is_file():
        return False
    with connected(asked, "ro") as connection:
        if not _columns(connection, DELIVERED):
            return False
        found = connection.execute(_HAS, [shipment.run_id, shipment.destination])
        return found.fetchone() is not None


@contextlib.contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _noted(connection: sqlite3.Connection, shipment: Shipment) -> pl.DataFrame:
    """Claim the lists; whose key is there already was delivered, and is not claimed."""
    own = (shipment.run_id, shipment.destination)
    new = [
        row for each in shipment.lists.iter_rows() for row in connection.execute(_NOTE, own + each)
    ]
    return pl.DataFrame(new, schema={RULE: pl.String, SEGMENT: pl.String}, orient="row")


def _make_table(
    asked: Asked, connection: sqlite3.Connection, table: str, lines: pl.DataFrame
) -> None:
    types = {column: type_of(dtype) for column, dtype in lines.schema.items()}
    connection.execute(_made(table, types))
    refuse_others(asked, table, _columns(connection, table), lines.columns)


def _insert(connection: sqlite3.Connection, table: str, lines: pl.DataFrame) -> None:
    """Insert plain values: dates as ISO texts, decimals as texts that the column makes numbers."""
    columns = ", ".join(map(quoted, lines.columns))
    marks = ", ".join("?" * lines.width)
    texts = [n for n, kind in lines.schema.items() if type_of(kind) in ("numeric", "date")]
    plain = lines.with_columns(pl.col(texts).cast(pl.String))
    insert = f"INSERT INTO {quoted(table)} ({columns}) VALUES ({marks})"  # noqa: S608
    connection.executemany(insert, plain.iter_rows())


def _columns(connection: sqlite3.Connection, table: str) -> Mapping[str, bool]:
    """Give a table's columns, and whether each row must give a value; none without a table."""
    found = connection.execute(f"PRAGMA table_info({quoted(table)})")
    return {
        name: bool(needs) and default is None and not key
        for _, name, _, needs, default, key in found
    }


def _made(table: str, columns: Mapping[str, str], key: tuple[str, ...] = ()) -> str:
    lines = [f"{quoted(column)} {kind}" for column, kind in columns.items()]
    lines += [f"PRIMARY KEY ({', '.join(map(quoted, key))})"] if key else []
    return f"CREATE TABLE IF NOT EXISTS {quoted(table)} ({', '.join(lines)})"
