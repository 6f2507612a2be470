"""The decisions of finished runs, and who they were about, as `exposures` wants them.

Reads the run folders; where there is a ledger it knows more nights, and can stand in for `decided`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import polars as pl

from targeting.frames import CUSTOMER, OUTCOME, REASON, RULE, SEGMENT
from targeting.measure.answers import reported, what_they_answered, who_answered
from targeting.measure.exposures import (
    AS_OF,
    UNIVERSAL,
    first_exposures,
    what_they_bought,
    with_windows,
)
from targeting.problems import Place, Refused, did_you_mean, refuse
from targeting.run_folder.write import MANIFEST, latest, read_manifest
from targeting.workspace.columns import EVENTS, SourceName
from targeting.workspace.literals import Period

DECISIONS = "decisions.parquet"
DESCRIBED = tuple(map(reported, EVENTS))  # what the held out cannot do: nothing was sent to them

_COLUMNS = (CUSTOMER, RULE, SEGMENT, OUTCOME, REASON)
_MAKE_ONE = "make one: targeting run"


def last_run(out: Path) -> list[Path]:
    """Find the folder of the last published run.

    Raises:
        Refused: where there is none.
    """
    folder = latest(out)
    if folder is None:
        raise refuse("W002", "there is no run to look at yet", Place(str(out)), _MAKE_ONE)
    return [folder]


def named_run(out: Path, name: str) -> list[Path]:
    """Find a run's folder by its name.

    Raises:
        Refused: where there is none, or nobody was contacted by it: a dry run, or one undone.
    """
    known = [path.name for path in _finished(out)]
    if name in known:
        return [out / name]
    if (out / name / MANIFEST).is_file():
        message = f"nobody was contacted by {name}: it was a dry run, or undone"
        raise refuse("W004", message, Place(str(out / name)), "name a run that was carried out")
    message = f"there is no run '{name}'"
    help_ = did_you_mean(name, known, what="the runs here") if known else _MAKE_ONE
    raise refuse("W002", message, Place(str(out)), help_)


def runs_since(out: Path, since: dt.date | None) -> list[Path]:
    """Find the folders of all runs from a day on (None: of all), that day included.

    Raises:
        Refused: where there is none.
    """
    found = [p for p in _finished(out) if since is None or _day(p) >= since]
    if not found:
        message = "there is no run to look at" + (f" since {since}" if since else " yet")
        raise refuse("W002", message, Place(str(out)), _MAKE_ONE)
    return found


def decided(folders: list[Path], rule: str | None) -> pl.DataFrame:
    """Read decisions, each with the day of its run (as_of); of all rules, or of one.

    Of one, the universal holdout is left out: it is the control of all rules together.

    Raises:
        Refused: where a folder's decisions cannot be read, or none of them is of the rule.
    """
    frame = pl.concat(decisions_of(folder) for folder in folders)
    if rule is None:
        return frame
    own = frame.filter(pl.col(RULE) == rule)
    if own.is_empty():
        known = frame[RULE].unique().sort().to_list()
        message = f"no customer was eligible for a rule '{rule}' in these runs"
        raise refuse("W004", message, Place(str(folders[-1])), did_you_mean(rule, known))
    return own.filter(pl.col(REASON).fill_null("") != UNIVERSAL)


def decided_of(out: Path, rules: list[str], *, until: dt.date, nights: int) -> pl.DataFrame | None:
    """Read whom some rules selected and held out in the newest nights up to a day; None: no night.

    The universal holdout is left out: it is the control of all rules together. A night that cannot
    be read any more is left out too: tonight's work does not wait for it.
    """
    asked = pl.col(RULE).is_in(rules) & (pl.col(REASON).fill_null("") != UNIVERSAL)
    found: list[pl.DataFrame] = []
    for manifest in sorted(out.glob(f"[0-9]*/{MANIFEST}"), reverse=True):
        with suppress(Refused):
            if len(found) < nights and _is_carried_out(manifest.parent, until):
                found.append(decisions_of(manifest.parent).filter(asked))
    return pl.concat(found[::-1]) if found else None


def _is_carried_out(folder: Path, until: dt.date) -> bool:
    known = read_manifest(folder)
    undone = folder.name.endswith("-undone") or known.get("dry_run") is True
    return not undone and dt.date.fromisoformat(str(known["as_of"])) <= until


def followed(
    rows: pl.DataFrame, frames: Mapping[SourceName, pl.DataFrame], within: Period, digits: int
) -> pl.DataFrame:
    """Give one row a customer and rule with what each did after the first exposure.

    `rows` are decisions; `frames` the sources: purchases give bought and spend, responses what was
    delivered, opened and so on. Without either there is nothing but windows.
    """
    found = with_windows(first_exposures(rows), within)
    purchases, responses = frames.get("purchases"), frames.get("responses")
    if purchases is not None and CUSTOMER in purchases.columns:
        found = what_they_bought(found, purchases.drop_nulls(CUSTOMER), within, digits)
    if responses is not None:
        known = who_answered(responses, frames.get("customers"))
        found = what_they_answered(found, known, within)
    return found


def _finished(out: Path) -> list[Path]:
    """Find the runs that were carried out, oldest first."""
    folders = sorted(path.parent for path in out.glob(f"[0-9]*/{MANIFEST}"))
    return [
        folder
        for folder in folders
        if not folder.name.endswith("-undone") and read_manifest(folder).get("dry_run") is not True
    ]


def _day(folder: Path) -> dt.date:
    return dt.date.fromisoformat(str(read_manifest(folder)["as_of"]))


def decisions_of(folder: Path) -> pl.DataFrame:
    """Read one run's decisions, with the day of the run (as_of).

    Raises:
        Refused: where they cannot be read.
    """
    try:
        frame = pl.read_parquet(folder / DECISIONS, columns=list(_COLUMNS))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
        message = f"the decisions of {folder.name} cannot be read"
        raise refuse("W004", message, Place(str(folder / DECISIONS)), "run it anew") from None
    return frame.with_columns(pl.lit(_day(folder)).alias(AS_OF))
