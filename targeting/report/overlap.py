"""Where rules meet: who is fitted by two of them, and which one took the other's turn."""

from __future__ import annotations

import polars as pl

from targeting.frames import CHANNEL, CUSTOMER, OUTCOME, PERSON, REASON, RULE, SELECTED
from targeting.report.parts import has

_OTHER, _TAKER = "other", "taker"
_NEEDED = (CUSTOMER, RULE, OUTCOME, REASON)


def overlap(decisions: pl.DataFrame, people: pl.DataFrame) -> dict[str, object]:
    """Count customers by how many rules fit them, and pairs of rules that meet.

    fitted, fitted_twice, contacted_twice: customers whom rules fit, two or more fit, two or more
    contact (on different channels). pairs [{rule, other, fit_rule, fit_other, both, contacted_both,
    taken_by_rule, taken_by_other}]: customers whom each fits, both fit, both contact; and refusals
    `outranked` of the one rule for whose person the other has taken the turn. Sorted by both,
    turns taken and names; `rule` is the one that takes more turns from the other.
    """
    if not has(decisions, *_NEEDED):
        return {"fitted": 0, "fitted_twice": 0, "contacted_twice": 0, "pairs": []}
    counts = decisions.group_by(CUSTOMER).agg(
        pl.col(RULE).n_unique().alias("fit"), (pl.col(OUTCOME) == SELECTED).sum().alias("contacted")
    )
    return {
        "fitted": counts.height,
        "fitted_twice": int((counts["fit"] >= 2).sum()),
        "contacted_twice": int((counts["contacted"] >= 2).sum()),
        "pairs": _pairs(decisions, people).to_dicts(),
    }


def _pairs(decisions: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    fit = decisions.group_by(RULE).agg(pl.len().alias("fit"))
    turns = _turns(decisions, people)
    found = (
        _met(decisions)
        .join(turns, on=[RULE, _OTHER], how="full", coalesce=True)
        .join(fit.rename({"fit": "fit_rule"}), on=RULE)
        .join(fit.rename({RULE: _OTHER, "fit": "fit_other"}), on=_OTHER)
        .fill_null(0)
    )
    swap = pl.col("taken_by_other") > pl.col("taken_by_rule")
    columns = {name: pl.when(swap).then(twin).otherwise(name) for name, twin in _TWINS.items()}
    ordered = found.with_columns(**columns).select(*_COLUMNS)
    taken = pl.col("taken_by_rule") + pl.col("taken_by_other")
    falling = [True, True, False, False]
    return ordered.sort("both", taken, RULE, _OTHER, descending=falling)


_HALF = {RULE: _OTHER, "fit_rule": "fit_other", "taken_by_rule": "taken_by_other"}
_TWINS = _HALF | {twin: name for name, twin in _HALF.items()}
_COLUMNS = (
    RULE,
    _OTHER,
    "fit_rule",
    "fit_other",
    "both",
    "contacted_both",
    "taken_by_rule",
    "taken_by_other",
)


def _met(decisions: pl.DataFrame) -> pl.DataFrame:
    """Count the customers of each two rules, the names in alphabetical order."""
    rows = decisions.lazy().select(
        CUSTOMER, pl.col(RULE).cast(pl.String), (pl.col(OUTCOME) == SELECTED).alias("takes")
    )
    others = rows.rename({RULE: _OTHER, "takes": "other_takes"})
    met = rows.join(others, on=CUSTOMER).filter(pl.col(RULE) < pl.col(_OTHER))
    counted = met.group_by(RULE, _OTHER).agg(
        pl.len().cast(pl.Int64).alias("both"),
        (pl.col("takes") & pl.col("other_takes")).sum().cast(pl.Int64).alias("contacted_both"),
    )
    return counted.collect(engine="streaming")


def _turns(decisions: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """Count by two rules how often the one had taken a person's turn before the other.

    Where a turn is one of a channel, only who took it on that channel has taken it; where nobody
    has, turns are counted over all channels.
    """
    channel = pl.col(CHANNEL) if CHANNEL in decisions.columns else pl.lit("")
    rows = decisions.select(
        _person(people), CUSTOMER, pl.col(RULE).cast(pl.String), REASON, channel.alias(CHANNEL)
    )
    taken = rows.filter(pl.col(REASON) == "").select(
        PERSON, pl.col(RULE).alias(_TAKER), pl.col(CHANNEL).alias("by")
    )
    waiting = rows.filter(pl.col(REASON) == "outranked")
    met = waiting.join(taken, on=PERSON).filter(pl.col(RULE) != pl.col(_TAKER))
    here = (pl.col("by") == pl.col(CHANNEL)).fill_null(value=False)
    one = [CUSTOMER, RULE]
    met = met.with_columns(here.alias("here"), here.any().over(one).alias("any_here"))
    met = met.filter(pl.col("here") | ~pl.col("any_here")).unique([*one, _TAKER])
    first = pl.col(RULE) < pl.col(_TAKER)
    pairs = met.select(
        pl.min_horizontal(RULE, _TAKER).alias("first"),
        pl.max_horizontal(RULE, _TAKER).alias(_OTHER),
        (~first).cast(pl.Int64).alias("taken_by_rule"),
        first.cast(pl.Int64).alias("taken_by_other"),
    )
    return pairs.rename({"first": RULE}).group_by(RULE, _OTHER).agg(pl.all().sum())


def _person(people: pl.DataFrame) -> pl.Expr:
    """Say who a customer is; who is not listed is a person of his own."""
    own = pl.col(CUSTOMER).cast(pl.String)
    if not has(people, CUSTOMER, PERSON):
        return own.alias(PERSON)
    ids, persons = (people[name].cast(pl.String) for name in (CUSTOMER, PERSON))
    return own.replace(ids, persons).alias(PERSON)
