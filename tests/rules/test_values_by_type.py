"""A value is read by its field's type from the text that was typed, or refused with what to type."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from targeting.rules import model
from targeting.rules.model import Constant
from targeting.workspace.literals import Period
from tests.rules.shop_of_rules import brief, of_condition, read, rule, word


def constants(condition: str) -> list[object]:
    rules, found = read(rule(condition))
    assert not [str(problem) for problem in found]
    (test,) = model.tests_in(rules[0].when[0])
    return [value.value for value in test.values if isinstance(value, Constant)]


@pytest.mark.parametrize(
    ("condition", "value"),
    [
        ("visits: 0", Decimal(0)),
        ("visits: -7", Decimal(-7)),
        ("visits: 0.60", Decimal("0.6")),
        ("visits: 5000", Decimal(5000)),
        ("share: 10%", Decimal("0.1")),
        ("share: 0.5%", Decimal("0.005")),
        ("visits: -50%", Decimal("-0.5")),
        ("spend: {at_least: 99.99}", Decimal("99.99")),
        ("visits: 123456789012345678901234567890", Decimal("123456789012345678901234567890")),
        ("city: NO", "NO"),
        ("city: 010", "010"),
        ("city: 22:30", "22:30"),
        ("city: 1.10", "1.10"),
        ("city: 09", "09"),
        ('city: "missing"', "missing"),
        ('city: "$5"', "$5"),
        ("city: کراچی", "کراچی"),
        ("city: 🎁", "🎁"),
        ("code: yes", "yes"),
        ("code: null", "null"),
        ("code: ~", "~"),
        ("code: 1e5", "1e5"),
        ("code: 2026-01-01", "2026-01-01"),
        ("code: 'Lahore'", "Lahore"),
        ('note_text: ""', ""),
        ("note_text: cafe\u0301", "café"),
        ("note_text: {starts_with: +92}", "+92"),
        ("consent: yes", True),
        ("consent: no", False),
        ("consent: {is_not: no}", False),
        ("seen_on: 2026-11-24", dt.date(2026, 11, 24)),
        ("seen_on: {before: 2024-02-29}", dt.date(2024, 2, 29)),
        ("seen_on: {within_last: 30 days}", Period(30, "day")),
        ("seen_on: {within_last: 30 day}", Period(30, "day")),
        ("seen_on: {older_than: 6 weeks}", Period(6, "week")),
        ("due_on: {within_next: 3 months}", Period(3, "month")),
        ("seen_on: {within_last: 1000 years}", Period(1000, "year")),
    ],
)
def test_a_value_means_what_was_typed(condition: str, value: object) -> None:
    assert constants(condition) == [value]


@pytest.mark.parametrize(
    ("condition", "code", "typed", "help_"),
    [
        ("visits: 010", "T003", "010", "type 10"),
        ("visits: -007", "T003", "-007", "type -7"),
        ("visits: 1_000", "T003", "1_000", "type 1000"),
        ("visits: 1,000", "T003", "1,000", "type 1000"),
        ("visits: 1 000", "T003", "1 000", "type 1000"),
        ("visits: +5", "T003", "+5", "type 5"),
        ("visits: 1e5", "T003", "1e5", "type 100000"),
        ("visits: .5", "T003", ".5", "type 0.5"),
        ("visits: 5.", "T003", "5.", "type 5"),
        ("visits: 0x1F", "T003", "0x1F", "a number is typed like 5000, 0.6 or 10%"),
        ("visits: ٥", "T003", "٥", "a number is typed like 5000, 0.6 or 10%"),
        ("visits: .inf", "T003", ".inf", "a number is typed like 5000, 0.6 or 10%"),
        ("visits: seven", "T003", "seven", "a number is typed like 5000, 0.6 or 10%"),
        ("visits: '5'", "T003", "'5'", "type 5 without quotes"),
        ("visits: <2", "T003", "<2", "compare in words: {less_than: 2}"),
        ('visits: ">= 2"', "T003", '">= 2"', "type >= 2 without quotes"),
        ("age: 121", "V002", "121", "a value from 0 to 120"),
        ("age: -1", "V002", "-1", "a value from 0 to 120"),
        ("share: 50", "V002", "50", "a share is typed like 50%"),
        ("share: 150%", "V002", "150%", "a value from 0 to 1"),
        ("city: 10", "V001", "10", "did you mean '010'?"),
        ("city: 1.1", "V001", "1.1", "did you mean '1.10'?"),
        ("city: lahore", "V001", "lahore", "did you mean 'Lahore'?"),
        ("city: \u200bLahore", "V001", "\u200bLahore", "type 'Lahore' again: U+200B hides in it"),
        ("city: missing", "V004", "missing", "type city: {missing: yes}"),
        ("visits: {at_least: missing}", "V004", "missing", "type visits: {missing: yes}"),
        (
            "seen_on: 2026-13-45",
            "T003",
            "2026-13-45",
            "there is no month 13: year-month-day, like 2026-11-24",
        ),
        (
            "seen_on: 2026-24-11",
            "T003",
            "2026-24-11",
            "there is no month 24: year-month-day, like 2026-11-24",
        ),
        ("seen_on: 2026-02-30", "T003", "2026-02-30", "year-month-day, like 2026-11-24"),
        ("seen_on: 2026-2-3", "T003", "2026-2-3", "type 2026-02-03"),
        ("seen_on: 2026-11-24T10:00", "T003", "2026-11-24T10:00", "type 2026-11-24"),
        ("seen_on: 24.11.2026", "T003", "24.11.2026", "a date is typed like 2026-11-24"),
        ("seen_on: today", "T003", "today", "type {within_last: 1 day}, or a date like 2026-11-24"),
        ("seen_on: {within_last: 30days}", "T003", "30days", "type 30 days"),
        ("seen_on: {within_last: 1d}", "T003", "1d", "type 1 day"),
        (
            "seen_on: {within_last: 30}",
            "T003",
            "30",
            "say of what: 30 days, weeks, months or years",
        ),
        ("seen_on: {within_last: '30 days'}", "T003", "'30 days'", "type 30 days without quotes"),
        ("seen_on: {within_last: 1001 years}", "T003", "1001 years", "at most 1000 years"),
        ("consent: Yes", "T003", "Yes", "type yes, in lower case"),
        ("consent: TRUE", "T003", "TRUE", "type yes, in lower case"),
        ("consent: off", "T003", "off", "type no, in lower case"),
        ('consent: "yes"', "T003", '"yes"', "type yes without quotes"),
        ("consent: maybe", "T003", "maybe", "type yes or no"),
        ("consent: {missing: Yes}", "T003", "Yes", "type yes, in lower case"),
        ('consent: {missing: "yes"}', "T003", '"yes"', "type yes without quotes"),
        ("age: {at_least: 5, or_missing: y}", "T003", "y", "type yes, in lower case"),
    ],
)
def test_another_form_is_refused_with_what_to_type(
    condition: str, code: str, typed: str, help_: str
) -> None:
    (problem,) = of_condition(condition)
    assert (problem.code, word(problem), problem.help) == (code, typed, help_)


@pytest.mark.parametrize("text", ["1.5 months", "-3 days", "03 days", "3 days ago", "a week"])
def test_a_period_is_a_whole_number_and_a_unit(text: str) -> None:
    assert brief(of_condition(f"seen_on: {{within_last: {text}}}")) == [("T003", text)]


@pytest.mark.parametrize(
    "after", ["", " {at_least: }", " {at_least: , or_missing: yes}", " {is: }"]
)
def test_a_value_left_out_is_told_of_where_it_should_stand(after: str) -> None:
    (problem,) = of_condition(f"visits:{after}")
    assert problem.code == "V004"
    assert problem.place.end_column == problem.place.column + 1


def test_a_value_on_two_lines_is_refused() -> None:
    (problem,) = of_condition("code: one\n        two")
    assert (problem.code, problem.help) == ("T004", "write it on one line")
    (problem,) = of_condition("code: |\n        one")
    assert problem.code == "T004"


def test_a_word_that_is_unknown_where_any_word_may_stand_is_accepted() -> None:
    assert of_condition("code: anything at all") == []


def test_a_value_that_stands_twice_in_a_list_is_a_warning() -> None:
    (problem,) = of_condition("city: [Lahore, Karachi, Lahore]")
    assert (problem.code, problem.severity, word(problem)) == ("V006", "warning", "Lahore")


def test_a_field_compared_with_itself_is_a_warning() -> None:
    (problem,) = of_condition("visits: {at_least: {field: visits}}")
    assert (problem.code, problem.severity) == ("V006", "warning")
