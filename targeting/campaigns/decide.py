"""Decisions: one row for each eligible customer and rule, with its outcome and first reason."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import polars as pl

from targeting.campaigns.by_value import limits_of, summable, worths
from targeting.campaigns.candidates import Candidates
from targeting.campaigns.expected_value import settle_by_value
from targeting.campaigns.identifiers import Identifiers
from targeting.campaigns.past import History, full_channels, nothing_before
from targeting.campaigns.people import People
from targeting.campaigns.permission import (
    CODE,
    REASON_OF_CODE,
    Codes,
    Flags,
    Integers,
    Permission,
    permissions,
    suppressed_customers,
)
from targeting.campaigns.persons import Persons, hashed, own_hash
from targeting.campaigns.returned import shut_out
from targeting.campaigns.settle import MICRO, Night, in_turn, pick_key, queue_order, settle
from targeting.campaigns.state import policy_state
from targeting.customers.held import Rows
from targeting.frames import (
    CHANNEL,
    CUSTOMER,
    HELD_OUT,
    LIKELIHOOD,
    OUTCOME,
    PLACE,
    REASON,
    REFUSED,
    RULE,
    SEGMENT,
    SELECTED,
)
from targeting.rules.model import Rule
from targeting.workspace.policy import Policy

# In a night RULE, kind, SEGMENT, CHANNEL, OUTCOME and REASON are Enums of these words, a byte each.
DECISIONS_SCHEMA: Mapping[str, pl.DataType | type[pl.DataType]] = {
    CUSTOMER: pl.String,
    RULE: pl.String,
    "kind": pl.String,
    SEGMENT: pl.String,
    LIKELIHOOD: pl.Float64,
    CHANNEL: pl.String,
    PLACE: pl.UInt32,
    OUTCOME: pl.String,
    REASON: pl.String,
    "cost": pl.Float64,
}


# What becomes of an eligible customer, as the small number that a decision is kept by.
_OUTCOMES = (REFUSED, HELD_OUT, SELECTED)


@dataclass(frozen=True)
class _Tonight:
    """What every rule looks at, in the order of the customers."""

    customers: Rows
    matched: pl.DataFrame
    persons: Persons
    order: Integers  # of the customer_id among all
    own: pl.Series  # hash: the order within a person
    universal: Flags
    permission: Permission
    night: Night
    policy: Policy
    minor: int  # minor units of money in one


@dataclass(frozen=True)
class _RuleDecided:
    """One rule's decisions, by customer_id: places of the customers, and numbers for words."""

    rule: Rule
    at: Integers
    channel: Codes
    reason: Codes
    outcome: Codes


@dataclass(frozen=True)
class Decided:
    """The night's decisions and who stands behind the ids."""

    decisions: pl.DataFrame  # sorted by rule, customer_id
    persons: Persons
    state: pl.LazyFrame  # of `policy_state`
    identifiers: Identifiers


@dataclass(frozen=True)
class Known:
    """What stands against contacts, besides the customers' own consent.

    None: there is no such source, and (`history`) nobody was ever contacted.
    """

    suppressions: pl.DataFrame | None = None
    responses: pl.DataFrame | None = None
    history: History | None = None


def decide(
    customers: Rows,
    matched: pl.DataFrame,
    rules: Sequence[Rule],
    policy: Policy,
    people: People,
    known: Known,
    *,
    as_of: dt.date,
    minor: int,
) -> Decided:
    """Take every contact rule through permission, persons, settling and holdouts (decisions.md 2).

    `customers`, `matched` (of `rules.match`) and `people` have the same rows in the same order;
    `minor`: how many minor units of money make one.
    """
    persons, history, ids = people.persons, known.history, customers[CUSTOMER]
    if history is None:
        history = nothing_before(persons, policy)
    tonight = _Tonight(
        customers=customers,
        matched=matched,
        persons=persons,
        order=_order(ids),
        own=own_hash(ids, policy.key),
        universal=_held_out(persons.of, policy.key, "universal", "", policy.universal_holdout),
        permission=_permitted(people, known, history, policy, as_of),
        night=Night(policy, history),
        policy=policy,
        minor=minor,
    )
    active = [rule for rule in in_turn(rules, policy) if rule.is_active(as_of)]
    by_value = policy.settle_by == "expected_value"
    decided = (_by_value if by_value else _in_turn)(active, tonight)
    state = policy_state(customers, persons, tonight.permission, history, policy)
    held = people.identifiers.shelf.keep("policy state", 0, state)
    decisions = _decisions(decided, tonight)
    return Decided(decisions, persons, held, people.identifiers)


