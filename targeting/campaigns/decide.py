"""Decisions: one row for each eligible customer and rule, with its outcome and first reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from targeting.campaigns.permission import (
    Permission,
    normalised,
    permissions,
    suppressed_customers,
)
from targeting.campaigns.persons import Persons, find_persons
from targeting.campaigns.settle import MICRO, Night, in_turn, micro, settle_rule
from targeting.frames import (
    ADDRESS,
    CHANNEL,
    CUSTOMER,
    HELD_OUT,
    LIKELIHOOD,
    OUTCOME,
    PERSON,
    REASON,
    REFUSED,
    RULE,
    SEGMENT,
    SELECTED,
    stable_hash,
)
from targeting.problems import Problem
from targeting.rules.match import is_met
from targeting.rules.model import Rule
from targeting.workspace.load import Workspace
from targeting.workspace.policy import Policy

DECISIONS_SCHEMA = {
    CUSTOMER: pl.String,
    RULE: pl.String,
    "kind": pl.String,
    SEGMENT: pl.String,
    LIKELIHOOD: pl.Float64,
    CHANNEL: pl.String,
    ADDRESS: pl.String,
    OUTCOME: pl.String,
    REASON: pl.String,
    "cost": pl.Float64,
}


@dataclass(frozen=True)
class _Tonight:
    """What every rule looks at; rows of the frames and series are the customers, in one order."""

    customers: pl.DataFrame
    people: pl.DataFrame
    matched: pl.DataFrame
    permission: Permission
    night: Night
    policy: Policy


@dataclass(frozen=True)
class Decided:
    """The night's decisions and who stands behind the ids."""

    decisions: pl.DataFrame  # sorted by rule, customer_id
    persons: Persons


def decide(
    customers: pl.DataFrame,
    matched: pl.DataFrame,
    rules: Sequence[Rule],
    policy: Policy,
    suppressions: pl.DataFrame | None,
    *,
    as_of: dt.date,
    region: str,
) -> Decided:
    """Take every contact rule through permission, persons, settling and holdouts (decisions.md 2).

    `customers` and `matched` (of `rules.match`) have the same rows in the same order.
    """
    fields = [name for name in policy.same_person if name in customers.columns]
    identifiers = {name: normalised(customers, name, policy, region) for name in fields}
    persons = find_persons(customers, identifiers, policy.key)
    suppressed = suppressed_customers(customers, suppressions, persons.of, policy, region)
    permission = permissions(customers, policy, suppressed, as_of, region)
    people = _people(customers, persons, policy)
    night = Night(policy, people["_person"].n_unique())
    tonight = _Tonight(customers, people, matched, permission, night, policy)
    decided = [
        _decide_rule(rule, tonight) for rule in in_turn(rules, policy) if rule.is_active(as_of)
    ]
    empty = pl.DataFrame(schema=DECISIONS_SCHEMA)
    return Decided(pl.concat([empty, *decided]).sort(RULE, CUSTOMER), persons)


def not_yet_obeyed(workspace: Workspace) -> list[Problem]:
    """Warn of policy keys that are read and not obeyed yet."""
    policy = workspace.policy
    later = {
        "cooldown": policy.cooldown is not None,
        "contact_limits": bool(policy.contact_limits),
        "after": bool(policy.after),
        "settle_by": policy.settle_by == "expected_value",
    }
    return [
        Problem(
            "W101",
            f"'{key}' is read and not obeyed yet: {_WHY[key]}",
            workspace.place("rules/policy.yaml", key),
            severity="warning",
        )
        for key, set_ in later.items()
        if set_
    ]


_WHY = {
    "cooldown": "it needs the ledger of past contacts, which is not kept yet",
    "contact_limits": "they need the ledger of past contacts, which is not kept yet",
    "after": "responses are read, and nothing follows from them yet",
    "settle_by": "rules are settled by priority",
}


def _people(customers: pl.DataFrame, persons: Persons, policy: Policy) -> pl.DataFrame:
    """One row a customer: what each rule needs of a person."""
    known = customers.columns
    universal = stable_hash(policy.key, "universal", "", pl.col(PERSON)) % 10_000
    return pl.DataFrame(
        {CUSTOMER: customers[CUSTOMER], PERSON: persons.of, "_own": persons.own_hash}
    ).with_columns(
        customers[SEGMENT] if SEGMENT in known else pl.lit(None, dtype=pl.String).alias(SEGMENT),
        customers[LIKELIHOOD].cast(pl.Float64)
        if LIKELIHOOD in known
        else pl.lit(None, dtype=pl.Float64).alias(LIKELIHOOD),
        (pl.col(PERSON).rank("dense") - 1).cast(pl.Int64).alias("_person"),
        (universal < int(policy.universal_holdout * 10_000)).alias("_universal"),
    )


