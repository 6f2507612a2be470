"""Nights to settle by expected value: random ones, and slow and plain ways to judge the outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import numpy as np
from hypothesis import strategies as st

from targeting.campaigns.candidates import Candidates, Limits
from targeting.campaigns.permission import Flags, Integers

UNIT = 1_000_000
COSTS = (50_000, 4 * UNIT, 60 * UNIT)


def candidates(rows: Sequence[tuple[int, int, int, float]]) -> Candidates:
    """Make candidates of person, rule, channel and worth in money; ties go by rule and person."""
    person, rule, channel, worth = (np.array(c) for c in zip(*rows, strict=True))
    return Candidates(
        person=person,
        rule=rule,
        channel=channel.astype(np.uint8),
        worth=np.rint(worth * UNIT).astype(np.int64),
        tie=ties(rule, person),
    )


def nobody() -> Candidates:
    none = np.zeros(0, dtype=np.int64)
    return Candidates(none, none, none.astype(np.uint8), none, none.astype(np.uint64))


def ties(rule: Integers, person: Integers) -> np.ndarray:
    """Spread ties as a hash would."""
    with np.errstate(over="ignore"):
        return (person.astype(np.uint64) * 1_000_003 + rule.astype(np.uint64) + 1) * np.uint64(
            0x9E3779B97F4A7C15
        )


def limits(persons: int, rules: int, **changes: object) -> Limits:
    """Make limits that hold nobody back but for the changes."""
    free = Limits(
        costs=np.array(COSTS, dtype=np.int64),
        turns=None,
        counted_in_all=False,
        used_turns=np.zeros((persons, len(COSTS)), dtype=np.int64),
        rests=(),
        rule_at_most=[None] * rules,
        rule_budget=[None] * rules,
        channel_rest=[None] * len(COSTS),
        budget_rest=None,
    )
    return replace(free, **changes)  # type: ignore[arg-type]


@st.composite
def small_nights(draw: st.DrawFn, most: int = 11) -> tuple[Candidates, Limits]:
    """Draw at most so many candidates, with any of the limits, worth of few values (many ties)."""
    persons, rules = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    pairs = draw(
        st.lists(
            st.tuples(st.integers(0, persons - 1), st.integers(0, rules - 1)),
            unique=True, min_size=1, max_size=most,
        )
    )  # fmt: skip
    worths = st.sampled_from([-1.0, 0.0, 0.000001, 1.0, 2.0, 3.25, 7.0, 40.0, 40.000001])
    who = candidates([(p, r, draw(st.integers(0, 2)), draw(worths)) for p, r in pairs])
    rest = st.lists(st.integers(-1, 2), min_size=persons, max_size=persons).map(np.array)
    counted = st.one_of(st.none(), st.integers(0, 2))
    budget = st.one_of(st.none(), st.sampled_from([0, 100_000, 4 * UNIT, 64 * UNIT, 130 * UNIT]))
    few = st.one_of(st.none(), st.integers(0, 3))
    used = st.lists(st.integers(0, 1), min_size=3 * persons, max_size=3 * persons)
    return who, limits(
        persons,
        rules,
        turns=draw(few),
        counted_in_all=draw(st.booleans()),
        used_turns=np.array(draw(used), dtype=np.int64).reshape(persons, 3),
        rests=draw(st.lists(st.tuples(counted, rest), max_size=2)),
        rule_at_most=draw(st.lists(few, min_size=rules, max_size=rules)),
        rule_budget=draw(st.lists(budget, min_size=rules, max_size=rules)),
        channel_rest=draw(st.lists(few, min_size=3, max_size=3)),
        budget_rest=draw(budget),
    )


def large_night(persons: int, rules: int, seed: int, leaves: int = 0) -> tuple[Candidates, Limits]:
    """Draw a night with every kind of limit; likelihoods of so many leaves tie, 0 is no tie."""
    draw = np.random.default_rng(seed)
    person = np.tile(np.arange(persons), rules)
    rule = np.repeat(np.arange(rules), persons)
    kept = draw.random(person.size) < 0.9
    person, rule = person[kept], rule[kept]
    channel = np.where(draw.random(person.size) < 0.8, (rule % 5 > 2) + (rule % 7 == 6), 0)
    likelihood = draw.beta(1, 12, person.size)
    if leaves:
        likelihood = np.quantile(likelihood, np.linspace(0, 1, leaves))[person % leaves]
    value = draw.integers(2, 60, rules) * 10
    worth = np.rint(likelihood * 1e6).astype(np.int64) * value[rule] - np.array(COSTS)[channel]
    who = Candidates(person, rule, channel.astype(np.uint8), worth, ties(rule, person))
    shares = draw.uniform(0.01, 0.15, rules)
    return who, limits(
        persons,
        rules,
        turns=int(draw.integers(1, 3)),
        counted_in_all=bool(draw.integers(0, 2)),
        used_turns=(draw.random((persons, 3)) < 0.05).astype(np.int64),
        rests=[(None, draw.integers(0, 4, persons)), (0, draw.integers(0, 3, persons))],
        rule_at_most=[int(persons * s) if s < 0.1 else None for s in shares],
        rule_budget=[int(persons * s * UNIT) if s > 0.07 else None for s in shares],
        channel_rest=[None, persons // 20, persons // 200],
        budget_rest=int(persons * 0.4 * UNIT),
    )


def holds(who: Candidates, taken: Flags, night: Limits) -> bool:
    """Count, one by one, whether the limits hold for those taken."""
    own, by_rule, by_channel, spent, all_ = {}, {}, {}, {}, 0  # type: ignore[var-annotated]
    for place in np.flatnonzero(taken):
        person, rule, channel = (
            int(who.person[place]),
            int(who.rule[place]),
            int(who.channel[place]),
        )
        cost = int(night.costs[channel])
        for key in ((person, channel), (person, None)):
            own[key] = own.get(key, 0) + 1
        by_rule[rule] = by_rule.get(rule, 0) + 1
        by_channel[channel] = by_channel.get(channel, 0) + 1
        spent[rule] = spent.get(rule, 0) + cost
        all_ += cost
    return (
        all(_own_holds(key, count, night) for key, count in own.items())
        and all(_within(n, night.rule_at_most[r]) for r, n in by_rule.items())
        and all(_within(n, night.channel_rest[c]) for c, n in by_channel.items())
        and all(_within(n, night.rule_budget[r]) for r, n in spent.items())
        and (not taken.any() or _within(all_, night.budget_rest))
    )


def _within(used: int, most: int | None) -> bool:
    return most is None or used <= most


def _own_holds(key: tuple[int, int | None], count: int, night: Limits) -> bool:
    person, channel = key
    mosts = [int(rest[person]) for counted, rest in night.rests if counted == channel]
    used = night.used_turns[person]
    if night.turns is not None and night.counted_in_all == (channel is None):
        mosts.append(night.turns - int(used.sum() if channel is None else used[channel]))
    return all(count <= most for most in mosts)


def best_worth(who: Candidates, night: Limits) -> int:
    """Find the greatest worth by trying every choice."""
    good = np.flatnonzero(who.worth > 0)
    best = 0
    for bits in product([False, True], repeat=good.size):
        taken = np.zeros(who.person.size, dtype=np.bool_)
        taken[good] = bits
        worth = int(who.worth[taken].sum())
        if worth > best and holds(who, taken, night):
            best = worth
    return best
