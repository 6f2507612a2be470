"""What a night comes to, rule by rule and segment by segment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import polars as pl

from targeting.campaigns.settle import MICRO
from targeting.frames import HELD_OUT, OUTCOME, REASON, REASONS, RULE, SEGMENT, SELECTED
from targeting.ledger.read import LAST_CONTACTED
from targeting.rules.model import Rule, fields_read

REFUSALS = tuple(reason for reason in REASONS if reason != "universal_holdout")


def reached(funnel: pl.DataFrame, rules: Sequence[Rule], as_of: dt.date) -> dict[str, int]:
    """Count whom each active rule speaks of, whether or not they were contacted lately.

    Who is on a list changes every night by cooldowns and by lines about the last contact; whom the
    rule speaks of does not, unless the data or the rule has changed. `funnel` is of `rules.match`.
    """
    counted = {}
    for rule in rules:
        if not rule.is_active(as_of):
            continue
        steps = funnel.filter(pl.col(RULE) == rule.name)
        lines = zip(rule.lines(), steps["lost"][1:], strict=True)
        lately = [lost for line, lost in lines if LAST_CONTACTED in fields_read((line.condition,))]
        counted[rule.name] = int(steps["left"][-1]) + sum(lately)
    return counted


def summarise(decisions: pl.DataFrame, rules: Sequence[Rule]) -> pl.DataFrame:
    """Count outcomes and add up costs: one row a rule and segment, an empty one for a rule without.

    eligible = selected + held_out + the refusals; universal_holdout is a part of held_out.
    planned_cost is that of all taken, real_cost of the selected.
    """
    outcome, reason = pl.col(OUTCOME), pl.col(REASON)
    micros = (pl.col("cost") * MICRO).round(0).cast(pl.Int64)
    counted = decisions.group_by(RULE, SEGMENT).agg(
        pl.len().cast(pl.Int64).alias("eligible"),
        *((reason == word).sum().cast(pl.Int64).alias(word) for word in REFUSALS),
        (reason == "universal_holdout").sum().cast(pl.Int64).alias("universal_holdout"),
        (outcome == HELD_OUT).sum().cast(pl.Int64).alias("held_out"),
        (outcome == SELECTED).sum().cast(pl.Int64).alias("selected"),
        (micros.sum() / MICRO).round(6).alias("planned_cost"),
        (micros.filter(outcome == SELECTED).sum() / MICRO).round(6).alias("real_cost"),
    )
    names = [rule.name for rule in rules if rule.kind != "inventory"]
    all_rules = pl.DataFrame({RULE: names}, schema={RULE: pl.String})
    numbers = [name for name in counted.columns if name not in (RULE, SEGMENT)]
    counted = counted.with_columns(pl.col(RULE, SEGMENT).cast(pl.String))
    joined = all_rules.join(counted, on=RULE, how="left").with_columns(
        pl.col(SEGMENT).fill_null(""), *(pl.col(name).fill_null(0) for name in numbers)
    )
    return joined.sort(RULE, SEGMENT)
