"""Section 2 of decisions.md, customer by customer in plain Python: none of the program's code.

A customer is a dict with `customer_id`; a policy and a rule are dicts as they stand in YAML, every
scalar its text. Normal forms of addresses are handed in, as a table of spelling to form.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import xxhash

Customer = Mapping[str, Any]
Plain = Mapping[str, Any]
MOST_SHARING = 5


@dataclass(frozen=True)
class Decision:
    """What the oracle says of one eligible customer and rule."""

    outcome: str
    reason: str
    channel: str
    address: str
    cost: Fraction


def bucket(key: str, purpose: str, name: str, person: str) -> int:
    """`xxh3_64` of the UTF-8 text `key U+001F purpose U+001F name U+001F person`."""
    return xxhash.xxh3_64_intdigest("\x1f".join([key, purpose, name, person]).encode())


def is_held_out(key: str, purpose: str, name: str, person: str, share: str) -> bool:
    """Held out when `hash % 10000 < share x 10000`."""
    return bucket(key, purpose, name, person) % 10_000 < number(share) * 10_000


def number(text: str) -> Fraction:
    return Fraction(text[:-1]) / 100 if text.endswith("%") else Fraction(text)


@dataclass(frozen=True)
class PastContact:
    """One contact of an earlier run, or a member of a rule's holdout, which counts as one."""

    customer: str
    rule: str
    channel: str
    day: dt.date
    cost: Fraction = Fraction(0)


@dataclass
class Night:
    """One night: who is a customer, the policy, and what is used up as the rules have their turn."""

    customers: Sequence[Customer]
    policy: Plain
    suppressions: Sequence[Plain]
    forms: Callable[[str, Any], str | None]  # field and spelling to normal form
    as_of: dt.date
    past: Sequence[PastContact] = ()
    responses: Sequence[Plain] = ()
    turns: Counter[tuple[str, str]] = field(default_factory=Counter)
    capacity: Counter[str] = field(default_factory=Counter)
    spent: Fraction = Fraction(0)
    spent_by: dict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))

    def __post_init__(self) -> None:
        self.key = self.policy.get("key", "")
        self.person = persons(self.customers, self.policy, self.forms)
        named = [c["customer_id"] for c in self.customers if self.is_named(c)]
        self.suppressed = {self.person[name] for name in named}
        self.by_id = {c["customer_id"]: c for c in self.customers}
        self.senders: dict[int, set[str]] = {}
        self.past_of: dict[str, list[PastContact]] = defaultdict(list)
        for contact in self.past:
            self.past_of[self.person.get(contact.customer, "")].append(contact)
        self.given: dict[str, list[str]] = defaultdict(list)  # tonight's channels, by person
        for contact in self.past:
            if contact.day == self.as_of:
                self.turns[self.person.get(contact.customer, ""), contact.channel] += 1
                self.capacity[contact.channel] += 1
                self.spent += contact.cost
                self.spent_by[contact.rule] += contact.cost

    def is_named(self, customer: Customer) -> bool:
        """A row of the list matches when one of its cells does."""
        email, phone = self.compared("email", customer), self.compared("phone", customer)
        domain = email.rpartition("@")[2] if email else None
        for row in self.suppressions:
            listed = row.get("domain")
            if row.get("customer_id") == customer["customer_id"]:
                return True
            if email is not None and self.compared("email", row) == email:
                return True
            if phone is not None and self.compared("phone", row) == phone:
                return True
            if domain and listed and listed.lower().lstrip("@") == domain:
                return True
        return False

    def compared(self, name: str, row: Plain) -> str | None:
        """The normal form; what has none still keeps a person out, as it was typed."""
        typed = row.get(name)
        return None if typed is None else self.forms(name, typed) or str(typed).strip().lower()

    def contacts(self, customer: Customer, since: dt.date) -> list[PastContact]:
        """Contacts of all members of the person after a day, up to tonight's."""
        mine = self.past_of[self.person[customer["customer_id"]]]
        return [contact for contact in mine if since < contact.day <= self.as_of]

    def is_cooling(self, customer: Customer, rule: Plain) -> bool:
        wait = rule.get("cooldown", self.policy.get("cooldown"))
        if wait is None:
            return False
        since = dt.date.min if wait == "ever" else self.as_of - days(wait)
        return any(c.rule == rule["name"] for c in self.contacts(customer, since))

    def is_at_a_limit(self, customer: Customer, channel: str, tonight: Sequence[str] = ()) -> bool:
        """Whether a rolling limit is reached, by the past and by channels given tonight."""
        for limit in self.policy.get("contact_limits", []):
            if limit["channel"] in ("any", channel):
                seen = [
                    c.channel for c in self.contacts(customer, self.as_of - days(limit["within"]))
                ]
                counted = [c for c in [*seen, *tonight] if limit["channel"] in ("any", c)]
                if len(counted) >= int(limit["at_most"]):
                    return True
        return False

    def is_shut_out(self, customer: Customer, channel: str) -> bool:
        """Whether a response stands against a channel."""
        for row in self.responses:
            after = self.policy.get("after", {}).get(row["event"])
            if after is None or row["happened_on"] > self.as_of:
                continue
            lasting = after.get("for", "ever")
            if lasting != "ever" and row["happened_on"] <= self.as_of - days(lasting):
                continue
            said = row.get("channel")
            if after.get("channel", "same") == "same":
                here = said in (None, channel)
            else:
                here = after["channel"] in ("any", channel)
            if here and self.speaks_of(row, customer, channel, address="address" in after):
                return True
        return False

    def speaks_of(self, row: Plain, customer: Customer, channel: str, *, address: bool) -> bool:
        if not address:
            return self.person[customer["customer_id"]] in self.senders_of(row)
        name = self.policy["channels"][channel].get("address")
        own = None if name is None else self.compared(name, customer)
        if own is None:
            return False
        if row.get("email") is not None and name == "email":
            return self.compared("email", row) == own
        sender = self.by_id.get(row.get("customer_id"))
        return sender is not None and self.compared(name, sender) == own

    def senders_of(self, row: Plain) -> set[str]:
        """The persons of everybody whom a response names, by id or by e-mail."""
        if id(row) not in self.senders:
            named = [c["customer_id"] for c in self.customers if self.is_from(row, c)]
            self.senders[id(row)] = {self.person[name] for name in named}
        return self.senders[id(row)]

    def is_from(self, row: Plain, customer: Customer) -> bool:
        if row.get("customer_id") == customer["customer_id"]:
            return True
        email = self.compared("email", row)
        return email is not None and self.compared("email", customer) == email

    def refusal(self, customer: Customer, channel: str, rule: Plain) -> str:
        """Permission on one channel; the first reason, or nothing."""
        form = self.policy["channels"][channel]
        if self.person[customer["customer_id"]] in self.suppressed:
            return "suppressed"
        if self.is_shut_out(customer, channel):
            return "suppressed"
        if "consent" in form and customer.get(form["consent"]) is not True:
            return "no_consent"
        if "address" in form and self.address(customer, channel) is None:
            return "no_address"
        if self.as_of.isoformat() in self.policy.get("quiet_dates", []):
            return "quiet_date"
        if self.is_cooling(customer, rule):
            return "cooldown"
        return "contact_limit" if self.is_at_a_limit(customer, channel) else ""

    def address(self, customer: Customer, channel: str) -> str | None:
        name = self.policy["channels"][channel].get("address")
        return None if name is None else self.forms(name, customer.get(name))

    def channel_of(self, customer: Customer, rule: Plain) -> tuple[str, str]:
        """The first permitted channel; if none is, the first and its reason."""
        wanted = rule["channel"]
        refusals = [(channel, self.refusal(customer, channel, rule)) for channel in wanted]
        return next((c for c in refusals if not c[1]), refusals[0])

    def cost(self, channel: str) -> Fraction:
        return number(self.policy["channels"][channel].get("cost", "0"))


