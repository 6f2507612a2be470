"""A condition becomes a Polars expression that is true or false, never null."""

from __future__ import annotations

import datetime as dt
import operator as op
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl

from targeting.rules.model import Audience, Condition, Constant, Group, OtherField, Test, Value
from targeting.workspace.catalogue import Field
from targeting.workspace.literals import Period
from targeting.workspace.words import OPERATORS


@dataclass(frozen=True)
class Compiler:
    """What a compiled condition depends on besides the row.

    Parameters:
        as_of: the run's date, for periods.
        minor: minor units in one unit of money; a money column holds minor units.
    """

    as_of: dt.date
    minor: int = 100

    def condition(self, condition: Condition) -> pl.Expr:
        """Compile one condition."""
        match condition:
            case Test():
                return self._test(condition)
            case Group(kind="all", conditions=inner):
                return _every(self.condition(one) for one in inner)
            case Group(kind="any", conditions=inner):
                return _either(self.condition(one) for one in inner)
            case Group(kind="none", conditions=inner):
                return ~_either(self.condition(one) for one in inner)
            case Audience(when=groups):
                return _every(self.condition(group) for group in groups)
            case _:
                raise TypeError(f"not a condition: {condition!r}")

    def could_be(self, condition: Condition, answer: bool) -> pl.Expr:
        """Compile whether a condition has an answer, or would if what is missing were known.

        Every test with a missing value may turn out either way, each for itself.
        """
        match condition:
            case Test(operator="missing"):
                return self._test(condition) if answer else ~self._test(condition)
            case Test():
                met = self._test(condition)
                return (met if answer else ~met) | self._unknown(condition)
            case Group(kind="none", conditions=inner):
                could = [self.could_be(one, not answer) for one in inner]
                return _every(could) if answer else _either(could)
            case Group(kind=kind, conditions=inner):
                could = [self.could_be(one, answer) for one in inner]
                return _every(could) if (kind == "all") == answer else _either(could)
            case Audience(when=groups):
                could = [self.could_be(group, answer) for group in groups]
                return _every(could) if answer else _either(could)
            case _:
                raise TypeError(f"not a condition: {condition!r}")

    def _unknown(self, test: Test) -> pl.Expr:
        return _either(_column(field).is_null() for field in _fields(test))

    def _test(self, test: Test) -> pl.Expr:
        if test.operator == "missing":
            absent = _column(test.field).is_null()
            return absent if _constant(test.values[0]) else ~absent
        negated = OPERATORS[test.operator].negates
        positive = self._positive(test, negated or test.operator).fill_null(False)
        met = ~positive if negated else positive
        if test.or_missing is None:
            return met
        return pl.when(self._unknown(test)).then(test.or_missing).otherwise(met)

    def _positive(self, test: Test, operator: str) -> pl.Expr:
        """Compile the positive form; null where a value is missing."""
        here = _column(test.field)
        if operator in _PERIODS:
            period = _constant(test.values[0])
            assert isinstance(period, Period)
            return _PERIODS[operator](here, period, self.as_of)
        left, values = self._comparable(test)
        if operator == "between":
            low, high = values
            return (left >= low) & (left <= high)
        words = [
            v.value for v in test.values if isinstance(v, Constant) and isinstance(v.value, str)
        ]
        if operator == "one_of" and len(words) == len(test.values):
            return left.is_in(words)  # ten thousand words are one expression, not ten thousand
        if operator in _MANY:
            join, each = _MANY[operator]
            return join(each(left, value) for value in values)
        return _ONE[operator](left, values[0])

    def _comparable(self, test: Test) -> tuple[pl.Expr, list[pl.Expr]]:
        """Bring both sides to one unit: minor units of money, or whole ones beside a number."""
        units = {self._unit(field) for field in _fields(test)}
        unit = units.pop() if len(units) == 1 else 1
        left = self._in_units(test.field, unit)
        values = []
        for value in test.values:
            match value:
                case OtherField(field=other):
                    values.append(self._in_units(other, unit))
                case Constant(value=Decimal() as number):
                    values.append(_number(number * unit))
                case Constant(value=plain):
                    values.append(pl.lit(plain))
        return left, values

    def _in_units(self, field: Field, unit: int) -> pl.Expr:
        own = self._unit(field)
        # Polars divides by a constant through its inverse, which can miss the last digit.
        return _column(field) if own == unit else (_column(field) / own).round(6)

    def _unit(self, field: Field) -> int:
        return self.minor if field.type == "money" else 1


def without_nan(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Make NaN missing, so that no comparison of Polars' (NaN is the largest) leaks out."""
    floats = [name for name, dtype in frame.collect_schema().items() if dtype.is_float()]
    return frame.with_columns(pl.col(name).fill_nan(None) for name in floats)


def _every(parts: Iterable[pl.Expr]) -> pl.Expr:
    return _joined(op.and_, list(parts), pl.lit(True))


def _either(parts: Iterable[pl.Expr]) -> pl.Expr:
    return _joined(op.or_, list(parts), pl.lit(False))


def _joined(
    join: Callable[[pl.Expr, pl.Expr], pl.Expr], parts: list[pl.Expr], empty: pl.Expr
) -> pl.Expr:
    """Join as a balanced tree: a chain of a thousand is deeper than Polars' stack."""
    if len(parts) < 2:
        return parts[0] if parts else empty
    half = len(parts) // 2
    return join(_joined(join, parts[:half], empty), _joined(join, parts[half:], empty))


def _column(field: Field) -> pl.Expr:
    return pl.col(field.name)


def _fields(test: Test) -> list[Field]:
    return [test.field, *(v.field for v in test.values if isinstance(v, OtherField))]


def _constant(value: Value) -> Any:
    assert isinstance(value, Constant)
    return value.value


def _number(number: Decimal) -> pl.Expr:
    whole = number == number.to_integral_value() and abs(number) < 2**53
    return pl.lit(int(number)) if whole else pl.lit(float(number))


def _within_last(day: pl.Expr, period: Period, as_of: dt.date) -> pl.Expr:
    return (day > pl.lit(period.before(as_of))) & (day <= pl.lit(as_of))


def _older_than(day: pl.Expr, period: Period, as_of: dt.date) -> pl.Expr:
    return day <= pl.lit(period.before(as_of))


def _within_next(day: pl.Expr, period: Period, as_of: dt.date) -> pl.Expr:
    return (day > pl.lit(as_of)) & (day <= pl.lit(period.after(as_of)))


def _has(items: pl.Expr, value: pl.Expr) -> pl.Expr:
    return items.list.contains(value)


_PERIODS: dict[str, Callable[[pl.Expr, Period, dt.date], pl.Expr]] = {
    "within_last": _within_last,
    "older_than": _older_than,
    "within_next": _within_next,
}

_ONE: dict[str, Callable[[pl.Expr, pl.Expr], pl.Expr]] = {
    "is": op.eq,
    "at_least": op.ge,
    "more_than": op.gt,
    "at_most": op.le,
    "less_than": op.lt,
    "before": op.lt,
    "after": op.gt,
    "starts_with": lambda text, start: text.str.starts_with(start),
    "has": _has,
}

_MANY: dict[
    str,
    tuple[Callable[[Iterable[pl.Expr]], pl.Expr], Callable[[pl.Expr, pl.Expr], pl.Expr]],
] = {
    "one_of": (_either, op.eq),
    "has_any": (_either, _has),
    "has_all": (_every, _has),
}