def _decide_rule(rule: Rule, tonight: _Tonight) -> pl.DataFrame:
    met = tonight.matched.select(is_met(rule).alias("met"))["met"]
    picked = tonight.customers[rule.pick.field] if rule.pick and rule.pick.field else pl.lit(0)
    rows = tonight.people.with_columns(
        *_chosen(rule, tonight.permission), picked.alias("_pick")
    ).filter(met)
    rows = _one_of_a_person(rows, rule)
    held = pl.col("_universal") & pl.col(REASON).is_null()
    rows = rows.with_columns(
        pl.when(held).then(pl.lit("universal_holdout")).otherwise(REASON).alias(REASON)
    )
    rows = _settled(rows, rule, tonight.night, tonight.policy)
    return _outcomes(rows, rule, tonight.policy)


def _chosen(rule: Rule, permission: Permission) -> list[pl.Expr | pl.Series]:
    """Choose the first permitted channel; where none is, the first channel and its reason."""
    first = rule.contact.channels[0]
    channel: pl.Expr = pl.lit(first)
    reason: pl.Expr = pl.lit(permission.reasons[first])
    address: pl.Expr = pl.lit(permission.addresses[first])
    for name in reversed(rule.contact.channels):
        open_ = pl.lit(permission.reasons[name]).is_null()
        channel = pl.when(open_).then(pl.lit(name)).otherwise(channel)
        reason = pl.when(open_).then(None).otherwise(reason)
        address = pl.when(open_).then(pl.lit(permission.addresses[name])).otherwise(address)
    return [channel.alias(CHANNEL), reason.alias(REASON), address.alias(ADDRESS)]


def _one_of_a_person(rows: pl.DataFrame, rule: Rule) -> pl.DataFrame:
    """Keep one member of a person, the highest by pick, then own hash, then id."""
    highest = rule.pick.highest if rule.pick is not None else True
    open_ = rows.filter(pl.col(REASON).is_null()).sort(
        "_pick", "_own", CUSTOMER, descending=[highest, False, False], nulls_last=True
    )
    first = open_.group_by(PERSON, maintain_order=True).agg(pl.col(CUSTOMER).first())
    chosen = pl.col(CUSTOMER).is_in(first[CUSTOMER].implode())
    extra = pl.col(REASON).is_null() & ~chosen
    return rows.with_columns(
        pl.when(extra).then(pl.lit("same_person")).otherwise(REASON).alias(REASON)
    )


def _settled(rows: pl.DataFrame, rule: Rule, night: Night, policy: Policy) -> pl.DataFrame:
    number = {name: at for at, name in enumerate(night.channels)}
    waiting = pl.col(REASON).is_null()
    queue = rows.filter(waiting).with_columns(
        pl.col(CHANNEL).replace_strict(number, return_dtype=pl.Int64).alias("_channel")
    )
    settled = queue.with_columns(settle_rule(queue, rule, night, policy.key))
    return pl.concat([rows.filter(~waiting), settled.select(rows.columns)])


def _outcomes(rows: pl.DataFrame, rule: Rule, policy: Policy) -> pl.DataFrame:
    """Hold out the rule's own share of those taken, and add the cost of each contact taken."""
    taken = pl.col(REASON).is_null()
    held = pl.lit(False)
    if rule.holdout is not None:
        hashed = stable_hash(policy.key, "holdout", rule.holdout.name, pl.col(PERSON))
        held = hashed % 10_000 < int(rule.holdout.share * 10_000)
    outcome = (
        pl.when(taken & held)
        .then(pl.lit(HELD_OUT))
        .when(taken)
        .then(pl.lit(SELECTED))
        .when(pl.col(REASON) == "universal_holdout")
        .then(pl.lit(HELD_OUT))
        .otherwise(pl.lit(REFUSED))
    )
    costs = {name: (micro(form.cost) or 0) / MICRO for name, form in policy.channels.items()}
    cost = pl.col(CHANNEL).replace_strict(costs, return_dtype=pl.Float64)
    return rows.with_columns(
        pl.lit(rule.name).alias(RULE),
        pl.lit(rule.kind).alias("kind"),
        outcome.alias(OUTCOME),
        pl.col(REASON).fill_null(""),
        pl.when(taken).then(cost).otherwise(0.0).alias("cost"),
    ).select(pl.col(name).cast(dtype) for name, dtype in DECISIONS_SCHEMA.items())
