"""Every arm against its control: the rows of `targeting measure`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from targeting.measure.comparison import Comparison
from targeting.measure.figures import Count, Effect, Figure, Sample
from targeting.measure.many import holm
from targeting.measure.means import compare_means
from targeting.measure.rates import compare_rates
from targeting.measure.tally import (
    Group,
    Tally,
    ends_of,
    groups_of,
    is_rate,
    outcomes_of,
    tally,
)
from targeting.measure.verdict import NOT_COMPARED, Sought, verdict


@dataclass(frozen=True)
class Question:
    """What is compared with what, and what counts as an answer."""

    arms: Sequence[str]
    control: str
    sought: Sought = field(default_factory=Sought)
    as_of: dt.date | None = None  # windows that end later are not over
    less_is_better: Collection[str] = ()  # outcomes
    described: Collection[str] = ()  # outcomes that the control cannot have, so nothing is compared


def compare(frame: pl.DataFrame, question: Question) -> list[Comparison]:
    """Compare every other arm with the control, over all segments and in each.

    `frame` has one row a customer and rule: rule (null: all rules together), arm, optionally
    segment and window_ends_on, and each outcome as `outcome:NAME`: yes/no or numbers, null where it
    is not known;
    such a row counts in the other outcomes. Given by rule, arm, segment and outcome.

    Holm's family is one outcome over all rules and arms; the segments of all rules and arms are a
    family of their own, and so are all rules together.
    """
    tallies = {outcome: tally(frame, outcome) for outcome in outcomes_of(frame)}
    ends = ends_of(frame)
    found = [
        _compared(group, arm, outcome, tallies[outcome], is_rate(frame, outcome), question, ends)
        for group in groups_of(frame)
        for arm in question.arms
        for outcome in tallies
    ]
    seen = [each for each in found if each.treated.n or each.control.n]
    seen.sort(key=lambda e: (e.rule is not None, e.rule or "", question.arms.index(e.arm)))
    return [_judged(each, question) for each in _corrected(seen)]


def _compared(
    group: Group,
    arm: str,
    outcome: str,
    figures: Tally,
    counts: bool,
    question: Question,
    ends: dict[Group, dt.date],
) -> Comparison:
    nobody: Figure = Count(0, 0) if counts else Sample(0, None, None)
    treated = figures.get((group, arm), nobody)
    control = figures.get((group, question.control), nobody)
    until = ends.get(group)
    is_open = until is not None and question.as_of is not None and question.as_of < until
    return Comparison(
        *group,
        arm,
        outcome,
        treated,
        control,
        _effect(treated, control) if outcome not in question.described else Effect(),
        sought=question.sought.difference(control.value, is_rate=counts),
        open_until=until if is_open else None,
    )


def _effect(treated: Figure, control: Figure) -> Effect:
    match treated, control:
        case Count(), Count():
            return compare_rates(treated, control)
        case Sample(), Sample():
            return compare_means(treated, control)
    raise AssertionError((treated, control))


def _corrected(found: Sequence[Comparison]) -> Iterable[Comparison]:
    """Correct each family's p; the order stays."""
    kinds = [(each.outcome, each.segment is None, each.rule is None) for each in found]
    corrected: dict[int, Comparison] = {}
    for kind in dict.fromkeys(kinds):
        places = [at for at, own in enumerate(kinds) if own == kind]
        ps = [found[at].effect.p for at in places]
        family = sum(p is not None for p in ps)
        for at, p in zip(places, holm(ps), strict=True):
            corrected[at] = replace(found[at], p_holm=p, family=family)
    return [corrected[at] for at in range(len(found))]


def _judged(found: Comparison, question: Question) -> Comparison:
    if found.outcome in question.described:
        return replace(found, verdict=NOT_COMPARED)
    said = verdict(
        found.effect,
        found.p_holm,
        sought=found.sought,
        is_over=found.open_until is None,
        less_is_better=found.outcome in question.less_is_better,
    )
    return replace(found, verdict=said)
