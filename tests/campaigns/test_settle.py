"""Settling, on lists short enough to read: turns, limits, capacities, budgets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.kit import decisions_oracle as oracle
from tests.kit.people import MATCHES, decide_all, frame, policy, rule

FREE: dict[str, Any] = {"counter": {}}
POSTED = {"post": {"address": "post", "cost": "2", "at_most": "1"}, "counter": {"cost": "1"}}


def people(likelihoods: Mapping[str, float | None], **more: Any) -> list[dict[str, Any]]:
    wants = dict.fromkeys(MATCHES, True)
    return [{"customer_id": n, "likelihood": v} | wants | more for n, v in likelihoods.items()]


def reasons(
    customers: list[dict[str, Any]], *rules: dict[str, Any], **keys: Any
) -> dict[str, dict[str, str]]:
    """Give each rule's customers and reasons; nothing where one is taken."""
    made = decide_all(frame(customers), rules, policy(channels=FREE) | keys)
    found: dict[str, dict[str, str]] = {plain["name"]: {} for plain in rules}
    for name, customer, reason in made.decisions.select("rule", "customer_id", "reason").rows():
        found[name][customer] = reason
    return found


def test_the_highest_come_first_and_missing_ones_last() -> None:
    three = people({"a": 0.1, "b": None, "c": 0.9})
    pick = {"at_most": "2", "highest": "likelihood"}
    assert reasons(three, rule("r", pick=pick))["r"] == {"a": "", "b": "over_limit", "c": ""}
    pick = {"at_most": "2", "lowest": "likelihood"}
    assert reasons(three, rule("r", pick=pick))["r"] == {"a": "", "b": "over_limit", "c": ""}
    pick = {"at_most": "1", "lowest": "likelihood"}
    assert reasons(three, rule("r", pick=pick))["r"]["a"] == ""


def test_nan_is_missing_in_the_queue() -> None:
    two = people({"a": float("nan"), "b": 0.1})
    found = reasons(two, rule("r", pick={"at_most": "1", "highest": "likelihood"}))["r"]
    assert found == {"a": "over_limit", "b": ""}


def test_ties_go_by_the_rules_own_hash() -> None:
    names = [f"c{n}" for n in range(40)]
    pick = {"at_most": "10", "highest": "likelihood"}
    for name in ("one", "two"):
        found = reasons(people(dict.fromkeys(names, 0.5)), rule(name, pick=pick))[name]
        first = sorted(names, key=lambda n: oracle.bucket("k", "tie", name, n))[:10]
        assert {n for n, reason in found.items() if not reason} == set(first)


def test_a_run_limit_of_0_takes_nobody() -> None:
    assert reasons(people({"a": 1.0}), rule("r", pick={"at_most": "0"}))["r"] == {"a": "over_limit"}


def test_kinds_go_first_as_the_policy_lists_them_then_priority() -> None:
    one = people({"a": 1.0})
    rules = [
        rule("m1", priority="1"),
        rule("m2", priority="2"),
        rule("r9", kind="retention", priority="9"),
    ]
    found = reasons(one, *rules)
    assert found == {"m1": {"a": "outranked"}, "m2": {"a": "outranked"}, "r9": {"a": ""}}
    found = reasons(one, *rules, kinds=["marketing", "retention"])
    assert found == {"m1": {"a": ""}, "m2": {"a": "outranked"}, "r9": {"a": "outranked"}}


@pytest.mark.parametrize(("gets", "taken"), [("one", 1), ("2", 2), ("all", 3)])
def test_each_customer_gets_so_many(gets: str, taken: int) -> None:
    rules = [rule(f"r{n}", priority=str(n)) for n in range(3)]
    found = reasons(people({"a": 1.0}), *rules, each_customer_gets=gets)
    outcome = [found[f"r{n}"]["a"] for n in range(3)]
    assert outcome == [""] * taken + ["outranked"] * (3 - taken)


def test_turns_are_counted_on_each_channel_or_in_all() -> None:
    channels = {"post": {"address": "post"}, "counter": {}}
    one = people({"a": 1.0}, post="1 Main St")
    rules = [rule("by_post", priority="1", channel=["post"]), rule("by_hand", priority="2")]
    on_each = reasons(one, *rules, channels=channels)
    assert on_each == {"by_post": {"a": ""}, "by_hand": {"a": ""}}
    in_all = reasons(one, *rules, channels=channels, counted="in all")
    assert in_all == {"by_post": {"a": ""}, "by_hand": {"a": "outranked"}}


