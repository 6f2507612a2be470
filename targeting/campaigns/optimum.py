"""The best choice of all, proved: what prices already decide is fixed, HiGHS solves the rest.

At given prices a bound falls by a known loss when a candidate is forced in or out. Where that loss
is greater than what lies between the bound and a choice at hand, the candidate keeps its place in
every optimum (reduced cost fixing; the rest is the core: Balas and Zemel 1980, An algorithm for
large zero-one knapsack problems, Operations Research 28(5), 1130-1154).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from targeting.campaigns.candidates import Candidates, Own, Room
from targeting.campaigns.choices import Block
from targeting.campaigns.core_program import Floats, core_program
from targeting.campaigns.permission import Flags, Integers

_FIRST_CORE = 4_000  # candidates; the core grows until the optimum is proved
_FAR = 2**60


@dataclass(frozen=True)
class Optimum:
    """Who is taken, and what no choice can pass, in millionths: reached, where it is proved."""

    taken: Flags
    bound: int


@dataclass(frozen=True)
class Core:
    """A night's candidates, and how each would lower the bound if it changed its place."""

    who: Candidates
    own: Own
    room: Room
    wanted: Flags  # at the prices
    loss: Integers

    def least(self, number: int, gap: int) -> int:
        """Give the loss up to which so many candidates are free to change; at most the gap."""
        if number >= self.loss.size:
            return gap
        return min(gap, int(np.partition(self.loss, number)[number]))


def core_of(
    who: Candidates, own: Own, room: Room, blocks: Sequence[Block], prices: Integers
) -> Core:
    """Find what each candidate loses at the prices of rules and channels."""
    loss, wanted = np.zeros(who.person.size, dtype=np.int64), np.zeros(who.person.size, np.bool_)
    for block in blocks:
        reduced, taken = block.chosen(prices)
        loss[block.place] = _losses_of(block, reduced, taken)
        wanted[block.place] = taken
    return Core(who, own, room, wanted, loss)


def best_of_all(core: Core, bound: int, at_hand: Flags, enough: int, largest: int) -> Optimum:
    """Find the choice of the greatest worth; the one at hand is kept unless it can be passed.

    The core grows until the optimum is proved, until the gap to the bound is `enough`, or until it
    has more candidates than `largest`.
    """
    taken, size = at_hand, _FIRST_CORE
    while True:
        reached = int(core.who.worth[taken].sum())
        gap = bound - reached
        if gap <= enough or size > largest:
            return Optimum(taken, bound)
        certain = core.least(size, gap)
        solved = _with_core(core, core.loss > certain)
        if solved is not None and int(core.who.worth[solved[0]].sum()) > reached:
            taken = solved[0]
        if certain >= gap:
            # Outside the core nothing better exists; inside, the search's own bound holds.
            within = bound if solved is None else max(solved[1], reached)
            return Optimum(taken, min(bound, within))
        size *= 8


def _losses_of(block: Block, reduced: Integers, taken: Flags) -> Integers:
    """Forced in, one displaces the lowest of what is full; forced out, the next moves up."""
    all_full = taken.sum(axis=0) >= block.in_all
    lowest_of_all = np.where(all_full, _lowest(reduced, taken), 0)
    free_row = np.zeros(taken.shape, dtype=np.bool_)
    displaced, next_ = np.zeros_like(reduced), np.zeros_like(reduced)
    for number, most in enumerate(block.by_channel):
        here = block.channel == number
        full = (taken & here).sum(axis=0) >= most
        lowest = np.where(full, _lowest(reduced, taken & here), lowest_of_all)
        displaced = np.where(here, lowest, displaced)
        next_ = np.where(here, _highest(reduced, ~taken & here), next_)
        free_row |= here & ~full
    next_ = np.maximum(next_, _highest(reduced, ~taken & free_row))
    return np.where(taken, reduced - next_, displaced - reduced)


def _lowest(reduced: Integers, among: Flags) -> Integers:
    lowest: Integers = np.where(among, reduced, _FAR).min(axis=0)
    return lowest


def _highest(reduced: Integers, among: Flags) -> Integers:
    highest: Integers = np.where(among, reduced, 0).max(axis=0)
    return np.maximum(highest, 0)


def _with_core(core: Core, fixed: Flags) -> tuple[Flags, int] | None:
    """Choose among those not fixed; None if what is fixed does not fit or the search fails."""
    who, channels = core.who, core.room.channel.size
    taken = core.wanted & fixed
    kept = who.at(np.flatnonzero(taken))
    room = core.room.less(kept.cell(channels))
    if not room.is_kept():
        return None
    free = np.flatnonzero(~fixed)
    if not free.size:  # nothing is left to choose
        return taken, int(kept.worth.sum())
    # One order for HiGHS, whatever the order of the rows: by tie, then rule.
    free = free[np.lexsort((who.rule[free], who.tie[free]))]
    some, own = _numbered(who.at(free), core.own.less(kept))
    solved = _solve(some, own, room)
    if solved is None:
        return None
    chosen, bound = solved
    taken[free[chosen]] = True
    return taken, bound + int(kept.worth.sum())


def _numbered(some: Candidates, own: Own) -> tuple[Candidates, Own]:
    """Number the persons as they come: their numbers must not show in what HiGHS reads."""
    persons, first, person = np.unique(some.person, return_index=True, return_inverse=True)
    order = np.argsort(first)
    place = np.empty_like(order)
    place[order] = np.arange(order.size)
    persons = persons[order]
    fewer = Own(own.by_channel[:, persons], own.in_all[persons])
    return replace(some, person=place[person]), fewer


def _solve(some: Candidates, own: Own, room: Room) -> tuple[Flags, int] | None:
    """Solve a core: who is taken, and what no choice among them can pass; None if HiGHS gives up.

    Only the counts by rule and channel are whole numbers in the program. Once they are given, what
    is left joins two matroids, the persons' limits and the counts, and each corner of such a
    program is whole (Edmonds 1970, Submodular functions, matroids, and certain polyhedra).
    """
    program = core_program(some, own, room)
    counted = program.whole()
    if counted.x is None:
        return None
    proved = counted.status == 0
    chosen = _rounded(program.one_by_one(counted.x), some, own, room)
    if chosen is None:
        chosen = _rounded(program.corner(counted.x), some, own, room)
    if chosen is None:
        return None
    worth = int(some.worth[chosen].sum())
    return chosen, worth if proved else program.bound(counted)


def _rounded(x: Floats, some: Candidates, own: Own, room: Room) -> Flags | None:
    """Bring a solution to yes and no; None if it is neither, or passes a limit."""
    chosen: Flags = x > 0.5
    if not np.allclose(x, chosen, atol=1e-5):
        return None
    taken = some.at(np.flatnonzero(chosen))
    left = own.less(taken)
    fits = room.less(taken.cell(room.channel.size)).is_kept()
    return chosen if fits and left.by_channel.min() >= 0 and left.in_all.min() >= 0 else None
