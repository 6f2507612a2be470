"""Settling by expected value: who is taken, why the others are not, and what can be promised."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.campaigns import expected_value
from targeting.campaigns.candidates import Candidates, Limits
from targeting.campaigns.expected_value import settle_by_value
from targeting.campaigns.permission import REASON_OF_CODE
from tests.campaigns.nights import (
    UNIT,
    best_worth,
    candidates,
    holds,
    large_night,
    limits,
    nobody,
    small_nights,
)


def reasons(who: Candidates, night: Limits) -> list[str]:
    return [REASON_OF_CODE[code] for code in settle_by_value(who, night).reasons]


@settings(max_examples=120, deadline=None)
@given(small_nights(9))
def test_no_choice_is_worth_more(drawn: tuple[Candidates, Limits]) -> None:
    who, night = drawn
    found = settle_by_value(who, night)
    assert holds(who, found.reasons == 0, night)
    assert found.reached == int(who.worth[found.reasons == 0].sum()) == best_worth(who, night)
    assert found.bound == found.reached


KINDS: dict[str, tuple[str, ...]] = {
    "outranked": ("turns", "counted_in_all", "used_turns"),
    "contact_limit": ("rests",),
    "over_limit": ("rule_at_most",),
    "over_capacity": ("channel_rest",),
    "over_budget": ("rule_budget", "budget_rest"),
}


@settings(max_examples=150, deadline=None)
@given(small_nights())
def test_the_reason_is_the_first_limit_that_one_more_would_pass(
    drawn: tuple[Candidates, Limits],
) -> None:
    who, night = drawn
    found = settle_by_value(who, night).reasons
    free = limits(night.persons, len(night.rule_at_most))
    for place in np.flatnonzero(found):
        more = found == 0
        more[place] = True
        said = [
            kind
            for kind, names in KINDS.items()
            if not holds(who, more, replace(free, **{n: getattr(night, n) for n in names}))
        ]
        expected = "not_worth_it" if who.worth[place] <= 0 else said[0]
        assert REASON_OF_CODE[found[place]] == expected


@pytest.mark.parametrize("leaves", [0, 8])
def test_the_order_of_rows_and_the_numbers_of_persons_change_nothing(leaves: int) -> None:
    who, night = large_night(400, 5, seed=3, leaves=leaves)
    first = settle_by_value(who, night).reasons
    draw = np.random.default_rng(1)
    for _ in range(3):
        rows, number = draw.permutation(who.person.size), draw.permutation(night.persons)
        other = replace(who.at(rows), person=number[who.person[rows]])
        old = np.argsort(number)
        moved = replace(
            night,
            used_turns=night.used_turns[old],
            rests=[(channel, rest[old]) for channel, rest in night.rests],
        )
        assert (settle_by_value(other, moved).reasons == first[rows]).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 8), st.sampled_from([0, 5, 64]))
def test_a_night_of_many_passes_no_limit(seed: int, rules: int, leaves: int) -> None:
    who, night = large_night(300, rules, seed, leaves)
    with pytest.MonkeyPatch.context() as few:
        few.setattr(expected_value, "MOST_FOR_OPTIMUM", 0)
        few.setattr(expected_value, "_SAMPLE", 100)
        found = settle_by_value(who, night)
    taken = found.reasons == 0
    assert holds(who, taken, night)
    best = settle_by_value(who, night).reached
    assert found.reached <= best <= found.bound
    for place in np.flatnonzero(~taken & (who.worth > 0))[:20]:
        more = taken.copy()
        more[place] = True
        assert not holds(who, more, night)


@pytest.mark.parametrize("leaves", [0, 64])
def test_100_000_customers_are_within_a_thousandth_of_the_bound(leaves: int) -> None:
    who, night = large_night(100_000, 5, seed=11, leaves=leaves)
    found = settle_by_value(who, night)
    assert 0 <= found.bound - found.reached <= found.bound // 1000
    assert found.reached > 0


def test_a_millionth_decides() -> None:
    who = candidates([(0, 0, 0, 40.000001), (0, 1, 0, 40.000002), (1, 0, 0, 40.0)])
    assert reasons(who, limits(2, 2, turns=1)) == ["outranked", "", ""]
    alike = candidates([(p, 0, 0, 123_456.789) for p in range(4)])
    last = replace(alike, worth=alike.worth + np.array([0, 1, 2, 3]))
    found = reasons(last, limits(4, 1, rule_at_most=[2]))
    assert found == ["over_limit", "over_limit", "", ""]


def test_of_equals_the_lowest_tie_is_taken() -> None:
    who = candidates([(p, 0, 0, 5.0) for p in range(30)])
    found = settle_by_value(who, limits(30, 1, rule_at_most=[7])).reasons
    assert set(np.flatnonzero(found == 0)) == set(np.argsort(who.tie)[:7])


def test_each_limit_has_its_reason() -> None:
    one = candidates([(0, 0, 1, 9.0), (1, 0, 1, 8.0)])
    assert reasons(one, limits(2, 1, rule_at_most=[1])) == ["", "over_limit"]
    assert reasons(one, limits(2, 1, channel_rest=[None, 1, None])) == ["", "over_capacity"]
    assert reasons(one, limits(2, 1, budget_rest=7 * UNIT)) == ["", "over_budget"]
    assert reasons(one, limits(2, 1, rule_budget=[4 * UNIT])) == ["", "over_budget"]
    two = candidates([(0, 0, 1, 9.0), (0, 1, 1, 8.0)])
    assert reasons(two, limits(1, 2, turns=1)) == ["", "outranked"]
    assert reasons(two, limits(1, 2, rests=[(1, np.array([1]))])) == ["", "contact_limit"]
    assert reasons(two, limits(1, 2, rests=[(None, np.array([1]))])) == ["", "contact_limit"]


def test_the_persons_own_limits_are_said_first() -> None:
    who = candidates([(0, 0, 0, 9.0), (0, 1, 0, 8.0), (1, 1, 0, 7.0)])
    night = limits(2, 2, turns=1, rule_at_most=[1, 0], channel_rest=[1, 0, 0], budget_rest=50_000)
    assert reasons(who, night) == ["", "outranked", "over_limit"]


def test_turns_used_by_earlier_runs_count() -> None:
    who = candidates([(0, 0, 0, 9.0), (0, 1, 1, 8.0)])
    used = np.array([[1, 0, 0]])
    assert reasons(who, limits(1, 2, turns=1, used_turns=used)) == ["outranked", ""]
    in_all = limits(1, 2, turns=1, counted_in_all=True, used_turns=used)
    assert reasons(who, in_all) == ["outranked", "outranked"]


def test_who_is_not_worth_it_takes_no_room() -> None:
    who = candidates([(0, 0, 0, 0.0), (1, 0, 0, -3.0), (2, 0, 0, 1.0)])
    night = limits(3, 1, rule_at_most=[1])
    assert reasons(who, night) == ["not_worth_it", "not_worth_it", ""]
    poor = settle_by_value(who.at(np.array([0, 1])), night)
    assert (poor.reached, poor.bound) == (0, 0)


def test_nobody_is_settled_as_nobody() -> None:
    found = settle_by_value(nobody(), limits(0, 2))
    assert (found.reasons.size, found.reached, found.bound) == (0, 0, 0)


def test_no_room_takes_nobody() -> None:
    who = candidates([(p, r, 1, 5.0) for p in range(3) for r in range(2)])
    assert set(reasons(who, limits(3, 2, channel_rest=[0, 0, 0]))) == {"over_capacity"}
    assert set(reasons(who, limits(3, 2, budget_rest=0))) == {"over_budget"}
    assert set(reasons(who, limits(3, 2, turns=0))) == {"outranked"}


def test_a_contact_that_costs_nothing_passes_no_budget() -> None:
    who = candidates([(0, 0, 0, 5.0)])
    free = replace(limits(1, 1, budget_rest=0), costs=np.zeros(3, dtype=np.int64))
    assert reasons(who, free) == [""]


def test_one_person_with_fifty_rules_gets_the_best() -> None:
    who = candidates([(0, r, r % 3, 1.0 + r) for r in range(50)])
    found = settle_by_value(who, limits(1, 50, turns=2)).reasons
    assert list(np.flatnonzero(found == 0)) == [44, 45, 46, 47, 48, 49]
    found = settle_by_value(who, limits(1, 50, turns=2, counted_in_all=True)).reasons
    assert list(np.flatnonzero(found == 0)) == [48, 49]
