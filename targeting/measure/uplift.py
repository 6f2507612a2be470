"""How many more buy because of a rule: seen in its past holdouts, else as the rule says itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import polars as pl

from targeting.frames import CUSTOMER, HELD_OUT, RULE, SELECTED
from targeting.measure.exposures import BOUGHT, first_exposures, what_they_bought, with_windows
from targeting.measure.runs import decided_of
from targeting.measure.tally import ARM, ENDS_ON
from targeting.rules.model import Contact, Rule
from targeting.workspace.literals import Period

WITHIN: Final = Period(30, "day")
NIGHTS: Final = 30  # the newest whose thirty days are over: they tell of the rule as it is now
FEWEST: Final = 100  # customers in each arm; of fewer a difference is mostly chance

UPLIFTS: Final = {RULE: pl.String, "uplift": pl.Float64, "source": pl.String}


def uplifts(
    rules: Sequence[Rule], out: Path, purchases: pl.DataFrame | None, as_of: dt.date
) -> pl.DataFrame:
    """Give rule, uplift and source: additional buyers a contact within 30 days, 0.1 = one in ten.

    `measured`: buyers among the contacted less those among the held out, in the newest 30 nights
    whose 30 days are over; needs 100 customers in each arm, and is never under 0. Else `rule`: its
    own `uplift:`. A rule with neither has no row. Intention to treat, as in `targeting measure`.
    """
    measured = _measured(rules, out, purchases, as_of)
    rows = []
    for rule in rules:
        if rule.name in measured:
            rows.append((rule.name, measured[rule.name], "measured"))
        elif isinstance(rule.then, Contact) and rule.then.uplift is not None:
            rows.append((rule.name, float(rule.then.uplift), "rule"))
    return pl.DataFrame(rows, schema=UPLIFTS, orient="row")


def _measured(
    rules: Sequence[Rule], out: Path, purchases: pl.DataFrame | None, as_of: dt.date
) -> Mapping[str, float]:
    names = [rule.name for rule in rules if rule.holdout is not None]
    if purchases is None or CUSTOMER not in purchases.columns or not names:
        return {}
    decided = decided_of(out, names, until=WITHIN.before(as_of), nights=NIGHTS)
    if decided is None:
        return {}
    exposed = with_windows(first_exposures(decided), WITHIN).filter(pl.col(ENDS_ON) <= as_of)
    if exposed.is_empty():
        return {}
    seen = what_they_bought(exposed, purchases.drop_nulls(CUSTOMER), WITHIN, 0)
    arms = {arm: pl.col(ARM) == arm for arm in (SELECTED, HELD_OUT)}
    counted = seen.group_by(RULE).agg(
        *(arm.sum().alias(f"{name}_n") for name, arm in arms.items()),
        *((pl.col(BOUGHT) & arm).sum().alias(f"{name}_bought") for name, arm in arms.items()),
    )
    enough = counted.filter(*(pl.col(f"{name}_n") >= FEWEST for name in arms))
    rate = {name: pl.col(f"{name}_bought") / pl.col(f"{name}_n") for name in arms}
    more = (rate[SELECTED] - rate[HELD_OUT]).clip(lower_bound=0).round(6)
    return dict(enough.select(RULE, more.alias("uplift")).iter_rows())
