"""Why somebody was refused or held out after permission: persons, turns, queue ends, holdouts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from targeting.campaigns.past import ANY
from targeting.campaigns.state import limit_name
from targeting.evidence.permitted import (
    BEFORE_SETTLING,
    Row,
    full_limits,
    limits_on,
    says_limit,
)
from targeting.evidence.read_run import RunFolder
from targeting.evidence.words import amount, joined
from targeting.frames import CHANNEL, CUSTOMER, HELD_OUT, OUTCOME, REASON, RULE
from targeting.rules.model import Rule


def fact_of(
    decision: Row,
    rule: Rule,
    of_person: Sequence[Row],
    state: Mapping[str, Row],
    place: tuple[int, int] | None,
    run: RunFolder,
) -> str:
    """Say in words why a customer was refused or held out, for what the policy's state cannot tell.

    `of_person` are all decisions of the person's ids, `state` their rows of policy_state.parquet.
    """
    match decision[REASON]:
        case "same_person":
            return _same_person(decision, rule, of_person, state, run)
        case "outranked":
            return _outranked(decision, rule, of_person, run)
        case "contact_limit":
            return _brought_to_limit(decision, rule, of_person, state, run)
        case "not_worth_it":
            return "the contact would cost more than it is expected to bring"
        case "over_limit" | "over_capacity" | "over_budget":
            return _stood(place, rule) + _end(decision, rule, run)
    return _held_out(rule, run, decision[REASON]) if decision[OUTCOME] == HELD_OUT else ""


def turns_before(
    decision: Row, rule: Rule, of_person: Sequence[Row], run: RunFolder, channel: str
) -> list[Row]:
    """List the contacts (or held-out) of the night that this person had from earlier rules.

    From any other rule where they are not settled one after the other. `channel` may be `any`.
    """
    in_order = run.policy.settle_by == "priority"
    order = {one.name: number for number, one in enumerate(run.rules)}
    own = order[rule.name]
    taken = [
        other
        for other in of_person
        if other[REASON] == ""
        and (order.get(other[RULE], own) < own if in_order else other[RULE] != rule.name)
        and channel in (ANY, other[CHANNEL])
    ]
    return sorted(taken, key=lambda other: order[other[RULE]])


def _same_person(
    decision: Row,
    rule: Rule,
    of_person: Sequence[Row],
    state: Mapping[str, Row],
    run: RunFolder,
) -> str:
    others = [
        one[CUSTOMER]
        for one in of_person
        if one[RULE] == rule.name
        and one[CUSTOMER] != decision[CUSTOMER]
        and one[REASON] != "same_person"
        and not refused_before(one, state[one[CUSTOMER]], run)
    ]
    if not others:
        return "another id of the same person stood in for this one"
    by = f", first by {rule.pick.field}" if rule.pick and rule.pick.field else ""
    return f"{others[0]} is the same person, and stood in for both{by}"


def refused_before(decision: Row, state: Row, run: RunFolder) -> bool:
    """Say whether a decision is one of permission, before any rule had its turn."""
    if decision[REASON] != "contact_limit":
        return decision[REASON] in BEFORE_SETTLING
    return bool(full_limits(decision[CHANNEL], state, run.policy))


def _outranked(decision: Row, rule: Rule, of_person: Sequence[Row], run: RunFolder) -> str:
    channel = ANY if run.policy.counted == "in all" else decision[CHANNEL]
    before = turns_before(decision, rule, of_person, run, channel)
    where = "" if channel == ANY else f" by {channel}"
    if not before:
        return f"an earlier run of the same day used up the turn{where}"
    worth = "" if run.policy.settle_by == "priority" else ", being worth more"
    return f"{joined(_named(one) for one in before)} took the turn{where}{worth}"


def _named(other: Row) -> str:
    return f"{other[RULE]} (as {other[CUSTOMER]})" if other.get("other_id") else str(other[RULE])


def _brought_to_limit(
    decision: Row, rule: Rule, of_person: Sequence[Row], state: Mapping[str, Row], run: RunFolder
) -> str:
    told = []
    for limit in limits_on(decision[CHANNEL], run.policy):
        before = turns_before(decision, rule, of_person, run, limit.channel)
        count = state[decision[CUSTOMER]][limit_name(limit)] + len(before)
        if before and count >= limit.at_most:
            told.append(
                f"{says_limit(limit, count)}, {joined(_named(one) for one in before)} included"
            )
    return joined(told) if told else "a contact limit was reached during the night"


def _stood(place: tuple[int, int] | None, rule: Rule) -> str:
    if place is None:
        return ""
    by = f" by {rule.pick.field}" if rule.pick and rule.pick.field else ""
    return f"number {place[0]:,} of {place[1]:,} in the queue{by}; "


def _end(decision: Row, rule: Rule, run: RunFolder) -> str:
    """Say what ended the queue for somebody."""
    match decision[REASON]:
        case "over_limit":
            most = rule.pick.at_most if rule.pick else None
            return f"the rule takes at most {most or 0:,}"
        case "over_capacity":
            channel = decision[CHANNEL]
            most = run.policy.channels[channel].at_most
            return f"no more than {most or 0:,} contacts a night by {channel}"
        case _:
            return _budgets(rule, run)


def _held_out(rule: Rule, run: RunFolder, reason: str) -> str:
    if reason == "universal_holdout":
        share = _percent(run.policy.universal_holdout)
        return f"in the {share} of all customers whom no rule contacts, to measure against"
    share = _percent(rule.holdout.share) if rule.holdout is not None else "share"
    return f"in the {share} that this rule leaves out, to measure against"


def _budgets(rule: Rule, run: RunFolder) -> str:
    currency = run.plan.workspace.settings.shop.currency
    named = []
    if rule.budget is not None:
        named.append(f"the rule's budget of {amount(rule.budget)} {currency}")
    if run.policy.budget is not None:
        named.append(f"the night's budget of {amount(run.policy.budget)} {currency}")
    return f"{' or '.join(named) or 'a budget'} was used up"


def _percent(share: Any) -> str:
    return f"{amount(share * 100)}%"
