"""A numbered change of the ledger: made by one writer, whole, and safe on disk."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import unquote

import polars as pl

from targeting.durable import sync_folder
from targeting.ledger.records import AS_OF, HMAC, SCHEMA
from targeting.ledger.table import Ledger, opened

if TYPE_CHECKING:
    from arro3.core import RecordBatchReader
    from deltalake import CommitProperties, DeltaTable, WriterProperties

_CHANGES = "runs"  # the one sequence in which everything that changes an answer is numbered


class Overtaken(Exception):
    """Another writer changed the ledger after it was read: read again, decide again."""


def last_change(table: DeltaTable) -> int:
    """Give the number of the last change of an opened table; 0 before the first."""
    return table.transaction_version(_CHANGES) or 0


@contextlib.contextmanager
def change(ledger: Ledger, seen: int) -> Iterator[tuple[DeltaTable, CommitProperties]]:
    """Open the table for change `seen` + 1, and make what was committed safe on disk.

    Raises:
        Overtaken: where the ledger's last change is not `seen` (any more); nothing is added then.
    """
    from deltalake import CommitProperties, Transaction
    from deltalake.exceptions import CommitFailedError

    table = opened(ledger)
    if last_change(table) != seen:  # deltalake accepts a number twice where they come in sequence
        raise Overtaken
    before = table.version()
    try:
        yield table, CommitProperties(app_transactions=[Transaction(_CHANGES, seen + 1)])
    except CommitFailedError:
        if last_change(opened(ledger)) == seen:
            raise
        raise Overtaken from None
    _sync(ledger, table, before)


def add(ledger: Ledger, rows: Iterable[pl.DataFrame], seen: int) -> None:
    """Add rows (of `records`, as `in_order` puts them) as change `seen` + 1, frame by frame.

    Raises:
        Overtaken: where another writer was faster; no row is added then.
    """
    from deltalake import write_deltalake

    with change(ledger, seen) as (table, numbered):
        write_deltalake(
            table,
            _stream(rows),
            mode="append",
            writer_properties=without_statistics(),
            commit_properties=numbered,
        )


def _stream(rows: Iterable[pl.DataFrame]) -> RecordBatchReader:
    """Give frames to the writer as it asks for them, so that never all are in memory."""
    from arro3.core import RecordBatchReader, Table

    batches = (batch for frame in rows for batch in Table.from_arrow(frame).to_batches())
    return RecordBatchReader.from_batches(
        Table.from_arrow(pl.DataFrame(schema=SCHEMA)).schema, batches
    )


def without_statistics() -> WriterProperties:
    """Say how every file is written: small, and with no column's smallest and largest value."""
    from deltalake import ColumnProperties, WriterProperties

    none = ColumnProperties(statistics_enabled="NONE")
    return WriterProperties(
        compression="ZSTD",
        default_column_properties=none,
        column_properties={
            AS_OF: ColumnProperties(statistics_enabled="CHUNK"),
            HMAC: ColumnProperties(statistics_enabled="NONE", dictionary_enabled=False),
        },
    )


def _sync(ledger: Ledger, table: DeltaTable, before: int) -> None:
    """Make the files of the commits after version `before` safe on disk, the log last."""
    folder = ledger.folder
    if folder is None:
        return
    log = folder / "_delta_log"
    for version in range(before + 1, table.version() + 1):
        commit = log / f"{version:020}.json"
        actions = [json.loads(line) for line in commit.read_bytes().splitlines()]
        added = [folder / unquote(one["add"]["path"]) for one in actions if "add" in one]
        for path in [*added, commit]:
            _sync_file(path)
        for parent in {parent for path in added for parent in path.relative_to(folder).parents}:
            sync_folder(folder / parent)
    sync_folder(log)


def _sync_file(path: os.PathLike[str]) -> None:
    with contextlib.suppress(FileNotFoundError), open(path, "rb") as file:
        os.fsync(file.fileno())
