"""Settling: who gets a turn when several rules want the same person, and where each list ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
import polars as pl

from targeting.campaigns.past import ANY, History
from targeting.campaigns.permission import CODE, Codes, Flags, Integers
from targeting.rules.model import Rule
from targeting.workspace.policy import Policy

MICRO = 1_000_000  # costs are summed in millionths of a unit, exactly


def micro(amount: Decimal | None) -> int | None:
    """Bring an amount of money to whole millionths."""
    return None if amount is None else int((amount * MICRO).to_integral_value())


@dataclass
class Night:
    """What has been used up so far; changed by one rule after another, in their order.

    It begins with what committed runs of the same day have used.
    """

    policy: Policy
    history: History
    channels: tuple[str, ...] = field(init=False)
    costs: Integers = field(init=False)  # by channel, in millionths
    turns: Integers = field(init=False)  # contacts so far, by person and channel
    windows: list[Integers] = field(init=False)  # contacts so far, by contact limit and person
    per_channel: Integers = field(init=False)
    spent: int = field(init=False)

    def __post_init__(self) -> None:
        forms = self.policy.channels
        self.channels = tuple(forms)
        self.costs = np.array([micro(form.cost) for form in forms.values()], dtype=np.int64)
        self.turns = self.history.turns.copy()
        self.windows = [counts.copy() for counts in self.history.windows]
        self.per_channel = self.history.per_channel.copy()
        self.spent = sum(self.history.spent.values())


def in_turn(rules: Sequence[Rule], policy: Policy) -> list[Rule]:
    """Order contact rules as they get their turn: kinds as the policy lists them, then priority."""
    kinds = [
        *policy.kinds,
        *(kind for kind in ("marketing", "retention") if kind not in policy.kinds),
    ]
    contact = [rule for rule in rules if rule.kind in kinds]
    return sorted(contact, key=lambda rule: (kinds.index(rule.kind), rule.priority, rule.name))


def pick_key(rule: Rule) -> list[tuple[str, bool]]:
    """Name the column that says who of a rule comes first, if any, and whether it descends."""
    if rule.pick is None or rule.pick.field is None:
        return []
    return [("pick", rule.pick.highest)]


def queue_order(queue: pl.DataFrame, keys: Sequence[tuple[str, bool]]) -> Integers:
    """Give the places of the rows as they come by the keys, missing values last."""
    names, descending = zip(*keys, strict=True)
    order = pl.arg_sort_by(*names, descending=descending, nulls_last=True)
    places: Integers = queue.select(order.cast(pl.Int64)).to_series().to_numpy()
    return places


def settle(person: Integers, channel: Codes, rule: Rule, night: Night) -> Codes:
    """Give each candidate the code of a reason, 0 for those taken, and note what they use up.

    One place a candidate, first in the queue first; persons and channels by their numbers.
    """
    reasons = np.zeros(person.size, dtype=np.uint8)
    reasons[_at_a_limit(night, person, channel)] = CODE["contact_limit"]
    reasons[~_has_turn(night, person, channel)] = CODE["outranked"]
    waiting = np.flatnonzero(reasons == 0)
    reasons[waiting] = _tested(channel[waiting], rule, night)
    taken = np.flatnonzero(reasons == 0)
    _use_up(night, person[taken], channel[taken])
    return reasons


def _has_turn(night: Night, person: Integers, channel: Codes) -> Flags:
    most = night.policy.turns
    if most is None:
        return np.ones(person.size, dtype=np.bool_)
    if night.policy.counted == "in all":
        used = night.turns[person].sum(axis=1)
    else:
        used = night.turns[person, channel]
    free: Flags = used < most
    return free


def _at_a_limit(night: Night, person: Integers, channel: Codes) -> Flags:
    """Say who has been brought to a contact limit by earlier rules of the night."""
    reached = np.zeros(person.size, dtype=np.bool_)
    for limit, counts in zip(night.policy.contact_limits, night.windows, strict=True):
        full = counts[person] >= limit.at_most
        reached |= full & _counts_on(limit.channel, channel, night)
    return reached


def _counts_on(name: str, channel: Codes, night: Night) -> Flags:
    if name == ANY:
        return np.ones(channel.size, dtype=np.bool_)
    flags: Flags = channel == night.channels.index(name)
    return flags


def _tested(channel: Codes, rule: Rule, night: Night) -> Codes:
    """Test those who wait in turn: the run's limit, the channel's capacity, the budgets."""
    fits = _within_capacity(night, channel)
    reasons = np.where(fits, 0, CODE["over_capacity"]).astype(np.uint8)
    within = np.flatnonzero(fits)
    affordable = _affordable(night, rule, channel[within])
    if affordable < within.size:
        reasons[within[affordable] :] = CODE["over_budget"]
    at_most = None if rule.pick is None else rule.pick.at_most
    if at_most is not None and at_most <= affordable:
        # Whoever comes next meets the limit first, before a full channel.
        reasons[within[at_most - 1] + 1 if at_most else 0 :] = CODE["over_limit"]
    return reasons


def _within_capacity(night: Night, channel: Codes) -> Flags:
    """Keep the first of the queue on each channel, as many as the night has room for."""
    fits = np.ones(channel.size, dtype=np.bool_)
    for number, name in enumerate(night.channels):
        most = night.policy.channels[name].at_most
        if most is not None:
            here = channel == number
            fits &= ~here | (np.cumsum(here) <= most - night.per_channel[number])
    return fits


def _affordable(night: Night, rule: Rule, channel: Codes) -> int:
    """Count how many come before one budget, the rule's or the night's, would be passed."""
    whole = micro(night.policy.budget)
    own, before = micro(rule.budget), night.history.spent.get(rule.name, 0)
    rests = [
        None if own is None else own - before,
        None if whole is None else whole - night.spent,
    ]
    rest = min((rest for rest in rests if rest is not None), default=None)
    if rest is None:
        return channel.size
    return int(np.searchsorted(np.cumsum(night.costs[channel]), rest, side="right"))


def _use_up(night: Night, person: Integers, channel: Codes) -> None:
    night.turns[person, channel] += 1  # one row a person: same_person has been decided
    for limit, window in zip(night.policy.contact_limits, night.windows, strict=True):
        window[person[_counts_on(limit.channel, channel, night)]] += 1
    counts = np.bincount(channel, minlength=len(night.channels))
    night.per_channel += counts
    night.spent += int((counts * night.costs).sum())