def _order(ids: pl.Series) -> Integers:
    """Give the place of each customer_id among all; tonight's customers stand in it already."""
    if ids.is_sorted():
        return np.arange(ids.len())
    return ids.rank("ordinal").cast(pl.Int64).to_numpy()


def _permitted(
    people: People, known: Known, history: History, policy: Policy, as_of: dt.date
) -> Permission:
    identifiers, persons = people.identifiers, people.persons
    listed = suppressed_customers(identifiers, known.suppressions, persons)
    came_back = shut_out(identifiers, known.responses, persons, as_of)
    words = ["", *policy.after, "list"]
    by_list = len(words) - 1
    barred_by = {
        name: _words(words, np.where(listed, by_list, codes)) for name, codes in came_back.items()
    }
    return permissions(identifiers, barred_by, full_channels(history, persons, policy), as_of)


def _held_out(persons: pl.Series, key: str, purpose: str, name: str, share: Decimal) -> Flags:
    """Say whose bucket of 10,000 lies below the share: nested and stable."""
    below = math.ceil(share * 10_000)
    return (hashed(persons, key, purpose, name) % 10_000 < below).to_numpy()


@dataclass(frozen=True)
class _Waiting:
    """One rule's eligible customers by customer_id, before anything is settled."""

    rule: Rule
    at: Integers
    rows: pl.DataFrame
    channel: Codes
    reason: Codes

    @property
    def open(self) -> Integers:
        """The places of those whom nothing stands against yet."""
        return np.flatnonzero(self.reason == 0)


def _permitted_by(rule: Rule, tonight: _Tonight) -> _Waiting:
    """Take a rule's customers through permission, persons and the universal holdout."""
    at = np.flatnonzero(tonight.matched[rule.name].to_numpy())
    at = at[np.argsort(tonight.order[at])]
    taken = tonight.night.history.cooling.get(rule.name)
    cooling = None if taken is None else taken.is_not_null().to_numpy()
    channel, reason = tonight.permission.chosen(rule.contact.channels, at, cooling)
    rows = pl.DataFrame({"person": tonight.persons.number[at], "order": tonight.order[at]})
    rows = rows.with_columns(tonight.own.gather(at).alias("own"))
    if pick_key(rule):
        rows = rows.with_columns(_picked(rule, tonight.customers).gather(at).alias("pick"))
    reason[_more_of_a_person(rows, reason == 0, rule)] = CODE["same_person"]
    reason[(reason == 0) & tonight.universal[at]] = CODE["universal_holdout"]
    return _Waiting(rule, at, rows, channel, reason)


def _in_turn(rules: Sequence[Rule], tonight: _Tonight) -> list[_RuleDecided]:
    """Settle rule after rule, each by its own queue."""
    decided = []
    for rule in rules:
        who = _permitted_by(rule, tonight)
        queue = _in_queue(who, tonight)
        persons = tonight.persons.number[who.at[queue]]
        who.reason[queue] = settle(persons, who.channel[queue], rule, tonight.night)
        decided.append(_held_back(who, tonight))
    return decided


def _by_value(rules: Sequence[Rule], tonight: _Tonight) -> list[_RuleDecided]:
    """Settle all rules at once, for the greatest expected value."""
    waiting = [_permitted_by(rule, tonight) for rule in rules]
    places = [who.open for who in waiting]
    if not places:
        return []
    parts = [
        (
            tonight.persons.number[who.at[open_]],
            np.full(open_.size, number, dtype=np.int64),
            who.channel[open_],
            worths(
                who.rule, tonight.customers, who.at[open_], who.channel[open_], tonight.night,
                tonight.minor,
            ),
            _ties(who, open_, tonight).to_numpy(),
        )
        for number, (who, open_) in enumerate(zip(waiting, places, strict=True))
    ]  # fmt: skip
    person, rule, channel, worth, tie = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    candidates = Candidates(person, rule, channel, summable(worth), tie)
    reasons = settle_by_value(candidates, limits_of(rules, tonight.night)).reasons
    ends = np.cumsum([open_.size for open_ in places])[:-1]
    for who, open_, found in zip(waiting, places, np.split(reasons, ends), strict=True):
        who.reason[open_] = found
    return [_held_back(who, tonight) for who in waiting]


def _held_back(who: _Waiting, tonight: _Tonight) -> _RuleDecided:
    outcome = _outcomes(who.rule, who.at, who.reason, tonight)
    return _RuleDecided(who.rule, who.at, who.channel, who.reason, outcome)


