"""A night settled by expected value brings in the most that its limits allow."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kit import decisions_oracle as oracle
from tests.kit.people import (
    AS_OF,
    DrawnNight,
    decide_all,
    frame,
    normal_form,
    policy,
    random_night,
    rule,
)

Row = Mapping[str, Any]
AFTER_PERMISSION = (
    "", "outranked", "contact_limit", "over_limit", "over_capacity", "over_budget", "not_worth_it",
)  # fmt: skip
MOST = 11  # candidates whose every choice is tried
VALUES = (Decimal(0), Decimal("0.5"), Decimal(10), Decimal(10), "spent")


def by_value(night: DrawnNight, seed: int) -> DrawnNight:
    """Give the rules of a night values, and no order of their own."""
    rules = [
        {**plain, "pick": {k: v for k, v in plain.get("pick", {}).items() if k == "at_most"}}
        | {"value": VALUES[(seed + number) % len(VALUES)], "holdout": None}
        for number, plain in enumerate(night.rules)
    ]
    rules = [{k: v for k, v in plain.items() if v not in (None, {})} for plain in rules]
    changed = {**night.policy, "settle_by": "expected_value"}
    return DrawnNight(
        night.customers, rules, changed, night.suppressions, night.past, night.responses
    )


def decided(night: DrawnNight) -> list[dict[str, Any]]:
    return decide_all(
        frame(night.customers), night.rules, night.policy, night.suppressions,
        past=night.past, responses=night.responses,
    ).decisions.drop("place").to_dicts()  # fmt: skip


def begin(night: DrawnNight) -> oracle.Night:
    return oracle.Night(
        night.customers, night.policy, night.suppressions or [], normal_form, AS_OF,
        night.past, night.responses or [],
    )  # fmt: skip


def worth(row: Row, night: DrawnNight, begun: oracle.Night) -> Fraction:
    """Likelihood x value - cost, in whole millionths."""
    customer = begun.by_id[row["customer_id"]]
    plain = next(one for one in night.rules if one["name"] == row["rule"])
    value = plain["value"]
    amount = Fraction(customer[value] or 0, 100) if isinstance(value, str) else Fraction(value)
    chance = customer["likelihood"]
    if chance is None or math.isnan(chance):
        chance = 0
    brought = math.floor(Fraction(chance).limit_denominator(10**6) * amount * 10**6)
    return Fraction(brought) - begun.cost(row["channel"]) * 10**6


def is_kept(taken: Sequence[Row], night: DrawnNight) -> bool:
    """Whether every limit holds for a choice, counted from the start for each of its contacts."""
    begun = begin(night)
    spent: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for row in taken:
        plain = next(one for one in night.rules if one["name"] == row["rule"])
        person, channel = begun.person[row["customer_id"]], row["channel"]
        customer, cost = begun.by_id[row["customer_id"]], begun.cost(row["channel"])
        at_most = plain.get("pick", {}).get("at_most")
        if at_most is not None and counts[plain["name"]] >= int(at_most):
            return False
        if not oracle._has_turn(begun, person, channel) or oracle._is_full(begun, channel):
            return False
        if begun.is_at_a_limit(customer, channel, begun.given[person]):
            return False
        own = begun.spent_by[plain["name"]] + spent[plain["name"]] + cost
        if cost and oracle._over_budget(begun, plain, own, cost):
            return False
        counts[plain["name"]] += 1
        spent[plain["name"]] += cost  # type: ignore[assignment]
        begun.turns[person, channel] += 1
        begun.capacity[channel] += 1
        begun.spent += cost
        begun.given[person].append(channel)
    return True


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 10**9))
def test_no_other_choice_brings_in_more(seed: int) -> None:
    night = by_value(random_night(seed), seed)
    begun = begin(night)
    rows = [row for row in decided(night) if row["reason"] in AFTER_PERMISSION]
    taken = [row for row in rows if row["reason"] == ""]
    assert is_kept(taken, night)
    brought = {id(row): worth(row, night, begun) for row in rows}
    assert all(brought[id(row)] > 0 for row in taken)
    assert all(brought[id(row)] <= 0 for row in rows if row["reason"] == "not_worth_it")
    good = [row for row in rows if brought[id(row)] > 0][:MOST]
    best = max(
        sum(brought[id(row)] for row in chosen)
        for number in range(len(good) + 1)
        for chosen in itertools.combinations(good, number)
        if is_kept(chosen, night)
    )
    assert sum(brought[id(row)] for row in taken) >= best


def test_a_turn_goes_to_the_rule_that_brings_in_most() -> None:
    people = [{"customer_id": "a", "likelihood": 0.5, "wants_1": True, "wants_2": True}]
    rules = [
        rule("first", priority="1", value=Decimal(10)),
        rule("second", priority="2", when="wants_2", value=Decimal(30)),
    ]
    plain = policy(settle_by="expected_value")
    found = decide_all(frame(people), rules, plain).decisions
    assert found.select("rule", "outcome", "reason").rows() == [
        ("first", "refused", "outranked"),
        ("second", "selected", ""),
    ]


def test_the_order_of_rows_changes_nobody() -> None:
    night = by_value(random_night(20), 20)
    mixed = DrawnNight(
        night.customers[::-1], night.rules[::-1], night.policy, night.suppressions, night.past,
        night.responses,
    )  # fmt: skip
    assert pl.DataFrame(decided(mixed)).equals(pl.DataFrame(decided(night)))
