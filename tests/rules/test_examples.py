"""Examples: what they state, and that they are tried by the expressions of a run."""

from __future__ import annotations

import datetime as dt

import pytest

from targeting.problems import Problem
from targeting.rules.try_examples import evaluate
from tests.rules.shop_of_rules import THEN, brief, problems, read, word

AS_OF = dt.date(2026, 3, 31)


def text(conditions: str, *examples: str) -> str:
    cases = "".join(f"  - {{{example}}}\n" for example in examples)
    return f"title: T\npriority: 1\nwhen:\n  all: [{conditions}]\n{THEN}examples:\n{cases}"


def of(conditions: str, *examples: str) -> list[Problem]:
    return problems(text(conditions, *examples))


IN = "case: a, given: {age: 20}, expect: in"
OUT = "case: b, given: {age: 10}, expect: out"
ADULT = "{age: {at_least: 18}}"


@pytest.mark.parametrize(
    ("examples", "code", "typed"),
    [
        ([IN], "E001", "{" + IN + "}"),
        ([OUT], "E001", "{" + OUT + "}"),
        ([IN, OUT.replace("{age: 10}", "{}")], "E002", "{}"),
        ([IN, OUT.replace("age", "aeg")], "F001", "aeg"),
        ([IN, OUT.replace("10", "010")], "T003", "010"),
        ([IN, OUT.replace("10", "121")], "V002", "121"),
        ([IN, OUT.replace("expect: out", "expect: no")], "V005", "no"),
        ([IN, OUT.replace("expect", "expects")], "P001", "expects"),
        ([IN, "case: b, given: {age: 10}"], "P002", "case"),
        ([IN, OUT.replace("{age: 10}", "[age]")], "T001", "[age]"),
        ([IN, OUT + ", as_of: tomorrow"], "T003", "tomorrow"),
        ([IN, OUT.replace("case: b", "case: ")], "T001", ","),
    ],
)
def test_examples_are_strict(examples: list[str], code: str, typed: str) -> None:
    assert brief(of(ADULT, *examples)) == [(code, typed)]


def test_an_example_may_state_more_and_may_state_missing() -> None:
    more = "case: b, given: {age: missing, city: Lahore, seen_on: 3 days ago}, expect: out"
    assert of(ADULT, IN, more) == []


def test_the_examples_of_a_broken_rule_are_read_for_what_they_say_themselves() -> None:
    found = of("{aeg: 18}", IN, OUT.replace("10", "010"))
    assert brief(found) == [("F001", "aeg"), ("T003", "010")]


@pytest.mark.parametrize(
    ("condition", "given", "fine"),
    [
        ("{seen_on: {within_last: 30 days}}", "29 days ago", True),
        ("{due_on: {within_next: 30 days}}", "in 14 days", True),
        ("{seen_on: {within_last: 30 days}}", "2026-01-01", False),
        ("{seen_on: {before: 2026-01-01}}", "29 days ago", False),
        ("{seen_on: {before: 2026-01-01}}", "2025-01-01", False),
        ("{seen_on: {before: 2026-01-01}}", "missing", True),
    ],
)
def test_no_example_depends_on_the_day(condition: str, given: str, fine: bool) -> None:
    name = condition[1:].split(":", maxsplit=1)[0]
    stated = f"given: {{{name}: {given}}}"
    cases = [f"case: a, {stated}, expect: in", f"case: b, {stated}, expect: out"]
    assert {p.code for p in of(condition, *cases)} == (set() if fine else {"E003"})
    assert of(condition, *(f"{case}, as_of: 2026-03-31" for case in cases)) == []


@pytest.mark.parametrize("given", ["29 dayz ago", "ago", "in a week", "'3 days ago'"])
def test_a_day_is_stated_in_one_of_three_forms(given: str) -> None:
    stated = f"given: {{seen_on: {given}}}"
    condition = "{seen_on: {within_last: 30 days}}"
    found = of(condition, f"case: a, {stated}, expect: in", "case: b, given: {seen_on: missing}, expect: out")  # fmt: skip
    assert brief(found) == [("T003", given)]


@pytest.mark.parametrize(
    ("condition", "given", "met"),
    [
        ("{age: {at_least: 18}}", "age: 18", True),
        ("{age: {at_least: 18}}", "age: 17.99", False),
        ("{age: {at_least: 18}}", "age: missing", False),
        ("{age: {is_not: 18}}", "age: missing", True),
        ("{spend: {at_least: 99.99}}", "spend: 99.99", True),
        ("{spend: {at_least: 99.99}}", "spend: 99.989", False),
        ("{seen_on: {within_last: 1 month}}", "seen_on: 30 days ago", True),
        ("{seen_on: {within_last: 1 month}}", "seen_on: 31 days ago", False),
        ("{seen_on: {within_last: 30 days}}", "seen_on: 0 days ago", True),
        ("{seen_on: {within_last: 30 days}}", "seen_on: in 1 day", False),
        ("{seen_on: {older_than: 30 days}}", "seen_on: 30 days ago", True),
        ("{due_on: {within_next: 2 weeks}}", "due_on: in 14 days", True),
        ("{due_on: {within_next: 2 weeks}}", "due_on: in 15 days", False),
        ("{city: [NO, 010]}", "city: 010", True),
        ("{consent: yes}", "consent: no", False),
        ("{note_text: {is: ''}}", "note_text: ''", True),
    ],
)
def test_an_example_is_tried_as_a_run_would(condition: str, given: str, met: bool) -> None:
    cases = [f"case: a, given: {{{given}}}, expect: {word}" for word in ("in", "out")]
    rules, found = read(text(condition, *cases))
    assert not found
    assert [got for _, got in evaluate(rules[0], AS_OF)] == [met, met]


def test_examples_of_different_days_are_tried_on_their_own() -> None:
    same = "given: {seen_on: 2026-03-02}"
    cases = [
        f"case: a, {same}, expect: out, as_of: 2026-06-01",
        f"case: b, {same}, expect: in, as_of: 2026-03-31",
        f"case: c, {same}, expect: out, as_of: 2026-02-01",
    ]
    rules, found = read(text("{seen_on: {within_last: 30 days}}", *cases))
    assert not found
    tried = evaluate(rules[0], AS_OF)
    assert [(example.case, got) for example, got in tried] == [
        ("a", False),
        ("b", True),
        ("c", False),
    ]


def test_exclude_keeps_out_and_guardrails_are_not_looked_at() -> None:
    shared = "guardrails: {marketing: {minors: {title: T, exclude: [{age: {less_than: 18}}]}}}\n"
    rule = text("{age: {at_least: 10}}", IN.replace("20", "15"), OUT.replace("10", "16"))
    rule = rule.replace("then:", "exclude: [{age: 16}]\nthen:")
    rules, found = read({"rules/marketing/hello.yaml": rule, "rules/shared.yaml": shared})
    assert not found
    assert [got for _, got in evaluate(rules[0], AS_OF)] == [True, False]


def test_the_place_of_what_is_not_stated_is_the_given() -> None:
    (problem,) = of("{age: 1}, {visits: 2}", IN, OUT.replace("}", ", visits: 2}"))
    assert (problem.code, word(problem)) == ("E002", "{age: 20}")
