"""A run's folder, opened as evidence: its own rules and policy, and the frames it decided from."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from targeting.campaigns.settle import in_turn
from targeting.campaigns.state import COOLING, limit_name
from targeting.evidence.intact import FRAMES, changed_files
from targeting.frames import CHANNEL, CUSTOMER, LIKELIHOOD, OUTCOME, PERSON, REASON, RULE, SEGMENT
from targeting.plan import Plan, examine
from targeting.problems import Place, Refused, errors, listed, refuse
from targeting.rules.model import Rule
from targeting.run_folder.write import MANIFEST
from targeting.workspace.catalogue import because_field
from targeting.workspace.policy import Policy

DECIDED = (CUSTOMER, RULE, SEGMENT, LIKELIHOOD, CHANNEL, OUTCOME, REASON)


@dataclass(frozen=True)
class RunFolder:
    """One run, as it left itself.

    Parameters:
        plan: the workspace of that night, from the run's `inputs/`; not today's.
        customers: customers.parquet as saved: one row a customer, money in major units.
        decisions: one row for each eligible customer and rule.
        state: policy_state.parquet, one row a customer.
        changed: files that are not as the run wrote them.
    """

    folder: Path
    run_id: str
    as_of: dt.date
    manifest: Mapping[str, Any]
    plan: Plan
    customers: pl.LazyFrame
    decisions: pl.LazyFrame
    state: pl.LazyFrame
    changed: tuple[str, ...] = ()

    @property
    def policy(self) -> Policy:
        """The contact policy of that night."""
        return self.plan.workspace.policy

    @property
    def rules(self) -> list[Rule]:
        """The contact rules, in the order in which they had their turn."""
        return in_turn(self.plan.contact_rules, self.policy)

    @property
    def minor(self) -> int:
        """Minor units in one unit of money."""
        return int(10**self.plan.workspace.settings.shop.minor_digits)

    @property
    def notes(self) -> tuple[str, ...]:
        """What makes the folder doubtful, in words."""
        text = "run {} is no longer as it was written: {} changed since"
        return (text.format(self.run_id, listed(self.changed)),) if self.changed else ()

    @property
    def likelihoods(self) -> tuple[str, ...]:
        """Names of the predicted likelihoods."""
        scores = self.plan.workspace.scores
        return () if scores is None else tuple(scores.likelihoods)

    @property
    def score_fields(self) -> tuple[str, ...]:
        """Names of the fields that models make."""
        names = (SEGMENT, *self.likelihoods)
        return (*names, *map(because_field, self.likelihoods))

    def in_minor_units(self, saved: pl.LazyFrame) -> pl.LazyFrame:
        """Turn what `results.shown` shows back into what rules compare."""
        fields = self.plan.workspace.customer_fields
        have = saved.collect_schema().names()
        money = [name for name in have if name in fields and fields[name].type == "money"]
        return saved.with_columns((pl.col(name) * self.minor).round(4) for name in money)


def open_run(folder: Path) -> RunFolder:
    """Open a run's folder; a dry run's and an undone one's, too.

    Raises:
        Refused: W007 where something that a run leaves is missing, damaged, or of a version that
            left less or wrote its rules otherwise.
    """
    manifest = _manifest(folder)
    plan = _plan(folder, str(_version(manifest)))
    needed = {
        "customers": (CUSTOMER,),
        "decisions": DECIDED,
        "policy_state": _state_columns(plan.workspace.policy),
    }
    frames = {name: _frame(folder, name, columns) for name, columns in needed.items()}
    changed = changed_files(folder, manifest)
    for name in set(changed) & set(FRAMES):
        _whole(folder, name)
    return RunFolder(
        folder=folder,
        run_id=folder.name,
        as_of=_as_of(folder, manifest),
        manifest=manifest,
        plan=plan,
        customers=frames["customers"],
        decisions=frames["decisions"],
        state=frames["policy_state"],
        changed=tuple(changed),
    )


def _manifest(folder: Path) -> Mapping[str, Any]:
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        manifest = None
    if not isinstance(manifest, dict):
        raise damaged(folder, MANIFEST, "is missing or cannot be read")
    return manifest


def _version(manifest: Mapping[str, Any]) -> object:
    versions = manifest.get("versions")
    return versions.get("targeting", "?") if isinstance(versions, dict) else "?"


def _as_of(folder: Path, manifest: Mapping[str, Any]) -> dt.date:
    try:
        return dt.date.fromisoformat(str(manifest.get("as_of")))
    except ValueError:
        raise damaged(folder, MANIFEST, "does not say of which day the run is") from None


def _plan(folder: Path, version: str) -> Plan:
    plan, problems = examine(folder / "inputs")
    if plan is not None:
        return plan
    first = next(iter(errors(problems)), None)
    why = "" if first is None else f": {first.place.file}: {first.message}"
    message = f"the rules that this run kept cannot be read any more{why}"
    help_ = f"it was made by targeting {version}; another version may read its rules otherwise"
    raise refuse("W007", message, Place(str(folder / "inputs")), help_)


def _state_columns(policy: Policy) -> tuple[str, ...]:
    permissions = (f"permission_{name}" for name in policy.channels)
    limits = map(limit_name, policy.contact_limits)
    return (CUSTOMER, PERSON, COOLING, *permissions, *limits)


def _frame(folder: Path, name: str, columns: Iterable[str]) -> pl.LazyFrame:
    file = f"{name}.parquet"
    frame = pl.scan_parquet(folder / file, glob=False)
    try:
        have: Sequence[str] = frame.collect_schema().names()
    except (OSError, pl.exceptions.PolarsError):
        raise damaged(folder, file, "is missing or cannot be read") from None
    missing = [column for column in columns if column not in have]
    if missing:
        raise damaged(folder, file, f"has no {listed(missing)}")
    return frame


def _whole(folder: Path, file: str) -> None:
    try:
        pl.read_parquet(folder / file, glob=False)
    except (OSError, pl.exceptions.PolarsError):
        raise damaged(folder, file, "cannot be read any more") from None


def damaged(folder: Path, file: str, why: str) -> Refused:
    """Make the error for a file of a run that evidence cannot be read from."""
    message = f"this run's {file} {why}, so nobody can tell what was decided"
    help_ = "bring the folder back from a copy; a run of an older version may have left less"
    return refuse("W007", message, Place(str(folder / file)), help_)
