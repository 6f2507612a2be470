"""rules/shared.yaml: audiences, lists and guardrails, by name and never twice."""

from __future__ import annotations

import pytest

from targeting.problems import Problem
from targeting.rules.model import fields_read
from tests.rules.shop_of_rules import RULE, brief, problems, read, rule

SHARED = "rules/shared.yaml"
OTHER = "rules/retention/other.yaml"
REACHABLE = "audiences:\n  reachable: {all: [{consent: yes}]}\n"


def of(shared: str, *conditions: str) -> list[Problem]:
    return problems({SHARED: shared, RULE: rule(*conditions)})


def test_an_audience_is_read_where_it_is_used() -> None:
    rules, found = read({SHARED: REACHABLE, RULE: rule("audience: reachable")})
    assert not found
    assert set(fields_read(rules[0].when)) == {"consent"}


def test_an_audience_may_be_defined_through_another() -> None:
    shared = (
        REACHABLE + "  adults: {all: [{audience: reachable}], none: [{age: {less_than: 18}}]}\n"
    )
    rules, found = read({SHARED: shared, RULE: rule("audience: adults")})
    assert not found
    assert set(fields_read(rules[0].when)) == {"consent", "age"}


def test_a_broken_audience_is_told_of_once_and_not_in_each_rule() -> None:
    shared = "audiences: {reachable: {all: [{consnet: yes}]}}\n"
    texts = {SHARED: shared, RULE: rule("audience: reachable"), OTHER: rule("audience: reachable")}
    found = problems(texts)
    assert brief(found) == [("F001", "consnet")]
    assert found[0].place.file == SHARED


@pytest.mark.parametrize("shared", ["audiences: [", "- a\n", "audience: {reachable: 1}\n"])
def test_a_broken_file_of_definitions_makes_no_rule_wrong(shared: str) -> None:
    uses = ("audience: reachable", "code: $words", "code: {one_of: $words}")
    without = "without: [{guardrail: minors, reason: x}]\n"
    found = problems({SHARED: shared, RULE: rule(*uses, top=without), OTHER: rule(*uses)})
    assert {problem.place.file for problem in found} == {SHARED}


@pytest.mark.parametrize(
    "circle",
    ["a: {all: [{audience: a}]}", "a: {all: [{audience: b}]}, b: {any: [{audience: a}]}"],
)
def test_a_circle_is_told_of_once(circle: str) -> None:
    texts = {
        SHARED: f"audiences: {{{circle}}}\n",
        RULE: rule("audience: a"),
        OTHER: rule("audience: a"),
    }
    found = problems(texts)
    assert [problem.code for problem in found] == ["R002"]
    assert found[0].message.startswith("a circle: a uses ")


@pytest.mark.parametrize(
    ("shared", "conditions", "codes"),
    [
        (REACHABLE + "  reachable: {all: [{age: 5}]}\n", ["age: 5"], ["Y002"]),
        (REACHABLE, ["audience: reachible"], ["R001"]),
        ("audiences: {Reach: {all: [{age: 5}]}}\n", ["audience: Reach"], ["P006"]),
        ("lists: {few: [a]}\n", ["code: $few"], []),
        ("lists: {few: [a]}\n", ["code: {one_of: $few}", "code: {not_one_of: $few}"], []),
        ("lists: {few: [a]}\n", ["code: {is: $few}"], ["R003"]),
        ("lists: {few: [a]}\n", ["code: [b, $few]"], ["R003"]),
        ("lists: {few: [a]}\n", ["code: $fwe"], ["R001"]),
        ("lists: {few: []}\n", ["code: $few"], ["T001"]),
        ("lists: {few: a}\n", ["code: $few"], ["T001"]),
        ("lists: {few: [Lahore, Lahroe]}\n", ["city: $few"], ["V001"]),
        ("lists: {few: [1, 2]}\n", ["visits: $few"], []),
        ("lists: {few: [2026-01-01]}\n", ["seen_on: $few"], []),
        ("audiences: {few: {all: [{age: 5}]}}\nlists: {few: [a]}\n", ["code: $few"], ["R004"]),
        (
            "guardrails: {marketing: {minors: {title: T, exclude: [{aeg: 5}]}}}\n",
            ["age: 5"],
            ["F001"],
        ),
        ("guardrails: {marketing: {minors: {title: T}}}\n", ["age: 5"], ["P002"]),
        ("guardrails: {marketing: {minors: {exclude: [{age: 5}]}}}\n", ["age: 5"], ["P002"]),
        (
            "guardrails: {inventory: {x: {title: T, exclude: [{age: 5}]}}}\n",
            ["age: 5"],
            ["P001"],
        ),
        (
            "guardrails: {marketing: {minors: {titel: T, exclude: [{age: 5}]}}}\n",
            ["age: 5"],
            ["P001"],
        ),
        ("list: {few: [a]}\n", ["age: 5"], ["P001"]),
    ],
)
def test_definitions_are_strict(shared: str, conditions: list[str], codes: list[str]) -> None:
    assert [problem.code for problem in of(shared, *conditions)] == codes


