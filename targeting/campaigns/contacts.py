"""The selected customers of the night, with what each is to be told and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import polars as pl

from targeting.frames import (
    CHANNEL,
    CUSTOMER,
    OUTCOME,
    PERSON,
    RULE,
    SEGMENT,
    SELECTED,
    stable_hash,
)
from targeting.rules.model import Rule
from targeting.rules.say import because

_OWN = (RULE, "kind", CHANNEL, "address", "offer", "message", "because")


def contacts(
    decisions: pl.DataFrame,
    customers: pl.DataFrame,
    persons: pl.Series,
    rules: Sequence[Rule],
    *,
    as_of: dt.date,
    minor: int,
    key: str,
) -> pl.DataFrame:
    """Give one row a selected customer and rule, sorted by rule, segment and id.

    Every field of the customer, then rule, kind, channel, address, offer, `message` (the template)
    and `because`, a sentence with the customer's own values.
    """
    chosen = decisions.filter(pl.col(OUTCOME) == SELECTED)
    chosen = chosen.select(CUSTOMER, RULE, "kind", CHANNEL, "address")
    people = customers.drop(_OWN, strict=False).with_columns(persons.alias(PERSON))
    rows = chosen.join(people, on=CUSTOMER, how="left", maintain_order="left").rechunk()
    if SEGMENT not in rows.columns:
        rows = rows.with_columns(pl.lit(None, dtype=pl.String).alias(SEGMENT))
    parts = [
        rows.filter(pl.col(RULE) == rule.name).with_columns(
            pl.lit(rule.contact.offer).alias("offer"),
            _template(rule, key).alias("message"),
            because(rule, as_of, minor).alias("because"),
        )
        for rule in rules
    ]
    nothing = rows.clear().with_columns(
        pl.lit(None, dtype=pl.String).alias(name) for name in ("offer", "message", "because")
    )
    together = pl.concat([nothing, *parts]).drop(PERSON)
    return together.sort(RULE, SEGMENT, CUSTOMER, nulls_last=True).rechunk()


def _template(rule: Rule, key: str) -> pl.Expr:
    """Name each customer's template; of several variants a stable one."""
    templates = [rule.contact.messages[variant] for variant in sorted(rule.contact.messages)]
    if len(templates) == 1:
        return pl.lit(templates[0])
    bucket = stable_hash(key, "variant", rule.name, pl.col(PERSON)) % len(templates)
    return bucket.replace_strict(dict(enumerate(templates)), return_dtype=pl.String)
