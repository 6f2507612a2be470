"""Whom a rule can match, as boxes; and the question whether anybody is in some."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from targeting.rules.boxes import Box, Boxes, Space, meet
from targeting.rules.model import Condition, Line, Rule
from targeting.rules.witness import example


@dataclass(frozen=True)
class Claim:
    """A condition that is to hold, or not to: the boxes of those who agree, and of the others."""

    condition: Condition
    wanted: bool
    met: Boxes
    unmet: Boxes


@dataclass(frozen=True)
class Reach:
    """A rule's lines as claims, those who meet them all, and what every box of these lies in."""

    rule: Rule
    lines: tuple[Line, ...]
    claims: tuple[Claim, ...]
    boxes: Boxes
    hull: Box


@dataclass(frozen=True)
class Somebody:
    """A box that somebody is in; or that nobody is in any; or that it cannot be told."""

    box: Box | None
    open: bool = False

    @property
    def nobody(self) -> bool:
        """Say whether it is proved that nobody is in any of the boxes."""
        return self.box is None and not self.open


def claim(space: Space, condition: Condition, *, wanted: bool) -> Claim:
    """Work out both sides of a condition.

    Raises:
        TooMany: when there are too many alternatives.
    """
    met, unmet = space.boxes(condition, wanted), space.boxes(condition, not wanted)
    return Claim(condition, wanted, met, unmet)


def reach(space: Space, rule: Rule) -> Reach:
    """Work out whom a rule can match.

    Raises:
        TooMany: when there are too many alternatives.
    """
    lines = rule.lines()
    claims = tuple(claim(space, line.condition, wanted=line.wanted) for line in lines)
    boxes = sorted(space.every(one.met for one in claims), key=len)
    return Reach(rule, lines, claims, boxes, _hull(boxes))


def somebody(space: Space, boxes: Iterable[Box]) -> Somebody:
    """Find the first box that certainly has somebody in it.

    Raises:
        TooMany: when it would take too long.
    """
    open_ = False
    for box in boxes:
        if not space.is_open(box) or example(space, box) is not None:
            return Somebody(box)
        open_ = True
    return Somebody(None, open_)


def in_both(space: Space, ones: Boxes, others: Boxes) -> Iterator[Box]:
    """Give the boxes of those who are in one of each list.

    Raises:
        TooMany: when there are too many to compare.
    """
    space.spend(len(ones) * len(others))
    return (box for one in ones for other in others if (box := meet(one, other)) is not None)


def apart(one: Box, other: Box) -> bool:
    """Say whether two boxes certainly have nobody in common."""
    shared = one.keys() & other.keys()
    return not all(one[number] & other[number] for number in shared)


def _hull(boxes: Boxes) -> Box:
    first, *others = boxes or [{}]
    found = first.copy()
    for box in others:
        found = {number: cells | box[number] for number, cells in found.items() if number in box}
    return found
