"""The funnel and `because`: every lost customer counted once, every line met said aloud."""

from __future__ import annotations

import datetime as dt
import functools
import itertools
import random
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.campaigns.contacts import chosen_by, contacts
from targeting.campaigns.decide import Known, decide
from targeting.campaigns.people import people_of
from targeting.customers.taken import taken
from targeting.plan import Plan, prepare
from targeting.rules.match import funnel, match
from tests.kit.oracle import Oracle, read_plain
from tests.kit.shop import shop

AS_OF = dt.date(2026, 11, 24)
TARGETING = """\
shop: {name: Corner shop, currency: USD, region: US, locale: en_US}
as_of: 2026-11-24
sources:
  customers:
    file: customers.csv
    columns: {customer_id: id, age: age, spent: spent, city: city, channel: likes, seen_on: seen, member: member}
fields:
  age: {type: number}
  spent: {type: money}
  city: {type: category, values: [Lahore, Karachi]}
  channel: {type: category, values: [post, phone]}
  seen_on: {type: date}
  member: {type: yes/no}
"""
SHARED = """\
audiences:
  locals: {all: [{city: Lahore}], none: [{age: {less_than: 18}}]}
guardrails:
  marketing:
    minors: {title: Nobody under 18, exclude: [{age: {less_than: 18}}]}
    hermits: {title: Nobody unseen, exclude: [{seen_on: {older_than: 1 year, or_missing: yes}}]}
"""
RULES = {
    "plain": """\
when:
  all:
    - age: {between: [18, 40]}
    - city: [Lahore, Karachi]
    - member: yes
exclude:
  - spent: {at_least: 100.5}
  - city: {is_not: Lahore}
""",
    "either": """\
when:
  any:
    - age: {at_least: 40}
    - city: Karachi
  none:
    - seen_on: {within_last: 30 days}
    - member: {is_not: yes}
exclude:
  - age: {more_than: {field: spent}, or_missing: yes}
""",
    "open": """\
when:
  all:
    - audience: locals
    - channel: {is_not: phone}
    - any:
        - spent: {at_most: 20}
        - member: {missing: yes}
without: [{guardrail: minors, reason: school campaign}]
""",
    "unsure": """\
when:
  all:
    - city: {one_of: [Lahore], or_missing: yes}
    - age: {is_not: 17}
    - seen_on: {missing: no}
""",
}
ABOUT = """\
title: {name}
priority: {priority}
then: {{offer: hello, channel: counter, message: hello.j2}}
examples:
  - {{case: in, given: {{{given}}}, expect: in}}
  - {{case: out, given: {{{given}}}, expect: out}}
"""
GIVEN = "age: missing, spent: missing, city: missing, seen_on: missing, member: missing, channel: missing"
TYPES = {
    "age": "number", "spent": "money", "city": "category", "channel": "category",
    "seen_on": "date", "member": "yes/no",
}  # fmt: skip
SCHEMA: dict[str, Any] = {
    "customer_id": pl.String, "age": pl.Float64, "spent": pl.Int64, "city": pl.String,
    "channel": pl.String, "seen_on": pl.Date, "member": pl.Boolean,
}  # fmt: skip
Row = Mapping[str, Any]


@functools.cache
def plan() -> Plan:
    texts = {
        f"rules/marketing/{name}.yaml": text + ABOUT.format(name=name, priority=n, given=GIVEN)
        for n, (name, text) in enumerate(RULES.items(), 1)
    }
    texts |= {"targeting.yaml": TARGETING, "rules/shared.yaml": SHARED}
    texts["rules/policy.yaml"] = "key: k\nchannels: {counter: {}}\neach_customer_gets: all\n"
    texts["templates/messages/hello.j2"] = "Subject: Hello\nHello.\n"
    with tempfile.TemporaryDirectory() as folder:
        return prepare(shop(Path(folder), texts, bare=True).folder)


