"""Conditions as "or of ands": each "and" a box, a set of values for each field that it narrows.

Negation is exact, because the language is two-valued: a box of `not age at least 18` has missing in
it. A test that compares two fields is an axis of its own with the cells met and not met; but for
missing values, nothing is known of how it hangs together with its fields until an example is made.
"""

from __future__ import annotations

import datetime as dt
import operator as op
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from targeting.rules.axes import Axis, Cell, Reading, may_be_missing
from targeting.rules.model import (
    Audience,
    Condition,
    Constant,
    Group,
    OtherField,
    Test,
    tests_in,
)
from targeting.workspace.catalogue import Field
from targeting.workspace.literals import Period
from targeting.workspace.words import OPERATORS

MOST_BOXES = 4_096
MOST_MEETINGS = 1_500_000  # of boxes in one analysis: about as many seconds
_FEW = 32  # boxes that are worth simplifying
NO, YES = 0b01, 0b10  # the cells of an axis that answers a question
_COMPARED: Mapping[str, Callable[[Any, Any], Any]] = {
    "at_least": op.ge,
    "more_than": op.gt,
    "at_most": op.le,
    "less_than": op.lt,
    "before": op.lt,
    "after": op.gt,
}

Box = dict[int, int]  # the number of an axis -> the cells that are left of it
Boxes = list[Box]  # any of them; none: nobody


class TooMany(Exception):
    """More alternatives than can be looked at in the time that a check may take."""


@dataclass(frozen=True)
class Part:
    """What an axis is about: a field, a list's member, a list's absence, or a whole test."""

    field: Field
    kind: str = "value"
    member: str = ""
    test: Test | None = None


