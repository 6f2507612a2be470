"""The prices with the lowest bound, by cutting planes inside a box around the best so far.

Kelley (1960); the boxstep method: Marsten, Hogan and Blankenship (1975), Operations Research 23(3),
389-405; one cut for each group of persons. The last program also says how to mix the prices looked
at so that all limits hold on average (its dual: Dantzig and Wolfe 1960, Operations Research 8(1)),
which tells apart those whom one set of prices cannot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from targeting.campaigns.candidates import Candidates, Room
from targeting.campaigns.choices import GROUPS, Block, choose, mixed
from targeting.campaigns.permission import Flags, Integers
from targeting.campaigns.prices import MICRO, Floats, Prices, Scarce, free


@dataclass(frozen=True)
class Bounded:
    """Prices, and what no choice can pass, in millionths."""

    prices: Prices
    vector: Floats
    bound: int


@dataclass(frozen=True)
class Share:
    """The share of each group of persons that decides by these prices of rule and channel."""

    cells: Integers
    of_group: Floats


@dataclass(frozen=True)
class Found:
    """The prices of the lowest bound, and the mix of prices by which all limits hold on average."""

    best: Bounded
    mix: tuple[Share, ...]


@dataclass(frozen=True)
class Effort:
    """How to look for prices: the first box, in usual prices; when to stop, how near (a share)."""

    step: float
    rounds: int
    near: float


def lowest_bound(
    blocks: Sequence[Block], room: Room, limits: Scarce, start: Floats, effort: Effort
) -> Found:
    """Look for the prices with the lowest bound."""
    search = _Search(blocks, room, limits)
    search.look(start)
    box = effort.step
    for _ in range(effort.rounds if limits.places.size else 0):
        found, expected = search.propose(box)
        if search.bound - expected <= effort.near * search.bound:
            if box >= effort.step:
                break
            box = effort.step
            continue
        box *= 2.0 if search.look(found) else 0.5
    return Found(search.best, search.mix())


class _Search:
    """The cuts so far, and the best prices."""

    def __init__(self, blocks: Sequence[Block], room: Room, limits: Scarce) -> None:
        self.blocks, self.room, self.limits = blocks, room, limits
        self.cells: list[Integers] = []
        self.worth: list[Floats] = []
        self.used: list[Floats] = []
        self.weights = np.zeros(0)
        self.best = Bounded(free(room), np.zeros(limits.places.size), 2**62)

    @property
    def bound(self) -> float:
        return self.best.bound / MICRO

    def look(self, vector: Floats) -> bool:
        """Add the cuts at prices; say whether the bound came down."""
        all_ = np.zeros(2 * self.room.rule.size + self.room.channel.size + 1)
        all_[self.limits.places] = vector
        prices = Prices.of(all_, self.room)
        self.cells.append(prices.of_cells(self.room.costs))
        chosen = choose(self.blocks, self.cells[-1])
        self.worth.append(chosen.worth / MICRO)
        self.used.append(chosen.counts @ self.limits.use.T)
        bound = chosen.reduced + prices.of_all(self.room)
        lower = bound < self.best.bound
        if lower:
            self.best = Bounded(prices, vector, bound)
        return lower

    def propose(self, step: float) -> tuple[Floats, float]:
        """Find the lowest point of the cuts inside the box, and its bound by the cuts."""
        from scipy.optimize import linprog

        # In usual prices and parts of the bound, so that all numbers are near 1.
        unit, usual = max(self.bound, 1 / MICRO), self.limits.usual
        groups = np.tile(np.eye(GROUPS), (len(self.worth), 1))
        cuts = np.hstack([groups, np.concatenate(self.used) * usual / unit])
        centre = self.best.vector / usual
        low = np.concatenate([np.zeros(GROUPS), np.maximum(centre - step, 0)])
        high = np.concatenate([np.full(GROUPS, np.inf), centre + step])
        solved = linprog(
            np.concatenate([np.ones(GROUPS), self.limits.left * usual / unit]),
            A_ub=-cuts,
            b_ub=-np.concatenate(self.worth) / unit,
            bounds=list(zip(low.tolist(), high.tolist(), strict=True)),
            method="highs-ds",
        )
        if solved.x is None:
            return self.best.vector, self.bound
        self.weights = -np.asarray(solved.ineqlin.marginals)
        return solved.x[GROUPS:] * usual, float(solved.fun or 0.0) * unit

    def mix(self) -> tuple[Share, ...]:
        """Weigh the prices looked at as the last program did; what a group lacks to 1 is nobody."""
        weights = self.weights.reshape(-1, GROUPS)
        some = np.flatnonzero(weights.max(axis=1, initial=0) > 1e-6)
        return tuple(Share(self.cells[place], weights[place]) for place in some)


def decided_by(mix: Sequence[Share], blocks: Sequence[Block], who: Candidates) -> Flags:
    """Let every person decide by one of the prices, as often as the mix says, by a stable hash."""
    taken = np.zeros(who.person.size, dtype=np.bool_)
    ends = np.cumsum([share.of_group for share in mix], axis=0)
    for block in blocks:
        key = mixed(mixed(mixed(who.tie[block.place[0]]))) / 2.0**64
        which = (key >= ends[:, block.group]).sum(axis=0)
        for number, share in enumerate(mix):
            here = which == number
            part = block.columns(here)
            taken[part.place] = part.chosen(share.cells)[1]
    return taken