def days(period: str) -> dt.timedelta:
    return dt.timedelta(days=int(period.split(maxsplit=1)[0]))


def persons(
    customers: Sequence[Customer], policy: Plain, forms: Callable[[str, Any], str | None]
) -> dict[str, str]:
    """Name each customer's person: the member with the lowest own hash in its component."""
    neighbours: dict[str, set[str]] = {c["customer_id"]: set() for c in customers}
    for name in policy.get("same_person", []):
        sharing: dict[str, list[str]] = {}
        for customer in customers:
            value = forms(name, customer.get(name))
            if value is not None:
                sharing.setdefault(value, []).append(customer["customer_id"])
        for group in sharing.values():
            for one in group if len(group) <= MOST_SHARING else []:
                neighbours[one].update(group)
    key = policy.get("key", "")
    return {
        one: min(reached(one, neighbours), key=lambda m: (bucket(key, "person", "", m), m))
        for one in neighbours
    }


def reached(start: str, neighbours: Mapping[str, set[str]]) -> set[str]:
    found, waiting = {start}, [start]
    while waiting:
        for other in neighbours[waiting.pop()] - found:
            found.add(other)
            waiting.append(other)
    return found


def in_turn(rules: Sequence[Plain], policy: Plain) -> list[Plain]:
    kinds = policy.get("kinds", ["retention", "marketing"])
    return sorted(rules, key=lambda rule: (kinds.index(rule["kind"]), int(rule["priority"])))


def decide(
    night: Night, rules: Sequence[Plain], matches: Callable[[Plain, Customer], bool]
) -> dict[tuple[str, str], Decision]:
    """Decide every rule; the key is rule and customer_id."""
    decided: dict[tuple[str, str], Decision] = {}
    for rule in in_turn(rules, night.policy):
        active = rule.get("active", {})
        day = night.as_of.isoformat()
        if active.get("from", day) <= day <= active.get("until", day):
            eligible = [c for c in night.customers if matches(rule, c)]
            for name, decision in decide_rule(night, rule, eligible).items():
                decided[rule["name"], name] = decision
    return decided


