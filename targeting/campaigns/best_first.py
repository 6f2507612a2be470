"""Take candidates in the order of reduced worth and tie, each if all limits still hold."""

from __future__ import annotations

import numpy as np
import polars as pl

from targeting.campaigns.candidates import Candidates, Own, Room, Ties
from targeting.campaigns.permission import Flags, Integers

_MOST_AT_ONCE = 1 << 18
_LEAST_AT_ONCE = 1 << 10


def take_best(
    who: Candidates, reduced: Integers, own: Own, room: Room, first: Flags | None = None
) -> Flags:
    """Take one candidate after the other, the highest reduced worth first, while limits hold.

    `first`: who comes before all others. Gives exactly what a loop over the candidates would give,
    but tests many at once: up to the first that does not fit, all before it are certain.
    """
    taken = np.zeros(who.person.size, dtype=np.bool_)
    own = Own(own.by_channel.copy(), own.in_all.copy())
    high = reduced >= 0
    parts = [high, ~high] if first is None else [first, high & ~first, ~high & ~first]
    for part in parts:
        still = np.flatnonzero(part)
        still = still[_fits(who, still, own, room)]
        queue = still[_best_first(reduced[still], who.tie[still], who.rule[still])]
        room = _take(who, queue, own, room, taken)
    return taken


def _best_first(reduced: Integers, tie: Ties, rule: Integers) -> Integers:
    frame = pl.DataFrame({"reduced": reduced, "tie": tie, "rule": rule})
    by = pl.arg_sort_by("reduced", "tie", "rule", descending=[True, False, False])
    places: Integers = frame.select(by).to_series().to_numpy()
    return places


def _fits(who: Candidates, places: Integers, own: Own, room: Room) -> Flags:
    some = who.at(places)
    fits: Flags = room.open()[some.cell(room.channel.size)] & own.allow(some)
    return fits


def _take(who: Candidates, queue: Integers, own: Own, room: Room, taken: Flags) -> Room:
    """Go through the queue; notes who is taken in `taken`, and what they use up in `own`."""
    at_once = _MOST_AT_ONCE
    while queue.size:
        part = queue[:at_once]
        fits = _fits(who, part, own, room)
        if not fits.all():
            # Nobody for whom a limit is reached can be taken later: limits only come nearer.
            queue = np.concatenate([part[fits], queue[at_once:]])
            if not fits.any():
                continue
            part = queue[: int(fits.sum())]
        some = who.at(part)
        good = _within_own(some, own)
        cell = some.cell(room.channel.size)
        end = _first_over(cell, good, room)
        now = np.flatnonzero(good[:end])
        taken[part[now]] = True
        np.subtract.at(own.by_channel, (some.channel[now], some.person[now]), 1)
        np.subtract.at(own.in_all, some.person[now], 1)
        room = room.less(cell[now])
        at_once = min(2 * at_once, _MOST_AT_ONCE) if end == part.size else at_once // 2
        at_once = max(at_once, _LEAST_AT_ONCE)
        queue = queue[end:]
    return room


def _within_own(some: Candidates, own: Own) -> Flags:
    """Say who is within the person's own limits, if all such before are taken."""
    persons = np.int64(own.in_all.size)
    place = some.channel * persons + some.person
    good: Flags = _before(place) < own.by_channel[some.channel, some.person]
    within = np.flatnonzero(good)
    person = some.person[within]
    good[within] = _before(person) < own.in_all[person]
    return good


def _before(group: Integers) -> Integers:
    """Count by row how many rows before it are of the same group."""
    order = np.argsort(group, kind="stable")
    ordered = group[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if group.size else order
    counts = np.arange(group.size) - np.repeat(starts, np.diff(np.r_[starts, group.size]))
    before = np.empty(group.size, dtype=np.int64)
    before[order] = counts
    return before


def _first_over(cell: Integers, good: Flags, room: Room) -> int:
    """Find the first place where a limit of the night would be passed; the end if nowhere."""
    rule, channel = np.divmod(cell, room.channel.size)
    cost = room.costs[channel]
    tests = [np.cumsum(cost * good) > room.budget]
    for number in np.unique(rule):
        here = good & (rule == number)
        tests.append(np.cumsum(here) > room.rule[number])
        tests.append(np.cumsum(cost * here) > room.rule_budget[number])
    here_on = (good & (channel == number) for number in range(room.channel.size))
    tests += [np.cumsum(on) > most for on, most in zip(here_on, room.channel, strict=True)]
    return min(_first(over) for over in tests)


def _first(over: Flags) -> int:
    return int(over.argmax()) if over.any() else over.size