def test_two_members_of_a_person_share_their_turns() -> None:
    pair = people({"a": 0.1, "b": 0.9}, household="h")
    rules = [rule("first", priority="1"), rule("second", priority="2")]
    rules[0]["pick"] = {"highest": "likelihood"}
    found = reasons(pair, *rules, same_person=["household"])
    assert found["first"] == {"a": "same_person", "b": ""}
    assert sorted(found["second"].values()) == ["outranked", "same_person"]


def test_who_a_limit_refuses_keeps_the_turn_for_a_later_rule() -> None:
    two = people({"a": 0.1, "b": 0.9})
    first = rule("first", priority="1", pick={"at_most": "1", "highest": "likelihood"})
    found = reasons(two, first, rule("second", priority="2"))
    assert found == {"first": {"a": "over_limit", "b": ""}, "second": {"a": "", "b": "outranked"}}


@pytest.mark.parametrize("end", [{"budget": "1"}, {"pick": {"at_most": "1", "highest": "spent"}}])
def test_nobody_refused_in_settling_loses_a_turn(end: dict[str, Any]) -> None:
    names = [f"c{n}" for n in range(9)]
    first = rule("first", priority="1", **end)
    channels = {"counter": {"cost": "1"}}
    found = reasons(
        people(dict.fromkeys(names, 0.5)), first, rule("second", priority="2"), channels=channels
    )
    for name in names:
        assert (found["first"][name] == "") == (found["second"][name] == "outranked")
    assert sum(not reason for reason in found["first"].values()) == 1


def test_a_full_channel_refuses_that_person_alone_and_the_queue_goes_on() -> None:
    posted = people({"a": 0.9, "b": 0.8}, post="1 Main St") + people({"c": 0.7})
    told = rule("r", channel=["post", "counter"], pick={"highest": "likelihood"})
    found = reasons(posted, told, channels=POSTED)
    assert found["r"] == {"a": "", "b": "over_capacity", "c": ""}


def test_a_capacity_is_the_nights_and_not_the_rules() -> None:
    posted = people({"a": 0.9, "b": 0.8}, post="1 Main St")
    rules = [
        rule(f"r{n}", priority=str(n), channel=["post"], pick={"highest": "likelihood"})
        for n in (1, 2)
    ]
    found = reasons(posted, *rules, channels=POSTED)
    assert found["r1"] == {"a": "", "b": "over_capacity"}
    assert found["r2"] == {"a": "outranked", "b": "over_capacity"}


def test_who_comes_after_the_limit_meets_it_before_a_full_channel() -> None:
    posted = people({"a": 0.9, "b": 0.8}, post="1 Main St") + people({"c": 0.7})
    pick = {"highest": "likelihood", "at_most": "1"}
    found = reasons(posted, rule("r", channel=["post", "counter"], pick=pick), channels=POSTED)
    assert found["r"] == {"a": "", "b": "over_limit", "c": "over_limit"}


def test_a_budget_ends_the_rule_even_for_cheaper_ones_behind() -> None:
    posted = people({"a": 0.9}) + people({"b": 0.8}, post="1 Main St") + people({"c": 0.7})
    told = rule("r", channel=["post", "counter"], pick={"highest": "likelihood"}, budget="2")
    found = reasons(posted, told, channels=POSTED)
    assert found["r"] == {"a": "", "b": "over_budget", "c": "over_budget"}


def test_a_budget_may_be_spent_to_the_last_unit() -> None:
    names = dict.fromkeys("abc", 0.5)
    channels = {"counter": {"cost": "0.1"}}
    found = reasons(people(names), rule("r", budget="0.3"), channels=channels)
    assert set(found["r"].values()) == {""}


def test_the_nights_budget_is_left_over_from_rule_to_rule() -> None:
    channels = {"counter": {"cost": "1"}, "post": {"cost": "0.5"}}
    two = people({"a": 0.9, "b": 0.8})
    first = rule("first", priority="1", pick={"at_most": "1", "highest": "likelihood"})
    second = rule("second", priority="2", channel=["post"], pick={"highest": "likelihood"})
    found = reasons(two, first, second, channels=channels, budget="1.5")
    assert found["first"] == {"a": "", "b": "over_limit"}
    assert found["second"] == {"a": "", "b": "over_budget"}


def test_a_rule_that_is_not_active_decides_nothing() -> None:
    early = rule("r", active={"until": "2026-11-23"})
    assert reasons(people({"a": 1.0}), early)["r"] == {}
    for active in ({"from": "2026-11-24"}, {"until": "2026-11-24"}):
        assert reasons(people({"a": 1.0}), rule("r", active=active))["r"] == {"a": ""}


def test_no_customers_and_no_rules_are_no_decisions() -> None:
    assert reasons([], rule("r"), same_person=["email"])["r"] == {}
    assert reasons(people({"a": 1.0})) == {}
