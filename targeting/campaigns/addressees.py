"""Whom a rule's message could reach: those who meet the rule and may be written to."""

from __future__ import annotations

import polars as pl

from targeting.campaigns.variants import VARIANT, template_of, variant_of
from targeting.frames import CHANNEL, CUSTOMER, PERSON, RULE, SEGMENT, stable_hash
from targeting.rules.model import Rule
from targeting.workspace.policy import Policy

_HASH, _TURN, _AT_FIRST = "hash of the customer", "turn", "at first"


def addressees(met: pl.DataFrame, state: pl.DataFrame, rule: Rule, policy: Policy) -> pl.DataFrame:
    """Give customer_id, segment, rule, offer, channel, variant and message (the template).

    `met`: customer_id of those who meet the rule, and segment where there are any; `state`:
    policy_state of a night, by whose permissions each gets the first open channel of the rule's.
    Who has none is left out; limits, turns and holdouts are not asked. In the order of a keyed
    hash: the first are a sample.
    """
    segment = met[SEGMENT] if SEGMENT in met.columns else pl.Series([None] * met.height)
    named = met.select(CUSTOMER, segment.cast(pl.String).alias(SEGMENT))
    known = named.join(state, on=CUSTOMER, how="inner")
    open_ = [
        pl.when(pl.col(f"permission_{name}") == "").then(pl.lit(name))
        for name in rule.contact.channels
        if f"permission_{name}" in state.columns
    ]
    channel = pl.coalesce(*open_) if open_ else pl.lit(None, pl.String)
    variant = variant_of(rule, policy.key, pl.col(PERSON))
    hashed = stable_hash(policy.key, "preview", rule.name, pl.col(CUSTOMER))
    reached = known.with_columns(
        channel.alias(CHANNEL), variant.alias(VARIANT), hashed.alias(_HASH)
    )
    return (
        reached.filter(pl.col(CHANNEL).is_not_null())
        .sort(_HASH, CUSTOMER)
        .select(
            CUSTOMER,
            SEGMENT,
            pl.lit(rule.name).alias(RULE),
            pl.lit(rule.contact.offer).alias("offer"),
            CHANNEL,
            VARIANT,
            template_of(rule, pl.col(VARIANT)).alias("message"),
        )
    )


def varied(reached: pl.DataFrame, at_most: int) -> pl.DataFrame:
    """Choose some addressees: the first of each variant, channel and segment, then the second."""
    mix = [VARIANT, CHANNEL, SEGMENT]
    turn = pl.int_range(pl.len()).over(mix).alias(_TURN)
    ordered = reached.with_row_index(_AT_FIRST).with_columns(turn).sort(_TURN, _AT_FIRST)
    return ordered.drop(_TURN, _AT_FIRST).head(at_most)
