"""The whole program on 5,000 customers of the sample shop, against a plain reading of its YAML.

Who is eligible is read from rules/*.yaml by the oracle of the language, what becomes of them from
rules/policy.yaml by the oracle of decisions.md; addresses by the two libraries, hashes by xxhash.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import phonenumbers
import polars as pl
import pytest
from email_validator import EmailNotValidError, validate_email

from targeting.sample import write_sample
from targeting.workspace.starter import copy_starter
from tests.kit import decisions_oracle as oracle
from tests.kit.oracle import Oracle, read_plain
from tests.kit.shop import run_targeting

CONTACT_KINDS = ("marketing", "retention")
MARKERS = ("", "Hidden", "N/A")


@dataclass(frozen=True)
class TheNight:
    """What the run left, and what the owner of the workspace wrote."""

    as_of: dt.date
    customers: list[dict[str, Any]]
    decisions: list[dict[str, Any]]
    persons: dict[str, str]
    rules: list[dict[str, Any]]
    policy: dict[str, Any]
    suppressions: list[dict[str, str | None]]
    responses: list[dict[str, Any]]
    past: list[oracle.PastContact]
    eligible: dict[str, list[str]]  # by rule, as the oracle reads it


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> list[TheNight]:
    """Run two nights, the second three days after the first."""
    folder = tmp_path_factory.mktemp("five_thousand")
    copy_starter(folder)
    write_sample(folder / "data", customers=5000)
    found: list[TheNight] = []
    for day in ("2026-11-24", "2026-11-27"):
        ran = run_targeting("run", "--json", "--as-of", day, cwd=folder)
        assert ran.code == 0, ran.err
        found.append(night_of(folder, folder / ran.json["folder"], found))
    return found


@pytest.fixture
def night(nights: list[TheNight]) -> TheNight:
    return nights[0]


def contacts_of(night: TheNight) -> list[oracle.PastContact]:
    """Give whom a night contacted or held out by a rule, which counts as a contact."""
    return [
        oracle.PastContact(
            row["customer_id"],
            row["rule"],
            row["channel"],
            night.as_of,
            Fraction(row["cost"]).limit_denominator(10**6),
        )
        for row in night.decisions
        if row["outcome"] != "refused" and row["reason"] == ""
    ]


def night_of(folder: Path, run: Path, before: list[TheNight]) -> TheNight:
    customers = pl.read_parquet(run / "customers.parquet")
    as_of = dt.date.fromisoformat(json.loads((run / "manifest.json").read_text())["as_of"])
    shared = read_plain((folder / "rules" / "shared.yaml").read_text(encoding="utf-8"))
    reader = Oracle({n: plain_type(t) for n, t in customers.schema.items()}, shared, as_of)
    rules, rows = rules_of(folder), customers.to_dicts()
    return TheNight(
        as_of=as_of,
        customers=rows,
        decisions=pl.read_parquet(run / "decisions.parquet").to_dicts(),
        persons=dict(
            pl.read_parquet(run / "policy_state.parquet").select("customer_id", "person").rows()
        ),
        rules=rules,
        policy=read_plain((folder / "rules" / "policy.yaml").read_text(encoding="utf-8")),
        suppressions=suppressions_of(folder),
        responses=responses_of(folder),
        past=[contact for night in before for contact in contacts_of(night)],
        eligible={
            rule["name"]: [r["customer_id"] for r in rows if reader.matches(rule, rule["kind"], r)]
            for rule in rules
            if is_active(rule, as_of)
        },
    )


def plain_type(dtype: pl.DataType) -> str:
    """Say how a field's operands are typed in YAML."""
    if dtype.is_numeric():
        return "number"
    return {pl.Date: "date", pl.Boolean: "yes/no", pl.String: "text"}.get(type(dtype), "list")


def rules_of(folder: Path) -> list[dict[str, Any]]:
    found = []
    for kind in CONTACT_KINDS:
        for path in sorted((folder / "rules" / kind).glob("*.yaml")):
            rule = read_plain(path.read_text(encoding="utf-8"))
            channel = rule["then"]["channel"]
            more = {"channel": [channel] if isinstance(channel, str) else channel}
            if isinstance(rule.get("holdout"), str):
                more |= {"holdout": {"share": rule["holdout"]}}
            found.append({**rule, "name": path.stem, "kind": kind, **more})
    return found


def is_active(rule: Mapping[str, Any], as_of: dt.date) -> bool:
    active, day = rule.get("active", {}), as_of.isoformat()
    return bool(active.get("from", day) <= day <= active.get("until", day))


def suppressions_of(folder: Path) -> list[dict[str, str | None]]:
    rows = pl.read_csv(folder / "data" / "suppressions.csv", infer_schema=False).to_dicts()
    return [
        {n: None if (v or "").strip() in MARKERS else v for n, v in row.items()} for row in rows
    ]


