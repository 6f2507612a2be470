"""A whole-set test, decided as a night would decide it: policy and settling on, holdouts off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import polars as pl

from targeting.campaigns.decide import Known, decide
from targeting.campaigns.people import people_of
from targeting.frames import CUSTOMER, OUTCOME, REASON, RULE, SELECTED
from targeting.problems import Problem
from targeting.rules.match import match
from targeting.rules.model import Rule
from targeting.rules.whole_set import WholeSet, customers_of
from targeting.workspace.load import Workspace


def rehearse(test: WholeSet, rules: Sequence[Rule], workspace: Workspace) -> list[Problem]:
    """Give a problem for each rule that does not select exactly whom the test expects."""
    shop = workspace.settings.shop
    minor = 10**shop.minor_digits
    customers = customers_of(test, workspace.customer_fields, minor)
    without_holdouts = [replace(rule, holdout=None) for rule in rules]
    policy = workspace.policy.model_copy(update={"universal_holdout": Decimal(0)})
    matched = match(customers.lazy(), without_holdouts, test.as_of, minor).collect()
    people = people_of(customers, policy, shop.region)
    decided = decide(
        customers, matched, without_holdouts, policy, people, Known(), as_of=test.as_of, minor=minor
    )
    named = [rule.name for rule in rules if rule.name in test.expect or test.nobody_else]
    problems = [_difference(test, name, decided.decisions) for name in named]
    return [problem for problem in problems if problem is not None]


def _difference(test: WholeSet, rule: str, decisions: pl.DataFrame) -> Problem | None:
    mine = decisions.filter(pl.col(RULE) == rule)
    selected = set(mine.filter(pl.col(OUTCOME) == SELECTED)[CUSTOMER])
    expected = set(test.expect.get(rule, ()))
    if selected == expected:
        return None
    why = dict(mine.select(CUSTOMER, REASON).iter_rows())
    lacking = [f"{who} ({_why(why, who)})" for who in sorted(expected - selected)]
    parts = [
        f"does not get {', '.join(lacking)}" if lacking else "",
        f"gets {', '.join(sorted(selected - expected))} too" if selected - expected else "",
    ]
    message = f"{test.title}: {rule} {' and '.join(part for part in parts if part)}"
    place = test.places.get(rule, test.places[""])
    return Problem("E004", message, place, "mend the rule, or what the test expects")


def _why(reasons: dict[str, str], customer: str) -> str:
    if customer not in reasons:
        return "not eligible"
    return reasons[customer].replace("_", " ") or "held out"
