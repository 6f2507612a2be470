"""Forgetting, in the folders of runs: every file without the customer, its manifest told so."""

from __future__ import annotations

import itertools
import json
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from targeting.durable import sync_folder
from targeting.frames import CUSTOMER, PERSON, stable_hash
from targeting.run_folder.lists import Lists
from targeting.run_folder.tables import Table, put, read_table, write_table
from targeting.run_folder.traces import Traces, names_in
from targeting.run_folder.write import MANIFEST, file_sha256, write_json

JOURNAL = ".forgetting"  # the files that are being rewritten, until the manifests say so
CUSTOMERS = "customers.parquet"
REJECTS = "rejects.csv"
FORGOTTEN = "forgotten"
_TABLES = (".parquet", ".csv", ".xlsx")
_READ_BY_LISTS = ("decisions.parquet", "refused_by_destination.csv")
_LONG_ENOUGH = 6  # digits of an id that is looked for in a text, where any number may stand


@dataclass(frozen=True)
class Erased:
    """What was done to the files below `out`, by their names there.

    Parameters:
        rows: rows erased, by file.
        named: files that still name the customer, for their owner to look at: copies of rules,
            lists that somebody has saved in another form.
        unread: files that look like tables and cannot be read.
    """

    rows: dict[str, int]
    named: tuple[str, ...]
    unread: tuple[str, ...]


@dataclass(frozen=True)
class _Rewritten:
    table: Table
    erased: int


def erase_files(
    out: Path, traces: Traces, *, key: str, region: str, beside: Collection[Path]
) -> Erased:
    """Rewrite every file below `out` that names a customer, those of `beside` (the ledger) apart.

    The table of customers comes last in each folder: should this be cut off, the addresses by which
    the rest is found are still there, and doing it again finishes it. `key` is the policy's.
    """
    for left in out.glob("*/**/.*.new*"):
        left.unlink()  # a rewriting that was cut off
    amend_manifests(out)
    files = list(_files(out, beside))
    rows: dict[str, int] = {}
    unread: list[str] = []
    for run, tables in itertools.groupby(_tables(files, out), key=lambda path: _run(path, out)):
        lists = Lists.of(out / run)
        for path in tables:
            name = path.relative_to(out).as_posix()
            try:
                done = _without(path, lists, traces, key, region)
            except (OSError, ValueError, KeyError, pl.exceptions.PolarsError):
                unread.append(name)
                continue
            if done is not None:
                _note(out, name, done.table.frame.height)
                write_table(path, done.table)
                rows[name] = done.erased
    amend_manifests(out)
    texts = [path for path in files if path.suffix not in (".parquet", ".xlsx") and path.exists()]
    named = [p.relative_to(out).as_posix() for p in texts if _names(p, traces)]
    return Erased(rows, tuple(named), tuple(unread))


def amend_manifests(out: Path) -> None:
    """Write down in each manifest which of its files were rewritten, and forget the journal."""
    journal = out / JOURNAL
    if not journal.is_file():
        return
    by_run: dict[str, dict[str, int]] = {}
    for line in journal.read_text(encoding="utf-8").splitlines():
        rows, _, name = line.partition(" ")
        run, _, file = name.partition("/")
        by_run.setdefault(run, {})[file] = int(rows)
    for run, left in by_run.items():
        _amend(out / run, left)
    journal.unlink()
    sync_folder(out)


def _amend(folder: Path, left: Mapping[str, int]) -> None:
    """Tell a manifest what is left of its files; one that is as it was listed was not reached."""
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        listed = {each["path"]: each for each in manifest["outputs"]}
    except (OSError, ValueError, KeyError, TypeError):
        return  # models have none, and a damaged one says nothing
    for name, rows in left.items():
        if name in listed and (folder / name).is_file():
            entry, digest = listed[name], file_sha256(folder / name)
            if entry["sha256"] != digest:
                entry |= {"rows": rows, "sha256": digest, "amended": FORGOTTEN}
    aside = folder / f".{MANIFEST}.new"
    write_json(aside, manifest)
    put(aside, folder / MANIFEST)


def _without(path: Path, lists: Lists, traces: Traces, key: str, region: str) -> _Rewritten | None:
    """Give a file's table without the customer; None where it does not name them."""
    name = path.relative_to(lists.folder).as_posix()
    is_list = lists.is_list(name)
    if path.suffix == ".xlsx" and not (is_list and lists.may_name(name, traces.customer)):
        return None
    table = read_table(path, lists.form(name))
    gone = _gone(table.frame, lists, name, traces, region)
    left, changed = _other_person(table.frame.filter(~gone), traces.customer, key)
    if not gone.any() and not changed:
        return None
    return _Rewritten(replace(table, frame=left), int(gone.sum()))


