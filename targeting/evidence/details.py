"""The cause of each change in words: the line with the values before and now, or the refusal."""

from __future__ import annotations

import datetime as dt
from typing import Final

import polars as pl

from targeting.evidence.causes import AFTER, AT, BEFORE, CAUSE, CHANGE, ENTERED, LEFT
from targeting.evidence.lines import lets_through
from targeting.evidence.sides import Sides, against
from targeting.evidence.taken_by import TAKERS
from targeting.evidence.words import MISSING, days_of, shown_fields
from targeting.frames import CHANNEL, HELD_OUT, OUTCOME, REASON, RULE
from targeting.rules.model import Contact, Line, Rule
from targeting.rules.say import says_line

DETAIL: Final = "detail"
_OF_LINES = ("rules", "data", "scores")
_ORDER = "/order"


def with_details(changes: pl.DataFrame, sides: Sides) -> pl.DataFrame:
    """Add `detail`, a few words on the cause, to a frame of `causes.with_causes`."""
    before = {rule.name: rule for rule in sides.before.rules}
    after = {rule.name: rule for rule in sides.after.rules}
    parts = []
    numbered = changes.with_row_index(_ORDER)
    for key, group in numbered.partition_by(RULE, CHANGE, CAUSE, as_dict=True).items():
        rule, change, cause = map(str, key)
        old, new = before.get(rule), after.get(rule)
        if new is None:
            detail = pl.lit("the rule is gone")
        elif cause in _OF_LINES:
            detail = _of_lines(group, old, new, sides, change, cause)
        elif cause == "policy":
            detail = _of_policy(group, new, sides, change)
        else:
            detail = _of_allocation(change)
        parts.append(group.with_columns(detail.alias(DETAIL)))
    if not parts:
        return changes.with_columns(pl.lit("").alias(DETAIL))
    return pl.concat(parts, how="diagonal_relaxed").sort(_ORDER).drop(_ORDER)


def _of_lines(
    group: pl.DataFrame, old: Rule | None, new: Rule, sides: Sides, change: str, cause: str
) -> pl.Expr:
    """Name the first line that keeps the customer out on one side of the replacement."""
    if cause == "rules" and change == ENTERED:
        if old is None:
            return pl.lit("the rule is new")
        frame, rule, day, word = sides.old, old, sides.before.as_of, "no longer asked"
    else:
        frame, day = _failing(sides, change, cause)
        rule, word = new, "now asked" if cause == "rules" else ""
    at = group[AT]
    met = lets_through(frame[at].lazy(), rule, day, sides.after.minor)
    told = _otherwise(old, new, change, cause)
    for number, line in reversed(list(enumerate(rule.lines()))):
        values = _values(line, sides, at, by_day=cause == "data")
        said = f"{word}: {_text(line)}" if word else _text(line)
        here = pl.concat_str(pl.lit(f"{said} ("), pl.lit(values), pl.lit(")"))
        told = pl.when(~pl.lit(met[str(number)])).then(here).otherwise(told)
    if not rule.is_active(day):
        told = pl.lit(f"active {days_of(rule)}")
    return _came_or_went(sides, at).fill_null(told) if cause == "data" else told


def _failing(sides: Sides, change: str, cause: str) -> tuple[pl.DataFrame, dt.date]:
    """Give the rows that do not meet the rule: before the step for entered, after it for left."""
    days = sides.before.as_of, sides.after.as_of
    by_step = {
        (LEFT, "rules"): (sides.old, days[0]),
        (LEFT, "data"): (sides.mixed, days[1]),
        (LEFT, "scores"): (sides.new, days[1]),
        (ENTERED, "data"): (sides.old, days[0]),
        (ENTERED, "scores"): (sides.mixed, days[1]),
    }
    return by_step[change, cause]


def _text(line: Line) -> str:
    text = says_line(line)
    return text if line.step == "when" else f"{line.step}: {text}"


