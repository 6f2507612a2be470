"""Tonight's decisions counted: customers by what happens to them, rules, channels, reasons."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from targeting.frames import HELD_OUT, OUTCOME, PLACE, REASON, REFUSED, RULE, SELECTED
from targeting.report.numbers import Night
from targeting.report.parts import has

REASON_WORDS = {
    "suppressed": "On a do-not-contact list",
    "no_consent": "Has not agreed to be contacted this way",
    "no_address": "No usable address or number",
    "quiet_date": "Nobody is contacted on this date",
    "cooldown": "Contacted too recently",
    "contact_limit": "Has had as many contacts as allowed",
    "same_person": "Another record of the same person is contacted",
    "universal_holdout": "In the group that no rule contacts",
    "outranked": "Another rule contacts them tonight",
    "over_limit": "The rule’s own limit was reached",
    "over_capacity": "The channel’s limit for a night was reached",
    "over_budget": "The budget was used up",
    "not_worth_it": "Would cost more than it is expected to bring",
}


@dataclass(frozen=True)
class People:
    """Customers by the best that happens to them tonight; the four add up to all."""

    contacted: int
    held_out: int
    refused: int
    met_by_no_rule: int

    @property
    def all(self) -> int:
        """Every customer."""
        return self.contacted + self.held_out + self.refused + self.met_by_no_rule


def people_of(night: Night) -> People:
    """Count customers, each once: contacted by any rule, else held out by one, else refused."""
    if not has(night.decisions, PLACE, OUTCOME):
        return People(0, 0, 0, night.customers.height)
    best = (
        pl.when(pl.col(OUTCOME) == SELECTED)
        .then(2)
        .when(pl.col(OUTCOME) == HELD_OUT)
        .then(1)
        .otherwise(0)
    )
    decided = night.decisions.select(PLACE, best.cast(pl.UInt8).alias("best"))
    outcomes = decided.group_by(PLACE).agg(pl.col("best").max())["best"]
    contacted, held, refused = (int((outcomes == k).sum()) for k in (2, 1, 0))
    rest = max(0, night.customers.height - outcomes.len())
    return People(contacted, held, refused, rest)


def outcomes_by_rule(night: Night) -> dict[str, tuple[int, int, int, int]]:
    """Count decisions by rule: selected, held out, refused, all."""
    if not has(night.decisions, RULE, OUTCOME):
        return {}
    kinds = [(pl.col(OUTCOME) == kind).sum().alias(kind) for kind in (SELECTED, HELD_OUT, REFUSED)]
    counted = night.decisions.group_by(RULE).agg(*kinds, pl.len()).sort(RULE)
    return {str(row[0]): (row[1], row[2], row[3], row[4]) for row in counted.iter_rows()}


def counted_by(frame: pl.DataFrame, column: str) -> list[tuple[str, int]]:
    """Count rows by a column, the most first, without the missing."""
    if not has(frame, column):
        return []
    counted = frame.group_by(column).len().drop_nulls().cast({column: pl.String})
    return list(counted.sort("len", column, descending=[True, False]).iter_rows())


def refusals(night: Night) -> list[tuple[str, int]]:
    """Count refusals by reason, the commonest first."""
    if not has(night.decisions, OUTCOME, REASON):
        return []
    return counted_by(night.decisions.filter(pl.col(OUTCOME) == REFUSED), REASON)
