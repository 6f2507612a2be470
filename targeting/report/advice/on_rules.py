"""Advice on rules: that reach nobody, are refused, cannot be measured, or pick by a bad score."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from statistics import NormalDist

import polars as pl

from targeting.frames import CHANNEL, OUTCOME, REASON, REFUSED, RULE
from targeting.report.advice.piece import (
    RESTS,
    Advice,
    active_rules,
    file_of,
    named,
    share_of_customers,
    title,
)
from targeting.report.leakage import has_leak
from targeting.report.numbers import Night
from targeting.report.outcomes import outcomes_by_rule
from targeting.report.parts import has, mapping, real, title_of, whole
from targeting.report.speech import Speech
from targeting.report.ways import way_in_words

_FEWEST = 5
# Standard errors that a difference must have to be found four times in five, at 5% two-sided.
_ERRORS = NormalDist().inv_cdf(0.975) + NormalDist().inv_cdf(0.8)
_SOUGHT = 0.05  # where a rule says no uplift: five more of a hundred buy
_HALF = 0.5  # the rate at which chance is greatest, where no rate is known
_SIMPLE = ("rfm", "recency")

_REASONS = {
    "no_consent": ("Ask for consent to be contacted by {way}", "has not agreed"),
    "no_address": (
        "Collect the addresses or numbers that are missing for {way}",
        "has no usable address",
    ),
    "over_limit": ("Raise the limit of {rule}, if it can be served", "came after its limit"),
    "over_capacity": ("Make more room on {way} for a night", "came after the channel was full"),
    "over_budget": ("Look at the budget of the night", "came after the budget was used up"),
}
_WAYS = {"sms": "SMS"}


def on_rules(night: Night, speech: Speech) -> Iterator[Advice]:
    """Look at each rule's funnel, its refusals, its comparison and its order."""
    yield from _reach_nobody(night, speech)
    yield from _refused(night, speech)
    yield from _too_small_to_measure(night, speech)
    yield from _picked_badly(night, speech)


def _reach_nobody(night: Night, speech: Speech) -> Iterator[Advice]:
    fits = outcomes_by_rule(night)
    if not has(night.funnel, RULE, "step", "line", "left", "lost"):
        return
    for rule in active_rules(night):
        own = night.funnel.filter(pl.col(RULE) == rule.get("name"))
        emptied = own.filter(pl.col("left") == 0, pl.col("lost") > 0)
        if str(rule.get("name")) in fits or emptied.is_empty():
            continue
        row = emptied.row(0, named=True)
        if str(row["line"]).startswith(RESTS):
            continue
        missing = whole(row.get("lost_missing"))
        unknown = f", {speech.number(missing)} of them for want of a value" if missing else ""
        lost = speech.count(row["lost"], "customer who was", "customers who were")
        yield Advice(
            do=f"Loosen or end {title(rule)}: it fits nobody.",
            because=f"Its line “{row['line'] or title_of(str(row['step']))}” takes away the last"
            f" {lost} left before it{unknown}.",
            where=file_of(rule),
            touches=share_of_customers(row["lost"], night),
        )


def _refused(night: Night, speech: Speech) -> Iterator[Advice]:
    """Tell, of each reason that can be mended, how many it costs and where it costs most."""
    if not has(night.decisions, RULE, OUTCOME, REASON, CHANNEL):
        return
    refused = night.decisions.filter(
        pl.col(OUTCOME) == REFUSED, pl.col(REASON).is_in(list(_REASONS))
    )
    by_rule = (
        refused.group_by(REASON, CHANNEL, RULE)
        .len()
        .with_columns(pl.col("len").sum().over(REASON, CHANNEL).alias("all"))
    )
    most = by_rule.sort("len", RULE, descending=[True, False]).unique(
        [REASON, CHANNEL], keep="first", maintain_order=True
    )
    for row in most.filter(pl.col("all") >= _FEWEST).iter_rows(named=True):
        yield _mended(row, night, speech)


def _mended(row: Mapping[str, object], night: Night, speech: Speech) -> Advice:
    do, words = _REASONS[str(row[REASON])]
    rule, channel = named(night, str(row[RULE])), str(row[CHANNEL])
    way = _WAYS.get(channel, title_of(channel).lower())
    every, most = whole(row["all"]), whole(row["len"])
    fits = outcomes_by_rule(night)[str(row[RULE])][3]
    where_most = f"{speech.number(most)} of them" if most < every else "all of them"
    return Advice(
        do=do.format(way=way, rule=title(rule)) + ".",
        because=f"{speech.count(every, 'time')} a rule fits and the customer {words} ({way});"
        f" {where_most} for {title(rule)}, which fits {speech.number(fits)}.",
        where=file_of(rule),
        touches=share_of_customers(every, night),
    )


