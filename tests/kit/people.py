"""Small populations, policies and rules for the tests of decisions, for program and oracle alike."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

import polars as pl

from targeting.campaigns.decide import Decided, Known, decide
from targeting.campaigns.past import history_of, question
from targeting.campaigns.people import people_of
from targeting.ledger.question import Question, Window
from targeting.ledger.read import Past
from targeting.problems import Place
from targeting.rules.match import match
from targeting.rules.model import Constant, Contact, Group, Holdout, Pick, Rule, Test
from targeting.workspace.catalogue import Field
from targeting.workspace.literals import Period, read_percentage, read_period
from targeting.workspace.policy import Policy
from tests.kit.decisions_oracle import PastContact

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
RESPONSES: dict[str, Any] = {
    "customer_id": pl.String,
    "email": pl.String,
    "event": pl.String,
    "happened_on": pl.Date,
    "channel": pl.String,
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
        then=Contact("offer", tuple(plain["channel"]), {"": "hello.j2"}, plain.get("value"), None),
        pick=None if pick is None else _pick(pick),
        holdout=None if holdout is None else _holdout(holdout, plain["name"]),
        cooldown=_cooldown(plain.get("cooldown")),
        budget=Decimal(plain["budget"]) if "budget" in plain else None,
        examples=(),
        place=HERE,
    )


def _day(text: str | None) -> dt.date | None:
    return None if text is None else dt.date.fromisoformat(text)


def _cooldown(text: str | None) -> Period | Literal["ever"] | None:
    return None if text is None else "ever" if text == "ever" else read_period(text)


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
    past: Sequence[PastContact] = (),
    responses: Sequence[Mapping[str, Any]] | None = None,
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
    who = people_of(customers, real, REGION)
    asked = question(made, real, as_of)
    history = history_of(past_of(past, customers, asked), customers, who.persons, real)
    came_back = None if responses is None else pl.DataFrame(responses, schema=RESPONSES)
    known = Known(listed, came_back, history)
    return decide(customers, matched, made, real, who, known, as_of=as_of, minor=100)


def past_of(contacts: Sequence[PastContact], customers: pl.DataFrame, asked: Question) -> Past:
    """Answer a question about the past contact by contact, in plain Python."""
    ids = customers["customer_id"].to_list()
    known = [c for c in contacts if c.day <= asked.as_of]
    counts = [
        (name, *(sum(_falls(c, name, window) for c in known) for window in asked.windows))
        for name in ids
    ]
    cooling: dict[tuple[str, str], dt.date] = {}
    for c in known:
        after = asked.cooldowns.get(c.rule, dt.date.max)
        if c.customer in ids and (after is None or c.day > after):
            cooling[c.customer, c.rule] = max(c.day, cooling.get((c.customer, c.rule), c.day))
    today = [c for c in known if c.day == asked.as_of]
    turns = Counter((c.customer, c.channel) for c in today if c.customer in ids)
    used = Counter((c.rule, c.channel) for c in today)
    cost = {key: sum(c.cost for c in today if (c.rule, c.channel) == key) for key in used}
    windows = dict.fromkeys((f"window_{at}" for at in range(len(asked.windows))), pl.UInt32)
    text, number = pl.String, pl.Int64
    return Past(
        seen=0,
        runs=pl.DataFrame(),
        counts=pl.DataFrame(counts, {"customer_id": text, **windows}, orient="row"),
        cooling=pl.DataFrame(
            [(*key, day) for key, day in cooling.items()],
            {"customer_id": text, "rule": text, "last_contacted_on": pl.Date},
            orient="row",
        ),
        last=pl.DataFrame(schema={"customer_id": text, "last_contacted_on": pl.Date}),
        turns=pl.DataFrame(
            [(*key, count) for key, count in turns.items()],
            {"customer_id": text, "channel": text, "contacts": pl.UInt32},
            orient="row",
        ),
        used=pl.DataFrame(
            [(*key, count, int(cost[key] * 10**6)) for key, count in used.items()],
            {"rule": text, "channel": text, "contacts": number, "cost": number},
            orient="row",
        ),
    )


def _falls(contact: PastContact, name: str, window: Window) -> bool:
    here = window.channel in (None, contact.channel)
    return contact.customer == name and here and contact.day > window.after


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
    past: list[PastContact]
    responses: list[dict[str, Any]] | None


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
        [_contact(one) for _ in range(rng.randint(0, 12))],
        one(None, [], [_response(one) for _ in range(rng.randint(1, 4))]),
    )


def _contact(one: Drawn) -> PastContact:
    rule, channel = one("rule_0", "rule_1", "rule_2", "gone"), one("email", "sms", "counter", "fax")
    ago = one(0, 0, 1, 6, 7, 8, 29, 30, 400)
    return PastContact(
        one(*IDS), rule, channel, AS_OF - dt.timedelta(days=ago), Fraction(one(0, 4))
    )


def _response(one: Drawn) -> dict[str, Any]:
    return {
        "customer_id": one(None, *IDS),
        "email": one(None, *SPELLINGS["email"]),
        "event": one("unsubscribed", "complained", "bounced", "opened"),
        "happened_on": AS_OF - dt.timedelta(days=one(-1, 0, 1, 29, 30, 500)),
        "channel": one(None, "email", "sms", "fax"),
    }


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
            "cooldown": one(None, None, "7 days", "30 days"),
            "contact_limits": one(
                None,
                [{"channel": "any", "at_most": one("0", "1", "2"), "within": "7 days"}],
                [
                    {"channel": "email", "at_most": "1", "within": "30 days"},
                    {
                        "channel": "any",
                        "at_most": one("2", "4"),
                        "within": one("1 day", "400 days"),
                    },
                ],
            ),
            "after": one(
                None,
                {"unsubscribed": {"channel": "same", "for": "ever"}},
                {
                    "complained": {"channel": "any", "for": "30 days"},
                    "bounced": {"address": "same", "for": one("ever", "1 day")},
                    "opened": {"channel": "sms", "for": "30 days"},
                },
            ),
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
            "cooldown": one(None, None, "ever", "7 days"),
            "active": one(None, None, None, {"from": "2026-11-24"}, {"until": "2026-11-23"}),
        }
    )


def _said(form: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in form.items() if value is not None}
