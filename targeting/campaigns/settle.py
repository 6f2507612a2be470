"""Settling: who gets a turn when several rules want the same person, and where each list ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import polars as pl

from targeting.frames import CUSTOMER, PERSON, REASON, stable_hash
from targeting.rules.model import Pick, Rule
from targeting.workspace.policy import Policy

MICRO = 1_000_000  # costs are summed in millionths of a unit, exactly

Integers = npt.NDArray[np.int64]


def micro(amount: Decimal | None) -> int | None:
    """Bring an amount of money to whole millionths."""
    return None if amount is None else int((amount * MICRO).to_integral_value())


@dataclass
class Night:
    """What has been used up so far tonight; changed by one rule after another, in their order."""

    policy: Policy
    persons: int
    channels: tuple[str, ...] = field(init=False)
    turns: Integers = field(init=False)  # contacts so far, by person and channel
    per_channel: Integers = field(init=False)
    spent: int = 0

    def __post_init__(self) -> None:
        self.channels = tuple(self.policy.channels)
        self.turns = np.zeros((self.persons, len(self.channels)), dtype=np.int64)
        self.per_channel = np.zeros(len(self.channels), dtype=np.int64)


def in_turn(rules: Sequence[Rule], policy: Policy) -> list[Rule]:
    """Order contact rules as they get their turn: kinds as the policy lists them, then priority."""
    kinds = [
        *policy.kinds,
        *(kind for kind in ("marketing", "retention") if kind not in policy.kinds),
    ]
    contact = [rule for rule in rules if rule.kind in kinds]
    return sorted(contact, key=lambda rule: (kinds.index(rule.kind), rule.priority, rule.name))


def queue_keys(rule: Rule) -> list[tuple[str, bool]]:
    """Name the columns that order a rule's queue, and whether each descends."""
    pick = rule.pick or Pick(None, None)
    by = [] if pick.field is None else [("_pick", pick.highest)]
    return [*by, ("_tie", False), (CUSTOMER, False)]


def settle_rule(queue: pl.DataFrame, rule: Rule, night: Night, key: str) -> pl.Series:
    """Give each candidate its reason, null for those taken, and note what they use up.

    `queue`: candidates of one rule, with customer_id, person, `_person` (its index), `_channel`
    (its index) and `_pick`. The order of rows does not matter.
    """
    tied = queue.with_row_index("_at").with_columns(
        _tie=stable_hash(key, "tie", rule.name, pl.col(PERSON))
    )
    names, descending = zip(*queue_keys(rule), strict=True)
    ordered = tied.sort(names, descending=descending, nulls_last=True)
    person, channel = ordered["_person"].to_numpy(), ordered["_channel"].to_numpy()
    reasons = np.full(ordered.height, "", dtype=object)
    free = _has_turn(night, person, channel)
    reasons[~free] = "outranked"
    waiting = np.flatnonzero(free)
    within = waiting[_within_capacity(night, channel[waiting])]
    end, why = _end(night, rule, channel[within])
    reasons[waiting[~np.isin(waiting, within)]] = "over_capacity"
    taken = within[:end]
    if end < within.size:
        reasons[waiting[waiting >= within[end]]] = why
    _use_up(night, person[taken], channel[taken])
    settled = ordered.select("_at").with_columns(pl.Series(REASON, reasons, dtype=pl.String))
    return settled.sort("_at")[REASON].replace("", None)


def _has_turn(night: Night, person: Integers, channel: Integers) -> npt.NDArray[np.bool_]:
    most = night.policy.turns
    if most is None:
        return np.ones(person.size, dtype=np.bool_)
    if night.policy.counted == "in all":
        used = night.turns[person].sum(axis=1)
    else:
        used = night.turns[person, channel]
    free: npt.NDArray[np.bool_] = used < most
    return free


def _within_capacity(night: Night, channel: Integers) -> npt.NDArray[np.bool_]:
    """Keep the first of the queue on each channel, as many as the night has room for."""
    fits = np.ones(channel.size, dtype=np.bool_)
    for number, name in enumerate(night.channels):
        most = night.policy.channels[name].at_most
        if most is not None:
            here = channel == number
            fits &= ~here | (np.cumsum(here) <= most - night.per_channel[number])
    return fits


def _end(night: Night, rule: Rule, channel: Integers) -> tuple[int, str]:
    """Find how many of the queue are taken before the rule ends, and what ends it."""
    ends = [(channel.size, "")]
    if rule.pick is not None and rule.pick.at_most is not None:
        ends.append((rule.pick.at_most, "over_limit"))
    costs = np.cumsum([micro(night.policy.channels[name].cost) or 0 for name in night.channels])
    each = np.diff(costs, prepend=0)
    spent = np.cumsum(each[channel])
    budget, whole = micro(rule.budget), micro(night.policy.budget)
    if budget is not None:
        ends.append((int(np.searchsorted(spent, budget, side="right")), "over_budget"))
    if whole is not None:
        rest = whole - night.spent
        ends.append((int(np.searchsorted(spent, rest, side="right")), "over_budget"))
    return min(ends, key=lambda end: end[0])


def _use_up(night: Night, person: Integers, channel: Integers) -> None:
    night.turns[person, channel] += 1  # one row a person: same_person has been decided
    counts = np.bincount(channel, minlength=len(night.channels))
    night.per_channel += counts
    costs = [micro(night.policy.channels[name].cost) or 0 for name in night.channels]
    night.spent += int(sum(int(n) * cost for n, cost in zip(counts, costs, strict=True)))
