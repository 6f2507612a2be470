"""Settling by expected value: likelihood x value - the channel's cost, as much of it as limits let.

To at most 20,000 persons the optimum is given, to more what prices and one pass over the candidates
give, within 0.1% of what any choice could reach.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from targeting.campaigns.best_first import take_best
from targeting.campaigns.candidates import (
    UNLIMITED,
    Candidates,
    Limits,
    Own,
    Room,
    contacts_left,
    turns_left,
)
from targeting.campaigns.choices import Block, lay_out, mixed
from targeting.campaigns.cutting_planes import Effort, Found, decided_by, lowest_bound
from targeting.campaigns.optimum import best_of_all, core_of
from targeting.campaigns.permission import CODE, Codes, Flags, Integers
from targeting.campaigns.prices import Prices, free, scarce

MOST_FOR_OPTIMUM = 20_000  # persons
_SAMPLE = 20_000  # persons by whom prices are found before all are looked at
_ENOUGH = 0.001  # below the bound
_GOOD = 0.0001  # below it, so that no second way is tried
_LARGEST_CORE = 40_000  # candidates, of more persons than that
_FROM_NOTHING = Effort(step=1.0, rounds=200, near=1e-7)
_FROM_A_SAMPLE = Effort(step=0.05, rounds=40, near=1e-6)


@dataclass(frozen=True)
class Valued:
    """What a night takes.

    reasons: by candidate, 0 for who is taken, else the number of the reason that stands against it.
    reached, and bound (what no choice could pass), in millionths of money; equal where the optimum
    is proved.
    """

    reasons: Codes
    prices: Prices
    reached: int
    bound: int


def settle_by_value(who: Candidates, limits: Limits) -> Valued:
    """Take the candidates whose worth together is greatest while every limit holds.

    Who is not taken has the first of these reasons: not_worth_it (worth not above 0), then what has
    been used up at the end: the person's turns (outranked), a contact limit, the rule's at_most
    (over_limit), the channel's capacity, a budget.
    """
    own, room = turns_left(limits).least(contacts_left(limits)), Room.of(limits)
    able = _able(who, own, room)
    if able.size < who.person.size:
        found = _settle(who.at(able), own, room)
    else:
        found = _settle(who, own, room)
    taken = np.zeros(who.person.size, dtype=np.bool_)
    taken[able[found.taken]] = True
    reached = int(who.worth[taken].sum())
    reasons = _reasons(who, taken, limits)
    return Valued(reasons, found.prices, reached, max(found.bound, reached))


def _able(who: Candidates, own: Own, room: Room) -> Integers:
    fits = (who.worth > 0) & own.allow(who) & room.open()[who.cell(room.channel.size)]
    return np.flatnonzero(fits)


@dataclass(frozen=True)
class _Found:
    taken: Flags
    prices: Prices
    bound: int


def _settle(who: Candidates, own: Own, room: Room) -> _Found:
    if not who.person.size:
        return _Found(np.zeros(0, dtype=np.bool_), free(room), 0)
    blocks = lay_out(who, own, room.rule.size)
    few = sum(block.person.size for block in blocks) <= MOST_FOR_OPTIMUM
    priced = _priced(who, own, room, blocks)
    prices, bound = priced.best.prices, priced.best.bound
    cells = prices.of_cells(room.costs)
    reduced = who.worth - cells[who.cell(room.channel.size)]
    taken = take_best(who, reduced, own, room)
    if priced.mix and _short(who, taken, bound) > _GOOD:
        first = decided_by(priced.mix, blocks, who)
        taken = _better(who, taken, take_best(who, reduced, own, room, first))
    if _short(who, taken, bound) <= (0 if few else _ENOUGH):
        return _Found(taken, prices, bound)
    core = core_of(who, own, room, blocks, cells)
    if few:
        best = best_of_all(core, bound, taken, 0, UNLIMITED)
    else:
        best = best_of_all(core, bound, taken, int(_ENOUGH * bound), _LARGEST_CORE)
    # What a core leaves open by chance is filled up.
    full = take_best(who, reduced, own, room, best.taken)
    return _Found(full, prices, best.bound)


def _short(who: Candidates, taken: Flags, bound: int) -> float:
    return (bound - int(who.worth[taken].sum())) / max(bound, 1)


def _better(who: Candidates, one: Flags, other: Flags) -> Flags:
    return other if who.worth[other].sum() > who.worth[one].sum() else one


def _priced(who: Candidates, own: Own, room: Room, blocks: list[Block]) -> Found:
    """Find prices: by a sample of persons first if they are many, then by all."""
    counts = np.bincount(who.cell(room.channel.size), minlength=room.rule.size * room.channel.size)
    limits = scarce(counts, float(who.worth.mean()), room)
    persons = sum(block.person.size for block in blocks)
    start = np.zeros(limits.places.size)
    if persons <= 2 * _SAMPLE:
        return lowest_bound(blocks, room, limits, start, _FROM_NOTHING)
    share = _SAMPLE / persons
    some = lay_out(who.at(_sample(who, blocks, share)), own, room.rule.size)
    start = lowest_bound(
        some, room.part(share), limits.part(share), start, _FROM_NOTHING
    ).best.vector
    return lowest_bound(blocks, room, limits, start, _FROM_A_SAMPLE)


def _sample(who: Candidates, blocks: list[Block], share: float) -> Integers:
    """Find the candidates of a share of the persons, the same in any order of rows."""
    parts = []
    for block in blocks:
        key = mixed(mixed(who.tie[block.place[0]]))
        parts.append(block.place[:, key < np.uint64(int(share * 2**64))].ravel())
    return np.concatenate(parts).astype(np.int64)


def _reasons(who: Candidates, taken: Flags, limits: Limits) -> Codes:
    """Say by candidate what stands against it once all are settled."""
    reasons = np.zeros(who.person.size, dtype=np.uint8)
    out = np.flatnonzero(~taken)
    chosen, others = who.at(np.flatnonzero(taken)), who.at(out)
    channels = limits.costs.size
    left = Room.of(limits).less(chosen.cell(channels))
    cell = others.cell(channels)
    against = {
        "not_worth_it": others.worth <= 0,
        "outranked": ~turns_left(limits).less(chosen).allow(others),
        "contact_limit": ~contacts_left(limits).less(chosen).allow(others),
        "over_limit": left.over_limit().ravel()[cell],
        "over_capacity": left.over_capacity().ravel()[cell],
        "over_budget": left.over_budget().ravel()[cell],
    }
    codes = [CODE[reason] for reason in against]
    reasons[out] = np.select(list(against.values()), codes, CODE["outranked"])
    return reasons
