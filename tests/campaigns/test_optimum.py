"""The proved optimum: what prices fix stays, and HiGHS finds what another program finds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from targeting.campaigns.candidates import Candidates, Limits, Room, contacts_left, turns_left
from targeting.campaigns.choices import choose, lay_out
from targeting.campaigns.expected_value import settle_by_value
from targeting.campaigns.optimum import core_of
from targeting.campaigns.prices import Prices
from tests.campaigns.nights import COSTS, candidates, large_night, limits, small_nights


def plainly(who: Candidates, night: Limits) -> float:
    """Give the optimum in money, of a program with every candidate whole and every limit a row."""
    good = who.at(np.flatnonzero(who.worth > 0))
    own, room = turns_left(night).least(contacts_left(night)), Room.of(night)
    cost = np.array(COSTS)[good.channel]
    persons, rules = np.eye(night.persons)[good.person].T, np.eye(room.rule.size)[good.rule].T
    channels = np.eye(3)[good.channel].T
    on = [persons * channels[channel] for channel in range(3)]
    rows = np.vstack([persons, *on, rules, channels, rules * cost / 50_000, cost / 50_000])
    most = [own.in_all, own.by_channel.ravel(), room.rule, room.channel]
    budgets = [room.rule_budget / 50_000, [room.budget / 50_000]]
    solved = milp(
        -good.worth / 1e6,
        integrality=np.ones(good.person.size, dtype=np.int64),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(rows, ub=np.minimum(np.concatenate([*most, *budgets]), 1e9)),
        options={"mip_rel_gap": 0.0},
    )
    assert solved.fun is not None
    return -float(solved.fun)


@pytest.mark.parametrize("leaves", [0, 4])
@pytest.mark.parametrize("seed", range(4))
def test_the_optimum_is_that_of_the_plain_program(seed: int, leaves: int) -> None:
    who, night = large_night(40, 4, seed, leaves)
    found = settle_by_value(who, night)
    assert found.reached / 1e6 == pytest.approx(plainly(who, night), abs=1e-4)
    assert found.reached == found.bound


@settings(max_examples=100, deadline=None)
@given(small_nights(8), st.lists(st.integers(0, 9), min_size=12, max_size=12))
def test_a_candidate_forced_to_change_lowers_the_bound_by_its_loss(
    drawn: tuple[Candidates, Limits], money: list[int]
) -> None:
    who, night = drawn
    own, room = turns_left(night).least(contacts_left(night)), Room.of(night)
    who = who.at(np.flatnonzero(own.allow(who)))
    prices = Prices.of(np.array(money[: 2 * room.rule.size + 4]) / 2.0, room)
    cells = prices.of_cells(room.costs)
    blocks = lay_out(who, own, room.rule.size)
    core = core_of(who, own, room, blocks, cells)
    best = choose(blocks, cells).reduced
    reduced = who.worth - cells[who.cell(3)]
    for place in range(who.person.size):
        others = np.delete(np.arange(who.person.size), place)
        if core.wanted[place]:
            changed = choose(lay_out(who.at(others), own, room.rule.size), cells).reduced
        else:
            less = own.less(who.at(np.array([place])))
            changed = choose(lay_out(who.at(others), less, room.rule.size), cells).reduced
            changed += int(reduced[place])
        assert best - changed == core.loss[place]


def test_a_budget_is_filled_better_than_by_the_best_first() -> None:
    # 60 for the one that is worth most, or 15 times 4 for those worth a little less together.
    who = candidates([(0, 0, 2, 100.0), *((p, 0, 1, 6.7) for p in range(1, 16))])
    found = settle_by_value(who, limits(16, 1, budget_rest=60_000_000))
    assert found.reached == 15 * 6_700_000
    assert found.reasons[0] != 0
