"""Where somebody stood in a rule's queue, read from the decisions."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from targeting.campaigns.settle import pick_key, queue_order
from targeting.evidence.read_run import RunFolder
from targeting.frames import CUSTOMER, OUTCOME, PERSON, REASON, REFUSED, RULE, stable_hash
from targeting.rules.model import Rule

ENDS = ("over_limit", "over_capacity", "over_budget")


@dataclass(frozen=True)
class Queue:
    """A rule's queue of the night: the place of each customer in it, first is 1."""

    places: dict[str, int]

    @property
    def length(self) -> int:
        """How many waited."""
        return len(self.places)


def queue_of(rule: Rule, run: RunFolder) -> Queue | None:
    """Order those of a rule who waited for their turn, by pick, tie hash and id.

    None where nobody queued (`settle_by: expected_value`), or the folder contradicts the order.
    """
    if run.policy.settle_by != "priority":
        return None
    tie = stable_hash(run.policy.key, "tie", rule.name, pl.col(PERSON)).alias("tie")
    queue = _waiting(rule, run).with_columns(tie)
    keys = [*pick_key(rule), ("tie", False), (CUSTOMER, False)]
    ordered = queue[queue_order(queue, keys)]
    behind = ordered[REASON].is_in(["over_limit", "over_budget"])
    if not behind.is_sorted():  # who is behind an end of the rule stands after all others
        return None
    return Queue({name: place for place, name in enumerate(ordered[CUSTOMER], start=1)})


def _waiting(rule: Rule, run: RunFolder) -> pl.DataFrame:
    taken = (pl.col(OUTCOME) != REFUSED) & (pl.col(REASON) == "")
    waited = taken | pl.col(REASON).is_in(ENDS)
    rows = run.decisions.filter(pl.col(RULE) == rule.name, waited).select(CUSTOMER, REASON)
    rows = rows.join(run.state.select(CUSTOMER, PERSON), on=CUSTOMER, how="left")
    if pick_key(rule):
        assert rule.pick is not None
        pick = run.customers.select(CUSTOMER, pl.col(str(rule.pick.field)).alias("pick"))
        rows = rows.join(pick, on=CUSTOMER, how="left")
    frame = rows.collect()
    floats = [name for name, dtype in frame.schema.items() if dtype.is_float()]
    return frame.with_columns(pl.col(name).fill_nan(None) for name in floats)
