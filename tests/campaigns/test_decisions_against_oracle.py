"""Promise: the program decides as a plain reading of decisions.md, section 2, row by row."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import polars as pl
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from targeting.campaigns.contacts import with_addresses
from targeting.campaigns.summary import REFUSALS, summarise
from targeting.customers.taken import taken
from targeting.frames import REASONS
from targeting.results.shown import in_words
from tests.kit import decisions_oracle as oracle
from tests.kit.people import (
    AS_OF,
    DrawnNight,
    as_rule,
    decide_all,
    frame,
    matches,
    normal_form,
    random_night,
)

Row = Mapping[str, Any]
nights = st.integers(0, 10**9).map(random_night)


def begin(night: DrawnNight) -> oracle.Night:
    return oracle.Night(
        night.customers,
        night.policy,
        night.suppressions or [],
        normal_form,
        AS_OF,
        night.past,
        night.responses or [],
    )


def by_oracle(night: DrawnNight) -> dict[tuple[str, str], oracle.Decision]:
    return oracle.decide(begin(night), night.rules, matches)


def by_program(night: DrawnNight) -> pl.DataFrame:
    people = frame(night.customers)
    made = decide_all(
        people,
        night.rules,
        night.policy,
        night.suppressions,
        past=night.past,
        responses=night.responses,
    )
    (addresses,) = taken(made.identifiers.addresses(), [made.decisions["place"]])
    addressed = with_addresses(made.decisions, addresses, made.identifiers.policy).drop("place")
    return in_words(addressed.lazy()).collect()


def exact(cost: float) -> Fraction:
    return Fraction(cost).limit_denominator(10**6)


@settings(max_examples=150, deadline=None)
@given(nights)
def test_every_decision_agrees_with_the_specification(night: DrawnNight) -> None:
    expected = by_oracle(night)
    rows = list(by_program(night).iter_rows(named=True))
    assert [(row["rule"], row["customer_id"]) for row in rows] == sorted(expected)
    for row in rows:
        one = expected[row["rule"], row["customer_id"]]
        decided = (row["outcome"], row["reason"], row["channel"], exact(row["cost"]))
        assert decided == (one.outcome, one.reason, one.channel, one.cost), row
        assert row["address"] == one.address, row


def test_the_random_nights_know_every_reason() -> None:
    decided = [one for seed in range(60) for one in by_oracle(random_night(seed)).values()]
    seen = Counter(one.reason for one in decided)
    later = {"not_worth_it"}
    assert set(seen) == {"", *REASONS} - later
    assert {one.outcome for one in decided if not one.reason} == {"selected", "held_out"}


@settings(max_examples=40, deadline=None)
@given(nights, st.integers(0, 10**9))
def test_the_order_of_rows_changes_nobody(night: DrawnNight, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311  # no secret
    mixed = replace(
        night,
        customers=rng.sample(night.customers, len(night.customers)),
        rules=rng.sample(night.rules, len(night.rules)),
    )
    assert_frame_equal(by_program(mixed), by_program(night))


@settings(max_examples=40, deadline=None)
@given(nights)
def test_the_summary_counts_everybody_once(night: DrawnNight) -> None:
    decisions, decided = by_program(night), by_oracle(night)
    summary = summarise(decisions, [as_rule(plain) for plain in night.rules])
    parts = pl.sum_horizontal("selected", "held_out", *REFUSALS)
    assert summary.filter(pl.col("eligible") != parts).is_empty()
    assert summary["eligible"].sum() == len(decided) == decisions.height
    assert set(summary["rule"]) == {plain["name"] for plain in night.rules}
    segments = {c["customer_id"]: c["segment"] or "" for c in night.customers}
    for row in summary.iter_rows(named=True):
        mine = (row["rule"], row["segment"])
        assert_counted(row, [d for (r, c), d in decided.items() if (r, segments[c]) == mine])


def assert_counted(row: Row, mine: Sequence[oracle.Decision]) -> None:
    for word in (*REFUSALS, "universal_holdout"):
        assert row[word] == sum(one.reason == word for one in mine), word
    for outcome in ("selected", "held_out"):
        assert row[outcome] == sum(one.outcome == outcome for one in mine), outcome
    assert exact(row["planned_cost"]) == cost_of(mine)
    assert exact(row["real_cost"]) == cost_of(one for one in mine if one.outcome == "selected")


def cost_of(decided: Iterable[oracle.Decision]) -> Fraction:
    return sum((one.cost for one in decided), Fraction(0))


@settings(max_examples=40, deadline=None)
@given(nights)
def test_no_limit_is_passed_and_nobody_refused_is_contacted(night: DrawnNight) -> None:
    begun = begin(night)
    taken = [
        row
        for row in by_program(night).iter_rows(named=True)
        if row["outcome"] != "refused" and row["reason"] != "universal_holdout"
    ]
    by_id = {c["customer_id"]: c for c in night.customers}
    for row in taken:
        rule = next(one for one in night.rules if one["name"] == row["rule"])
        assert not begun.refusal(by_id[row["customer_id"]], row["channel"], rule), row
    assert_limits_hold(taken, night)
    assert_turns_hold(taken, begun)
    assert_windows_hold(taken, begun, by_id)


def assert_limits_hold(taken: Sequence[Row], night: DrawnNight) -> None:
    before = [contact for contact in night.past if contact.day == AS_OF]
    for name, form in night.policy["channels"].items():
        count = sum(row["channel"] == name for row in taken)
        used = sum(contact.channel == name for contact in before)
        assert "at_most" not in form or not count or count + used <= int(form["at_most"]), name
    own = [(r["name"], r.get("budget"), r.get("pick", {}).get("at_most")) for r in night.rules]
    for rule, budget, at_most in [(None, night.policy.get("budget"), None), *own]:
        mine = [row for row in taken if rule in (None, row["rule"])]
        cost = sum(exact(row["cost"]) for row in mine)
        spent = sum(contact.cost for contact in before if rule in (None, contact.rule))
        assert budget is None or not cost or cost + spent <= oracle.number(budget), rule
        assert at_most is None or len(mine) <= int(at_most), rule


def assert_turns_hold(taken: Sequence[Row], night: oracle.Night) -> None:
    gets = night.policy.get("each_customer_gets", "one")
    in_all = night.policy.get("counted") == "in all"
    people = [(night.person[row["customer_id"]], row) for row in taken]
    used = Counter((person, "" if in_all else row["channel"]) for person, row in people)
    for person, channel in list(used):
        before = [
            c for (who, c), count in night.turns.items() for _ in range(count) if who == person
        ]
        used[person, channel] += sum(in_all or c == channel for c in before)
    if gets != "all":
        assert max(used.values(), default=0) <= (1 if gets == "one" else int(gets))
    assert len({(row["rule"], person) for person, row in people}) == len(taken)


def assert_windows_hold(
    taken: Sequence[Row], night: oracle.Night, by_id: Mapping[str, Mapping[str, Any]]
) -> None:
    """No person comes past a rolling limit by what was taken tonight."""
    people = {night.person[row["customer_id"]]: row["customer_id"] for row in taken}
    for limit in night.policy.get("contact_limits", []):
        since = AS_OF - oracle.days(limit["within"])
        for person, name in people.items():
            mine = [r["channel"] for r in taken if night.person[r["customer_id"]] == person]
            tonight = sum(limit["channel"] in ("any", channel) for channel in mine)
            past = [c.channel for c in night.contacts(by_id[name], since)]
            before = sum(limit["channel"] in ("any", channel) for channel in past)
            assert not tonight or before + tonight <= int(limit["at_most"]), (person, limit)


@settings(max_examples=60, deadline=None)
@given(nights, st.integers(2, 4))
def test_partitions_of_persons_decide_as_the_whole(night: DrawnNight, parts: int) -> None:
    """Where no limit of the whole night joins them, persons can be decided apart."""
    apart = replace(night, rules=_unlimited(night.rules), policy=_without_limits(night.policy))
    shared = Counter(
        (name, normal_form(name, customer.get(name)))
        for name in apart.policy.get("same_person", [])
        for customer in apart.customers
    )
    assume(all(count <= 5 for (_, form), count in shared.items() if form is not None))
    person = begin(apart).person
    whole = by_program(apart)
    found = [
        by_program(replace(apart, customers=some))
        for part in range(parts)
        if (some := [c for c in apart.customers if len(person[c["customer_id"]]) % parts == part])
    ]
    together = pl.concat([whole.clear(), *found]).sort("rule", "customer_id")
    assert_frame_equal(together, whole)


def _unlimited(rules: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {k: v for k, v in plain.items() if k != "budget"}
        | {"pick": {k: v for k, v in plain.get("pick", {}).items() if k != "at_most"} or None}
        for plain in rules
    ]


def _without_limits(plain: Mapping[str, Any]) -> dict[str, Any]:
    channels = {
        name: {k: v for k, v in form.items() if k != "at_most"}
        for name, form in plain["channels"].items()
    }
    return {k: v for k, v in plain.items() if k != "budget"} | {"channels": channels}
