"""Which rules took somebody's turn, and whether the order of the rules did it."""

from __future__ import annotations

import polars as pl

from targeting.evidence.read_run import RunFolder
from targeting.frames import CHANNEL, CUSTOMER, PERSON, REASON, RULE

TAKERS, BY_ORDER = "takers", "by_order"
_TAKER = "taker"


def taken_by(outranked: pl.DataFrame, run: RunFolder, other: RunFolder) -> pl.DataFrame:
    """Give customer_id, rule, takers (in words), by_order, for rows customer_id, rule, channel.

    `by_order`: a taker had no such place in the other run: it stood behind, or was not there.
    """
    in_order = run.policy.settle_by == "priority"
    people = run.state.select(CUSTOMER, PERSON)
    taken = (
        run.decisions.filter(pl.col(REASON) == "")
        .join(people, on=CUSTOMER)
        .select(PERSON, pl.col(RULE).alias(_TAKER), pl.col(CHANNEL).alias("by"))
    )
    pairs = (
        outranked.lazy()
        .join(people, on=CUSTOMER)
        .join(taken, on=PERSON)
        .join(_pairs(_turn(run), _turn(other), in_order=in_order), on=[RULE, _TAKER])
    )
    if run.policy.counted != "in all":
        pairs = pairs.filter(pl.col("by") == pl.col(CHANNEL))
    names = pl.col(_TAKER).unique().sort().str.join(", ")
    return pairs.group_by(CUSTOMER, RULE).agg(names.alias(TAKERS), pl.col(BY_ORDER).any()).collect()


def _turn(run: RunFolder) -> dict[str, int]:
    return {rule.name: number for number, rule in enumerate(run.rules)}


def _pairs(turn: dict[str, int], there: dict[str, int], *, in_order: bool) -> pl.LazyFrame:
    """List which rules can take a turn from which, and whether they could not in the other run.

    Where rules are not settled one after the other, any can from any.
    """
    rows = [
        (rule, taker, not (taker in there and (not in_order or _precedes(taker, rule, there))))
        for rule, own in turn.items()
        for taker, earlier in turn.items()
        if (earlier < own if in_order else taker != rule)
    ]
    schema = {RULE: pl.String, _TAKER: pl.String, BY_ORDER: pl.Boolean}
    return pl.LazyFrame(rows, schema=schema, orient="row")


def _precedes(taker: str, rule: str, turn: dict[str, int]) -> bool:
    return turn[taker] < turn.get(rule, len(turn))
