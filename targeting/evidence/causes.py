"""Why somebody came to a list or left it: the first replacement that changes the outcome.

From the run before to the run after, these are replaced in this order (decisions.md 7):

rules       the rule: its lines, days, channels; and pick, budget, holdout or its place among the
            rules, where that refused the customer in one of the runs
data        the customer's fields (but for scores) and the day
scores      segment and likelihoods
policy      permission, consent, cooldown, contact limits, as policy_state.parquet has them
allocation  what is left: turns, the queue and its ends, the day's contacts, holdouts

A customer's own facts are replaced, never those of others: what others did is allocation.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from targeting.evidence.permitted import BEFORE_SETTLING
from targeting.evidence.read_run import RunFolder
from targeting.evidence.sides import Sides
from targeting.evidence.taken_by import BY_ORDER, TAKERS, taken_by
from targeting.frames import CHANNEL, CUSTOMER, HELD_OUT, OUTCOME, REASON, RULE, SELECTED
from targeting.rules.model import Contact, Rule

CAUSES: Final = ("rules", "data", "scores", "policy", "allocation")
ENTERED, LEFT = "entered", "left"
CHANGE, CAUSE, AT = "change", "cause", "at"
BEFORE, AFTER = "before", "after"
CONTRADICTS = "contradicts"  # the run after decided otherwise than its own lines say
_BLOCKED, _GOVERNED = "blocked", "governed"


def pairs_of(before: RunFolder, after: RunFolder, rule: str | None) -> pl.DataFrame:
    """Put the decisions of two runs side by side: customer_id, rule, then for each run
    channel_before, outcome_before, reason_before, ..., missing where it decided nothing."""
    sides = []
    for run, when in ((before, BEFORE), (after, AFTER)):
        names = (CHANNEL, OUTCOME, REASON)
        own = [pl.col(name).alias(f"{name}_{when}") for name in names]
        rows = run.decisions if rule is None else run.decisions.filter(pl.col(RULE) == rule)
        sides.append(rows.select(CUSTOMER, RULE, *own))
    joined = sides[0].join(sides[1], on=[CUSTOMER, RULE], how="full", coalesce=True)
    return joined.with_columns(_listed(BEFORE), _listed(AFTER)).collect()


def changes_of(pairs: pl.DataFrame) -> pl.DataFrame:
    """Keep who came to a list or left it, sorted by rule, change and customer_id."""
    came = pl.col(f"listed_{AFTER}")
    changed = pairs.filter(came != pl.col(f"listed_{BEFORE}"))
    change = pl.when(came).then(pl.lit(ENTERED)).otherwise(pl.lit(LEFT)).alias(CHANGE)
    return changed.with_columns(change).sort(RULE, CHANGE, CUSTOMER)


def with_causes(changes: pl.DataFrame, sides: Sides) -> pl.DataFrame:
    """Add `cause`, `contradicts`, and for `details` who took the turn: takers_before, ..._after."""
    changes = _with_refusals(changes, sides)
    rules = [rule for rule in sides.after.rules if rule.name in changes[RULE].unique()]
    eligible, open_ = sides.eligible(rules), sides.permitted(rules)
    parts = [
        changes.filter(~pl.col(RULE).is_in([rule.name for rule in rules])).with_columns(
            pl.lit("rules").alias(CAUSE)  # the rule is gone
        )
    ]
    for rule in rules:
        mine = changes.filter(pl.col(RULE) == rule.name)
        at = mine[AT]
        met = {step: frame[rule.name].gather(at) for step, frame in eligible.items()}
        may = {when: frame[rule.name].gather(at) for when, frame in open_.items()}
        own = {
            "rules": met["rules"] & may[BEFORE],
            "data": met["data"] & may[BEFORE],
            "scores": met["scores"] & may[BEFORE],
            "policy": met["scores"] & may[AFTER],
        }
        decided = pl.col(f"{OUTCOME}_{AFTER}").is_not_null()
        wrong = (pl.lit(met["scores"]) != decided).alias(CONTRADICTS)
        parts.append(mine.with_columns(_first(own).alias(CAUSE), wrong))
    return pl.concat(parts, how="diagonal_relaxed").sort(RULE, CHANGE, CUSTOMER)


def _first(own: dict[str, pl.Series]) -> pl.Expr:
    """Name the first step at which the customer is on the list (entered), or off it (left).

    A refusal by allocation holds from the rules on where the rule's own setting made it, else at
    the last step; one of the run before ends as that of the run after begins.
    """
    entered = pl.col(CHANGE) == ENTERED
    held = pl.col(f"{_BLOCKED}_{BEFORE}") & ~pl.col(f"{_GOVERNED}_{BEFORE}")
    refused = pl.col(f"{_BLOCKED}_{AFTER}") & pl.col(f"{_GOVERNED}_{AFTER}")
    cause = pl.lit("allocation")
    for step in reversed(own):
        on = pl.lit(own[step])
        changed = pl.when(entered).then(on & ~held).otherwise(~on | refused)
        cause = pl.when(changed).then(pl.lit(step)).otherwise(cause)
    return cause


def _with_refusals(changes: pl.DataFrame, sides: Sides) -> pl.DataFrame:
    """Say of each run whether its allocation refused, and whether a setting of the rule did it."""
    place = pl.DataFrame({CUSTOMER: sides.ids}).with_row_index(AT)
    changes = changes.join(place, on=CUSTOMER, how="left", maintain_order="left")
    runs = {BEFORE: (sides.before, sides.after), AFTER: (sides.after, sides.before)}
    states = {BEFORE: sides.state_before, AFTER: sides.state_after}
    for when, (run, other) in runs.items():
        outranked = changes.filter(pl.col(f"{REASON}_{when}") == "outranked")
        rows = outranked.select(CUSTOMER, RULE, pl.col(f"{CHANNEL}_{when}").alias(CHANNEL))
        found = taken_by(rows, run, other).rename({TAKERS: f"{TAKERS}_{when}"})
        changes = changes.join(found, on=[CUSTOMER, RULE], how="left", maintain_order="left")
        state = states[when][changes[AT]]
        changes = changes.with_columns(
            _blocked(when, state, run).alias(f"{_BLOCKED}_{when}"),
            _governed(when, sides).alias(f"{_GOVERNED}_{when}"),
        ).drop(BY_ORDER)
    return changes


def _blocked(when: str, state: pl.DataFrame, run: RunFolder) -> pl.Expr:
    """Say whether a run refused after permission."""
    reason, channel = pl.col(f"{REASON}_{when}"), pl.col(f"{CHANNEL}_{when}")
    full: pl.Expr = pl.lit(value=False)
    for name in run.policy.channels:
        if f"full/{name}" in state.columns:
            full = pl.when(channel == name).then(pl.lit(state[f"full/{name}"])).otherwise(full)
    refused = pl.col(f"{OUTCOME}_{when}").is_not_null() & ~pl.col(f"listed_{when}")
    early = reason.is_in([name for name in BEFORE_SETTLING if name != "contact_limit"])
    return (refused & ~early & ~((reason == "contact_limit") & full)).fill_null(value=False)


def _governed(when: str, sides: Sides) -> pl.Expr:
    """Say whether a setting of the rule that refused is another in the other run."""
    reason, outcome = pl.col(f"{REASON}_{when}"), pl.col(f"{OUTCOME}_{when}")
    changed = _changed_settings(sides)
    by_setting = pl.any_horizontal(
        pl.lit(value=False),
        *(
            pl.col(RULE).is_in(names) & (reason == word)
            for word, names in changed.items()
            if word != HELD_OUT
        ),
    )
    held = (outcome == HELD_OUT) & (reason == "") & pl.col(RULE).is_in(changed[HELD_OUT])
    by_order = (reason == "outranked") & pl.col(BY_ORDER).fill_null(value=False)
    return (by_setting | held | by_order).fill_null(value=False)


def _changed_settings(sides: Sides) -> dict[str, list[str]]:
    """List by reason the rules whose setting behind it was changed."""
    before = {rule.name: rule for rule in sides.before.rules}
    both = [(before[r.name], r) for r in sides.after.rules if r.name in before]
    return {
        "over_limit": [new.name for old, new in both if old.pick != new.pick],
        "over_budget": [new.name for old, new in both if old.budget != new.budget],
        "not_worth_it": [new.name for old, new in both if _worth(old) != _worth(new)],
        HELD_OUT: [new.name for old, new in both if old.holdout != new.holdout],
    }


def _worth(rule: Rule) -> object:
    then = rule.then
    return (then.value, then.uplift) if isinstance(then, Contact) else None


def _listed(when: str) -> pl.Expr:
    on = (pl.col(f"{OUTCOME}_{when}") == SELECTED).fill_null(value=False)
    return on.alias(f"listed_{when}")
