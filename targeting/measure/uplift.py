"""How many more buy because of a rule: seen in its past holdouts, else as the rule says itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import polars as pl

from targeting.customers.lines import Lines
from targeting.frames import CUSTOMER, HELD_OUT, RULE, SEGMENT, SELECTED
from targeting.measure.exposures import BOUGHT, first_exposures, what_they_bought, with_windows
from targeting.measure.figures import Count, Effect, Figure
from targeting.measure.rates import compare_rates
from targeting.measure.runs import decided_of
from targeting.measure.tally import ENDS_ON, SEEN, tally
from targeting.rules.model import Contact, Rule
from targeting.workspace.literals import Period

WITHIN: Final = Period(30, "day")
NIGHTS: Final = 30  # the newest whose thirty days are over: they tell of the rule as it is now
ARMS: Final = (SELECTED, HELD_OUT)
UPLIFTS: Final = {RULE: pl.String, "uplift": pl.Float64, "source": pl.String}


def uplifts(rules: Sequence[Rule], out: Path, lines: Lines | None, as_of: dt.date) -> pl.DataFrame:
    """Give rule, uplift and source: additional buyers a contact within 30 days, 0.1 = one in ten.

    `measured`: buyers among the contacted less those among the held out, in the newest 30 nights
    whose 30 days are over. It counts where its interval of 95% leaves 0 out, or lies below the
    rule's own `uplift:`, and is never under 0: what chance alone may have made would order stock
    for nobody. Else `rule`: its own. A rule with neither has no row. Intention to treat, as in
    `targeting measure`.
    """
    measured = _measured(rules, out, lines, as_of)
    rows = []
    for rule in rules:
        own, seen = _own(rule), measured.get(rule.name)
        if seen is not None and _tells(seen, own):
            rows.append((rule.name, round(max(seen.difference or 0, 0), 6), "measured"))
        elif own is not None:
            rows.append((rule.name, own, "rule"))
    return pl.DataFrame(rows, schema=UPLIFTS, orient="row")


def _own(rule: Rule) -> float | None:
    if not isinstance(rule.then, Contact) or rule.then.uplift is None:
        return None
    return float(rule.then.uplift)


def _tells(seen: Effect, own: float | None) -> bool:
    below = own is not None and seen.high is not None and seen.high < own
    return seen.leaves_zero_out or below


def _measured(
    rules: Sequence[Rule], out: Path, lines: Lines | None, as_of: dt.date
) -> Mapping[str, Effect]:
    names = [rule.name for rule in rules if rule.holdout is not None]
    if lines is None or not names:
        return {}
    decided = decided_of(out, names, until=WITHIN.before(as_of), nights=NIGHTS)
    if decided is None:
        return {}
    exposed = with_windows(first_exposures(decided), WITHIN).filter(pl.col(ENDS_ON) <= as_of)
    if exposed.is_empty():
        return {}
    bought = lines.only(exposed.select(CUSTOMER).unique()).together()
    seen = what_they_bought(exposed, bought, WITHIN, 0)
    buyers = tally(seen.drop(SEGMENT), BOUGHT.removeprefix(SEEN))
    nobody = Count(0, 0)
    return {
        name: compare_rates(*(_count(buyers.get(((name, None), arm), nobody)) for arm in ARMS))
        for name in names
    }


def _count(figure: Figure) -> Count:
    assert isinstance(figure, Count)
    return figure