class Space:
    """The axes of a set of conditions, and the boxes of each condition."""

    def __init__(self, conditions: Iterable[Condition], as_of: dt.date, digits: int) -> None:
        self.reading = Reading(as_of, digits)
        self.axes: list[Axis] = []
        self.parts: list[Part] = []
        self.left = MOST_MEETINGS
        self._compared: set[int] = set()  # the axes of comparisons of two fields
        self._numbers: dict[tuple[str, str, object], int] = {}
        self._known: dict[tuple[object, ...], tuple[Boxes, Boxes]] = {}
        self._tests: dict[str, list[Test]] = {}  # of each field, which its axis is cut by
        for condition in conditions:
            for test in tests_in(condition):
                self._tests.setdefault(test.field.name, []).append(test)

    def boxes(self, condition: Condition, wanted: bool = True) -> Boxes:
        """Give the boxes of those who meet a condition, or of those who do not.

        Raises:
            TooMany: when there are more than `MOST_BOXES`.
        """
        match condition:
            case Test():
                return self._test(condition, wanted)
            case Group(kind="all", conditions=inner):
                return self._joined([self.boxes(one, wanted) for one in inner], wanted)
            case Group(kind="any", conditions=inner):
                return self._joined([self.boxes(one, wanted) for one in inner], not wanted)
            case Group(kind="none", conditions=inner):
                return self._joined([self.boxes(one, not wanted) for one in inner], wanted)
            case Audience(when=groups):
                return self._joined([self.boxes(group, wanted) for group in groups], wanted)
            case _:
                raise TypeError(f"not a condition: {condition!r}")

    def every(self, alternatives: Iterable[Boxes]) -> Boxes:
        """Give the boxes of those who are in one of each list."""
        found: Boxes = [{}]
        for boxes in alternatives:
            self.spend(len(found) * len(boxes))
            both = (meet(one, other) for one in found for other in boxes)
            found = self.simple([box for box in both if box is not None])
            if len(found) > MOST_BOXES:
                raise TooMany
        return found

    def spend(self, meetings: int) -> None:
        """Count how many boxes have been held against each other.

        Raises:
            TooMany: when it would take too long.
        """
        self.left -= meetings
        if self.left < 0 or meetings > MOST_BOXES * 64:
            raise TooMany

    def is_open(self, box: Box) -> bool:
        """Say whether the box hangs on how two fields compare; if not, somebody is in it."""
        return not self._compared.isdisjoint(box)

    def axis(self, field: Field) -> int:
        """Give the number of a field's axis."""
        return self._number(Part(field), lambda: self.reading.axis(field, self._of(field)))

    def simple(self, boxes: Boxes) -> Boxes:
        """Drop boxes that lie in others, and join those that differ on one axis only."""
        if len(boxes) < 2:
            return boxes
        boxes = self._joined_singles(boxes)
        if len(boxes) > _FEW:
            return list({frozenset(box.items()): box for box in boxes}.values())
        self.spend(len(boxes) ** 2)
        found: Boxes = []
        for box in boxes:
            grown = box
            while (pair := self._joining(found, grown)) is not None:
                found.remove(pair[0])
                grown = pair[1]
            if not any(holds(one, grown) for one in found):
                found = [one for one in found if not holds(grown, one)] + [grown]
        return found

    def _joined_singles(self, boxes: Boxes) -> Boxes:
        """Join the boxes that narrow nothing but one axis, axis by axis."""
        singles: Box = {}
        for box in boxes:
            if len(box) == 1:
                ((number, cells),) = box.items()
                singles[number] = singles.get(number, 0) | cells
        if {} in boxes or any(cells == self.axes[n].full for n, cells in singles.items()):
            return [{}]
        return [{n: cells} for n, cells in singles.items()] + [b for b in boxes if len(b) > 1]

    def _joining(self, boxes: Boxes, new: Box) -> tuple[Box, Box] | None:
        """Find a box that makes one box together with a new one; give it and the union."""
        for box in boxes:
            if box.keys() != new.keys():
                continue
            apart = [number for number, cells in box.items() if new[number] != cells]
            if len(apart) == 1:
                cells = box[apart[0]] | new[apart[0]]
                others = {n: c for n, c in box.items() if n != apart[0]}
                full = cells == self.axes[apart[0]].full
                return box, others if full else {**box, apart[0]: cells}
        return None

    def _joined(self, parts: Sequence[Boxes], by_and: bool) -> Boxes:
        if by_and:
            return self.every(parts)
        found = self.simple([box for boxes in parts for box in boxes])
        if len(found) > MOST_BOXES:
            raise TooMany
        return found

    def _test(self, test: Test, wanted: bool) -> Boxes:
        test, wanted = _positive(test, wanted)
        key = (test.field.name, test.operator, test.values, test.or_missing)
        if key not in self._known:
            self._known[key] = self._both_sides(test)
        return self._known[key][0 if wanted else 1]

    def _both_sides(self, test: Test) -> tuple[Boxes, Boxes]:
        """Give the boxes of those who meet a positive test, and of those who do not."""
        if any(isinstance(value, OtherField) for value in test.values):
            return self._two_fields(test, True), self._two_fields(test, False)
        if test.field.type == "list":
            return self._list(test, True), self._list(test, False)
        number = self.axis(test.field)
        axis = self.axes[number]
        if test.operator == "missing":
            cells = axis.where(lambda _: not _says_yes(test), missing=_says_yes(test))
        else:
            met = self.meets(test, [operand(self.reading, test, v) for v in test.values])
            cells = axis.where(met, missing=test.or_missing is True)
        return self._narrowed({number: cells}), self._narrowed({number: axis.full & ~cells})

    def _two_fields(self, test: Test, wanted: bool) -> Boxes:
        """Narrow a comparison: where it is met both fields are there."""
        number = self._comparison(replace(test, or_missing=None))
        fields = fields_of(test)
        both = {n: cells for field in fields for n, cells in self._there(field, True).items()}
        if wanted:
            lacking = [self._there(field, False) for field in fields] if test.or_missing else []
            found = [{number: YES} | both, *lacking]
        else:
            found = [{number: NO} | both] if test.or_missing else [{number: NO}]
        return self.simple([box for one in found for box in self._narrowed(one)])

    def _there(self, field: Field, there: bool) -> Box:
        if field.type == "list":
            return {self._absence(field): NO if there else YES}
        number = self.axis(field)
        return {number: self.axes[number].where(lambda _: there, missing=not there)}

    def _list(self, test: Test, wanted: bool) -> Boxes:
        """Narrow the members of a list: whoever has one has a list, whoever lacks one may not."""
        absent = self._absence(test.field)
        if test.operator == "missing":
            return self._narrowed({absent: YES if _says_yes(test) == wanted else NO})
        words = dict.fromkeys(str(v.value) for v in test.values if isinstance(v, Constant))
        members = [self._member(test.field, word) for word in words]
        met = dict.fromkeys(members, YES), dict.fromkeys(members, NO)
        apart = test.operator != "has_all"  # each member is enough
        if wanted:
            together: Boxes = [{n: YES, absent: NO} for n in members]
            found = together if apart else [met[0] | {absent: NO}]
            found = [*found, {absent: YES}] if test.or_missing else found
        else:
            found = [met[1]] if apart else [{number: NO} for number in members]
            found = [box | {absent: NO} for box in found] if test.or_missing else found
        return self.simple([box for one in found for box in self._narrowed(one)])

    def _narrowed(self, box: Box) -> Boxes:
        """Leave out what is no limit, and the box where nothing is left."""
        found = {n: cells & self.axes[n].full for n, cells in box.items()}
        found = {n: cells for n, cells in found.items() if cells != self.axes[n].full}
        return [found] if all(found.values()) else []

    def _absence(self, field: Field) -> int:
        return self._number(Part(field, "absent"), lambda: _either(field))

    def _member(self, field: Field, word: str) -> int:
        here = field.values is None or word in field.values
        cells = (Cell(False), Cell(True)) if here else (Cell(False),)
        part = Part(field, "member", word)
        return self._number(part, lambda: Axis(field, cells, tuple(range(len(cells)))))

    def _comparison(self, test: Test) -> int:
        cells = (Cell(False), Cell(True))
        part = Part(test.field, "test", test=test)
        number = self._number(part, lambda: Axis(test.field, cells, (1, 0)))
        self._compared.add(number)
        return number

    def _number(self, part: Part, make: Callable[[], Axis]) -> int:
        test = part.test
        same = None if test is None else (test.operator, test.values)
        key = (part.field.name, part.kind + part.member, same)
        if key not in self._numbers:
            self._numbers[key] = len(self.axes)
            self.axes.append(make())
            self.parts.append(part)
        return self._numbers[key]

    def _of(self, field: Field) -> list[Test]:
        return self._tests.get(field.name, [])

    def meets(self, test: Test, known: Sequence[Any]) -> Callable[[Any], bool]:
        """Give what a positive operator asks of a value that is there."""
        if test.operator in ("is", "one_of"):
            return frozenset(known).__contains__
        if test.operator == "between":
            low, high = known
            return lambda value: bool(low <= value <= high)
        if test.operator == "starts_with":
            return lambda value: bool(value.startswith(known[0]))
        if test.operator in _COMPARED:
            return lambda value: bool(_COMPARED[test.operator](value, known[0]))
        begin, end = self.reading.stretch(test.operator, known[0])
        return lambda value: (begin is None or begin < value) and bool(value <= end)