def people(seed: int) -> pl.DataFrame:
    rng = random.Random(seed)  # noqa: S311  # no secret
    days = [None, *(AS_OF - dt.timedelta(days=n) for n in (0, 29, 30, 364, 365, 400))]
    rows = [
        {
            "customer_id": f"c{n}",
            "age": rng.choice([None, float("nan"), 17.0, 18.0, 40.0, 41.0]),
            "spent": rng.choice([None, 0, 2000, 2001, 10_050, 10_051]),
            "city": rng.choice([None, "Lahore", "Karachi"]),
            "channel": rng.choice([None, "post", "phone"]),
            "seen_on": rng.choice(days),
            "member": rng.choice([None, True, True, False]),
        }
        for n in range(30)
    ]
    return pl.DataFrame(rows, schema=SCHEMA)


def major(row: Row) -> Row:
    return {**row, "spent": None if row["spent"] is None else row["spent"] / 100}


class BothWays(Oracle):
    """Answers tests with a missing value as it is told to, one answer a test."""

    answers: Iterator[bool] = iter(())
    asked = 0

    def test(self, field: str, test: Any, row: Row, settings: Any) -> bool:
        other = next((v["field"] for v in _operands(test) if isinstance(v, Mapping)), field)
        known = all(self.value_of(name, row) is not None for name in (field, other))
        if known or (isinstance(test, Mapping) and "missing" in test):
            return super().test(field, test, row, settings)
        self.asked += 1
        return next(self.answers, False)


def _operands(test: Any) -> list[Any]:
    return list(test.values()) if isinstance(test, Mapping) else []


def lines_of(rule: Any, oracle: Oracle) -> list[tuple[Any, bool]]:
    """List the steps of a rule: a condition, and whether it is wanted."""
    found: list[tuple[Any, bool]] = []
    for key, conditions in rule["when"].items():
        found += (
            [({"any": conditions}, True)]
            if key == "any"
            else [(c, key == "all") for c in conditions]
        )
    found += [(c, False) for c in rule.get("exclude", [])]
    without = {opted["guardrail"] for opted in rule.get("without", [])}
    for name, guardrail in oracle.shared["guardrails"]["marketing"].items():
        found += [(c, False) for c in guardrail["exclude"] if name not in without]
    return found


def could_pass(condition: Any, wanted: bool, row: Row, both: BothWays) -> bool:
    """Try every answer that the tests with a missing value could have had."""
    for answers in itertools.product([False, True], repeat=4):
        both.answers, both.asked = iter(answers), 0
        if both.condition(condition, row, {}) == wanted and both.asked:
            return True
    return False


def expected_funnel(rule: Any, rows: Sequence[Row]) -> list[tuple[int, int, int]]:
    shared = read_plain(SHARED)
    oracle, both = Oracle(TYPES, shared, AS_OF), BothWays(TYPES, shared, AS_OF)
    left = [major(row) for row in rows]
    found = [(len(left), 0, 0)]
    for condition, wanted in lines_of(rule, oracle):
        passed = [row for row in left if oracle.condition(condition, row, {}) == wanted]
        lost = [row for row in left if row not in passed]
        saved = sum(could_pass(condition, wanted, row, both) for row in lost)
        found.append((len(passed), len(lost), saved))
        left = passed
    return found


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**9).map(people))
def test_the_funnel_agrees_with_a_plain_count(customers: pl.DataFrame) -> None:
    rules = plan().contact_rules
    steps = funnel([customers.lazy()], rules, AS_OF, 100)
    rows = customers.to_dicts()
    for rule in rules:
        own = steps.filter(pl.col("rule") == rule.name)
        expected = expected_funnel(read_plain(RULES[rule.name]), rows)
        assert own.select("left", "lost").rows() == [step[:2] for step in expected], rule.name
        saved = own["lost_missing"].to_list()
        assert saved == [step[2] for step in expected], rule.name
        assert own["left"][0] == own["left"][-1] + own["lost"].sum()
        assert (own["lost_missing"] <= own["lost"]).all()