def _ties(who: _Waiting, places: Integers, tonight: _Tonight) -> pl.Series:
    persons = tonight.persons.of.gather(who.at[places])
    return hashed(persons, tonight.policy.key, "tie", who.rule.name).alias("tie")


def _picked(rule: Rule, customers: Rows) -> pl.Series:
    assert rule.pick is not None
    assert rule.pick.field is not None
    values = customers[rule.pick.field]
    return values.fill_nan(None) if values.dtype.is_float() else values


def _more_of_a_person(rows: pl.DataFrame, open_: Flags, rule: Rule) -> Integers:
    """Find all members of a person but one: the highest by pick, then by own hash, then id."""
    several = rows.with_row_index("row").filter(pl.Series(open_))
    several = several.filter(pl.col("person").is_duplicated())
    best_first = queue_order(several, [*pick_key(rule), ("own", False), ("order", False)])
    more = several[best_first].filter(~pl.col("person").is_first_distinct())
    places: Integers = more["row"].cast(pl.Int64).to_numpy()
    return places


def _in_queue(who: _Waiting, tonight: _Tonight) -> Integers:
    """Order those who wait by pick, tie hash and id."""
    waiting = who.open
    queue = who.rows[waiting].with_columns(_ties(who, waiting, tonight))
    order = queue_order(queue, [*pick_key(who.rule), ("tie", False), ("order", False)])
    places: Integers = waiting[order]
    return places


def _outcomes(rule: Rule, at: Integers, reason: Codes, tonight: _Tonight) -> Codes:
    """Hold out the rule's own share of those taken."""
    outcome = np.full(at.size, _OUTCOMES.index(REFUSED), dtype=np.uint8)
    outcome[reason == CODE["universal_holdout"]] = _OUTCOMES.index(HELD_OUT)
    taken = np.flatnonzero(reason == 0)
    outcome[taken] = _OUTCOMES.index(SELECTED)
    if rule.holdout is not None:
        persons = tonight.persons.of.gather(at[taken])
        name, share = rule.holdout.name, rule.holdout.share
        held = _held_out(persons, tonight.policy.key, "holdout", name, share)
        outcome[taken[held]] = _OUTCOMES.index(HELD_OUT)
    return outcome


def _decisions(decided: Sequence[_RuleDecided], tonight: _Tonight) -> pl.DataFrame:
    """Put words for the numbers, in the order of rule and customer_id."""
    if not decided:
        return pl.DataFrame(schema=DECISIONS_SCHEMA)
    parts = sorted(decided, key=lambda part: part.rule.name)
    places = [part.at for part in parts]
    at = pl.Series(np.concatenate(places, dtype=np.uint32, casting="unsafe"))
    channel = np.concatenate([part.channel for part in parts])
    reason = np.concatenate([part.reason for part in parts])
    outcome = np.concatenate([part.outcome for part in parts])
    which = np.repeat(np.arange(len(parts), dtype=np.uint32), [each.size for each in places])
    costs = np.append(tonight.night.costs / MICRO, 0.0)
    columns = {
        CUSTOMER: tonight.customers[CUSTOMER].gather(at),
        RULE: _words([part.rule.name for part in parts], which),
        "kind": _words([part.rule.kind for part in parts], which),
        SEGMENT: _coded(_column(tonight.customers, SEGMENT, at)),
        LIKELIHOOD: _column(tonight.customers, LIKELIHOOD, at),
        CHANNEL: _words(tonight.night.channels, channel),
        PLACE: at,
        OUTCOME: _words(_OUTCOMES, outcome),
        REASON: _words(REASON_OF_CODE, reason),
        "cost": pl.Series(costs[np.where(reason == 0, channel, costs.size - 1)]),
    }
    return pl.DataFrame(columns)


def _column(customers: Rows, name: str, at: pl.Series) -> pl.Series:
    dtype = DECISIONS_SCHEMA[name]
    if name in customers.columns:
        return customers[name].gather(at).cast(dtype)
    return pl.Series(name, [None], dtype=dtype).new_from_index(0, at.len())


def _coded(words: pl.Series) -> pl.Series:
    return words.cast(pl.Enum(words.unique().drop_nulls().sort()))


def _words(words: Sequence[str], numbers: npt.NDArray[np.integer]) -> pl.Series:
    distinct = list(dict.fromkeys(words))
    small = np.min_scalar_type(len(distinct))
    codes = np.array([distinct.index(word) for word in words], dtype=small)
    return pl.Series(codes[numbers]).cat.to(pl.Enum(distinct))
