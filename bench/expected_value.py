"""Settling by expected value at the size of a large shop.

    .venv/bin/python -m bench.expected_value --customers 1000000 --rules 10

Prints the seconds, the largest memory of the whole process (the night's own arrays included) and
how far below the bound the choice is. Every kind of limit binds: turns, contact limits, a limit or
a budget of most rules, capacities of two channels, the night's budget. `--leaves 64` draws
likelihoods from the leaves of a tree, so that very many candidates are worth the same.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np

from targeting.campaigns.candidates import Candidates, Limits
from targeting.campaigns.expected_value import settle_by_value
from targeting.campaigns.permission import REASON_OF_CODE

MICRO = 1_000_000
COSTS = np.array([50_000, 4_000_000, 60_000_000])  # e-mail, text message, call


def candidates(persons: int, rules: int, leaves: int, draw: np.random.Generator) -> Candidates:
    """Let every rule want every person, by e-mail or by the rule's own channel."""
    person = np.tile(np.arange(persons, dtype=np.int32), rules)
    rule = np.repeat(np.arange(rules, dtype=np.int32), persons)
    dear = (rule % 5 > 2).astype(np.uint8) + (rule % 7 == 6)
    channel = np.where(draw.random(person.size) < 0.8, dear, 0).astype(np.uint8)
    likelihood = draw.beta(1, 12, person.size)
    if leaves:
        by_leaf = np.quantile(likelihood[:persons], np.linspace(0, 1, leaves))
        likelihood = by_leaf[draw.integers(0, leaves, persons)][person]
    worth = np.rint(likelihood * MICRO).astype(np.int64)
    del likelihood
    worth *= draw.integers(2, 60, rules)[rule] * 10
    worth -= COSTS[channel]
    tie = draw.integers(0, 2**63, person.size, dtype=np.uint64)
    return Candidates(person, rule, channel, worth, tie)  # type: ignore[arg-type]


def limits(persons: int, rules: int, draw: np.random.Generator) -> Limits:
    """Let every kind of limit bind."""
    shares = draw.uniform(0.01, 0.15, rules)
    return Limits(
        costs=COSTS,
        turns=1,
        counted_in_all=False,
        used_turns=(draw.random((persons, 3)) < 0.02).astype(np.int64),
        rests=[(None, draw.integers(0, 5, persons)), (0, draw.integers(0, 3, persons))],
        rule_at_most=[int(persons * share) if share < 0.1 else None for share in shares],
        rule_budget=[int(persons * share * MICRO) if share > 0.07 else None for share in shares],
        channel_rest=[None, persons // 20, persons // 200],
        budget_rest=int(persons * 0.4 * MICRO),
    )


def main() -> None:
    """Settle one night and say what it took."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--rules", type=int, default=10)
    parser.add_argument("--leaves", type=int, default=0)
    parser.add_argument("--seed", type=int, default=20261124)
    asked = parser.parse_args()
    draw = np.random.default_rng(asked.seed)
    who = candidates(asked.customers, asked.rules, asked.leaves, draw)
    night = limits(asked.customers, asked.rules, draw)
    before = _peak()
    start = time.perf_counter()
    found = settle_by_value(who, night)
    seconds = time.perf_counter() - start
    gap = (found.bound - found.reached) / max(found.bound, 1)
    print(f"{who.person.size:,} candidates: {seconds:.1f} s, {gap:.5%} below the bound")
    print(f"peak memory {_peak() / 1024:.2f} GB, of which {before / 1024:.2f} GB before settling")
    for code, number in enumerate(np.bincount(found.reasons)):
        if number:
            print(f"  {REASON_OF_CODE[code] or 'taken':14} {number:>12,}")


def _peak() -> float:
    """Give the process's largest memory so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