def test_a_list_of_which_no_value_fits_is_told_of_where_it_is_used() -> None:
    (problem,) = of("lists: {few: [a, b]}\n", "city: $few")
    assert (problem.code, problem.place.file) == ("R003", RULE)


def test_a_name_that_is_a_setting_and_a_list_is_an_error() -> None:
    texts = {SHARED: "lists: {few: [a]}\n", RULE: rule("code: $few", top="settings: {few: a}\n")}
    assert "R004" in [problem.code for problem in problems(texts)]


@pytest.mark.parametrize(
    "shared",
    [REACHABLE, "lists: {few: [a]}\n", REACHABLE + "  more: {all: [{audience: reachable}]}\n"],
)
def test_a_definition_that_no_rule_uses_is_a_warning(shared: str) -> None:
    found = of(shared, "age: 5")
    assert {(problem.code, problem.severity) for problem in found} == {("R005", "warning")}


def test_a_definition_is_used_through_another_and_by_a_guardrail() -> None:
    shared = REACHABLE + (
        "  more: {all: [{audience: reachable}, {code: $few}]}\n"
        "  asleep: {none: [{visits: 1}]}\n"
        "lists: {few: [a]}\n"
        "guardrails: {marketing: {asleep: {title: T, exclude: [{audience: asleep}]}}}\n"
    )
    assert of(shared, "audience: more") == []


def test_a_guardrail_is_part_of_every_rule_of_its_kind_that_does_not_opt_out() -> None:
    shared = "guardrails: {marketing: {minors: {title: T, exclude: [{age: {less_than: 18}}]}}}\n"
    out = rule(top="without: [{guardrail: minors, reason: x}]\n").replace(
        "priority: 1", "priority: 2"
    )
    texts = {SHARED: shared, RULE: rule(), "rules/marketing/out.yaml": out, OTHER: rule()}
    rules, found = read(texts)
    assert not found
    assert {r.name: len(r.guardrails) for r in rules} == {"hello": 1, "out": 0, "other": 0}


def test_audiences_that_grow_without_end_are_refused() -> None:
    steps = ["a0: {all: [{age: 5}]}"]
    steps += [f"a{n}: {{all: [{', '.join(f'{{audience: a{n - 1}}}' for _ in range(9))}]}}" for n in range(1, 9)]  # fmt: skip
    found = of(f"audiences: {{{', '.join(steps)}}}\n", "audience: a8")
    assert {problem.code for problem in found} == {"P009"}
    chain = ", ".join(f"a{n}: {{all: [{{audience: a{n + 1}}}]}}" for n in range(300))
    found = of(f"audiences: {{{chain}, a300: {{all: [{{age: 5}}]}}}}\n", "audience: a0")
    assert {problem.code for problem in found} == {"R002"}


def test_an_audience_of_customers_says_nothing_of_products() -> None:
    settings = (
        "sources: {customers: {file: c.csv, columns: {customer_id: id, age: a}}, products: {file: p.csv}}\n"
        "fields: {age: {type: number}}\n"
    )
    stock = (
        "title: T\npriority: 1\nwhen: {all: [{audience: adults}]}\nthen: {flag: a}\nexamples:\n"
        "  - {case: a, given: {brand: x}, expect: in}\n  - {case: b, given: {brand: x}, expect: out}\n"
    )
    shared = "audiences: {adults: {all: [{age: 18}]}, branded: {all: [{brand: x}]}}\n"
    texts = {
        "targeting.yaml": settings,
        SHARED: shared,
        "rules/inventory/stock.yaml": stock,
        "rules/policy.yaml": None,
    }
    assert brief(problems(texts)) == [("R007", "adults")]
    texts["rules/inventory/stock.yaml"] = stock.replace("adults", "branded")
    assert [p.code for p in problems(texts)] == ["R005"]
