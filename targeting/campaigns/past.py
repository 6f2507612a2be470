"""Past contacts as they bind tonight: cooldowns, rolling limits, and what the day has used up.

The histories of all members of a person are added up; a history follows its customer id.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from targeting.campaigns.permission import Flags, Integers
from targeting.campaigns.persons import Persons
from targeting.customers.held import Rows
from targeting.frames import CHANNEL, CUSTOMER, RULE
from targeting.ledger.question import Question, Window
from targeting.ledger.read import LAST_CONTACTED, Past
from targeting.rules.model import Rule
from targeting.workspace.policy import Policy

ANY = "any"


@dataclass(frozen=True)
class History:
    """What past contacts leave open.

    Parameters:
        windows: contacts of each person in each of the policy's contact_limits.
        cooling: by rule that must leave some alone, the day it took each customer (or any member
            of the person) last, in the order of the customers; missing: it need not.
        turns: contacts that committed runs of the same day gave, by person and channel.
        per_channel: the same by channel, of customers gone since too.
        spent: by rule, what those contacts cost, in millionths.
    """

    windows: tuple[Integers, ...]
    cooling: Mapping[str, pl.Series]
    turns: Integers
    per_channel: Integers
    spent: Mapping[str, int] = field(default_factory=dict)


def question(rules: Sequence[Rule], policy: Policy, as_of: dt.date) -> Question:
    """Say what a night must know of the past: windows, cooldowns, the last contact."""
    windows = [
        Window(None if limit.channel == ANY else limit.channel, limit.within.before(as_of))
        for limit in policy.contact_limits
    ]
    cooldowns: dict[str, dt.date | None] = {}
    for rule in rules:
        wait = rule.cooldown or policy.cooldown
        if wait is not None:
            cooldowns[rule.name] = None if wait == "ever" else wait.before(as_of)
    return Question(as_of, tuple(windows), cooldowns, last_contact=True)


def holdout_names(rules: Sequence[Rule]) -> dict[str, str]:
    """Name the group of each rule that holds some out."""
    return {rule.name: rule.holdout.name for rule in rules if rule.holdout is not None}


def history_of(past: Past, customers: Rows, persons: Persons, policy: Policy) -> History:
    """Bring the past to the persons of tonight's customers, in their order."""
    number = _numbers(customers, persons)
    people = int(persons.number.max(initial=-1)) + 1
    channels = list(policy.channels)
    turns = np.zeros((people, len(channels)), dtype=np.int64)
    at = past.turns.join(number, on=CUSTOMER, how="inner").filter(pl.col(CHANNEL).is_in(channels))
    where = at[CHANNEL].replace_strict(channels, range(len(channels)), return_dtype=pl.Int64)
    if at.height:
        places = (at["number"].to_numpy(), where.to_numpy())
        np.add.at(turns, places, at["contacts"].to_numpy())
    used = dict(past.used.group_by(CHANNEL).agg(pl.col("contacts").sum()).iter_rows())
    return History(
        windows=tuple(
            _summed(past.counts, f"window_{at}", number, people)
            for at in range(len(policy.contact_limits))
        ),
        cooling=_cooling(past.cooling, number, persons),
        turns=turns,
        per_channel=np.array([used.get(name, 0) for name in channels], dtype=np.int64),
        spent=dict(past.used.group_by(RULE).agg(pl.col("cost").sum()).iter_rows()),
    )


def full_channels(history: History, persons: Persons, policy: Policy) -> dict[str, Flags]:
    """Say by channel who had come to one of its contact limits before tonight, by customer."""
    found = {name: np.zeros(persons.number.size, dtype=np.bool_) for name in policy.channels}
    for limit, counts in zip(policy.contact_limits, history.windows, strict=True):
        full = counts[persons.number] >= limit.at_most
        for name in found:
            if limit.channel in (ANY, name):
                found[name] |= full
    return found


def nothing_before(persons: Persons, policy: Policy) -> History:
    """Give the history of people whom nobody has ever contacted."""
    people = int(persons.number.max(initial=-1)) + 1
    return History(
        windows=tuple(np.zeros(people, dtype=np.int64) for _ in policy.contact_limits),
        cooling={},
        turns=np.zeros((people, len(policy.channels)), dtype=np.int64),
        per_channel=np.zeros(len(policy.channels), dtype=np.int64),
    )


def last_contacts(past: Past, customers: Rows, persons: Persons) -> pl.DataFrame:
    """Give each customer's newest contact, any member's: customer_id, last_contacted_on."""
    known = past.last.join(_numbers(customers, persons), on=CUSTOMER, how="inner")
    newest = known.group_by("number").agg(pl.col(LAST_CONTACTED).max())
    numbered = _numbers(customers, persons).join(newest, on="number", how="inner")
    return numbered.select(CUSTOMER, LAST_CONTACTED)


def _numbers(customers: Rows, persons: Persons) -> pl.DataFrame:
    return customers.select(CUSTOMER).with_columns(pl.Series("number", persons.number))


def _summed(counts: pl.DataFrame, name: str, number: pl.DataFrame, people: int) -> Integers:
    known = counts.select(CUSTOMER, name).join(number, on=CUSTOMER, how="inner")
    found: Integers = np.bincount(
        known["number"].to_numpy(), weights=known[name].to_numpy(), minlength=people
    ).astype(np.int64)
    return found


def _cooling(cooling: pl.DataFrame, number: pl.DataFrame, persons: Persons) -> dict[str, pl.Series]:
    """Give by rule the newest day of any member of each customer's person."""
    numbered = cooling.join(number, on=CUSTOMER, how="inner")
    newest = numbered.group_by(RULE, "number").agg(pl.col(LAST_CONTACTED).max())
    found = {}
    for (rule,), rows in newest.partition_by(RULE, as_dict=True).items():
        joined = number.join(rows, on="number", how="left", maintain_order="left")
        found[str(rule)] = joined[LAST_CONTACTED]
    return found
