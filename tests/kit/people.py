"""Small populations, policies and rules for the tests of decisions, for program and oracle alike."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl

from targeting.campaigns.decide import Decided, decide
from targeting.problems import Place
from targeting.rules.match import match
from targeting.rules.model import Constant, Contact, Group, Holdout, Pick, Rule, Test
from targeting.workspace.catalogue import Field
from targeting.workspace.literals import read_percentage
from targeting.workspace.policy import Policy

AS_OF = dt.date(2026, 11, 24)
REGION = "US"
HERE = Place("rules/marketing/x.yaml")

# Spellings and their one form; None is no address at all.
SPELLINGS: dict[str, dict[str, str | None]] = {
    "email": {
        "ann@example.com": "ann@example.com",
        " Ann@Example.COM ": "ann@example.com",
        "bob@example.com": "bob@example.com",
        "cat@example.org": "cat@example.org",
        "dan@example.org": "dan@example.org",
        "eve@example.net": "eve@example.net",
        "no address": None,
        "@": None,
    },
    "phone": {
        "+1 415 555 2671": "+14155552671",
        "(415) 555-2671": "+14155552671",
        "415.555.2672": "+14155552672",
        "+14155552673": "+14155552673",
        "911": None,
        "none": None,
    },
}
FIELDS: dict[str, Any] = {
    "customer_id": pl.String,
    "segment": pl.String,
    "likelihood": pl.Float64,
    "spent": pl.Int64,
    "seen_on": pl.Date,
    "email": pl.String,
    "phone": pl.String,
    "household": pl.String,
    "post": pl.String,
    "email_consent": pl.Boolean,
    "sms_consent": pl.Boolean,
}
MATCHES = ("wants_1", "wants_2", "wants_3", "wants_4")
SCHEMA = FIELDS | dict.fromkeys(MATCHES, pl.Boolean)


def normal_form(field: str, value: Any) -> str | None:
    """Look a spelling up; households and street addresses are compared as they are."""
    if value is None:
        return None
    return SPELLINGS[field][value] if field in SPELLINGS else str(value)


def frame(customers: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame([{name: c.get(name) for name in SCHEMA} for c in customers], schema=SCHEMA)


def policy(**keys: Any) -> dict[str, Any]:
    """Write a policy as its YAML would be, every scalar a text."""
    channels = {
        "email": {"address": "email", "consent": "email_consent", "cost": "0.05"},
        "sms": {"address": "phone", "consent": "sms_consent", "cost": "4"},
        "counter": {},
    }
    return {"key": "k", "channels": channels} | keys


def rule(name: str, **keys: Any) -> dict[str, Any]:
    """Write a rule as its YAML would be; `when` names the yes/no field that it asks for."""
    plain = {"kind": "marketing", "priority": "1", "when": "wants_1", "channel": ["counter"]}
    return {"name": name} | plain | keys


def matches(plain: Mapping[str, Any], customer: Mapping[str, Any]) -> bool:
    return customer.get(plain["when"]) is True


def as_rule(plain: Mapping[str, Any]) -> Rule:
    """Build the program's own value of a rule."""
    test = Test(Field(plain["when"], "yes/no", "customers"), "is", (Constant(True),), None, HERE)
    active = plain.get("active", {})
    pick, holdout = plain.get("pick"), plain.get("holdout")
    return Rule(
        name=plain["name"],
        kind=plain["kind"],
        file=f"rules/{plain['kind']}/{plain['name']}.yaml",
        title=plain["name"],
        owner=None,
        priority=int(plain["priority"]),
        active_from=_day(active.get("from")),
        active_until=_day(active.get("until")),
        when=(Group("all", (test,), HERE),),
        exclude=(),
        guardrails=(),
        then=Contact("offer", tuple(plain["channel"]), {"": "hello.j2"}, None, None),
        pick=None if pick is None else _pick(pick),
        holdout=None if holdout is None else _holdout(holdout, plain["name"]),
        cooldown=None,
        budget=Decimal(plain["budget"]) if "budget" in plain else None,
        examples=(),
        place=HERE,
    )


def _day(text: str | None) -> dt.date | None:
    return None if text is None else dt.date.fromisoformat(text)


def _pick(plain: Mapping[str, str]) -> Pick:
    at_most = int(plain["at_most"]) if "at_most" in plain else None
    return Pick(at_most, plain.get("highest", plain.get("lowest")), "lowest" not in plain)


def _holdout(plain: Mapping[str, str], name: str) -> Holdout:
    return Holdout(read_percentage(plain["share"]), plain.get("name", name))


