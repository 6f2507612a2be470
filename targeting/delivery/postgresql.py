"""A delivery to PostgreSQL: the lists and their rows in `targeting_delivered`, one transaction."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import polars as pl

from targeting.delivery.rows import Shipment
from targeting.delivery.tables import COLUMNS, DELIVERED, KEY, refuse_names, refuse_others, type_of
from targeting.frames import RULE, SEGMENT
from targeting.intake.database_errors import Asked
from targeting.intake.database_postgresql import connected
from targeting.workspace.databases import schema_of

if TYPE_CHECKING:
    import psycopg
    from psycopg.sql import Composable, Composed

_PART = 50_000  # rows sent at once
_COLUMNS = """
SELECT attname, attnotnull AND NOT atthasdef AND attidentity = '' AND attgenerated = ''
FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped
ORDER BY attnum
"""


@contextlib.contextmanager
def filled(asked: Asked, shipment: Shipment) -> Iterator[None]:
    """Insert what the database does not have yet; it stays when the block ends without an error.

    Raises:
        Refused: X105 where the table is another, X106 where the database refuses.
        Unreachable: where it is not there, or goes away.
    """
    refuse_names(asked, shipment.names)
    with connected(asked) as connection, connection.transaction():
        # Two deliveries would make the tables at the same time.
        connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [DELIVERED])
        connection.execute(_made(_beside(shipment.table), COLUMNS, KEY))
        new = _noted(connection, shipment)
        if new.height:
            lines = shipment.lines_of(new)
            _make_table(asked, connection, shipment.table, lines)
            _copy(connection, shipment.table, lines)
        yield


def has(asked: Asked, shipment: Shipment) -> bool:
    """Say whether any list of a shipment was delivered."""
    from psycopg import sql

    beside = _beside(shipment.table)
    asked_for = sql.SQL("SELECT 1 FROM {} WHERE run_id = %s AND destination = %s LIMIT 1")
    with connected(asked) as connection:
        if not _columns(connection, beside):
            return False
        found = connection.execute(
            asked_for.format(_name(beside)), [shipment.run_id, shipment.destination]
        )
        return found.fetchone() is not None


def _noted(connection: psycopg.Connection, shipment: Shipment) -> pl.DataFrame:
    """Claim the lists; whose key is there already was delivered, and is not claimed."""
    from psycopg import sql

    lists = shipment.lists
    insert = sql.SQL(
        "INSERT INTO {} (run_id, destination, rule, segment, rows, sha256)"
        " SELECT %s, %s, * FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::text[])"
        " ON CONFLICT (run_id, destination, rule, segment) DO NOTHING RETURNING rule, segment"
    ).format(_name(_beside(shipment.table)))
    values = [shipment.run_id, shipment.destination, *(column.to_list() for column in lists)]
    new = connection.execute(insert, values).fetchall()
    return pl.DataFrame(new, schema={RULE: pl.String, SEGMENT: pl.String}, orient="row")


def _make_table(
    asked: Asked, connection: psycopg.Connection, table: str, lines: pl.DataFrame
) -> None:
    name = schema_of(table)
    types = {column: type_of(dtype) for column, dtype in lines.schema.items()}
    connection.execute(_made(name, types))
    refuse_others(asked, table, _columns(connection, name), lines.columns)


def _copy(connection: psycopg.Connection, table: str, lines: pl.DataFrame) -> None:
    from psycopg import sql

    columns = sql.SQL(", ").join(map(sql.Identifier, lines.columns))
    into = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv, ENCODING 'UTF8')")
    with connection.cursor().copy(into.format(_name(schema_of(table)), columns)) as copy:
        for part in lines.iter_slices(_PART):
            copy.write(part.write_csv(include_header=False).encode())


def _columns(connection: psycopg.Connection, name: tuple[str, ...]) -> Mapping[str, bool]:
    """Give a table's columns, and whether each row must give a value; none without a table."""
    return dict(connection.execute(_COLUMNS, [_name(name).as_string(connection)]).fetchall())


def _made(name: tuple[str, ...], columns: Mapping[str, str], key: tuple[str, ...] = ()) -> Composed:
    from psycopg import sql

    lines: list[Composable] = [
        sql.SQL("{} " + kind).format(sql.Identifier(column)) for column, kind in columns.items()
    ]
    if key:
        lines.append(
            sql.SQL("PRIMARY KEY ({})").format(sql.SQL(", ").join(map(sql.Identifier, key)))
        )
    return sql.SQL("CREATE TABLE IF NOT EXISTS {} ({})").format(
        _name(name), sql.SQL(", ").join(lines)
    )


def _beside(table: str) -> tuple[str, ...]:
    """Name `targeting_delivered` in the schema of the table."""
    return (*schema_of(table)[:-1], DELIVERED)


def _name(name: tuple[str, ...]) -> Composable:
    from psycopg import sql

    return sql.Identifier(*name)
