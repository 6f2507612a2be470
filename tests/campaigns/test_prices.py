"""Prices of rules, channels and budgets: any prices bound every choice, the best ones tightly."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.campaigns.best_first import take_best
from targeting.campaigns.candidates import (
    Candidates,
    Limits,
    Own,
    Room,
    contacts_left,
    turns_left,
)
from targeting.campaigns.choices import choose, lay_out
from targeting.campaigns.expected_value import settle_by_value
from targeting.campaigns.permission import Integers
from targeting.campaigns.prices import Prices
from tests.campaigns.nights import UNIT, best_worth, candidates, large_night, limits, small_nights

amounts = st.floats(0, 50, allow_nan=False)


def own_of(night: Limits) -> Own:
    return turns_left(night).least(contacts_left(night))


@settings(max_examples=100, deadline=None)
@given(small_nights(9), st.lists(amounts, min_size=12, max_size=12))
def test_any_prices_bound_every_choice(
    drawn: tuple[Candidates, Limits], money: list[float]
) -> None:
    who, night = drawn
    room = Room.of(night)
    rules, channels = room.shape
    unlimited = [*night.rule_at_most, *night.channel_rest, *night.rule_budget, night.budget_rest]
    asked = np.array(money[: 2 * rules + channels + 1])
    prices = Prices.of(np.where([most is None for most in unlimited], 0, asked), room)
    chosen = choose(lay_out(who, own_of(night), rules), prices.of_cells(room.costs))
    assert chosen.reduced + prices.of_all(room) >= best_worth(who, night)


def test_the_price_of_a_full_channel_is_what_one_place_more_would_bring() -> None:
    who = candidates([(p, 0, 1, 10.0 + p) for p in range(5)])
    found = settle_by_value(who, limits(5, 1, channel_rest=[None, 2, None]))
    assert 12 * UNIT <= found.prices.channel[1] <= 13 * UNIT
    assert found.prices.rule[0] == found.prices.budget == 0


def test_the_price_of_a_budget_is_by_money_spent() -> None:
    who = candidates([(p, 0, 1, 10.0 + p) for p in range(5)])  # at a cost of 4
    found = settle_by_value(who, limits(5, 1, budget_rest=8 * UNIT))
    assert 12 / 4 <= found.prices.budget / UNIT <= 13 / 4


def test_what_has_room_for_all_costs_nothing() -> None:
    who = candidates([(p, 0, 1, 10.0) for p in range(5)])
    prices = settle_by_value(who, limits(5, 1, rule_at_most=[5], budget_rest=20 * UNIT)).prices
    assert not any([*prices.rule, *prices.channel, *prices.rule_budget, prices.budget])


def one_by_one(who: Candidates, reduced: Integers, own: Own, room: Room) -> list[int]:
    """Take one candidate after the other, plainly."""
    channels = room.channel.size
    found: list[int] = []
    for place in np.lexsort((who.rule, who.tie, -reduced)):
        more = who.at(np.array([*found, place]))
        left = own.less(more)
        fits = room.less(more.cell(channels)).is_kept()
        if fits and left.by_channel.min() >= 0 and left.in_all.min() >= 0:
            found.append(int(place))
    return sorted(found)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0, 3]))
def test_many_at_once_are_taken_as_one_by_one(seed: int, leaves: int) -> None:
    who, night = large_night(25, 4, seed, leaves)
    who = who.at(np.flatnonzero(who.worth > 0))
    reduced = who.worth - np.array([0, 5, 20, 1])[who.rule] * UNIT
    taken = take_best(who, reduced, own_of(night), Room.of(night))
    assert list(np.flatnonzero(taken)) == one_by_one(who, reduced, own_of(night), Room.of(night))
