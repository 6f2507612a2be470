"""A run's folder: everything is written aside, made safe on disk, and renamed into place."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from targeting.durable import sync_folder
from targeting.exports.cells import defused
from targeting.ledger.change import Overtaken
from targeting.problems import Place, refuse
from targeting.run_folder.abandoned import LOCK, PARTIALS, PUBLISHING, remove, remove_spills

LATEST = "latest"
MANIFEST = "manifest.json"

_RUN_ID = re.compile(r"\d{4}-\d\d-\d\d-[0-9a-f]{8}(-\d+)?")


@contextlib.contextmanager
def only_one(out: Path, waiting: str) -> Iterator[None]:
    """Let one run at a time write below a folder; others wait for their turn."""
    out.mkdir(parents=True, exist_ok=True)
    with (out / LOCK).open("a+") as lock:
        _lock(lock.fileno(), waiting)
        yield


@contextlib.contextmanager
def whole_or_nothing(out: Path, run_id: str) -> Iterator[Path]:
    """Give a folder to write a draft to, which takes the run's name only when all went well.

    Whatever ends the writing early (an error, a full disk, Ctrl-C) removes it again; what a killed
    run left is removed by the next one. It takes the place of a folder of that name.
    """
    partial, former = _partial(out, run_id), out / f".{run_id}.former.partial"
    try:
        partial.mkdir(parents=True)
        yield partial
        _sync(partial)
        if (out / run_id).is_dir():
            (out / run_id).rename(former)
        partial.rename(out / run_id)
        sync_folder(out)
    finally:
        with _undisturbed():
            remove(partial)
            remove(former)


@contextlib.contextmanager
def committed(out: Path, run_id: str, commit: Callable[[], None]) -> Iterator[Path]:
    """Give a folder to write a run to; then commit, name it, and make it the latest.

    Until `commit` nothing has happened: what ends the writing early removes the folder. From then
    on the run is made: a folder that could not be named any more is named by `finish`, before
    anything else is done here. `commit` raises Overtaken where nothing was added.
    """
    partial = _partial(out, run_id)
    kept = False
    try:
        partial.mkdir(parents=True)
        yield partial
        _sync(partial)
        _write_name(out / PUBLISHING, run_id)
        with _undisturbed():
            kept = True
            try:
                commit()
            except Overtaken:
                kept = False
                raise
            _name(out, run_id)
    finally:
        if not kept:
            with _undisturbed():
                remove(partial)


def finish(out: Path, committed_runs: Collection[str]) -> None:
    """Name what committed runs could not name any more, and remove what others left."""
    begun = _read_name(out / PUBLISHING)
    written = begun is not None and (_partial(out, begun).is_dir() or (out / begun).is_dir())
    if begun is not None and begun in committed_runs and written:
        _name(out, begun)
    for left in out.glob(PARTIALS):
        remove(left)
    remove_spills(out)
    remove(out / PUBLISHING)


def publish(out: Path, run_id: str) -> None:
    """Name the last published run."""
    _write_name(out / LATEST, run_id)


def _partial(out: Path, run_id: str) -> Path:
    return out / f".{run_id}.partial"


def _name(out: Path, run_id: str) -> None:
    if _partial(out, run_id).is_dir():
        _partial(out, run_id).rename(out / run_id)
        sync_folder(out)
    publish(out, run_id)
    remove(out / PUBLISHING)


def _write_name(path: Path, name: str) -> None:
    aside = path.with_name(f".{path.name}.new")
    with aside.open("w", encoding="utf-8") as file:
        file.write(name + "\n")
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
    sync_folder(path.parent)


def _read_name(path: Path) -> str | None:
    try:
        name = path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None
    return name if _RUN_ID.fullmatch(name) else None


def latest(out: Path) -> Path | None:
    """Find the folder of the last published run; None before the first.

    Raises:
        Refused: where `latest` names no run that is there.
    """
    path = out / LATEST
    if not path.exists():
        return None
    try:
        name = path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        name = ""
    if _RUN_ID.fullmatch(name) is None or not (out / name).is_dir():
        raise refuse(
            "D105",
            "this names no run that is here, so there is nothing to compare tonight's lists with",
            Place(str(path)),
            "write the name of the last run's folder into it; or --accept list_changed_over",
        )
    return out / name


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read what a finished run says of itself.

    Raises:
        Refused: where it is missing or damaged.
    """
    path = folder / MANIFEST
    try:
        manifest: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError):
        message = "this run was made before, and its manifest cannot be read any more"
        help_ = f"take its contacts back and run again: targeting undo {folder.name}"
        raise refuse("D106", message, Place(str(path)), help_) from None
    return manifest


def write_json(path: Path, value: object) -> None:
    """Write one JSON file, keys in the order given."""
    text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)
    # A file name that is no text (its bytes are surrogates here) becomes JSON's own escapes.
    path.write_text(text + "\n", encoding="utf-8", errors="backslashreplace", newline="\n")


def write_csv(path: Path, frame: pl.DataFrame) -> None:
    """Write one CSV file as spreadsheets open it: UTF-8 with a mark, CRLF, no cell a formula."""
    path.parent.mkdir(parents=True, exist_ok=True)
    texts = [name for name, dtype in frame.schema.items() if dtype == pl.String]
    harmless = frame.with_columns(defused(name) for name in texts)
    harmless.write_csv(path, include_bom=True, line_terminator="\r\n")


def write_parquet(path: Path, frame: pl.LazyFrame) -> None:
    """Write one Parquet file, the same bytes for the same rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Of their own accord row groups would follow the pages that a frame is read from.
    frame.sink_parquet(path, compression="zstd", statistics=False, row_group_size=2**18)


def copy_inputs(workspace: Path, names: Iterable[str], folder: Path) -> None:
    """Keep a copy of what the owner wrote, as `explain` and `diff` will read it."""
    for name in names:
        target = folder / "inputs" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(workspace / name, target)


def listing(
    folder: Path, rows: Mapping[str, int], *, without: tuple[str, ...]
) -> list[dict[str, object]]:
    """List every file of a run: path, rows where it is a table, sha256."""
    return [
        {"path": name, "rows": rows.get(name), "sha256": file_sha256(path)}
        for path in sorted(folder.rglob("*"))
        if path.is_file() and (name := path.relative_to(folder).as_posix()) not in without
    ]


def file_sha256(path: Path) -> str:
    """Hash a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Let no second Ctrl-C end the tidying up after the first."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread hears signals
        return
    before = [(n, signal.signal(n, lambda *_: None)) for n in (signal.SIGINT, signal.SIGTERM)]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)


def _sync(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
    for path in [folder, *(p for p in folder.rglob("*") if p.is_dir())]:
        sync_folder(path)


def _lock(descriptor: int, waiting: str) -> None:
    if os.name != "posix":
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined,unused-ignore]
        return
    import fcntl
    import logging

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        logging.getLogger(__name__).warning(waiting)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
