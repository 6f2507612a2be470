"""Promise: over sixty nights, several on some days and some undone, no limit is ever passed.

The nights go through the program's own policy and ledger; who was contacted when is kept beside it
in a plain list, and every window is counted there again, contact by contact.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from targeting.campaigns.decide import Decided, Known, decide
from targeting.campaigns.past import history_of, holdout_names, question
from targeting.campaigns.people import people_of
from targeting.frames import CUSTOMER
from targeting.ledger.commit import commit_run, contacts_of, undo_run
from targeting.ledger.read import read_past
from targeting.ledger.table import Ledger, open_ledger
from targeting.ledger.upkeep import tidy
from targeting.rules.match import match
from targeting.rules.model import Rule
from targeting.workspace.policy import Policy
from tests.kit.decisions_oracle import days, is_held_out, number
from tests.kit.people import MATCHES, REGION, as_rule, frame, policy, rule

FIRST = dt.date(2026, 10, 1)
NIGHTS = 60
LIMITS = [
    {"channel": "email", "at_most": "2", "within": "7 days"},
    {"channel": "any", "at_most": "4", "within": "30 days"},
]
PLAIN = policy(
    cooldown="10 days",
    contact_limits=LIMITS,
    each_customer_gets="2",
    counted="in all",
    universal_holdout="5%",
    same_person=["email"],
    budget="40",
)
PLAIN["channels"]["sms"]["at_most"] = "6"
RULES = [
    rule("often", priority="1", channel=["email", "sms"], cooldown="3 days", budget="20"),
    rule(
        "daily",
        priority="2",
        when="wants_2",
        channel=["counter", "email"],
        holdout={"share": "20%"},
    ),
    rule("once", priority="3", when="wants_3", channel=["sms"], cooldown="ever"),
    rule("few", priority="4", when="wants_4", channel=["email"], pick={"at_most": "3"}),
]


@dataclass
class Night:
    """One run as it was kept: who was taken, by which rule and channel, at what cost."""

    run_id: str
    day: dt.date
    rows: list[dict[str, Any]]


def population(rng: random.Random, size: int = 60) -> pl.DataFrame:
    """Draw customers of whom some share an e-mail, and some consent to little."""
    return frame(
        [
            {
                "customer_id": f"c{at:02}",
                "email": f"{rng.randrange(size * 2 // 3)}@example.com",
                "phone": f"+1415555{rng.randrange(1000, 9999)}",
                "email_consent": rng.random() < 0.8,
                "sms_consent": rng.random() < 0.7,
            }
            | {name: rng.random() < 0.6 for name in MATCHES}
            for at in range(size)
        ]
    )


def decided_tonight(
    customers: pl.DataFrame, rules: Sequence[Rule], ledger: Ledger, day: dt.date
) -> tuple[Decided, int]:
    settings = Policy.model_validate(PLAIN)
    people = people_of(customers, settings, REGION)
    past = read_past(ledger, customers[CUSTOMER], question(rules, settings, day))
    known = Known(history=history_of(past, customers, people.persons, settings))
    matched = match(customers.lazy(), rules, day, 100).collect()
    return decide(
        customers, matched, rules, settings, people, known, as_of=day, minor=100
    ), past.seen


@pytest.mark.timeout(180)
@pytest.mark.parametrize("seed", [1, 2])
def test_no_limit_is_passed_in_sixty_nights(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311  # no secret
    customers, rules = population(rng), [as_rule(plain) for plain in RULES]
    ledger = open_ledger(str(tmp_path / "ledger"), tmp_path / "ledger.key")
    kept: list[Night] = []
    universal: set[str] | None = None
    day, undone = FIRST, 0
    for at in range(NIGHTS):
        day += dt.timedelta(days=rng.choice([0, 1, 1, 1, 3]))
        shuffled = customers.sample(fraction=1.0, shuffle=True, seed=rng.randrange(10**6))
        decided, seen = decided_tonight(shuffled, rules, ledger, day)
        run_id = f"{day}-{at:08x}"
        contacts = contacts_of(decided.decisions, holdout_names(rules))
        commit_run(ledger, run_id, day, contacts, seen=seen)
        night = Night(run_id, day, taken_in(decided))
        assert_night_is_right(night, kept, decided)
        kept.append(night)
        held = held_by_all(decided)
        universal = held if universal is None else universal | held
        if rng.random() < 0.15:
            undo_run(ledger, kept.pop().run_id)
            undone += 1
        if rng.random() < 0.2:
            tidy(ledger, day)
    assert undone > 3
    assert universal is not None
    assert 0 < len(universal) < 15
    assert sum(len(night.rows) for night in kept) > 200


def taken_in(decided: Decided) -> list[dict[str, Any]]:
    persons = dict(decided.state.select(CUSTOMER, "person").collect().iter_rows())
    return [
        row | {"person": persons[row[CUSTOMER]]}
        for row in decided.decisions.iter_rows(named=True)
        if row["outcome"] != "refused" and row["reason"] == ""
    ]


def held_by_all(decided: Decided) -> set[str]:
    rows = decided.decisions.filter(pl.col("reason") == "universal_holdout")
    return set(rows[CUSTOMER])


def assert_night_is_right(night: Night, before: list[Night], decided: Decided) -> None:
    """Count every limit again from the plain list: this night's contacts and those that count."""
    persons = dict(decided.state.select(CUSTOMER, "person").collect().iter_rows())
    history = [row | {"day": each.day} for each in before for row in each.rows]
    tonight = [row | {"day": night.day} for row in night.rows]
    for row in tonight:
        mine = [one for one in [*history, *tonight] if one["person"] == row["person"]]
        for limit in LIMITS:
            since = night.day - days(limit["within"])
            seen = [one for one in mine if one["day"] > since]
            counted = [one for one in seen if limit["channel"] in ("any", one["channel"])]
            if limit["channel"] in ("any", row["channel"]):
                assert len(counted) <= int(limit["at_most"]), (night.run_id, row)
        same_day = [one for one in mine if one["day"] == night.day]
        assert len(same_day) <= 2, (night.run_id, row)
        assert_has_cooled(row, [one for one in mine if one is not row])
        assert not is_held_out("k", "universal", "", persons[row[CUSTOMER]], "5%")
        if row["rule"] == "daily":
            held = is_held_out("k", "holdout", "daily", row["person"], "20%")
            assert row["outcome"] == ("held_out" if held else "selected")
    today = [one for one in [*history, *tonight] if one["day"] == night.day]
    cost = sum(Decimal(str(one["cost"])) for one in today)
    assert cost <= Decimal(str(number(PLAIN["budget"])))
    assert sum(one["channel"] == "sms" for one in today) <= 6
    assert len({(one["rule"], one["person"]) for one in tonight}) == len(tonight)


def assert_has_cooled(row: dict[str, Any], others: list[dict[str, Any]]) -> None:
    wait = next(
        plain.get("cooldown", PLAIN["cooldown"]) for plain in RULES if plain["name"] == row["rule"]
    )
    same = [one for one in others if one["rule"] == row["rule"]]
    if wait == "ever":
        assert not same, row
    else:
        assert all(one["day"] <= row["day"] - days(wait) for one in same), row
