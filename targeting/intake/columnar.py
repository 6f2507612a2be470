"""Parquet: a file, a folder of files or a Delta table; only the columns asked for, as they are."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import polars as pl

from targeting.frames import ROW
from targeting.intake.headers import tidy
from targeting.intake.opened import Cells, Opened, Origin
from targeting.problems import Problem, Refused

_LOG = "_delta_log"
_HIDDEN = ("_", ".")  # what others leave beside the files of a table


def is_table(folder: Path) -> bool:
    """Say whether a folder holds a table: one of Delta, or of Parquet files."""
    return (folder / _LOG).is_dir() or bool(_files_below(folder))


def open_columnar(origin: Origin) -> Opened:
    """Read the schema; columns follow when asked for.

    A Delta table is read as it is now, whoever writes to it meanwhile.
    """
    path = origin.path.absolute()
    if (path / _LOG).is_dir():
        rows = _delta(origin, path)
    else:
        rows = _Rows(origin, path, _files_below(path) if path.is_dir() else ())
    with rows.put_in_words("not a Parquet file, or cut off"):
        names = tuple(rows.scan().collect_schema())
    table = _Table(rows, names)
    return Opened(
        tuple(map(tidy, names)),
        table.cells,
        table.pieces,
        table.height,
        files=rows.files,
        part=table.part if path.is_dir() else None,
    )


@dataclass(frozen=True)
class _Rows:
    """Where rows are: in a file, the files of a folder, or a version of a Delta table."""

    origin: Origin
    path: Path
    files: tuple[Path, ...] = ()
    version: int | None = None

    def scan(self) -> pl.LazyFrame:
        if self.version is not None:
            return pl.scan_delta(str(self.path), version=self.version)
        if self.files:
            return pl.scan_parquet(list(self.files), glob=False, hive_partitioning=True)
        return pl.scan_parquet(self.path, glob=False)

    @contextlib.contextmanager
    def put_in_words(self, what: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:  # gone meanwhile, or not to be seen from a worker
            raise FileNotFoundError(errno.ENOENT, "a file of it is not there") from None
        except (pl.exceptions.SchemaError, pl.exceptions.ColumnNotFoundError) as error:
            differ = f"its files do not have the same columns: {str(error).split(', ')[0]}"
            raise self.origin.broken(differ, "write them anew, all alike") from None
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
            raise self.origin.broken(what, "write it anew") from None


@dataclass(frozen=True)
class _Table:
    """A table whose columns are known by name."""

    rows: _Rows
    names: tuple[str, ...]

    def cells(self, columns: Mapping[str, int]) -> Cells:
        return self.part(columns, 0, None)

    def part(self, columns: Mapping[str, int], offset: int, rows: int | None) -> Cells:
        """Read so many rows from a place on."""
        picked = {ours: pl.col(self.names[at]) for ours, at in columns.items()}
        with self.rows.put_in_words("its pages are damaged"):
            frame = self.rows.scan().slice(offset, rows).select(**picked).collect()
        return Cells(frame.with_row_index(ROW, offset=offset + 1))

    def pieces(self, columns: Mapping[str, int], rows: int) -> Iterator[Cells]:
        """Read so many rows at a time; a table without rows is one piece without any."""
        for offset in range(0, max(1, self.height()), rows):
            yield self.part(columns, offset, rows)

    def height(self) -> int:
        """Count the rows by the footers."""
        with self.rows.put_in_words("not a Parquet file, or cut off"):
            return int(self.rows.scan().select(pl.len()).collect().item())


def _files_below(folder: Path) -> tuple[Path, ...]:
    """Find the files of a table, in one order wherever it lies.

    They stand in the folder itself or in folders of partitions (`month=2026-11`); others, which may
    be a whole disk, are not looked through.
    """
    if not folder.is_dir():
        return ()
    shown = sorted(path for path in folder.iterdir() if not path.name.startswith(_HIDDEN))
    files = [path for path in shown if path.suffix == ".parquet" and path.is_file()]
    for path in shown:
        if "=" in path.name and path.is_dir():
            files += _files_below(path)
    return tuple(files)


def _delta(origin: Origin, path: Path) -> _Rows:
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError

    try:
        table = DeltaTable(str(path))
        files = tuple(Path(unquote(uri)) for uri in sorted(table.file_uris()))
    except (DeltaError, OSError):
        raise origin.broken("its Delta log cannot be read", "restore the table") from None
    return _Rows(origin, path, files, table.version())


def refuse_nested(origin: Origin, frame: pl.DataFrame) -> None:
    """Refuse columns that hold lists or records instead of values."""
    nested = [name for name, kind in frame.schema.items() if kind.is_nested()]
    if nested:
        raise Refused(
            Problem(
                "I013",
                f"'{name}' holds lists or records, not values",
                origin.place("columns", name),
                "map a column of plain values",
            )
            for name in nested
        )
