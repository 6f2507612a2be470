"""The answer to "why me?", in values: what `explain` says in words or as JSON."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from targeting.evidence.permitted import ChannelFound
from targeting.frames import HELD_OUT, REASON, SELECTED
from targeting.rules.model import Rule

NOT_ELIGIBLE = "not_eligible"


@dataclass(frozen=True)
class LineFound:
    """A line of a rule and the customer before it.

    Parameters:
        step: active, when, exclude or guardrail.
        line: what the funnel calls it.
        value: the customer's own value as saved; by field where the line looks at several.
        told: the same in words.
        met: whether the line let the customer through; an exclude line does where it does not hold.
    """

    step: str
    line: str
    value: Any
    told: str
    met: bool


@dataclass(frozen=True)
class RuleFound:
    """One rule and one customer: the lines, the channels, what became of it and why.

    `channels` is empty for whom the rule does not reach: nobody asked. `fact` says the reason in
    words; `place` is the place in the rule's queue and how many waited; `disagrees` says where the
    saved decision is not what the saved customer gives: a damaged folder.
    """

    rule: Rule
    active: bool
    lines: tuple[LineFound, ...]
    channels: tuple[ChannelFound, ...]
    channel: str
    outcome: str
    reason: str
    fact: str = ""
    place: tuple[int, int] | None = None
    disagrees: tuple[str, ...] = ()

    @property
    def failed(self) -> LineFound | None:
        """The first line that did not let the customer through."""
        return next((line for line in self.lines if not line.met), None)

    @property
    def contacted(self) -> bool:
        """Whether the customer is on the rule's list."""
        return self.outcome == SELECTED

    @property
    def offer(self) -> str:
        """What the rule offers."""
        return self.rule.contact.offer

    def as_dict(self) -> dict[str, Any]:
        """Give the form that `explain --json` prints."""
        return {
            "rule": self.rule.name,
            "title": self.rule.title,
            "active": self.active,
            "lines": [
                {"step": one.step, "line": one.line, "value": one.value, "met": one.met}
                for one in self.lines
            ],
            "channels": [
                {"channel": one.channel, REASON: one.reason, "fact": one.fact}
                for one in self.channels
            ],
            "channel": self.channel,
            "offer": self.offer,
            "outcome": self.outcome,
            REASON: self.reason,
            "fact": self.fact,
            "queue": None
            if self.place is None
            else dict(zip(("place", "of"), self.place, strict=True)),
            "disagrees": list(self.disagrees),
        }


@dataclass(frozen=True)
class Explained:
    """Everything that a run decided about one customer.

    `also` are the other ids of the same person; `likelihoods` give value (0 to 1) and reason.
    """

    customer_id: str
    run_id: str
    as_of: dt.date
    dry_run: bool
    person: str
    also: tuple[str, ...]
    segment: str | None
    likelihoods: Mapping[str, tuple[float | None, str | None]]
    rules: tuple[RuleFound, ...]

    @property
    def doubts(self) -> list[str]:
        """Where decisions and customers of the folder contradict each other, in words."""
        return [
            f"run {self.run_id} is damaged: {one.rule.name}: {wrong}"
            for one in self.rules
            for wrong in one.disagrees
        ]

    def as_dict(self) -> dict[str, Any]:
        """Give the form that `explain --json` prints."""
        return {
            "customer_id": self.customer_id,
            "run_id": self.run_id,
            "as_of": self.as_of.isoformat(),
            "dry_run": self.dry_run,
            "person": self.person,
            "same_person": list(self.also),
            "segment": self.segment,
            "likelihoods": {
                name: {"value": value, "because": because}
                for name, (value, because) in self.likelihoods.items()
            },
            "rules": [rule.as_dict() for rule in self.rules],
        }


def says_outcome(found: RuleFound, dry_run: bool = False) -> str:
    """Say what became of a customer and a rule, in a sentence."""
    if found.contacted:
        done = "Would be contacted" if dry_run else "Contacted"
        return f"{done} by {found.channel} with the offer {found.offer}{_stood(found)}."
    if found.outcome == HELD_OUT:
        return f"Held out, so not contacted: {found.fact}."
    if found.outcome == NOT_ELIGIBLE:
        return f"Not meant by this rule: {says_failed(found)}."
    return f"Not contacted: {found.fact}."


def says_failed(found: RuleFound) -> str:
    """Say the first line that did not let the customer through, with the customer's value."""
    line = found.failed
    if line is None:
        return "the run has no decision"
    told = f" ({line.told})" if line.told else ""
    if line.step == "when":
        return f"{line.line}: no{told}"
    if line.step == "active":
        return f"not active on that day{told}"
    return f"left out by {line.step}: {line.line}{told}"


def _stood(found: RuleFound) -> str:
    return "" if found.place is None else f", as number {found.place[0]:,} of {found.place[1]:,}"