def _gone(frame: pl.DataFrame, lists: Lists, name: str, traces: Traces, region: str) -> pl.Series:
    if name == REJECTS:
        return _refused(frame, traces, region)
    gone = _named(frame, traces, lists.id_columns(name, frame))
    if not gone.any() and lists.is_list(name):
        return lists.by_place(name, frame.height, traces.customer)
    return gone


def _named(frame: pl.DataFrame, traces: Traces, ids: Iterable[str]) -> pl.Series:
    """Say which rows name the customer: by id in the columns of ids, by address in any."""
    by_id = [pl.col(name).cast(pl.String).is_in(list(traces.ids)) for name in ids]
    texts = [name for name, kind in frame.schema.items() if kind == pl.String]
    cells = list(traces.cells)
    by_cell = [pl.col(n).str.strip_chars().str.to_lowercase().is_in(cells) for n in texts]
    never = pl.repeat(value=False, n=pl.len(), dtype=pl.Boolean)
    found = [test.fill_null(value=False) for test in (*by_id, *by_cell)]
    return frame.select(pl.any_horizontal(never, *found).alias("gone"))["gone"]


def _refused(frame: pl.DataFrame, traces: Traces, region: str) -> pl.Series:
    named = names_in(frame, region)
    test = pl.any_horizontal(
        pl.col(CUSTOMER).is_in(list(traces.ids)),
        pl.col("email").is_in(list(traces.emails)),
        pl.col("phone").is_in(list(traces.phones)),
    )
    at = named.filter(test.fill_null(value=False))["at"]
    places = pl.int_range(frame.height, dtype=pl.UInt32, eager=True)
    return places.is_in(at.implode())


def _other_person(frame: pl.DataFrame, customer: str, key: str) -> tuple[pl.DataFrame, bool]:
    """Let another member stand for the person that the customer stood for, where there is one."""
    if PERSON not in frame.columns or CUSTOMER not in frame.columns:
        return frame, False
    theirs = pl.col(PERSON) == customer
    others = frame.filter(theirs)
    if others.is_empty():
        return frame, False
    own = stable_hash(key, PERSON, "", pl.col(CUSTOMER))
    first = others.sort(own, CUSTOMER)[CUSTOMER][0]
    other = pl.when(theirs).then(pl.lit(first)).otherwise(PERSON).alias(PERSON)
    return frame.with_columns(other), True


def _files(out: Path, beside: Collection[Path]) -> Iterator[Path]:
    apart = {path.resolve() for path in beside}
    for path in sorted(out.rglob("*")):
        inside = {path.resolve(), *path.resolve().parents}
        if path.is_file() and not path.is_symlink() and not inside & apart:
            yield path


def _tables(files: Iterable[Path], out: Path) -> list[Path]:
    """Sort tables by run; in each, lists come before the decisions by which they are read."""
    tables = [path for path in files if path.suffix in _TABLES]
    return sorted(tables, key=lambda path: (_run(path, out), *_turn(path), path))


def _run(path: Path, out: Path) -> str:
    parts = path.relative_to(out).parts
    return parts[0] if len(parts) > 1 else "."


def _turn(path: Path) -> tuple[bool, bool]:
    return path.name == CUSTOMERS, path.name in _READ_BY_LISTS


def _note(out: Path, name: str, rows: int) -> None:
    """Say before a file is rewritten how many rows will be left."""
    with (out / JOURNAL).open("a", encoding="utf-8") as file:
        file.write(f"{rows} {name}\n")
        file.flush()
        os.fsync(file.fileno())


def _names(path: Path, traces: Traces) -> bool:
    """Say whether a text names the customer; a short number may mean anything in it."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace").lower()
    except OSError:
        return False
    customer = traces.customer.lower()
    looked_for: Callable[[str], object] = re.compile(rf"(?<!\w){re.escape(customer)}(?!\w)").search
    telling = not customer.isdigit() or len(customer) >= _LONG_ENOUGH
    return (telling and bool(looked_for(text))) or any(
        cell in text for cell in traces.cells if len(cell) >= _LONG_ENOUGH
    )
