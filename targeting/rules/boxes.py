"""Conditions as "or of ands": each "and" a box, a set of values for each field that it narrows.

Negation is exact, because the language is two-valued: a box of `not age at least 18` has missing in
it. A test that compares two fields is an axis of its own with the cells met and not met; nothing is
known of how it hangs together with its fields until an example is looked for.
"""

from __future__ import annotations

import datetime as dt
import itertools
import operator as op
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from targeting.rules.axes import Axis, Cell, Reading, Value, between, may_be_missing
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
_MOST_TRIED = 2_000  # examples tried where two fields are compared
_FEW = 32  # boxes that are worth simplifying
_NO, _YES = 0b01, 0b10
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
Example = Mapping[Field, Value | tuple[str, ...] | None]


class TooMany(Exception):
    """More alternatives than can be looked at in the time that a check may take."""


@dataclass(frozen=True)
class _Part:
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
        self.parts: list[_Part] = []
        self.left = MOST_MEETINGS
        self._compared: set[int] = set()  # the axes of comparisons of two fields
        self._numbers: dict[tuple[str, str, object], int] = {}
        self._known: dict[tuple[object, ...], Boxes] = {}
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

    def example(self, box: Box) -> Example | None:
        """Make a plausible row in a box, of the fields it narrows; None where none is found.

        Without a comparison of two fields in the box there always is one.
        """
        compared = {n: test for n in box if (test := self.parts[n].test) is not None}
        for row in self._tried(box, list(compared.values())):
            if all(self._met(test, row) == (box[n] == _YES) for n, test in compared.items()):
                return row
        return None

    def axis(self, field: Field) -> int:
        """Give the number of a field's axis."""
        return self._number(_Part(field), lambda: self.reading.axis(field, self._of(field)))

    def simple(self, boxes: Boxes) -> Boxes:
        """Drop boxes that lie in others, and join those that differ on one axis only."""
        if len(boxes) == 1:
            return boxes
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
        key = (test.field.name, test.operator, test.values, test.or_missing, wanted)
        if key not in self._known:
            self._known[key] = self._read(test, wanted)
        return self._known[key]

    def _read(self, test: Test, wanted: bool) -> Boxes:
        if any(isinstance(value, OtherField) for value in test.values):
            return self._narrowed({self._number_of_test(test): _YES if wanted else _NO})
        if test.field.type == "list":
            return self._list(test, wanted)
        number = self.axis(test.field)
        axis = self.axes[number]
        if test.operator == "missing":
            cells = axis.where(lambda _: test.values[0] == Constant(False), missing=_says_yes(test))
        else:
            met = self._meets(test, [_plain(self.reading, test, v) for v in test.values])
            cells = axis.where(met, missing=test.or_missing is True)
        return self._narrowed({number: cells if wanted else axis.full & ~cells})

    def _list(self, test: Test, wanted: bool) -> Boxes:
        """Narrow the members of a list: whoever has one has a list, whoever lacks one may not."""
        absent = self._number(_Part(test.field, "absent"), lambda: _either(test.field))
        if test.operator == "missing":
            return self._narrowed({absent: _YES if _says_yes(test) == wanted else _NO})
        words = dict.fromkeys(str(v.value) for v in test.values if isinstance(v, Constant))
        members = [self._member(test.field, word) for word in words]
        met = dict.fromkeys(members, _YES), dict.fromkeys(members, _NO)
        apart = test.operator != "has_all"  # each member is enough
        if wanted:
            together: Boxes = [{n: _YES, absent: _NO} for n in members]
            found = together if apart else [met[0] | {absent: _NO}]
            found = [*found, {absent: _YES}] if test.or_missing else found
        else:
            found = [met[1]] if apart else [{number: _NO} for number in members]
            found = [box | {absent: _NO} for box in found] if test.or_missing else found
        return self.simple([box for one in found for box in self._narrowed(one)])

    def _narrowed(self, box: Box) -> Boxes:
        """Leave out what is no limit, and the box where nothing is left."""
        found = {n: cells & self.axes[n].full for n, cells in box.items()}
        found = {n: cells for n, cells in found.items() if cells != self.axes[n].full}
        return [found] if all(found.values()) else []

    def _member(self, field: Field, word: str) -> int:
        here = field.values is None or word in field.values
        cells = (Cell(False), Cell(True)) if here else (Cell(False),)
        part = _Part(field, "member", word)
        return self._number(part, lambda: Axis(field, cells, tuple(range(len(cells)))))

    def _number_of_test(self, test: Test) -> int:
        cells = (Cell(False), Cell(True))
        part = _Part(test.field, "test", test=test)
        number = self._number(part, lambda: Axis(test.field, cells, (1, 0)))
        self._compared.add(number)
        return number

    def _number(self, part: _Part, make: Callable[[], Axis]) -> int:
        test = part.test
        same = None if test is None else (test.operator, test.values, test.or_missing)
        key = (part.field.name, part.kind + part.member, same)
        if key not in self._numbers:
            self._numbers[key] = len(self.axes)
            self.axes.append(make())
            self.parts.append(part)
        return self._numbers[key]

    def _of(self, field: Field) -> list[Test]:
        return self._tests.get(field.name, [])

    def _meets(self, test: Test, known: Sequence[Any]) -> Callable[[Any], bool]:
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

    def _tried(self, box: Box, compared: Sequence[Test]) -> Iterable[dict[Field, Any]]:
        """List rows of a box: one, or many where two fields are compared."""
        values = self._plain_example(box)
        fields = list({f.name: f for test in compared for f in _fields(test)}.values())
        if any(field.type == "list" for field in fields):
            return []
        sampled = {field: self._sample(box, field) for field in fields}
        choices = [self._within(box, field, sampled) for field in fields]
        rows = itertools.islice(itertools.product(*choices), _MOST_TRIED)
        return ({**values, **dict(zip(fields, row, strict=True))} for row in rows)

    def _plain_example(self, box: Box) -> dict[Field, Any]:
        found: dict[Field, Any] = {}
        for number, cells in box.items():
            part, axis = self.parts[number], self.axes[number]
            match part.kind:
                case "value":
                    found[part.field] = next(axis.allowed(cells)).value
                case "member":
                    has = (part.member,) if cells == _YES else ()
                    found[part.field] = (*(found.get(part.field) or ()), *has)
                case "absent" if cells == _YES:
                    found[part.field] = None
                case "absent":
                    found.setdefault(part.field, ())
        return found

    def _sample(self, box: Box, field: Field) -> list[Any]:
        number = self.axis(field)
        cells = box.get(number, self.axes[number].full)
        found: list[Any] = []
        for cell in itertools.islice(self.axes[number].allowed(cells), 12):
            found.append(cell.value)
            if cell.ends is not None and isinstance(cell.value, Decimal):
                low, high = cell.ends
                found += [between(low, cell.value, 0), between(cell.value, high, 0)]
        return found

    def _within(self, box: Box, field: Field, sampled: Mapping[Field, list[Any]]) -> list[Any]:
        """Keep what a field may be, of its own samples and of the fields it is compared with."""
        number = self.axis(field)
        axis, cells = self.axes[number], box.get(number, self.axes[number].full)
        pool = dict.fromkeys([*sampled[field], *itertools.chain(*sampled.values())])
        return [value for value in pool if axis.has(cells, value)]

    def _met(self, test: Test, row: Mapping[Field, Any]) -> bool:
        value = row[test.field]
        known = [_plain(self.reading, test, operand, row) for operand in test.values]
        if value is None or any(one is None for one in known):
            return test.or_missing is True
        return self._meets(test, known)(value)


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


def _plain(reading: Reading, test: Test, value: Any, row: Mapping[Field, Any] | None = None) -> Any:
    match value:
        case OtherField(field=other):
            return None if row is None else row[other]
        case Constant(value=Period() as period):
            return period
        case _:
            return reading.value(test.field, value)


def _says_yes(test: Test) -> bool:
    return test.values[0] == Constant(True)


def _either(field: Field) -> Axis:
    cells = (Cell(False), Cell(True)) if may_be_missing(field) else (Cell(False),)
    return Axis(field, cells, tuple(range(len(cells))))


def _fields(test: Test) -> list[Field]:
    return [test.field, *(v.field for v in test.values if isinstance(v, OtherField))]
