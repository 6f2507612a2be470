"""The ledger that belongs to a folder of runs."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl

from targeting.ledger.records import RUN_ID
from targeting.ledger.runs import UNDONE, known_runs
from targeting.ledger.scan import refuse_path
from targeting.ledger.table import Ledger, find_ledger, open_ledger
from targeting.problems import Place, Refused, refuse
from targeting.run_folder.undo import finish_undone
from targeting.run_folder.write import LATEST, finish, latest
from targeting.workspace.load import Workspace

KEY_FILE = "ledger.key"
FOLDER = "ledger"


def shop_ledger(workspace: Workspace, out: Path) -> Ledger | None:
    """Find the ledger of a folder of runs; None before the first run.

    What committed and undone runs had left to do in the folder is finished first. The caller holds
    `only_one`.

    Raises:
        Refused: L101 to L104; L110 where there have been runs and the ledger is gone.
    """
    ledger = known_ledger(workspace, out)
    runs = known_runs(ledger)
    finish(out, runs.filter(~pl.col(UNDONE))[RUN_ID].to_list())
    finish_undone(out, runs)
    return ledger


def known_ledger(workspace: Workspace, out: Path) -> Ledger | None:
    """Find the ledger to read in it, and nothing else; None where there is none.

    Raises:
        Refused: L101 to L104; L110 where there have been runs and the ledger is gone.
    """
    url, key_file = _place(workspace, out)
    ledger = find_ledger(url, key_file)
    if ledger is None and _has_run(out):
        message = "there have been runs here, and the ledger of their contacts is gone"
        help_ = f"bring it back from a copy; or remove {out / LATEST}, and every limit starts anew"
        raise refuse("L110", message, Place(url), help_)
    return ledger


def new_ledger(workspace: Workspace, out: Path) -> Ledger:
    """Make the ledger and its key, where a folder of runs has none.

    Raises:
        Refused: L101 to L104.
    """
    url, _ = _place(workspace, out)
    if "://" not in url:
        Path(url).mkdir(parents=True, exist_ok=True)
    return open_ledger(*_place(workspace, out))


def _has_run(out: Path) -> bool:
    try:
        return latest(out) is not None
    except Refused:
        return False  # `latest` names nothing that is here


def _place(workspace: Workspace, out: Path) -> tuple[str, Path]:
    form = workspace.settings.ledger
    key_file = workspace.folder / form.key_file if form.key_file else out / KEY_FILE
    if form.url is not None and "://" in form.url:
        return form.url, key_file
    beside = out / FOLDER if form.url is None else workspace.folder / form.url
    folder = Path(os.path.abspath(beside))
    refuse_path(folder)
    return str(folder), key_file