def _too_small_to_measure(night: Night, speech: Speech) -> Iterator[Advice]:
    """Tell of comparisons that one night cannot decide, by the rule with most contacts.

    Standard errors of two rates: Bloom 1995, Evaluation Review 19, 547-556.
    """
    rate = _base_rate(night)
    small = []
    for name, (selected, held, _, _) in sorted(outcomes_by_rule(night).items()):
        rule = named(night, name)
        sought = real(rule.get("uplift")) or _SOUGHT
        if selected and held and _visible(rate, selected, held) > sought:
            small.append((selected, held, sought, rule))
    if not small:
        return
    selected, held, sought, rule = max(small, key=lambda row: row[:2])
    shows = _visible(rate, selected, held)
    needed = math.ceil(held * (shows / sought) ** 2)
    others = f" and {speech.count(len(small) - 1, 'more rule')}" if len(small) > 1 else ""
    says = "the rule counts on it" if rule.get("uplift") else "taken where a rule names no uplift"
    yield Advice(
        do=f"Judge {title(rule)}{others} over many nights, or hold out more.",
        because=f"{speech.number(held)} are held out beside {speech.number(selected)} contacted:"
        f" one night shows only a difference of {speech.number(100 * shows)} or more buyers in a"
        f" hundred. To see {speech.number(100 * sought, 1)} ({says}), about"
        f" {speech.number(needed)} would have to be held out, and more contacted in proportion.",
        where=f"{file_of(rule)}, holdout; targeting measure --since DATE",
        touches=share_of_customers(sum(row[1] for row in small), night),
    )


def _visible(rate: float, treated: int, control: int) -> float:
    """Give the smallest difference of rates that arms of these sizes show four times in five."""
    return _ERRORS * math.sqrt(rate * (1 - rate) * (1 / treated + 1 / control))


def _base_rate(night: Night) -> float:
    rates = [
        real(mapping(model).get("base_rate"))
        for _, model in sorted(mapping(night.manifest.get("scores")).items())
    ]
    return next((rate for rate in rates if rate), _HALF)


def _picked_badly(night: Night, speech: Speech) -> Iterator[Advice]:
    """Tell of lists ordered by a likelihood that is no better than what is simple, or leaks."""
    for name, told in sorted(mapping(night.manifest.get("scores")).items()):
        model = mapping(told)
        why = _no_reason_to_trust(model, speech)
        pickers = [rule for rule in active_rules(night) if rule.get("picks_by") == name]
        if not why or not pickers:
            continue
        first = pickers[0]
        others = f" and {speech.count(len(pickers) - 1, 'more rule')}" if len(pickers) > 1 else ""
        taken = _taken_by(pickers, night)
        yield Advice(
            do=f"Do not let {title(first)}{others} pick by {title_of(name).lower()} yet.",
            because=f"{why} {speech.count(taken, 'contact')} of tonight are picked by it.",
            where=f"{file_of(first)}, pick; segments/likelihood.yaml",
            touches=share_of_customers(taken, night),
        )


def _taken_by(rules: list[Mapping[str, object]], night: Night) -> int:
    counts = outcomes_by_rule(night)
    return sum(counts.get(str(rule["name"]), (0, 0, 0, 0))[0] for rule in rules)


def _no_reason_to_trust(model: Mapping[str, object], speech: Speech) -> str:
    if has_leak(model):
        return "A field that it reads knows the answer already."
    if model.get("scored_by") in ("base_rate", "none"):
        return "It gives everybody the same."
    own = real(model.get("auc"))
    for other in _SIMPLE:
        beside = mapping(mapping(model.get("baselines")).get(other))
        gap = mapping(beside.get("differences")).get("auc")
        theirs = real(beside.get("auc"))
        if own is None or theirs is None or not isinstance(gap, (list, tuple)) or gap[1] > 0:
            continue
        return (
            f"It is not surely better than {way_in_words(other)}: AUC {speech.fixed(own, 3)} beside"
            f" {speech.fixed(theirs, 3)}, and the difference may be nothing."
        )
    return ""