def responses_of(folder: Path) -> list[dict[str, Any]]:
    """Read what came back; a row with a bad event or date is none."""
    events = ("delivered", "bounced", "opened", "clicked", "unsubscribed", "complained", "bought")
    rows = pl.read_csv(folder / "data" / "responses.csv", infer_schema=False).to_dicts()
    named = [
        {n: None if (v or "").strip() in MARKERS else v.strip() for n, v in row.items()}
        for row in rows
    ]
    good = [r for r in named if r["event"] in events and is_day(r["happened_on"])]
    return [r | {"happened_on": dt.date.fromisoformat(r["happened_on"] or "")} for r in good]


def is_day(text: str | None) -> bool:
    try:
        return dt.date.fromisoformat(text or "") is not None
    except ValueError:
        return False


@functools.cache
def normal_form(field: str, text: str | None) -> str | None:
    if text is None:
        return None
    if field == "phone":
        return phone_form(text)
    try:
        return validate_email(text.strip(), check_deliverability=False).normalized.casefold()
    except EmailNotValidError:
        return None


def phone_form(text: str) -> str | None:
    try:
        number = phonenumbers.parse(text, "PK")
    except phonenumbers.NumberParseException:
        return None
    valid = phonenumbers.is_valid_number(number)
    return (
        phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if valid else None
    )


def test_the_run_is_worth_comparing(night: TheNight) -> None:
    assert len(night.customers) > 4900
    assert sum(bool(names) for names in night.eligible.values()) >= 10
    outcomes = Counter(row["outcome"] for row in night.decisions)
    assert min(outcomes[name] for name in ("selected", "held_out", "refused")) > 20
    reasons = {row["reason"] for row in night.decisions}
    assert reasons >= {"suppressed", "no_consent", "no_address", "universal_holdout", "over_limit"}
    missing = [name for name in night.customers[0] if any(r[name] is None for r in night.customers)]
    assert len(missing) > 10


def test_who_is_eligible_equals_a_plain_reading_of_every_rule(night: TheNight) -> None:
    found: dict[str, list[str]] = {rule["name"]: [] for rule in night.rules}
    for row in night.decisions:
        found[row["rule"]].append(row["customer_id"])
    for rule in night.rules:
        assert sorted(found[rule["name"]]) == sorted(night.eligible.get(rule["name"], [])), rule[
            "name"
        ]


def test_the_nights_after_the_first_obey_what_the_ledger_remembers(
    nights: list[TheNight],
) -> None:
    reasons = Counter(row["reason"] for row in nights[1].decisions)
    assert min(reasons[word] for word in ("cooldown", "suppressed", "universal_holdout", "")) > 20


@pytest.mark.parametrize("number", [0, 1])
def test_what_becomes_of_everybody_equals_a_plain_reading_of_the_policy(
    nights: list[TheNight], number: int
) -> None:
    night = nights[number]
    begun = oracle.Night(
        night.customers,
        night.policy,
        night.suppressions,
        normal_form,
        night.as_of,
        night.past,
        night.responses,
    )
    assert begun.person == night.persons
    eligible = {rule: frozenset(names) for rule, names in night.eligible.items()}

    def matches(rule: Mapping[str, Any], customer: Mapping[str, Any]) -> bool:
        return customer["customer_id"] in eligible[rule["name"]]

    expected = oracle.decide(begun, night.rules, matches)
    assert len(expected) == len(night.decisions)
    for row in night.decisions:
        one = expected[row["rule"], row["customer_id"]]
        assert (row["outcome"], row["reason"], row["channel"]) == (
            one.outcome,
            one.reason,
            one.channel,
        ), row
        assert row["cost"] == pytest.approx(float(one.cost))


def test_the_held_out_are_those_of_the_stated_hash(night: TheNight) -> None:
    shares = {rule["name"]: rule["holdout"] for rule in night.rules if "holdout" in rule}
    key, universal = night.policy["key"], night.policy["universal_holdout"]
    for row in night.decisions:
        person = night.persons[row["customer_id"]]
        if row["reason"] == "universal_holdout":
            assert oracle.is_held_out(key, "universal", "", person, universal)
        elif row["reason"] == "" and row["rule"] in shares:
            share = shares[row["rule"]]["share"]
            held = oracle.is_held_out(key, "holdout", row["rule"], person, share)
            assert row["outcome"] == ("held_out" if held else "selected"), row
        else:
            assert row["outcome"] == ("selected" if row["reason"] == "" else "refused"), row


def test_a_list_is_cut_in_the_order_of_pick_and_tie(night: TheNight) -> None:
    by_id = {row["customer_id"]: row for row in night.customers}
    cut = 0
    for rule in night.rules:
        queue = []
        for row in night.decisions:
            if row["rule"] == rule["name"] and row["reason"] in ("", "over_limit"):
                tie = oracle.bucket(
                    night.policy["key"], "tie", rule["name"], night.persons[row["customer_id"]]
                )
                order = oracle.pick_order(rule, by_id[row["customer_id"]])
                queue.append((order, tie, row["customer_id"], row["reason"]))
        reasons = [reason for *_, reason in sorted(queue)]
        assert reasons == sorted(reasons), rule["name"]
        cut += "over_limit" in reasons
    assert cut >= 2
