"""How two runs differ: who came to each list and each segment, who left it, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from targeting.evidence.causes import (
    AFTER,
    BEFORE,
    CAUSE,
    CAUSES,
    CHANGE,
    CONTRADICTS,
    ENTERED,
    LEFT,
    changes_of,
    pairs_of,
    with_causes,
)
from targeting.evidence.details import DETAIL, with_details
from targeting.evidence.moved import counted, moved
from targeting.evidence.read_run import RunFolder
from targeting.evidence.sides import beside
from targeting.frames import CUSTOMER, RULE
from targeting.problems import Place, refuse

STAYED = "stayed"


@dataclass(frozen=True)
class Diff:
    """The difference between two runs.

    Parameters:
        rules: by rule, in the order of the turns: entered, left, stayed, and one column a cause.
        segments: before, now, cause, customers.
        moved: customer_id, before, now, cause: the same by name.
        customers: customer_id, rule, change, cause, detail: who came to a list or left it.
        notes: what makes the two hard to compare, in words.
    """

    before: RunFolder
    after: RunFolder
    rules: pl.DataFrame
    segments: pl.DataFrame
    moved: pl.DataFrame
    customers: pl.DataFrame
    notes: tuple[str, ...]

    def as_dict(self, names: int | None = None) -> dict[str, Any]:
        """Give the form that `diff --json` prints; `names` limits who is named of each rule."""
        customers = self.customers
        if names is not None:
            customers = customers.filter(pl.int_range(pl.len()).over(RULE, CHANGE) < names)
        return {
            "from": self.before.run_id,
            "to": self.after.run_id,
            "rules": [_rule(row) for row in self.rules.iter_rows(named=True)],
            "segments": self.segments.to_dicts(),
            "customers": customers.to_dicts(),
            "notes": list(self.notes),
        }


def diff(before: RunFolder, after: RunFolder, rule: str | None = None) -> Diff:
    """Compare two runs of one shop, over all rules or one.

    Raises:
        Refused: W008 where they are of different shops.
    """
    _same_shop(before, after)
    pairs = pairs_of(before, after, rule)
    changes = changes_of(pairs)
    ids = changes[CUSTOMER].unique().sort()
    names = changes[RULE].unique()
    rules = [one for run in (before, after) for one in run.rules if one.name in names]
    sides = beside(before, after, ids, rules)
    found = with_causes(changes, sides)
    customers = with_details(found, sides).select(CUSTOMER, RULE, CHANGE, CAUSE, DETAIL)
    rows = moved(before, after)
    return Diff(
        before=before,
        after=after,
        rules=_counts(pairs, customers, _names(before, after, rule)),
        segments=counted(rows),
        moved=rows,
        customers=customers,
        notes=(*_notes(before, after), *_contradictions(found, after)),
    )


def contact_rules(before: RunFolder, after: RunFolder) -> list[str]:
    """Name the contact rules of two runs, in the order of their turns in the second."""
    return _names(before, after, None)


def _names(before: RunFolder, after: RunFolder, rule: str | None) -> list[str]:
    names = dict.fromkeys(one.name for run in (after, before) for one in run.rules)
    return [name for name in names if rule in (None, name)]


def _same_shop(before: RunFolder, after: RunFolder) -> None:
    one, other = (str(run.manifest.get("shop")) for run in (before, after))
    if one != other:
        message = f"{before.run_id} is a run of {one}, and {after.run_id} of {other}"
        place = Place(str(after.folder))
        raise refuse("W008", message, place, "name two runs of one shop")


def _counts(pairs: pl.DataFrame, customers: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    was, now = pl.col(f"listed_{BEFORE}"), pl.col(f"listed_{AFTER}")
    lists = pairs.group_by(RULE).agg(
        (now & ~was).sum().alias(ENTERED),
        (was & ~now).sum().alias(LEFT),
        (was & now).sum().alias(STAYED),
    )
    causes = customers.group_by(RULE).agg(
        (pl.col(CAUSE) == name).sum().alias(name) for name in CAUSES
    )
    rows = pl.DataFrame({RULE: names}, schema={RULE: pl.String})
    for table in (lists, causes):
        rows = rows.join(table, on=RULE, how="left", maintain_order="left")
    return rows.with_columns(pl.exclude(RULE).fill_null(0).cast(pl.Int64))


def _rule(row: dict[str, Any]) -> dict[str, Any]:
    counts = {name: row[name] for name in (RULE, ENTERED, LEFT, STAYED)}
    return {**counts, "causes": {name: row[name] for name in CAUSES}}


def _notes(before: RunFolder, after: RunFolder) -> list[str]:
    found = [*before.notes, *after.notes]
    versions = [run.manifest.get("versions", {}).get("targeting") for run in (before, after)]
    if versions[0] != versions[1]:
        text = "the runs were made by different versions of the program, {} and {}"
        found.append(text.format(*versions))
    if before.as_of > after.as_of:
        found.append(f"{before.run_id} is of a later day than {after.run_id}")
    return found


def _contradictions(found: pl.DataFrame, after: RunFolder) -> list[str]:
    wrong = (
        int(found[CONTRADICTS].fill_null(value=False).sum()) if CONTRADICTS in found.columns else 0
    )
    if not wrong:
        return []
    text = f"{after.run_id} is damaged: of {wrong:,} changes its decisions and customers disagree"
    return [text]
