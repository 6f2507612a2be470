"""The selected customers of the night, with what each is to be told and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from targeting.campaigns.decide import Decided
from targeting.campaigns.variants import template_of, variant_of
from targeting.customers.taken import Taken
from targeting.frames import ADDRESS, CHANNEL, CUSTOMER, OUTCOME, PLACE, RULE, SEGMENT, SELECTED
from targeting.rules.model import Rule
from targeting.rules.say import because
from targeting.workspace.policy import Policy

_SAID = ("offer", "message", "because")
_OWN = (RULE, "kind", CHANNEL, ADDRESS, *_SAID)
_PERSON = "_person"  # no field of a customer begins with _


def contacts(
    decided: Decided,
    people: Taken,
    addresses: Taken,
    rules: Sequence[Rule],
    policy: Policy,
    *,
    as_of: dt.date,
    minor: int,
) -> pl.DataFrame:
    """Give one row a selected customer and rule, of these rules, sorted by rule, segment and id.

    `people` and `addresses` (of `Identifiers.addresses`): at least of those whom the rules contact.
    Every field of the customer, then rule, kind, channel, address, offer, `message` (the template)
    and `because`, a sentence with the customer's own values. A field of the customer that has one
    of these names gives way to them, after the sentence has read it.
    """
    chosen = chosen_by(decided.decisions, rules)
    persons = pl.DataFrame({_PERSON: decided.persons.of.gather(chosen[PLACE])})
    known = pl.concat([people.of(chosen[PLACE]), persons], how="horizontal")
    chosen = with_addresses(chosen, addresses, policy)
    chosen = chosen.select(pl.col(CUSTOMER, RULE, "kind", CHANNEL, ADDRESS).cast(pl.String))
    if SEGMENT not in known.columns:
        known = known.with_columns(pl.lit(None, dtype=pl.String).alias(SEGMENT))
    words = _Words(as_of, minor, policy.key)
    parts = [_nothing(chosen, known)]
    for rule in rules:
        mine = chosen[RULE] == rule.name
        parts.append(_told(chosen.filter(mine), known.filter(mine), rule, words))
    return pl.concat(parts, rechunk=True).sort(RULE, SEGMENT, CUSTOMER, nulls_last=True)


def with_addresses(decisions: pl.DataFrame, addresses: Taken, policy: Policy) -> pl.DataFrame:
    """Put beside some of the decisions the `address` on their channel."""
    found = decisions.with_columns(pl.lit("").alias(ADDRESS))
    known = addresses.of(decisions[PLACE])
    for name, channel in policy.channels.items():
        if channel.address is not None:
            mine = pl.when(pl.col(CHANNEL) == name).then(known[channel.address].fill_null(""))
            found = found.with_columns(mine.otherwise(ADDRESS).alias(ADDRESS))
    return found


def chosen_by(decisions: pl.DataFrame, rules: Sequence[Rule]) -> pl.DataFrame:
    """Give the decisions by which some rules contact a customer."""
    ours = pl.col(RULE).is_in([rule.name for rule in rules])
    return decisions.filter(ours & (pl.col(OUTCOME) == SELECTED))


@dataclass(frozen=True)
class _Words:
    """What sentences and templates depend on besides the customer and the rule."""

    as_of: dt.date
    minor: int
    key: str


def _told(chosen: pl.DataFrame, known: pl.DataFrame, rule: Rule, words: _Words) -> pl.DataFrame:
    """Put beside each customer of a rule what is said, and why."""
    said = known.with_columns(
        pl.lit(rule.contact.offer).alias("_offer"),
        template_of(rule, variant_of(rule, words.key, pl.col(_PERSON))).alias("_message"),
        because(rule, words.as_of, words.minor).alias("_because"),
    ).select(pl.col(f"_{name}").alias(name) for name in _SAID)
    return pl.concat([chosen, _fields(known), said], how="horizontal")


def _nothing(chosen: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    empty = pl.DataFrame(schema=dict.fromkeys(_SAID, pl.String))
    return pl.concat([chosen.clear(), _fields(known).clear(), empty], how="horizontal")


def _fields(known: pl.DataFrame) -> pl.DataFrame:
    return known.drop(CUSTOMER, _PERSON, *_OWN, strict=False)