def test_a_missing_value_that_keeps_out_counts_beside_one_that_does_not() -> None:
    customers = one(city=None, age=None)  # Lahore would let in, whatever the age
    rules = [rule for rule in plan().contact_rules if rule.name == "open"]
    steps = funnel([customers.lazy()], rules, AS_OF, 100)
    assert steps.select("lost", "lost_missing").row(1) == (1, 1)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**9).map(people))
def test_who_is_eligible_agrees_with_a_plain_reading(customers: pl.DataFrame) -> None:
    oracle = Oracle(TYPES, read_plain(SHARED), AS_OF)
    decisions = decided(customers).decisions
    for name, text in RULES.items():
        found = set(decisions.filter(pl.col("rule") == name)["customer_id"])
        rule = read_plain(text)
        rows = customers.to_dicts()
        expected = {r["customer_id"] for r in rows if oracle.matches(rule, "marketing", major(r))}
        assert found == expected, name


def decided(customers: pl.DataFrame) -> Any:
    rules = plan().contact_rules
    matched = match(customers.lazy(), rules, AS_OF, 100).collect()
    policy = plan().workspace.policy
    who = people_of(customers, policy, "US")
    return decide(customers, matched, rules, policy, who, Known(), as_of=AS_OF, minor=100)


def listed(customers: pl.DataFrame) -> pl.DataFrame:
    made, rules = decided(customers), plan().contact_rules
    chosen = [chosen_by(made.decisions, rules)["place"]]
    (people,) = taken(customers, chosen)
    (addresses,) = taken(made.identifiers.addresses(), chosen)
    policy = made.identifiers.policy
    return contacts(made, people, addresses, rules, policy, as_of=AS_OF, minor=100)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**9).map(people))
def test_everybody_on_a_list_is_told_why(customers: pl.DataFrame) -> None:
    made = listed(customers)
    assert made["because"].null_count() == 0
    for sentence in made["because"]:
        assert sentence == sentence.strip()
        assert sentence.endswith(".")
        assert sentence[0].isupper()
        assert "null" not in sentence


def test_a_list_of_words_met_by_a_missing_value_is_told() -> None:
    told = because(one(city=None), "unsure")
    assert told == "City is one of Lahore, or missing; age is not 17 (40); seen on is not missing."


def one(**values: Any) -> pl.DataFrame:
    member = {"customer_id": "c", "age": 40.0, "spent": 2000, "city": "Lahore", "member": True}
    return pl.DataFrame(
        [dict.fromkeys(SCHEMA) | member | {"seen_on": AS_OF} | values], schema=SCHEMA
    )


def because(customers: pl.DataFrame, rule: str) -> str:
    found = listed(customers).filter(pl.col("rule") == rule)["because"].to_list()
    assert len(found) == 1
    return str(found[0])


def test_a_sentence_shows_the_customers_own_values() -> None:
    told = because(one(), "plain")
    assert told == "Age is between 18 and 40 (40); city is Lahore; member is yes."


def test_of_alternatives_the_first_that_is_met_is_told() -> None:
    long_ago = AS_OF - dt.timedelta(days=364)
    told = because(one(city="Karachi", spent=10_000, seen_on=long_ago), "either")
    assert told == "Age is at least 40 (40)."
    told = because(one(city="Karachi", spent=10_000, age=30.0, seen_on=long_ago), "either")
    assert told == "City is Karachi."


def test_an_alternative_met_by_a_missing_value_is_told() -> None:
    told = because(one(spent=50_000, member=None), "open")
    assert told.endswith("member is missing.")


def test_a_list_shows_the_chosen_channel_and_the_sentence_the_customers_own_field() -> None:
    made = listed(one(channel="post")).filter(pl.col("rule") == "open")
    assert made["channel"].to_list() == ["counter"]
    assert "channel is not phone (post)" in made["because"].item()
