"""The way back: a run is undone in the ledger first, then its folder says so by its name."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl

from targeting.durable import sync_folder
from targeting.ledger.commit import undo_run
from targeting.ledger.records import AS_OF, RUN_ID
from targeting.ledger.runs import UNDONE, known_runs, live_runs
from targeting.ledger.table import Ledger
from targeting.problems import Place, Refused, did_you_mean, refuse
from targeting.run_folder.write import LATEST, publish

SUFFIX = "-undone"
_DAY = re.compile(r"\d{4}-\d\d-\d\d-")
_WRITTEN_ONCE = "timings.json"  # forgetting amends other files of a run, never this one


def undo(ledger: Ledger, out: Path, run_id: str) -> Path | None:
    """Take a run back, and give the folder of the newest run that still counts.

    The caller holds `only_one`, and repeats this where it was overtaken.

    Raises:
        Refused: L106 unknown, L107 undone already, L108 sent or delivered.
        Overtaken: where another change came between.
    """
    undo_run(ledger, run_id)
    finish_undone(out, known_runs(ledger))
    named = _read(out / LATEST)
    return None if named is None else out / named


def finish_undone(out: Path, runs: pl.DataFrame) -> None:
    """Rename the folders of undone runs (of `known_runs`), and let `latest` name one that counts.

    Whatever a killed `undo` has left to do is done here; otherwise nothing is.
    """
    undone = runs.filter(pl.col(UNDONE))[RUN_ID].to_list()
    left = [name for name in undone if (out / name).is_dir()]
    for name in left:
        (out / name).rename(out / f"{name}{SUFFIX}")
    if left:
        sync_folder(out)
    if _read(out / LATEST) in undone:
        _name_newest(out, runs)


def no_such_run(out: Path, run_id: str) -> Refused:
    """Say that nothing was ever committed under this name."""
    known = [path.name for path in out.glob("*") if path.is_dir() and _DAY.match(path.name)]
    help_ = did_you_mean(run_id, known) if known else "no run has been made here yet"
    return refuse("L106", f"there is no committed run '{run_id}'", Place(str(out)), help_)


def _name_newest(out: Path, runs: pl.DataFrame) -> None:
    there = [
        (day, _written(out / name), name)
        for name, day in live_runs(runs).select(RUN_ID, AS_OF).iter_rows()
        if (out / name).is_dir()
    ]
    if there:
        publish(out, max(there)[2])
        return
    (out / LATEST).unlink()
    sync_folder(out)


def _written(folder: Path) -> int:
    """Tell two runs of one day apart: when the folder was written, in nanoseconds."""
    try:
        return (folder / _WRITTEN_ONCE).stat().st_mtime_ns
    except OSError:
        return 0


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None
