"""The first sentences: who is contacted, who is not and why, what is ordered and why."""

from __future__ import annotations

import polars as pl

from targeting.frames import CHANNEL, OUTCOME, PLACE, RULE, SELECTED
from targeting.report.about_stock import ordered
from targeting.report.numbers import Night
from targeting.report.outcomes import REASON_WORDS, People, counted_by, refusals
from targeting.report.parts import title_of
from targeting.report.speech import Speech

_MOST_REASONS = 3


def headline(night: Night, people: People, speech: Speech) -> tuple[str, ...]:
    """Say what the night comes to, the contacts first."""
    sentences = [_who(night, people, speech)]
    if people.held_out:
        more = speech.count(people.held_out, "more is", "more are")
        sentences.append(f"{more} held out, to measure what the contacts bring.")
    reasons = _reasons(night, speech)
    if reasons:
        sentences.append(f"Most often in the way of a rule: {reasons}.")
    return (*sentences, ordered(night, speech))


def _reasons(night: Night, speech: Speech) -> str:
    """Name the commonest three: the number of the first says what is counted."""
    told: list[str] = []
    for reason, n in refusals(night)[:_MOST_REASONS]:
        word = REASON_WORDS.get(reason, reason)
        times = speech.number(n) if told else speech.count(n, "time")
        told.append(f"{word[:1].lower()}{word[1:]} ({times})")
    return ", ".join(told)


def _who(night: Night, people: People, speech: Speech) -> str:
    """Count people and, where somebody has two, their contacts, which the channels add up to."""
    if not people.contacted:
        return "Nobody is contacted."
    chosen = night.decisions.filter(pl.col(OUTCOME) == SELECTED)
    rules = chosen[RULE].n_unique() if RULE in chosen.columns else 0
    by = f" by {speech.count(rules, 'rule')}" if rules else ""
    who = f"{speech.count(people.contacted, 'customer is', 'customers are')} contacted{by}"
    ways = ", ".join(
        f"{speech.number(n)} by {_channel(name)}" for name, n in counted_by(chosen, CHANNEL)
    )
    if chosen.height == people.contacted:
        return f"{who}: {ways}." if ways else f"{who}."
    twice = int((chosen.group_by(PLACE).len()["len"] > 1).sum())
    contacts = speech.count(chosen.height, "contact")
    return (
        f"{who}, {speech.number(twice)} of them more than once: {contacts}"
        + (f" ({ways})" if ways else "")
        + "."
    )


def _channel(name: str) -> str:
    return {"sms": "SMS"}.get(name, title_of(name).lower())