def decide_all(
    customers: pl.DataFrame,
    rules: Sequence[Mapping[str, Any]],
    plain_policy: Mapping[str, Any],
    suppressions: Sequence[Mapping[str, str]] | None = None,
    as_of: dt.date = AS_OF,
) -> Decided:
    """Let the program match and decide."""
    made = [as_rule(plain) for plain in rules]
    matched = match(customers.lazy(), made, as_of, 100).collect()
    listed = None
    if suppressions is not None:
        columns = dict.fromkeys(("customer_id", "email", "phone", "domain"), pl.String)
        rows = [{name: row.get(name) for name in columns} for row in suppressions]
        listed = pl.DataFrame(rows, schema=columns)
    real = Policy.model_validate(plain_policy)
    return decide(customers, matched, made, real, listed, as_of=as_of, region=REGION)


# --- random nights ----------------------------------------------------------------------------

IDS = [*"abcdefgh", "é", "😀", "x\x1fy", "00"]
Drawn = Callable[..., Any]


@dataclass(frozen=True)
class DrawnNight:
    """A population, its rules, its policy and its suppression list, as their files would say."""

    customers: list[dict[str, Any]]
    rules: list[dict[str, Any]]
    policy: dict[str, Any]
    suppressions: list[dict[str, str]] | None


def random_night(seed: int) -> DrawnNight:
    """Draw a night in which every reason is common; hypothesis draws the seed."""
    rng = random.Random(seed)  # noqa: S311  # no secret

    def one(*choices: Any) -> Any:
        return rng.choice(choices)

    names = rng.sample(IDS, rng.randint(0, len(IDS)))
    entry = [
        {"customer_id": one(*IDS)},
        {"email": one(*SPELLINGS["email"])},
        {"phone": one(*SPELLINGS["phone"])},
        {"domain": one("example.org", "Example.NET", "@example.com", "org")},
    ]
    return DrawnNight(
        [{"customer_id": name} | _customer(one) for name in names],
        [_rule(one, rng, number) for number in range(rng.randint(1, 4))],
        _policy(one),
        one(None, [], [one(*entry)]),
    )


def _customer(one: Drawn) -> dict[str, Any]:
    return {
        "segment": one(None, "Premium", "Other"),
        "likelihood": one(None, float("nan"), 0.1, 0.5, 0.5, 0.9),
        "spent": one(None, 0, 100, 10**15),
        "seen_on": one(None, AS_OF, dt.date(2020, 2, 29)),
        "email": one(None, *SPELLINGS["email"]),
        "phone": one(None, *SPELLINGS["phone"]),
        "household": one(None, None, "h1", "h2", "H2"),
        "post": one(None, "1 Main St"),
        "email_consent": one(True, True, True, False, None),
        "sms_consent": one(True, True, False, None),
    } | {name: one(True, True, True, False, None) for name in MATCHES}


def _policy(one: Drawn) -> dict[str, Any]:
    def channel(address: str | None, consent: str | None) -> dict[str, Any]:
        limits = {
            "cost": one(None, "0", "0.05", "4", "0.333333"),
            "at_most": one(None, None, "0", "1", "3"),
        }
        return _said({"address": address, "consent": consent} | limits)

    return _said(
        {
            "key": one("k", "", "another\x1fkey"),
            "channels": {
                "email": channel("email", "email_consent"),
                "sms": channel("phone", "sms_consent"),
                "post": channel("post", None),
                "counter": channel(None, None),
            },
            "kinds": one(None, ["retention", "marketing"], ["marketing", "retention"]),
            "each_customer_gets": one(None, "one", "all", "2", "3"),
            "counted": one(None, "on each channel", "in all"),
            "budget": one(None, None, None, "0", "4", "8.1", "20"),
            "universal_holdout": one(None, None, "5%", "33.33%", "12.345%"),
            "quiet_dates": one(None, None, None, None, ["2026-11-24"], ["2026-12-25"]),
            "same_person": one(None, ["email"], ["email", "phone"], ["household", "email"]),
        }
    )


def _rule(one: Drawn, rng: random.Random, number: int) -> dict[str, Any]:
    pick = {
        "at_most": one(None, "0", "1", "2", "3"),
        one("highest", "lowest"): one(None, "likelihood", "spent", "seen_on"),
    }
    holdout = {"share": one("0%", "5%", "33.33%", "50%"), "name": one(None, "common")}
    return _said(
        {
            "name": f"rule_{number}",
            "priority": str(10 - number),
            "kind": one("marketing", "retention"),
            "when": one(*MATCHES),
            "channel": rng.sample(["email", "sms", "post", "counter"], rng.randint(1, 3)),
            "pick": _said(pick) or None,
            "holdout": one(None, _said(holdout)),
            "budget": one(None, None, "0", "0.1", "8"),
            "active": one(None, None, None, {"from": "2026-11-24"}, {"until": "2026-11-23"}),
        }
    )


def _said(form: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in form.items() if value is not None}
