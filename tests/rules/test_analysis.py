"""Promise: S001, S002, S003 and S005 say what a list of all customers says, and miss nothing."""

from __future__ import annotations

import datetime as dt
import functools
import itertools
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
from hypothesis import given, settings

from targeting.problems import Place
from targeting.rules.analysis import findings
from targeting.rules.compile import Compiler
from targeting.rules.findings import Finding
from targeting.rules.model import Condition, Group, Rule
from targeting.rules.witness import Example
from targeting.workspace.load import Workspace, load
from targeting.workspace.policy import Channel, Policy
from tests.kit.conditions import AS_OF, DTYPES, FIELDS, MINOR, World, bodies, rule
from tests.kit.shop import shop

POLICY = Policy(channels={"email": Channel(), "sms": Channel()})


@functools.cache
def workspace() -> Workspace:
    with tempfile.TemporaryDirectory() as folder:
        found, _ = load(shop(Path(folder)).folder)
    assert found is not None
    return replace(found, policy=POLICY, customer_fields=FIELDS, segments=None)


def found_in(*rules: Rule, code: str) -> list[Finding]:
    """Give the claims of a code; where comparisons of two fields leave it open there is none."""
    found = findings(rules, workspace(), AS_OF)
    return [f for f in found if f.problem.code == code and "cannot decide" not in f.problem.message]


def row_of(example: Example) -> pl.DataFrame:
    """Make the customer of a finding as the program's tables hold one; all else is missing."""
    row: dict[str, Any] = {name: None if f.may_be_missing else [] for name, f in FIELDS.items()}
    for field, value in example.items():
        match value:
            case Decimal() if field.type == "date":
                row[field.name] = AS_OF + dt.timedelta(days=int(value))
            case Decimal() if field.type == "money":
                assert value * MINOR == int(value * MINOR)
                row[field.name] = int(value * MINOR)
            case Decimal():
                row[field.name] = float(value)
            case tuple():
                row[field.name] = list(value)
            case _:
                row[field.name] = value
    return pl.DataFrame([row], schema={name: DTYPES[field.type] for name, field in FIELDS.items()})


def matches(row: pl.DataFrame, one: Rule) -> bool:
    compiler = Compiler(AS_OF, MINOR)
    met = [compiler.condition(line.condition) == line.wanted for line in one.lines()]
    return bool(row.select(pl.all_horizontal(met).alias("met"))["met"][0])


def implied(one: Rule, world: World) -> set[int]:
    """Find by brute force the lines (by identity) that another line makes idle, groups' too.

    Of two lines that say the same the second is idle; a line that is never met implies nothing.
    """
    found: set[int] = set()
    for claims, all_hold in claims_of(one):
        met = [world.where(condition, wanted) for condition, wanted in claims]
        for (i, here), (j, there) in itertools.permutations(enumerate(met), 2):
            follows, back = not (there & ~here).any(), not (here & ~there).any()
            if follows and (not back or j < i) and (there.any() or not all_hold):
                found.add(id(claims[i][0]))
    return found


def claims_of(one: Rule) -> Iterator[tuple[list[tuple[Condition, bool]], bool]]:
    """List the conditions that stand side by side, and whether all of them are asked for."""
    own = [(line.condition, line.wanted) for line in one.lines() if line.step != "guardrail"]
    yield own, True
    for condition, _ in own:
        for group in groups_in(condition):
            wanted = group.kind == "all"
            yield [(condition, wanted) for condition in group.conditions], wanted


def groups_in(condition: Condition) -> Iterator[Group]:
    if isinstance(condition, Group):
        yield condition
        for inner in condition.conditions:
            yield from groups_in(inner)


@settings(max_examples=70, deadline=None)
@given(bodies(2))
def test_nobody_can_match_exactly_where_no_customer_does(several: Any) -> None:
    one = rule("one", several[0], guardrail=several[1]["exclude"])
    world = World.of([one])
    assert bool(found_in(one, code="S001")) == (not world.matched(one).any())


@settings(max_examples=70, deadline=None)
@given(bodies(2))
def test_two_rules_can_both_match_exactly_where_some_customer_meets_both(several: Any) -> None:
    first, second = rule("first", several[0]), rule("second", several[1], priority=2)
    world = World.of([first, second])
    found = found_in(first, second, code="S003")
    assert bool(found) == bool((world.matched(first) & world.matched(second)).any())
    for finding in found:
        assert finding.example is not None
        row = row_of(finding.example)
        assert matches(row, first)
        assert matches(row, second)


@settings(max_examples=70, deadline=None)
@given(bodies())
def test_a_line_is_implied_exactly_where_another_line_decides_it_for_every_customer(
    several: Any,
) -> None:
    one = rule("one", several[0])
    world = World.of([one])
    found = found_in(one, code="S005")
    expected = implied(one, world)
    assert len(found) == len(expected)
    by_place = {id(c): c.place for line in one.lines() for c in [line.condition]}
    places = {finding.problem.place for finding in found}
    assert {by_place[i] for i in expected if i in by_place} <= places


@settings(max_examples=70, deadline=None)
@given(bodies(3))
def test_a_rule_is_never_reached_exactly_where_the_rules_before_it_match_all_its_customers(
    several: Any,
) -> None:
    rules = [rule(f"r{n}", body, priority=n) for n, body in enumerate(several)]
    world = World.of(rules)
    matched = [world.matched(one) for one in rules]
    expected = set()
    for number in range(1, len(rules)):
        before = functools.reduce(lambda x, y: x | y, matched[:number])
        if matched[number].any() and not (matched[number] & ~before).any():
            expected.add(f"r{number}")
    assert {finding.about[0] for finding in found_in(*rules, code="S002")} == expected


@settings(max_examples=70, deadline=None)
@given(bodies(2, two_fields=True))
def test_where_two_fields_are_compared_nothing_false_is_claimed(several: Any) -> None:
    first, second = rule("first", several[0]), rule("second", several[1], priority=2)
    world = World.of([first, second])
    matched = {one.name: world.matched(one) for one in (first, second)}
    for finding in found_in(first, second, code="S001"):
        assert not matched[finding.about[0]].any()
    if found_in(first, second, code="S002"):
        assert not (matched["second"] & ~matched["first"]).any()
    for finding in found_in(first, second, code="S003"):
        assert finding.example is not None
        assert matches(row_of(finding.example), first)
        assert matches(row_of(finding.example), second)
    for one in (first, second):
        for finding in found_in(one, code="S005"):
            assert finding.problem.place in idle_places(one, world)


def idle_places(one: Rule, world: World) -> set[Place]:
    found = set()
    for claims, _ in claims_of(one):
        met = [(world.where(condition, wanted), condition) for condition, wanted in claims]
        for (here, idle), (there, _) in itertools.permutations(met, 2):
            found |= set() if (there & ~here).any() else {idle.place}
    return found
