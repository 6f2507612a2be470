"""Prices of what is scarce tonight: rules, channels and budgets.

Every limit of the whole night gets a price (a Lagrange multiplier). At any prices, what persons
would choose for themselves plus the price of all there is bounds what any choice can reach
(cutting_planes.py looks for the lowest bound).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from targeting.campaigns.candidates import UNLIMITED, Room
from targeting.campaigns.permission import Integers

Floats = npt.NDArray[np.float64]
MICRO = 1_000_000


@dataclass(frozen=True)
class Prices:
    """By rule and channel, in millionths of money a contact; budgets in millionths a unit spent."""

    rule: Integers
    channel: Integers
    rule_budget: Integers
    budget: int

    @classmethod
    def of(cls, all_: Floats, room: Room) -> Prices:
        """Round prices in money, in the order rules, channels, rules' budgets, the night's."""
        whole = np.maximum(np.rint(all_ * MICRO), 0).astype(np.int64)
        rules, channels = room.shape
        parts = np.split(whole, [rules, rules + channels, 2 * rules + channels])
        return cls(parts[0], parts[1], parts[2], int(parts[3][0]))

    def of_cells(self, costs: Integers) -> Integers:
        """Price a contact by pair of rule and channel; rounded down, so that bounds stay bounds."""
        of_money = self.rule_budget.astype(object) + self.budget
        of_cost = of_money[:, None] * costs.astype(object) // MICRO
        cells: Integers = self.rule[:, None] + self.channel + of_cost.astype(np.int64)
        return cells.ravel()

    def of_all(self, room: Room) -> int:
        """Price all that is left tonight; rounded up."""
        parts = ((self.rule, room.rule), (self.channel, room.channel))
        contacts = sum(int(p.astype(object) @ room_.astype(object)) for p, room_ in parts)
        money = int(self.rule_budget.astype(object) @ room.rule_budget.astype(object))
        return contacts - (-(money + self.budget * room.budget) // MICRO)


def free(room: Room) -> Prices:
    """Make prices of 0."""
    rules, channels = room.shape
    return Prices.of(np.zeros(2 * rules + channels + 1), room)


@dataclass(frozen=True)
class Scarce:
    """Which limits can bind: their place among all, use by cell, what is left, a usual price."""

    places: Integers
    use: Floats
    left: Floats
    usual: Floats

    def part(self, share: float) -> Scarce:
        """Leave a share for a share of the persons."""
        return Scarce(self.places, self.use, self.left * share, self.usual)


def scarce(counts: Integers, worth: float, room: Room) -> Scarce:
    """Find the limits that all candidates together, counted by cell, would pass."""
    use = _use(room)
    left = np.concatenate([room.rule, room.channel, room.rule_budget, [room.budget]]).astype(float)
    left[room.rule.size + room.channel.size :] /= MICRO
    demand = use @ counts
    places = np.flatnonzero((demand > left) & (left < UNLIMITED / MICRO))
    mean_use = demand[places] / np.maximum((use[places] > 0) @ counts, 1)
    return Scarce(places, use[places], left[places], worth / MICRO / mean_use)


def _use(room: Room) -> Floats:
    """Lay out what a contact by cell uses of each limit: 1, or its cost in money."""
    rules, channels = room.shape
    rule = np.repeat(np.eye(rules), channels, axis=1)
    channel = np.tile(np.eye(channels), rules)
    cost = np.tile(room.costs / MICRO, rules)
    return np.vstack([rule, channel, rule * cost, cost])
