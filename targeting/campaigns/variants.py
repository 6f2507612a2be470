"""Which variant of a rule's message a person gets: the same one every night."""

from __future__ import annotations

from typing import Final

import polars as pl

from targeting.frames import stable_hash
from targeting.rules.model import Rule

VARIANT: Final = "variant"


def variant_of(rule: Rule, key: str, person: pl.Expr) -> pl.Expr:
    """Name each person's variant, by the hash of the policy's key, the rule and the person alone.

    Who else is a customer changes nothing; another number of variants, key or rule's name draws
    anew. A rule with one message has one variant, often named "".
    """
    names = sorted(rule.contact.messages)
    if len(names) == 1:
        return pl.lit(names[0])
    bucket = stable_hash(key, VARIANT, rule.name, person) % len(names)
    return bucket.replace_strict(dict(enumerate(names)), return_dtype=pl.String)


def template_of(rule: Rule, variant: pl.Expr) -> pl.Expr:
    """Name the template of a variant, a file below templates/messages."""
    return variant.replace_strict(dict(rule.contact.messages), return_dtype=pl.String)
