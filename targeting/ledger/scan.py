"""The ledger's files of one record and some months, as one lazy scan.

`pl.scan_delta` cannot follow a folder whose name has a blank or a #: it reads the percent signs of
the table's URL as they stand. In a folder the files are therefore scanned by their own names.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlparse

import polars as pl

from targeting.ledger.records import MONTH, RECORD, SCHEMA
from targeting.problems import Place, refuse

if TYPE_CHECKING:
    from deltalake import DeltaTable

# Signs of a path that deltalake 1.6 panics at, or takes for something else.
_NOT_FOR_A_LEDGER = re.compile(r"[\[\]^|\x00-\x1f\x7f]|%[0-9A-Fa-f]{2}")


def refuse_path(folder: Path) -> None:
    """Refuse a folder, named in full, that deltalake cannot find again.

    Raises:
        Refused: L111.
    """
    found = _NOT_FOR_A_LEDGER.search(str(folder))
    if found is None:
        return
    message = f"the ledger cannot be kept in a folder whose path has {found[0]!r} in it"
    help_ = "rename the folder; or name another with --out DIR, or ledger: {url: DIR}"
    raise refuse("L111", message, Place(str(folder)), help_)


def scan(
    table: DeltaTable, record: str, wanted: Callable[[str], bool] = lambda month: True
) -> pl.LazyFrame:
    """Scan the rows of a record, of the months that are wanted (none is the month '')."""
    if urlparse(table.table_uri).scheme not in ("", "file"):
        months = {part[MONTH] for part in table.partitions() if wanted(part[MONTH] or "")}
        here = pl.any_horizontal(pl.col(MONTH).is_in(months - {None}), pl.col(MONTH).is_null())
        return pl.scan_delta(table).filter(pl.col(RECORD) == record, here)
    files = _files(table).filter(pl.col(RECORD) == record).sort(MONTH, "path")
    parts = [
        _of(record, month, rows["path"].to_list())
        for (month,), rows in files.partition_by(MONTH, as_dict=True, maintain_order=True).items()
        if wanted(month or "")
    ]
    return pl.concat(parts) if parts else pl.LazyFrame(schema=SCHEMA)


def _files(table: DeltaTable) -> pl.DataFrame:
    """List the table's files: path, record, month."""
    folder = Path(unquote(urlparse(table.table_uri).path))
    actions = pl.DataFrame(table.get_add_actions(flatten=True))
    paths = [str(folder / unquote(path)) for path in actions["path"]]
    named = {f"partition.{name}": name for name in (RECORD, MONTH)}
    return actions.select(pl.Series("path", paths, dtype=pl.String), *named).rename(named)


def _of(record: str, month: str | None, paths: list[str]) -> pl.LazyFrame:
    known = pl.scan_parquet(paths, glob=False).with_columns(
        pl.lit(record).alias(RECORD), pl.lit(month, dtype=pl.String).alias(MONTH)
    )
    return known.select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())
