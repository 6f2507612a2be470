"""From a night's rules to what settling by expected value looks at: worths, limits, ties."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from targeting.campaigns.candidates import Limits
from targeting.campaigns.permission import Codes, Integers
from targeting.campaigns.settle import MICRO, Night, micro
from targeting.customers.held import Rows
from targeting.frames import LIKELIHOOD
from targeting.rules.model import Rule

LARGEST = 2**59  # an amount in millionths that still can be multiplied by a likelihood


def worths(
    rule: Rule, customers: Rows, at: Integers, channel: Codes, night: Night, minor: int
) -> Integers:
    """Give likelihood x value - the channel's cost, in millionths, of the customers at some places.

    Who has no likelihood or no value brings nothing in.
    """
    chances = _millionths(customers, LIKELIHOOD, at, 1)
    value = rule.contact.value
    if isinstance(value, str):
        amounts = _millionths(customers, value, at, minor)
    else:
        amounts = np.full(at.size, micro(value) or 0, dtype=np.int64)
    whole, part = np.divmod(amounts, MICRO)  # in one product they could pass 64 bits
    brought = chances * whole + chances * part // MICRO
    found: Integers = brought - night.costs[channel]
    return found


def summable(worth: Integers) -> Integers:
    """Cut what is worth so much that the sum of all would pass 64 bits."""
    most = 2**62 // max(worth.size, 1)
    return np.clip(worth, -most, most)


def limits_of(rules: Sequence[Rule], night: Night) -> Limits:
    """Give what holds tonight, less what committed runs of the day have used."""
    policy, history = night.policy, night.history
    names = list(policy.channels)
    rests = [
        (None if limit.channel == "any" else names.index(limit.channel), limit.at_most - counts)
        for limit, counts in zip(policy.contact_limits, history.windows, strict=True)
    ]
    whole = micro(policy.budget)
    return Limits(
        costs=night.costs,
        turns=policy.turns,
        counted_in_all=policy.counted == "in all",
        used_turns=history.turns,
        rests=rests,
        rule_at_most=[None if rule.pick is None else rule.pick.at_most for rule in rules],
        rule_budget=[_rest(micro(rule.budget), history.spent.get(rule.name, 0)) for rule in rules],
        channel_rest=[
            _rest(form.at_most, int(used))
            for form, used in zip(policy.channels.values(), history.per_channel, strict=True)
        ],
        budget_rest=_rest(whole, sum(history.spent.values())),
    )


def _rest(most: int | None, used: int) -> int | None:
    return None if most is None else max(most - used, 0)


def _millionths(customers: Rows, name: str, at: Integers, minor: int) -> Integers:
    if name not in customers.columns:
        return np.zeros(at.size, dtype=np.int64)
    column = customers[name].gather(at).cast(pl.Float64).fill_nan(None).fill_null(0.0)
    scaled = (column * (MICRO / minor)).clip(-LARGEST, LARGEST)
    found: Integers = scaled.round(0).cast(pl.Int64).to_numpy()
    return found
