"""What the report knows of a rule: read from the file that a person wrote."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from targeting.plan import prepare
from targeting.report.rule_facts import rule_facts
from tests.commands.shops import BUYERS, many_purchases
from tests.kit.shop import shop

RULE = """\
title: A try
priority: 2
active: {from: 2026-11-20}
when: {WHEN}
then: {offer: hello, channel: counter, message: m.j2, uplift: 5%}
pick: {at_most: 9, highest: frequency}
holdout: 10%
examples:
  - {case: one, given: {IN}, expect: in}
  - {case: other, given: {OUT}, expect: out}
"""
NAMES = "{frequency: {at_least: 1}}"


OFTEN, SELDOM = "segment: Often, frequency: 1", "segment: Seldom, frequency: 0"


def facts(
    folder: Path, when: str, given: tuple[str, str] = (OFTEN, SELDOM), day: str = "2026-11-24"
) -> dict[str, object]:
    names = (
        "features: {frequency: {}}\nnames: {Often: {frequency: high}, Seldom: {frequency: low}}\n"
    )
    text = RULE.replace("WHEN", when).replace("IN", given[0]).replace("OUT", given[1])
    files = {
        "purchases.csv": many_purchases(30),
        "segments/customers.yaml": names,
        "rules/marketing/try.yaml": text,
    }
    made = shop(folder, BUYERS | files, bare=True)
    plan = prepare(made.folder)
    rule = next(rule for rule in plan.rules if rule.name == "try")
    return rule_facts(rule, dt.date.fromisoformat(day))


NOBODY = "segment: missing, frequency: 0"


@pytest.mark.parametrize(
    ("when", "segments", "given"),
    [
        (f"all: [{NAMES}]", None, (OFTEN, SELDOM)),
        (f"all: [segment: Often, {NAMES}]", ["Often"], (OFTEN, SELDOM)),
        ("all: [segment: [Often, Seldom]]", ["Often", "Seldom"], (OFTEN, NOBODY)),
        ("any: [{segment: Often}, {segment: Seldom}]", ["Often", "Seldom"], (SELDOM, NOBODY)),
        (f"any: [{{segment: Often}}, {NAMES}]", None, (OFTEN, SELDOM)),
        ("none: [{segment: Often}]", None, (SELDOM, OFTEN)),
    ],
)
def test_the_segments_that_a_rule_asks_for(
    tmp_path: Path, when: str, segments: list[str] | None, given: tuple[str, str]
) -> None:
    assert facts(tmp_path, when, given)["segments"] == segments


def test_what_else_is_known_of_it(tmp_path: Path) -> None:
    told = facts(tmp_path, f"all: [{NAMES}]")
    assert (told["title"], told["file"]) == ("A try", "rules/marketing/try.yaml")
    assert (told["holdout"], told["uplift"]) == (0.1, 0.05)
    assert (told["picks_by"], told["at_most"], told["active"]) == ("frequency", 9, True)


def test_a_rule_is_not_active_before_its_time(tmp_path: Path) -> None:
    assert facts(tmp_path, f"all: [{NAMES}]", day="2026-11-19")["active"] is False
