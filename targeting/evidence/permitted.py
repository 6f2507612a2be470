"""What stood against each channel of a rule, as policy_state.parquet tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from targeting.campaigns.past import ANY
from targeting.campaigns.state import COOLING, limit_name
from targeting.evidence.read_run import RunFolder
from targeting.evidence.words import MISSING, joined
from targeting.rules.model import Rule
from targeting.workspace.policy import ContactLimit, Policy

# Reasons of which the policy decides before any rule has its turn.
BEFORE_SETTLING = (
    "suppressed",
    "no_consent",
    "no_address",
    "quiet_date",
    "cooldown",
    "contact_limit",
)
COOLING_SINCE = "cooling_since"  # dates beside the rules of `cooling`; older runs have none

Row = Mapping[str, Any]


@dataclass(frozen=True)
class ChannelFound:
    """A channel of a rule: the first reason against it (empty: permitted), and the fact of it."""

    channel: str
    reason: str
    fact: str


def channels_of(rule: Rule, state: Row, saved: Row, run: RunFolder) -> tuple[ChannelFound, ...]:
    """Say of each channel of a rule, in its order, whether the customer may be contacted on it.

    `state` and `saved` are the customer's rows of policy_state.parquet and customers.parquet.
    """
    found = []
    for name in rule.contact.channels:
        reason = reason_against(name, rule, state, run.policy)
        fact = _fact(reason, name, rule, state, saved, run) if reason else ""
        found.append(ChannelFound(name, reason, fact))
    return tuple(found)


def reason_against(channel: str, rule: Rule, state: Row, policy: Policy) -> str:
    """Give the first reason against a channel before any rule had its turn; empty for none."""
    reason = state[f"permission_{channel}"]
    if reason:
        return str(reason)
    if rule.name in (state[COOLING] or ()):
        return "cooldown"
    return "contact_limit" if full_limits(channel, state, policy) else ""


def full_limits(channel: str, state: Row, policy: Policy) -> list[ContactLimit]:
    """List the contact limits that earlier nights have filled."""
    return [
        limit for limit in limits_on(channel, policy) if state[limit_name(limit)] >= limit.at_most
    ]


def limits_on(channel: str, policy: Policy) -> list[ContactLimit]:
    """List the contact limits that count a channel."""
    return [limit for limit in policy.contact_limits if limit.channel in (ANY, channel)]


def says_limit(limit: ContactLimit, count: int) -> str:
    """Say how full a contact limit is."""
    over = "on any channel" if limit.channel == ANY else f"by {limit.channel}"
    return f"{count} of {limit.at_most} contacts {over} within {limit.within}"


def _fact(reason: str, channel: str, rule: Rule, state: Row, saved: Row, run: RunFolder) -> str:
    form = run.policy.channels[channel]
    match reason:
        case "suppressed":
            return _suppressed(channel, state, run.policy)
        case "no_consent":
            return f"no consent for {channel}{_value(form.consent, saved)}"
        case "no_address":
            return f"no address for {channel} that can be used{_value(form.address, saved)}"
        case "quiet_date":
            return f"nobody is contacted on {run.as_of}, a quiet date"
        case "cooldown":
            return _cooldown(rule, state, run.policy)
        case _:
            full = full_limits(channel, state, run.policy)
            return joined(says_limit(limit, state[limit_name(limit)]) for limit in full)


def _suppressed(channel: str, state: Row, policy: Policy) -> str:
    by = state.get(f"suppressed_by_{channel}")
    if by == "list":
        return f"barred from {channel}: on the suppression list"
    if by:
        return f"barred from {channel} by an answer: {by}"
    answers = f", or answered before ({', '.join(policy.after)})" if policy.after else ""
    return f"barred from {channel}: on the suppression list{answers}"


def _value(field: str | None, saved: Row) -> str:
    """Name the field of consent or address; its value only where that is no personal one."""
    if field is None:
        return ""
    value = saved.get(field)
    words = {None: MISSING, True: "yes", False: "no"}
    known = value is None or isinstance(value, bool)
    return f" ({field} is {words[value]})" if known else f" ({field})"


def _cooldown(rule: Rule, state: Row, policy: Policy) -> str:
    wait = rule.cooldown or policy.cooldown
    lasts = "it contacts nobody twice" if wait == "ever" else f"it waits {wait}"
    since = state.get(COOLING_SINCE)
    if since:
        day = since[list(state[COOLING]).index(rule.name)]
        return f"this rule took the customer on {day} (to contact or to hold out), and {lasts}"
    return f"this rule took the customer before (to contact or to hold out), and {lasts}"
