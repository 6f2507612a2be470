"""What settling by expected value looks at: who could be contacted by which rule, and the limits.

Amounts are whole millionths of a unit of money; sums of them are exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from targeting.campaigns.permission import Codes, Flags, Integers

Ties = npt.NDArray[np.uint64]
UNLIMITED = 2**60


@dataclass(frozen=True)
class Candidates:
    """Permitted pairs of a person and a rule, at most one a pair, in any order.

    person: 0 to persons - 1. rule: 0 to rules - 1. channel: the one that reaches the person for the
    rule. worth: likelihood x value - the channel's cost, in millionths. tie: who comes first of two
    that are worth the same, the lowest; by rule and person, not by row (a hash, or its rank).
    """

    person: Integers
    rule: Integers
    channel: Codes
    worth: Integers
    tie: Ties

    def at(self, places: Integers) -> Candidates:
        """Keep the candidates at some places."""
        columns = (self.person, self.rule, self.channel, self.worth, self.tie)
        return Candidates(*(column[places] for column in columns))  # type: ignore[arg-type]

    def cell(self, channels: int) -> Integers:
        """Number the pairs of rule and channel: rule x channels + channel."""
        cells: Integers = self.rule.astype(np.int64) * channels + self.channel
        return cells


@dataclass(frozen=True)
class Limits:
    """What holds tonight, less what committed runs of the day have used; None for no limit.

    costs: of a contact, by channel. turns: contacts that a person gets, on each channel or in all.
    used_turns: by person and channel. rests: of each contact limit the channel it counts (None for
    any) and by person how many contacts are left until it. Budgets are amounts of cost.
    """

    costs: Integers
    turns: int | None
    counted_in_all: bool
    used_turns: Integers
    rests: Sequence[tuple[int | None, Integers]]
    rule_at_most: Sequence[int | None]
    rule_budget: Sequence[int | None]
    channel_rest: Sequence[int | None]
    budget_rest: int | None

    @property
    def persons(self) -> int:
        """How many persons there are."""
        return int(self.used_turns.shape[0])


@dataclass(frozen=True)
class Own:
    """How many more contacts each person may get: by channel and person, and in all."""

    by_channel: Integers
    in_all: Integers

    def least(self, other: Own) -> Own:
        """Hold both."""
        by_channel = np.minimum(self.by_channel, other.by_channel)
        return Own(by_channel, np.minimum(self.in_all, other.in_all))

    def less(self, taken: Candidates) -> Own:
        """Take away what those taken use up."""
        channels, persons = self.by_channel.shape
        place = taken.channel * np.int64(persons) + taken.person
        used = np.bincount(place, minlength=channels * persons).reshape(channels, persons)
        return Own(self.by_channel - used, self.in_all - used.sum(axis=0))

    def allow(self, who: Candidates) -> Flags:
        """Say which candidates could be taken next."""
        free: Flags = (self.by_channel[who.channel, who.person] > 0) & (self.in_all[who.person] > 0)
        return free


def turns_left(limits: Limits) -> Own:
    """Count the turns that persons have left."""
    left = _unlimited(limits)
    if limits.turns is None:
        return left
    if limits.counted_in_all:
        return Own(left.by_channel, _left(limits.turns - limits.used_turns.sum(axis=1)))
    return Own(_left(limits.turns - limits.used_turns.T), left.in_all)


def contacts_left(limits: Limits) -> Own:
    """Count the contacts that persons have left under the contact limits."""
    left = _unlimited(limits)
    for channel, rest in limits.rests:
        counted = left.in_all if channel is None else left.by_channel[channel]
        np.minimum(counted, _left(rest), out=counted)
    return left


def _unlimited(limits: Limits) -> Own:
    persons, channels = limits.used_turns.shape
    by_channel = np.full((channels, persons), _NO_LIMIT, dtype=np.int32)
    return Own(by_channel, np.full(persons, _NO_LIMIT, dtype=np.int32))  # type: ignore[arg-type]


_NO_LIMIT = 2**30


def _left(rest: Integers) -> Integers:
    left: Integers = np.clip(rest, 0, _NO_LIMIT).astype(np.int32)
    return left


@dataclass(frozen=True)
class Room:
    """What the whole night has left: contacts by rule and by channel, and cost."""

    costs: Integers
    rule: Integers
    channel: Integers
    rule_budget: Integers
    budget: int

    @classmethod
    def of(cls, limits: Limits) -> Room:
        """Take the room from the limits."""
        whole = UNLIMITED if limits.budget_rest is None else max(limits.budget_rest, 0)
        rests = (limits.rule_at_most, limits.channel_rest, limits.rule_budget)
        rule, channel, rule_budget = (_whole(rest) for rest in rests)
        return cls(limits.costs, rule, channel, rule_budget, whole)

    @property
    def shape(self) -> tuple[int, int]:
        """The number of rules, and of channels."""
        return self.rule.size, self.channel.size

    def less(self, cell: Integers) -> Room:
        """Take away what contacts use up, named by their pair of rule and channel."""
        counts = np.bincount(cell, minlength=self.rule.size * self.channel.size)
        counts = counts.reshape(self.shape)
        spent = counts @ self.costs
        return Room(
            self.costs,
            self.rule - counts.sum(axis=1),
            self.channel - counts.sum(axis=0),
            self.rule_budget - spent,
            self.budget - int(spent.sum()),
        )

    def part(self, share: float) -> Room:
        """Leave a share for a share of the persons."""
        lefts = (self.rule, self.channel, self.rule_budget)
        rule, channel, rule_budget = ((left * share).astype(np.int64) for left in lefts)
        return Room(self.costs, rule, channel, rule_budget, int(self.budget * share))

    def is_kept(self) -> bool:
        """Say whether nothing has been passed."""
        lefts = (self.rule, self.channel, self.rule_budget)
        return self.budget >= 0 and all(bool((left >= 0).all()) for left in lefts)

    def over_limit(self) -> Flags:
        """Say by rule and channel where the rule's at_most is reached."""
        return np.broadcast_to(self.rule[:, None] <= 0, self.shape)

    def over_capacity(self) -> Flags:
        """Say by rule and channel where the channel is full."""
        return np.broadcast_to(self.channel <= 0, self.shape)

    def over_budget(self) -> Flags:
        """Say by rule and channel where one contact more would pass the rule's or the night's."""
        most = np.minimum(self.rule_budget, self.budget)
        over: Flags = self.costs > most[:, None]
        return over

    def open(self) -> Flags:
        """Say by pair of rule and channel whether one contact more fits."""
        shut = self.over_limit() | self.over_capacity() | self.over_budget()
        flags: Flags = ~shut.ravel()
        return flags


def _whole(rests: Sequence[int | None]) -> Integers:
    return np.array([UNLIMITED if r is None else max(r, 0) for r in rests], dtype=np.int64)
