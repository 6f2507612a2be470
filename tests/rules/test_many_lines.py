"""As many conditions as a rule may hold are compiled and answered."""

from __future__ import annotations

import datetime as dt

import polars as pl

from targeting.rules.match import match
from tests.rules.shop_of_rules import read, rule

AS_OF = dt.date(2026, 3, 31)


def test_a_rule_of_a_thousand_lines_and_a_list_of_ten_thousand_words_are_answered() -> None:
    words = ", ".join(f"w{n}" for n in range(10_000))
    lines = [f"age: {{is_not: {n % 120}.5}}" for n in range(999)]
    rules, found = read(rule(*lines, f"code: [{words}]"))
    assert not found
    rows = pl.LazyFrame({"age": [5.0, 7.5, None], "code": ["w9999", "w1", "x"]})
    matched = match(rows, rules, AS_OF, 100)
    assert matched.collect()[rules[0].name].to_list() == [True, False, False]


def test_a_thousand_lines_in_any_and_none_are_answered() -> None:
    many = ", ".join(f"{{age: {n % 120}}}" for n in range(490))
    rules, found = read(rule(when=f"when: {{any: [{many}], none: [{many}, {{age: 130}}]}}\n".replace("130", "119.5")))  # fmt: skip
    assert not found
    rows = pl.LazyFrame({"age": [5.0, 119.0, None]})
    matched = match(rows, rules, AS_OF, 100)
    assert matched.collect()[rules[0].name].to_list() == [False, False, False]
