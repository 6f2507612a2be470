"""The ledger as a Delta table, in a folder or an object store: found, made, opened."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

from targeting.ledger.key import check_value, make_key, read_key
from targeting.ledger.records import AS_OF, MONTH, RECORD, SCHEMA
from targeting.problems import Place, Refused, refuse

if TYPE_CHECKING:
    from deltalake import DeltaTable

_DELTA_TYPES: Final[Mapping[object, str]] = {
    pl.String: "string",
    pl.Date: "date",
    pl.Binary: "binary",
    pl.Int64: "long",
}
_CHECK = "targeting.key_check"


@dataclass(frozen=True)
class Ledger:
    """Where the ledger lies, how its store is reached, and the key of its hashes."""

    url: str
    key: str = field(repr=False)
    options: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def folder(self) -> Path | None:
        """The ledger's folder; None in an object store."""
        return _folder(self.url)


def find_ledger(
    url: str, key_file: Path, options: Mapping[str, str] | None = None
) -> Ledger | None:
    """Find a ledger that is there, with its key; None before the first run.

    `url` is a folder or an object store's URL, `options` what the store asks for. Makes nothing.

    Raises:
        Refused: L101 to L104: no key, another ledger's key, no key at all, or no readable table.
    """
    _refuse_inside(url, key_file)
    table = _existing(url, options or {})
    if table is None:
        return None
    ledger = Ledger(url, read_key(key_file), options or {})
    if table.metadata().configuration.get(_CHECK) != check_value(ledger.key):
        message = "this is not the key that the ledger was written with"
        help_ = "bring the right file back; or move the ledger away, and every limit starts anew"
        raise refuse("L102", message, Place(str(key_file)), help_)
    return ledger


def open_ledger(url: str, key_file: Path, options: Mapping[str, str] | None = None) -> Ledger:
    """Find the ledger, or make an empty one, and the key where there is none yet.

    Raises:
        Refused: as `find_ledger`.
    """
    found = find_ledger(url, key_file, options)
    if found is not None:
        return found
    key = read_key(key_file) if key_file.exists() else make_key(key_file)
    _create(url, key, options or {})
    found = find_ledger(url, key_file, options)  # another run may have been faster
    assert found is not None
    return found


def opened(ledger: Ledger) -> DeltaTable:
    """Open the table at its newest version.

    Raises:
        Refused: L104 where it is not there or cannot be read.
    """
    table = _existing(ledger.url, ledger.options)
    if table is None:
        raise _unreadable(ledger.url)
    return table


@contextlib.contextmanager
def reading(ledger: Ledger) -> Iterator[None]:
    """Turn what a damaged file or an absent store throws at a reader into L104."""
    from deltalake.exceptions import DeltaError

    try:
        yield
    except (DeltaError, pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
        raise _unreadable(ledger.url) from None


def _existing(url: str, options: Mapping[str, str]) -> DeltaTable | None:
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError

    folder = _folder(url)
    if folder is not None and not folder.exists():
        return None
    try:
        if DeltaTable.is_deltatable(url, dict(options)):
            return DeltaTable(url, storage_options=dict(options))
    except (DeltaError, OSError, ValueError):
        raise _unreadable(url) from None
    if folder is not None and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise _unreadable(url)
    return None


def _create(url: str, key: str, options: Mapping[str, str]) -> None:
    from deltalake import DeltaTable, Field, Schema
    from deltalake.exceptions import DeltaError
    from deltalake.schema import PrimitiveType

    columns = [Field(name, PrimitiveType(_DELTA_TYPES[kind])) for name, kind in SCHEMA.items()]
    try:
        DeltaTable.create(
            url,
            Schema(columns),
            mode="ignore",
            partition_by=[RECORD, MONTH],
            storage_options=dict(options),
            configuration={
                "delta.dataSkippingStatsColumns": AS_OF,
                "delta.checkpointInterval": "20",
                _CHECK: check_value(key),
            },
            raise_if_key_not_exists=False,
        )
    except (DeltaError, OSError, ValueError):
        raise _unreadable(url) from None


def _folder(url: str) -> Path | None:
    local = url.removeprefix("file://")
    return None if "://" in local else Path(local)


def _refuse_inside(url: str, key_file: Path) -> None:
    folder = _folder(url)
    if folder is not None and folder.resolve() in key_file.resolve().parents:
        message = (
            "the key lies inside the ledger's folder, where `forget` erases what is not its own"
        )
        help_ = f"move it beside the folder: {folder.with_name(key_file.name)}"
        raise refuse("L103", message, Place(str(key_file)), help_)


def _unreadable(url: str) -> Refused:
    message = "the ledger of contacts cannot be read, so no limit could be kept"
    help_ = "bring it back from a copy, whole; or look at its rights and at the store's settings"
    return refuse("L104", message, Place(url), help_)