def meet(one: Box, other: Box) -> Box | None:
    """Give the box of those who are in both; None where nobody can be."""
    found = one.copy()
    for number, cells in other.items():
        mine = found.get(number)
        left = cells if mine is None else mine & cells
        if not left:
            return None
        found[number] = left
    return found


def holds(outer: Box, inner: Box) -> bool:
    """Say whether everybody of one box is in another."""
    return all(number in inner and not inner[number] & ~cells for number, cells in outer.items())


def _positive(test: Test, wanted: bool) -> tuple[Test, bool]:
    """Turn `is not` into the opposite of `is`, and so on; a missing value changes sides too."""
    negated = OPERATORS[test.operator].negates
    if negated is None:
        return test, wanted
    or_missing = None if test.or_missing is None else not test.or_missing
    return replace(test, operator=negated, or_missing=or_missing), not wanted


def operand(reading: Reading, test: Test, value: Any) -> Any:
    """Read what a test compares with; a period stays one."""
    if isinstance(value, Constant) and isinstance(value.value, Period):
        return value.value
    return reading.value(test.field, value)


def _says_yes(test: Test) -> bool:
    return test.values[0] == Constant(True)


def _either(field: Field) -> Axis:
    cells = (Cell(False), Cell(True)) if may_be_missing(field) else (Cell(False),)
    return Axis(field, cells, tuple(range(len(cells))))


def fields_of(test: Test) -> list[Field]:
    """Name the field that is tested, and those that it is compared with."""
    return [test.field, *(v.field for v in test.values if isinstance(v, OtherField))]
