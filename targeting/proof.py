"""A rule set proved before it runs: examples inside the rules, and whole-set tests."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from targeting.campaigns.rehearse import rehearse
from targeting.exports.rehearsal import EXAMPLE_DAY
from targeting.plan import Plan
from targeting.problems import Problem, in_order
from targeting.rules.model import Example, Line, Rule
from targeting.rules.say import says_line
from targeting.rules.try_examples import own_lines, passes

AS_OF = EXAMPLE_DAY
OTHER_DAYS = (dt.date(2024, 2, 29), dt.date(2027, 3, 15))  # a leap year, and after a short month


@dataclass(frozen=True)
class Tried:
    """What a proof came to; `undecided` names the lines that no example decides both ways."""

    problems: tuple[Problem, ...]
    rules: int
    examples: int
    whole_sets: int
    undecided: Mapping[str, tuple[str, ...]]

    def as_dict(self, *, coverage: bool) -> dict[str, Any]:
        """Give the form that `test --json` prints."""
        found: dict[str, Any] = {
            "rules": self.rules,
            "examples": self.examples,
            "whole_set_tests": self.whole_sets,
            "failed": [problem.as_dict() for problem in self.problems],
        }
        if coverage:
            found["undecided"] = {rule: list(lines) for rule, lines in self.undecided.items()}
        return found


def prove(plan: Plan) -> Tried:
    """Try every example and every whole-set test."""
    minor = 10**plan.workspace.settings.shop.minor_digits
    problems: list[Problem] = []
    undecided: dict[str, tuple[str, ...]] = {}
    for rule in plan.rules:
        table = passes(rule, AS_OF, minor)
        problems += [
            p for e, met in zip(rule.examples, table, strict=True) if (p := _failure(rule, e, met))
        ]
        problems += _moving(rule, table, minor)
        lines = _undecided(rule, table)
        if lines:
            undecided[rule.name] = lines
    for test in plan.whole_sets:
        problems += rehearse(test, plan.contact_rules, plan.workspace)
    examples = sum(len(rule.examples) for rule in plan.rules)
    return Tried(in_order(problems), len(plan.rules), examples, len(plan.whole_sets), undecided)


def _failure(rule: Rule, example: Example, met: tuple[bool, ...]) -> Problem | None:
    """Say of a failing example what each line said of it."""
    if all(met) == example.expect:
        return None
    expected, got = ("in", "out") if example.expect else ("out", "in")
    lines = [
        f"{'passes' if ok else 'fails '}  {_step(line)}{says_line(line)}"
        for line, ok in zip(own_lines(rule), met, strict=True)
    ]
    message = f"'{example.case}' should be {expected} and is {got}"
    outcome = "\n              ".join(["line by line:", *lines])
    return Problem("E005", message, example.place, outcome)


def _moving(rule: Rule, table: list[tuple[bool, ...]], minor: int) -> list[Problem]:
    """Find the examples whose answer hangs on the day on which they are tried."""
    found: dict[int, Problem] = {}
    for day in OTHER_DAYS:
        there = passes(rule, day, minor)
        for number, example in enumerate(rule.examples):
            if example.as_of is None and all(table[number]) != all(there[number]):
                words = {True: "in", False: "out"}
                message = (
                    f"'{example.case}' is {words[all(table[number])]} on {AS_OF} "
                    f"and {words[all(there[number])]} on {day}"
                )
                help_ = f"give it a day of its own, as_of: {AS_OF}, or state days as the rule does"
                found.setdefault(number, Problem("E007", message, example.place, help_))
    return list(found.values())


def _step(line: Line) -> str:
    return "exclude: " if line.step == "exclude" else ""


def _undecided(rule: Rule, table: list[tuple[bool, ...]]) -> tuple[str, ...]:
    """Name each line that no two examples tell: one let in by it, one kept out by it alone."""
    found = []
    for number, line in enumerate(own_lines(rule)):
        others = [row for row in table if all(row[:number] + row[number + 1 :])]
        if {row[number] for row in others} != {True, False}:
            found.append(says_line(line))
    return tuple(found)
