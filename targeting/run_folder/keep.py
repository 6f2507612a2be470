"""`keep:` of targeting.yaml: run folders and months of the ledger that are old enough go."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from targeting.campaigns.past import question
from targeting.ledger.change import Overtaken
from targeting.ledger.erase import erase_months
from targeting.ledger.table import Ledger
from targeting.rules.model import Rule
from targeting.run_folder.write import LATEST
from targeting.workspace.load import Workspace

_RUN = re.compile(r"(\d{4}-\d\d-\d\d)-[0-9a-f]{8}(-\d+)?(-dry|-undone)?")


@dataclass(frozen=True)
class Aged:
    """What a night let go: names of run folders, and the day before which the ledger is empty.

    `kept_for` names the rules for whose once-ever cooldown every month of the ledger stays.
    """

    runs: tuple[str, ...] = ()
    ledger_before: dt.date | None = None
    kept_for: tuple[str, ...] = ()


def erase_old(
    out: Path,
    workspace: Workspace,
    rules: Sequence[Rule],
    ledger: Ledger | None,
    as_of: dt.date,
) -> Aged:
    """Erase what is older than `keep` says; the caller holds `only_one`.

    A run's folder goes when its day lies before as_of - `runs`; the one that `latest` names stays.
    Of the ledger whole months go that end before as_of - `ledger` and before every contact limit
    and cooldown (of the policy and all rules, those not active tonight too). A cooldown of `ever`
    needs every month.
    """
    keep = workspace.settings.keep
    runs = () if keep.runs is None else tuple(_old_runs(out, keep.runs.before(as_of)))
    for name in runs:
        _remove(out, name)
    if keep.ledger is None or ledger is None:
        return Aged(runs)
    asked = question(rules, workspace.policy, as_of)
    if asked.once_ever:
        return Aged(runs, None, tuple(asked.once_ever))
    before = min(keep.ledger.before(as_of), asked.start)
    with contextlib.suppress(Overtaken):  # tomorrow is another night
        erase_months(ledger, before)
    return Aged(runs, before.replace(day=1))


def _old_runs(out: Path, before: dt.date) -> list[str]:
    latest = out / LATEST
    newest = (
        latest.read_text(encoding="utf-8", errors="replace").strip() if latest.is_file() else ""
    )
    found = [
        (path.name, match[1])
        for path in out.iterdir()
        if path.name != newest and path.is_dir() and (match := _RUN.fullmatch(path.name))
    ]
    return sorted(name for name, day in found if dt.date.fromisoformat(day) < before)


def _remove(out: Path, name: str) -> None:
    """Take a folder out of sight at once; a killed run's next one removes what is left of it."""
    aside = out / f".{name}.former.partial"
    (out / name).rename(aside)
    shutil.rmtree(aside)
