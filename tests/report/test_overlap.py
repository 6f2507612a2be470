"""Rules that meet: counted again customer by customer, and said in a sentence and a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from random import Random
from typing import Any

import polars as pl
import pytest

from targeting.customers.held import Table
from targeting.report.about_overlap import about_overlap
from targeting.report.advice.spending import spending
from targeting.report.numbers import Night, analysis
from targeting.report.overlap import overlap
from targeting.report.speech import Speech

RULES = ("a", "b", "c", "d")
SCHEMA = ["customer_id", "rule", "channel", "outcome", "reason"]
Row = tuple[str, str, str, str, str]


def drawn(seed: int) -> tuple[list[Row], dict[str, str]]:
    """Draw decisions of 60 customers, some of whom are one person."""
    random = Random(seed)  # noqa: S311  a test is no secret
    outcomes = [("selected", ""), ("held_out", ""), ("held_out", "universal_holdout")]
    outcomes += [("refused", "outranked")] * 3 + [("refused", "no_consent")]
    customers = [f"c{k:02}" for k in range(60)]
    people = {c: random.choice(customers[:k]) if k % 5 == 4 else c for k, c in enumerate(customers)}
    people = {c: people[p] for c, p in people.items()}
    rows = [
        (customer, rule, random.choice(["email", "sms"]), *random.choice(outcomes))
        for customer in customers
        for rule in RULES
        if random.random() < 0.6
    ]
    return rows, people


def framed(rows: list[Row], people: dict[str, str]) -> tuple[pl.DataFrame, pl.Series]:
    """Give the decisions, customers by their places, and the persons by numbers."""
    places = {customer: place for place, customer in enumerate(people)}
    frame = pl.DataFrame(rows, orient="row", schema=SCHEMA)
    place = frame["customer_id"].replace_strict(places, return_dtype=pl.UInt32).alias("place")
    return frame.with_columns(place), pl.Series([places[person] for person in people.values()])


def counted_by_hand(rows: list[Row], people: dict[str, str]) -> dict[tuple[str, str], list[int]]:
    """Give both, contacted_both, turns taken by the first and by the second, by pair of names."""
    found = {pair: [0, 0, 0, 0] for pair in combinations(RULES, 2)}
    for (first, second), counts in found.items():
        for customer in people:
            own = {row[1]: row for row in rows if row[0] == customer}
            if first in own and second in own:
                counts[0] += 1
                taken = [own[rule][3] == "selected" for rule in (first, second)]
                counts[1] += all(taken)
    for customer, rule, channel, _, reason in rows:
        if reason != "outranked":
            continue
        takers = [r for r in rows if r[4] == "" and people[r[0]] == people[customer]]
        takers = [r for r in takers if r[1] != rule]
        here = [r for r in takers if r[2] == channel] or takers
        for taker in {r[1] for r in here}:
            found[min(rule, taker), max(rule, taker)][2 if taker < rule else 3] += 1
    return {pair: counts for pair, counts in found.items() if any(counts)}


@pytest.mark.parametrize("seed", range(8))
def test_pairs_are_those_counted_by_hand(seed: int) -> None:
    rows, people = drawn(seed)
    frame, persons = framed(rows, people)
    told: Any = overlap(frame, persons)
    found = {}
    for pair in told["pairs"]:
        turns = [pair["taken_by_rule"], pair["taken_by_other"]]
        assert turns[0] >= turns[1]
        names = (pair["rule"], pair["other"])
        turns = turns if names[0] < names[1] else turns[::-1]
        found[min(names), max(names)] = [pair["both"], pair["contacted_both"], *turns]
        assert pair["fit_rule"] == sum(row[1] == pair["rule"] for row in rows)
        assert pair["fit_other"] == sum(row[1] == pair["other"] for row in rows)
    assert found == counted_by_hand(rows, people)
    by_customer = [[row for row in rows if row[0] == c] for c in people]
    assert told["fitted"] == sum(bool(own) for own in by_customer)
    assert told["fitted_twice"] == sum(len(own) > 1 for own in by_customer)
    taken = [sum(row[3] == "selected" for row in own) for own in by_customer]
    assert told["contacted_twice"] == sum(n > 1 for n in taken)


def test_the_order_of_rows_does_not_matter() -> None:
    frame, _ = framed(*drawn(1))
    mixed = frame.sample(fraction=1, shuffle=True, seed=3)
    assert overlap(frame, pl.Series()) == overlap(mixed, pl.Series())


def test_who_took_the_turn_is_said_even_where_it_was_another_record(full_night: Night) -> None:
    moved = pl.when(pl.col("reason") == "outranked").then(pl.lit(1, dtype=pl.UInt32))
    decisions = full_night.decisions.with_columns(moved.otherwise("place").alias("place"))
    night = replace(full_night, decisions=decisions)  # the first two are one person
    chapter = about_overlap(night, analysis(night), Speech(night.shop))
    assert chapter is not None
    assert chapter.reading == (
        "Of 7 customers whom a rule fits, 1 (14%) is fitted by two or more. 1 time a rule came too"
        " late, as another had taken the person’s turn; most often “Perks for the loyal” before"
        " “Bundles” (1)."
    )
    (row,) = chapter.pairs.rows
    assert row == ("Perks for the loyal", "Bundles", "1", "33%", "–", "1")


def test_thirty_rules_show_the_ten_pairs_that_matter(night_of: Callable[..., Night]) -> None:
    rows = [
        (f"c{k}", f"rule_{n:02}", "email", "selected", "")
        for k in range(40)
        for n in range(30)
        if k % (n + 1) == 0
    ]
    night = night_of(decisions=pl.DataFrame(rows, orient="row", schema=SCHEMA))
    chapter = about_overlap(night, analysis(night), Speech(night.shop))
    assert chapter is not None
    assert len(chapter.pairs.rows) == 10
    assert chapter.pairs.rows[0][:4] == ("Rule 00", "Rule 01", "20", "100%")
    assert "10 of 435 pairs; all stand in analysis.json." in chapter.pairs.note


def test_one_rule_meets_no_other(full_night: Night, night_of: Callable[..., Night]) -> None:
    alone = night_of(decisions=full_night.decisions.filter(pl.col("rule") == "perks"))
    for night in (alone, night_of()):
        assert about_overlap(night, analysis(night), Speech(night.shop)) is None


@pytest.mark.parametrize("at_once", [1, 7])
def test_how_many_are_counted_at_a_time_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    rows, people = drawn(2)
    frame, persons = framed(rows, people)
    whole = overlap(frame, persons)
    monkeypatch.setattr("targeting.report.overlap.AT_ONCE", at_once)
    assert overlap(frame, persons) == whole


@pytest.mark.parametrize("rows", [1, 7])
def test_customers_held_in_pages_have_spent_the_same(full_night: Night, rows: int) -> None:
    customers = full_night.customers.lazy().collect()
    pages = tuple(page.lazy() for page in customers.iter_slices(rows))
    paged = replace(full_night, customers=Table(pages, customers.schema, customers.height))
    spent = spending(full_night)
    assert spending(paged) == spent
    assert any(each["left"] for each in spent.values())
    assert analysis(paged) == analysis(full_night)
