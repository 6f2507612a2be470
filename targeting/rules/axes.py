"""A field's values cut into cells: no condition of the rules tells two values of a cell apart.

A set of values is then a set of cells, kept as the bits of a whole number, and intersection,
complement and subset are exact. Numbers and money are cut at every constant that is compared with
them, dates at days counted from as_of, words at each word and start of a word; missing is a cell.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from itertools import chain, pairwise

from targeting.rules.model import Constant, Test
from targeting.workspace.catalogue import Field
from targeting.workspace.literals import Period

Value = Decimal | str | bool  # a date is the number of days after as_of
End = Decimal | None  # None: no end on this side
Limits = tuple[End, End, int | None]  # the lowest and the highest value, the last digit there is


@dataclass(frozen=True)
class Cell:
    """Values that nothing tells apart, and a plausible one of them; None is missing.

    `ends` are those of an open stretch of numbers, `start` is what words no rule names begin with.
    """

    value: Value | None
    ends: tuple[End, End] | None = None
    start: str | None = None


@dataclass(frozen=True)
class Axis:
    """The cells of one field, the order in which they serve as an example, and its limits."""

    field: Field
    cells: tuple[Cell, ...]
    order: tuple[int, ...]
    limits: Limits = (None, None, None)

    @functools.cached_property
    def full(self) -> int:
        """The set of all cells."""
        return (1 << len(self.cells)) - 1

    def where(self, met: Callable[[Value], bool], *, missing: bool) -> int:
        """Give the set of cells that meet a condition."""
        bits = ("01"[missing if c.value is None else met(c.value)] for c in reversed(self.cells))
        return int("".join(bits) or "0", 2)

    def allowed(self, cells: int) -> Iterator[Cell]:
        """List the cells of a set, those first that make the best example."""
        return (self.cells[number] for number in self.order if cells >> number & 1)

    def has(self, cells: int, value: Value | None) -> bool:
        """Say whether a value lies in a set of cells."""
        return any(self._is_in(cell, value) for cell in self.allowed(cells))

    def _is_in(self, cell: Cell, value: Value | None) -> bool:
        if cell.ends is not None and isinstance(value, Decimal):
            low, high = cell.ends
            inside = (low is None or low < value) and (high is None or value < high)
            return inside and _exists(value, *self.limits)
        if cell.start is not None and isinstance(value, str):
            named = (c.value for c in self.cells if c.start is None)
            longer = (c.start for c in self.cells if c.start is not None and c.start != cell.start)
            deeper = any(s.startswith(cell.start) and value.startswith(s) for s in longer)
            return value.startswith(cell.start) and value not in named and not deeper
        return cell.value == value


@dataclass(frozen=True)
class Reading:
    """What constants depend on besides their field: the run's date, and the digits of money."""

    as_of: dt.date
    digits: int = 2

    def value(self, field: Field, constant: Constant) -> Value:
        """Read a constant as the values of a field's axis are written."""
        match constant.value:
            case dt.date() as day:
                return self.days(day)
            case Decimal() as number:
                scale = Decimal(1).scaleb(self.digits if field.type == "money" else 0)
                return _as_stored(number * scale) / scale
            case str() | bool() as plain:
                return plain
            case Period():
                raise TypeError("a period is no value")

    def days(self, day: dt.date) -> Decimal:
        """Count the days after as_of."""
        return Decimal((day - self.as_of).days)

    def stretch(self, operator: str, period: Period) -> tuple[End, Decimal]:
        """Give the ends of a period's days: past the first, up to the second."""
        match operator:
            case "within_last":
                return self.days(period.before(self.as_of)), Decimal(0)
            case "older_than":
                return None, self.days(period.before(self.as_of))
            case _:
                return Decimal(0), self.days(period.after(self.as_of))

    def axis(self, field: Field, tests: Iterable[Test]) -> Axis:
        """Cut a field's values where its tests tell them apart; tests of other fields left out."""
        match field.type:
            case "number" | "money" | "date":
                cells = self._ordered(field, tests)
            case "category" | "text":
                cells = self._words(field, tests)
            case _:
                cells = [Cell(True), Cell(False)]
        numbered = sorted(range(len(cells)), key=lambda number: _fitness(field, cells[number]))
        if not may_be_missing(field):
            return Axis(field, tuple(cells), tuple(numbered), self._limits(field))
        order = [len(cells), *numbered] if field.type == "date" else [*numbered, len(cells)]
        return Axis(field, (*cells, Cell(None)), tuple(order), self._limits(field))

    def _ordered(self, field: Field, tests: Iterable[Test]) -> list[Cell]:
        cuts: set[Decimal] = set()
        for test in tests:
            for constant in test.values:
                match constant:
                    case Constant(value=Period() as period):
                        ends = self.stretch(test.operator, period)
                        cuts.update(end for end in ends if end is not None)
                    case Constant(value=Decimal() | dt.date()):
                        cut = self.value(field, constant)
                        cuts.update([cut] if isinstance(cut, Decimal) and cut.is_finite() else [])
        return list(_stretches(sorted(cuts), *self._limits(field)))

    def _limits(self, field: Field) -> Limits:
        if field.type == "date":
            return self.days(dt.date.min), self.days(dt.date.max), 0
        low = None if field.low is None else Decimal(str(field.low))
        high = None if field.high is None else Decimal(str(field.high))
        averages = field.origin in ("purchases", "measures")  # these lie between two minor units
        return low, high, -self.digits if field.type == "money" and not averages else None

    def _words(self, field: Field, tests: Iterable[Test]) -> list[Cell]:
        if field.values is not None:
            return [Cell(value) for value in field.values]
        words: dict[str, None] = {}
        starts: dict[str, None] = {"": None}
        for test in tests:
            into = starts if test.operator == "starts_with" else words
            for constant in test.values:
                if isinstance(constant, Constant) and isinstance(constant.value, str):
                    into[constant.value] = None
        return [
            *(Cell(word) for word in words),
            *(Cell(_unnamed(start, words, starts), start=start) for start in starts),
        ]


