"""Names of the columns that the program adds, and what one row is, package by package.

Customers   one row a customer, sorted by customer_id: attributes, spending, measures, derived
            fields, then `segment` and each likelihood. Money columns hold minor units (Int64, or
            Float64 for means).
Hits        one row a customer, one yes/no column a rule: whether the customer meets all its lines.
Decisions   one row for each eligible customer and rule: customer_id, rule, kind, segment,
            likelihood, channel, outcome, reason, cost, and the customer's place.
Suggestions one row a product and location: stock.md's columns.
Rejects     one row a refused row, with its first problem: source, row, customer_id, field, value,
            reason.
"""

from __future__ import annotations

from typing import Final

import polars as pl

CUSTOMER: Final = "customer_id"
PERSON: Final = "person"
SEGMENT: Final = "segment"
LIKELIHOOD: Final = "likelihood"
RULE: Final = "rule"
CHANNEL: Final = "channel"
ADDRESS: Final = "address"
PLACE: Final = "place"  # of a customer among tonight's, from 0
OUTCOME: Final = "outcome"
REASON: Final = "reason"
ROW: Final = "row"

SELECTED: Final = "selected"
HELD_OUT: Final = "held_out"
REFUSED: Final = "refused"

# The fixed words of `reason`, in the order in which they are decided (decisions.md 2).
REASONS: Final = (
    "suppressed",
    "no_consent",
    "no_address",
    "quiet_date",
    "cooldown",
    "contact_limit",
    "same_person",
    "universal_holdout",
    "outranked",
    "over_limit",
    "over_capacity",
    "over_budget",
    "not_worth_it",
)

REJECTS: Final = ("source", ROW, CUSTOMER, "field", "value", REASON)


def stable_hash(key: str, purpose: str, name: str, person: pl.Expr) -> pl.Expr:
    """Hash a person for one purpose: xxh3_64 of `key U+001F purpose U+001F name U+001F person`.

    UInt64, the same on every machine and in every version (equal to PyPI's xxhash).
    """
    import polars_hash as plh

    parts = [pl.lit(key), pl.lit(purpose), pl.lit(name), person]
    hashed: pl.Expr = plh.concat_str(*parts, separator="\x1f").nchash.xxh3_64()
    return hashed


def text_hash(name: str, seed: int = 0) -> pl.Expr:
    """Hash a column's texts: xxh3_64, UInt64, as stable as `stable_hash`, for no purpose."""
    import polars_hash as plh

    hashed: pl.Expr = plh.col(name).cast(pl.String).nchash.xxh3_64(seed=seed)  # type: ignore[attr-defined]
    return hashed