def decide_rule(night: Night, rule: Plain, eligible: Sequence[Customer]) -> dict[str, Decision]:
    by_id = {c["customer_id"]: c for c in eligible}
    chosen = {name: night.channel_of(c, rule) for name, c in by_id.items()}
    channels = {name: channel for name, (channel, _) in chosen.items()}
    reasons = {name: reason for name, (_, reason) in chosen.items()}
    _one_of_a_person(night, rule, by_id, reasons)
    share = night.policy.get("universal_holdout", "0%")
    for name, reason in reasons.items():
        if not reason and is_held_out(night.key, "universal", "", night.person[name], share):
            reasons[name] = "universal_holdout"
    reasons |= settle(night, rule, by_id, channels, reasons)
    found = {}
    for name, reason in reasons.items():
        taken = not reason
        held = reason == "universal_holdout" or (taken and _in_holdout(night, rule, name))
        outcome = "held_out" if held else "selected" if taken else "refused"
        address = night.address(by_id[name], channels[name]) or ""
        cost = night.cost(channels[name]) if taken else Fraction(0)
        found[name] = Decision(outcome, reason, channels[name], address, cost)
    return found


def _in_holdout(night: Night, rule: Plain, name: str) -> bool:
    holdout = rule.get("holdout")
    if holdout is None:
        return False
    group = holdout.get("name", rule["name"])
    return is_held_out(night.key, "holdout", group, night.person[name], holdout["share"])


def _one_of_a_person(
    night: Night, rule: Plain, by_id: Mapping[str, Customer], reasons: dict[str, str]
) -> None:
    best: dict[str, tuple[Any, str]] = {}
    for name, reason in reasons.items():
        if not reason:
            own = bucket(night.key, "person", "", name)
            order = (pick_order(rule, by_id[name]), own, name)
            person = night.person[name]
            best[person] = min(best.get(person, (order, name)), (order, name))
    for name, reason in reasons.items():
        if not reason and best[night.person[name]][1] != name:
            reasons[name] = "same_person"


def pick_order(rule: Plain, customer: Customer) -> tuple[bool, Any]:
    """Sort by the pick field, the wanted end first, missing last."""
    pick = rule.get("pick", {})
    name = pick.get("highest", pick.get("lowest"))
    if name is None:
        return (False, 0)
    value = customer.get(name)
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return (True, 0)
    order = value.toordinal() if isinstance(value, dt.date) else value
    return (False, -order if "highest" in pick else order)


def settle(
    night: Night,
    rule: Plain,
    by_id: Mapping[str, Customer],
    channels: Mapping[str, str],
    reasons: Mapping[str, str],
) -> dict[str, str]:
    """Test the queue in turn, person by person."""
    found: dict[str, str] = {}
    queue = []
    for name, reason in reasons.items():
        if not reason and not _has_turn(night, night.person[name], channels[name]):
            found[name] = "outranked"
        elif not reason and night.is_at_a_limit(
            by_id[name], channels[name], night.given[night.person[name]]
        ):
            found[name] = "contact_limit"
        elif not reason:
            tie = bucket(night.key, "tie", rule["name"], night.person[name])
            queue.append((pick_order(rule, by_id[name]), tie, name))
    ended, taken, spent = "", 0, Fraction(night.spent_by[rule["name"]])
    for _, _, name in sorted(queue):
        channel = channels[name]
        cost = night.cost(channel)
        if not ended:
            ended = _end(night, rule, taken)
        full = _is_full(night, channel)
        if not ended and not full:
            ended = _over_budget(night, rule, spent + cost, cost)
        found[name] = ended or ("over_capacity" if full else "")
        if not found[name]:
            taken, spent = taken + 1, spent + cost
            night.turns[night.person[name], channel] += 1
            night.capacity[channel] += 1
            night.spent += cost
            night.given[night.person[name]].append(channel)
    return found


def _has_turn(night: Night, person: str, channel: str) -> bool:
    gets = night.policy.get("each_customer_gets", "one")
    if gets == "all":
        return True
    used = night.turns[person, channel]
    if night.policy.get("counted") == "in all":
        used = sum(night.turns[person, name] for name in night.policy["channels"])
    return used < (1 if gets == "one" else int(gets))


def _end(night: Night, rule: Plain, taken: int) -> str:
    at_most = rule.get("pick", {}).get("at_most")
    return "over_limit" if at_most is not None and taken >= int(at_most) else ""


def _is_full(night: Night, channel: str) -> bool:
    at_most = night.policy["channels"][channel].get("at_most")
    return at_most is not None and night.capacity[channel] >= int(at_most)


def _over_budget(night: Night, rule: Plain, spent: Fraction, cost: Fraction) -> str:
    own, whole = rule.get("budget"), night.policy.get("budget")
    over = own is not None and spent > number(own)
    over = over or (whole is not None and night.spent + cost > number(whole))
    return "over_budget" if over else ""
