"""A run's folder: everything is written aside, made safe on disk, and renamed into place."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

LATEST = "latest"
MANIFEST = "manifest.json"


@contextlib.contextmanager
def only_one(out: Path, waiting: str) -> Iterator[None]:
    """Let one run at a time write below a folder; others wait for their turn."""
    out.mkdir(parents=True, exist_ok=True)
    with (out / ".lock").open("a+") as lock:
        _lock(lock.fileno(), waiting)
        yield


@contextlib.contextmanager
def whole_or_nothing(out: Path, run_id: str) -> Iterator[Path]:
    """Give a folder to write to that takes the run's name only when all went well.

    Whatever ends the writing early (an error, a full disk, Ctrl-C) removes it again; what a killed
    run left is removed by the next one.
    """
    for left in out.glob(".*.partial"):
        shutil.rmtree(left, ignore_errors=True)
    partial = out / f".{run_id}.partial"
    partial.mkdir(parents=True)
    try:
        yield partial
        _sync(partial)
        partial.rename(out / run_id)
        _sync_folder(out)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def publish(out: Path, run_id: str) -> None:
    """Name the last published run."""
    aside = out / f".{LATEST}"
    aside.write_text(run_id + "\n", encoding="utf-8")
    aside.replace(out / LATEST)


def latest(out: Path) -> Path | None:
    """Find the folder of the last published run."""
    try:
        folder = out / (out / LATEST).read_text(encoding="utf-8").strip()
    except OSError:
        return None
    return folder if folder.is_dir() and folder != out else None


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read what a finished run says of itself."""
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
    return manifest


def write_json(path: Path, value: object) -> None:
    """Write one JSON file, keys in the order given."""
    text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def write_csv(path: Path, frame: pl.DataFrame) -> None:
    """Write one CSV file as spreadsheets open it: UTF-8 with a mark, CRLF."""
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.write_csv(path, include_bom=True, line_terminator="\r\n")


def write_parquet(path: Path, frame: pl.DataFrame) -> None:
    """Write one Parquet file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.write_parquet(path, compression="zstd", statistics=False)


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


def _sync(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
    for path in [folder, *(p for p in folder.rglob("*") if p.is_dir())]:
        _sync_folder(path)


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


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