def _values(line: Line, sides: Sides, at: pl.Series, *, by_day: bool) -> pl.Series:
    """Show what a line looks at, now and before; of equal values it was the day that changed."""
    shown = shown_fields(line, sides.after.minor)
    old, new = (frame[at].select(shown.alias("_"))["_"] for frame in (sides.old, sides.new))
    frame = pl.DataFrame({BEFORE: old, AFTER: new})
    both = pl.concat_str(pl.col(AFTER), pl.lit(", before "), pl.col(BEFORE))
    equal = pl.col(BEFORE) == pl.col(AFTER)
    moved = f", the day is {sides.after.as_of} now" if by_day else ""
    same = pl.concat_str(pl.col(AFTER), pl.lit(moved))
    return frame.select(pl.when(equal).then(same).otherwise(both)).to_series()


def _came_or_went(sides: Sides, at: pl.Series) -> pl.Expr:
    """Say who is in one of the runs only; missing for all others."""
    went = pl.when(~pl.lit(sides.is_now[at])).then(pl.lit("no longer a customer"))
    return pl.when(~pl.lit(sides.was[at])).then(pl.lit("a new customer")).otherwise(went)


def _otherwise(old: Rule | None, new: Rule, change: str, cause: str) -> pl.Expr:
    """Say what it is where no line is: another setting of the rule, with whom it refused."""
    if cause != "rules":
        return pl.lit("the day")
    when = BEFORE if change == ENTERED else AFTER
    refused = pl.when(pl.col(f"{OUTCOME}_{when}") == HELD_OUT).then(pl.lit("holdout"))
    reason = refused.otherwise(pl.col(f"{REASON}_{when}")).fill_null("")
    words = f"the rule's {_changed(old, new)} changed"
    return (
        pl.when(reason == "")
        .then(pl.lit(words))
        .otherwise(pl.concat_str(pl.lit(f"{words}: "), reason, pl.lit(f" {_WHEN[when]}")))
    )


_WHEN = {BEFORE: "before", AFTER: "now"}


def _changed(old: Rule | None, new: Rule) -> str:
    """Name the settings of a rule besides its lines that are not what they were."""
    if old is None:
        return "existence"
    found = {
        "days": (old.active_from, old.active_until) != (new.active_from, new.active_until),
        "channels": _channels(old) != _channels(new),
        "pick": old.pick != new.pick,
        "budget": old.budget != new.budget,
        "holdout": old.holdout != new.holdout,
        "priority": old.priority != new.priority,
    }
    return " and ".join(name for name, differs in found.items() if differs) or "place"


def _channels(rule: Rule) -> tuple[str, ...]:
    return rule.then.channels if isinstance(rule.then, Contact) else ()


def _of_policy(group: pl.DataFrame, rule: Rule, sides: Sides, change: str) -> pl.Expr:
    """Name the reason against the channel of the contact, in the run that made none."""
    entered = change == ENTERED
    own = pl.col(f"{CHANNEL}_{AFTER if entered else BEFORE}")
    state = (sides.state_before if entered else sides.state_after)[group[AT]]
    reason = pl.lit(MISSING)
    for name in rule.contact.channels:
        found = state.select(against(rule, name).alias("_"))["_"].fill_null(MISSING)
        reason = pl.when(own == name).then(pl.lit(found)).otherwise(reason)
    return pl.concat_str(
        own, pl.lit(": "), reason, pl.lit(f" {_WHEN[BEFORE if entered else AFTER]}")
    )


def _of_allocation(change: str) -> pl.Expr:
    """Name what refused or held out in the run without a contact, with who took the turn."""
    when = BEFORE if change == ENTERED else AFTER
    reason = pl.col(f"{REASON}_{when}").fill_null("")
    held = pl.col(f"{OUTCOME}_{when}") == HELD_OUT
    word = pl.when(held & (reason == "")).then(pl.lit("held_out")).otherwise(reason)
    takers = pl.concat_str(pl.lit(" by "), pl.col(f"{TAKERS}_{when}")).fill_null("")
    channel = pl.col(f"{CHANNEL}_{when}").fill_null("")
    return pl.concat_str(channel, pl.lit(": "), word, takers, pl.lit(f" {_WHEN[when]}"))