def may_be_missing(field: Field) -> bool:
    """Say whether a row can lack the field; who only bought has no row among the customers."""
    return field.may_be_missing or (field.origin == "customers" and field.name != "customer_id")


def between(low: End, high: End, last: int | None) -> Decimal | None:
    """Find the roundest number between two ends, neither included, to the last digit allowed."""
    if low is None:
        top = Decimal(100) if high is None else high
        low = top / 2 if top > 0 else top - abs(top) - 10
    if high is None:
        high = low + abs(low) + 10
    digit = (high - low).adjusted()
    while digit >= (-400 if last is None else last):
        step = Decimal(1).scaleb(digit)
        found = ((low / step).to_integral_value(ROUND_FLOOR) + 1) * step
        if low < found < high:
            return found
        digit -= 1
    return None


def _stretches(cuts: Sequence[Decimal], low: End, high: End, last: int | None) -> Iterator[Cell]:
    """Give the points that are cut at and the open stretches between, none that is empty."""
    for left, right in pairwise([None, *cuts, None]):
        inside = _inside(left, right, low, high, last)
        if inside is not None:
            yield Cell(inside, ends=(left, right))
        if right is not None and _exists(right, low, high, last):
            yield Cell(right)


def _inside(left: End, right: End, low: End, high: End, last: int | None) -> Decimal | None:
    """Find a plausible value of an open stretch: far from the limits of the field if it can be."""
    above = max((end for end in (left, low) if end is not None), default=None)
    below = min((end for end in (right, high) if end is not None), default=None)
    tries = [between(left, right, last), low, high]
    if above is None or below is None or above < below:
        tries.insert(1, between(above, below, last))
    for found in tries:
        strictly = (
            found is not None
            and (left is None or float(left) < float(found))
            and (right is None or float(found) < float(right))
        )
        if found is not None and strictly and _exists(found, low, high, last):
            return found
    return None


def _exists(number: Decimal, low: End, high: End, last: int | None) -> bool:
    scaled = number.scaleb(-(last or 0))
    kept = last is None or scaled == scaled.to_integral_value()
    return kept and (low is None or low <= number) and (high is None or number <= high)


def _as_stored(number: Decimal) -> Decimal:
    """Give the number that a column would hold: a Float64 where it is not a small whole one."""
    whole = number == number.to_integral_value() and abs(number) < 2**53
    return number if whole else Decimal(repr(float(number)))


def _unnamed(start: str, words: Iterable[str], starts: Iterable[str]) -> str:
    """Make a word with this start that no rule names and that has no longer start of theirs."""
    taken = set(words)
    longer = tuple(s for s in starts if s != start and s.startswith(start))
    letters = map(chr, range(ord("a"), 0xD800))
    tries = (start + ending for ending in chain(["other"], letters))
    for word in tries:
        for full in (word, word + "x" * 9):
            if full not in taken and not full.startswith(longer):
                return full
    raise ValueError("no word is left")


def _fitness(field: Field, cell: Cell) -> tuple[bool, bool, Decimal]:
    """Order numbers by size and dates from as_of back, those first that a rule names."""
    if not isinstance(cell.value, Decimal):
        return False, cell.start is not None, Decimal(0)
    if field.type == "date":
        return cell.value > 0, cell.ends is not None, abs(cell.value)
    return False, cell.ends is not None, cell.value
