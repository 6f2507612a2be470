"""S002 and S003: rules that want the same customers."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Sequence

from targeting.problems import listed
from targeting.rules.boxes import Box, Boxes, Space, TooMany, meet
from targeting.rules.findings import (
    Finding,
    compared,
    finding,
    on_the_day,
    says_example,
    undecided,
)
from targeting.rules.model import Condition, Rule
from targeting.rules.reach import Reach, Somebody, apart, in_both, somebody
from targeting.rules.witness import Example, example
from targeting.workspace.policy import Policy

_MOST_PIECES = 4_096


def both_match(reaches: Sequence[Reach], space: Space) -> Iterator[Finding]:
    """Report each two rules that can match one customer on one night; `reaches` in turn."""
    too_many: dict[str, list[Reach]] = {}
    for first, second in _near(reaches, space.reading.as_of):
        try:
            found = somebody(space, in_both(space, first.boxes, second.boxes))
            shown = None if found.box is None else example(space, found.box)
        except TooMany:
            too_many.setdefault(second.rule.name, [second]).append(first)
            continue
        if shown is not None:
            yield _both(first, second, shown, space.reading.as_of)
        elif found.open:
            why = f"whether it and '{first.rule.name}' can both match: "
            why += compared(_conditions([first, second]))
            yield undecided("S003", why, second.rule, first.rule)
    for second, *others in too_many.values():
        names = listed([one.rule.name for one in others])
        why = f"whether it can match together with {names}: too many alternatives"
        yield undecided("S003", why, second.rule, *(one.rule for one in others))


def never_reached(
    lower: Reach, before: Sequence[Reach], space: Space, policy: Policy
) -> Iterator[Finding]:
    """Report a rule all of whose customers go to rules that come `before` it.

    Raises:
        TooMany: when there are too many alternatives.
    """
    takers = [
        taker
        for taker in before
        if _outranks(taker.rule, lower.rule, policy) and not apart(taker.hull, lower.hull)
    ]
    if not takers or not lower.boxes:
        return None
    pieces = _Pieces(space)
    left = pieces.left(lower.boxes, takers)
    if left.open:
        why = f"whether it is ever reached: {compared(_conditions([lower, *takers]))}"
        yield undecided("S002", why, lower.rule, *(taker.rule for taker in takers))
    elif left.nobody:
        yield _covered(lower, _fewest(lower, takers, pieces), space.reading.as_of)


def _near(reaches: Sequence[Reach], as_of: dt.date) -> Iterator[tuple[Reach, Reach]]:
    for first, second in itertools.combinations(reaches, 2):
        if not apart(first.hull, second.hull) and _share_a_night(first.rule, second.rule, as_of):
            yield first, second


def _share_a_night(first: Rule, second: Rule, as_of: dt.date) -> bool:
    """Say whether both are active on some day from as_of on."""
    start = max(first.active_from or as_of, second.active_from or as_of, as_of)
    end = min(first.active_until or dt.date.max, second.active_until or dt.date.max)
    return start <= end


def _both(first: Reach, second: Reach, shown: Example, as_of: dt.date) -> Finding:
    name = first.rule.name
    said = says_example(shown, as_of) or "any customer"
    message = f"this rule and '{name}' can both match: {said}"
    return finding(
        "S003",
        on_the_day(message, _conditions([first, second]), as_of),
        second.rule.place,
        (second.rule, first.rule),
        instead=f"exclude the one from the other, or accept: [{{check: S003, with: {name}, …}}]",
        example=shown,
    )


def _outranks(higher: Rule, lower: Rule, policy: Policy) -> bool:
    """Say whether whoever a rule matches is lost to another: rule-language.md's conditions of S002.

    And that they are settled by priority, without which there is no higher rule.
    """
    channels = higher.contact.channels
    return (
        policy.turns == 1
        and policy.settle_by == "priority"
        and len(channels) == 1
        and channels == lower.contact.channels
        and not _is_limited(higher, policy)
        and (higher.active_from or dt.date.min) <= (lower.active_from or dt.date.min)
        and (higher.active_until or dt.date.max) >= (lower.active_until or dt.date.max)
    )


def _is_limited(rule: Rule, policy: Policy) -> bool:
    channel = policy.channels.get(rule.contact.channels[0])
    return (
        (rule.pick is not None and rule.pick.at_most is not None)
        or rule.cooldown is not None
        or policy.cooldown is not None
        or rule.budget is not None
        or (channel is not None and channel.at_most is not None)
    )


class _Pieces:
    """Takes away from boxes whom other rules match, piece by piece, until one is left over."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.count = 0

    def left(self, boxes: Boxes, takers: Sequence[Reach]) -> Somebody:
        """Look for somebody in the boxes whom none of the takers matches."""
        open_ = False
        for box in boxes:
            found = self._of(box, takers)
            if found.box is not None:
                return found
            open_ |= found.open
        return Somebody(None, open_)

    def _of(self, box: Box, takers: Sequence[Reach]) -> Somebody:
        self.count += 1
        if self.count > _MOST_PIECES:
            raise TooMany
        for number, taker in enumerate(takers):
            self.space.spend(len(taker.boxes))
            if any(meet(box, other) is not None for other in taker.boxes):
                unmet = [other for claim in taker.claims for other in claim.unmet]
                self.space.spend(len(unmet))
                pieces = (meet(box, other) for other in unmet)
                return self.left([p for p in pieces if p is not None], takers[number + 1 :])
        return somebody(self.space, [box])


def _fewest(lower: Reach, takers: Sequence[Reach], pieces: _Pieces) -> list[Reach]:
    """Keep only the rules that are needed to take everybody; one alone where one suffices."""
    for taker in takers:
        if pieces.left(lower.boxes, [taker]).nobody:
            return [taker]
    kept = list(takers)
    for taker in takers:
        fewer = [one for one in kept if one is not taker]
        if pieces.left(lower.boxes, fewer).nobody:
            kept = fewer
    return kept


def _covered(lower: Reach, takers: Sequence[Reach], as_of: dt.date) -> Finding:
    names = [f"'{taker.rule.name}'" for taker in takers]
    message = f"never reached: every customer it can match goes to {' or '.join(names)} before"
    return finding(
        "S002",
        on_the_day(message, _conditions([lower, *takers]), as_of),
        lower.rule.place,
        (lower.rule, *(taker.rule for taker in takers)),
        instead="give it a lower priority number, narrow the other, or delete it",
    )


def _conditions(reaches: Sequence[Reach]) -> list[Condition]:
    return [line.condition for reach in reaches for line in reach.lines]
