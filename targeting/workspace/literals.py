"""The plain forms that numbers, percentages, dates, periods and yes/no are typed in."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Unit = Literal["day", "week", "month", "year"]

_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?%?", re.ASCII)
_PERIOD = re.compile(r"(0|[1-9]\d*) (day|week|month|year)s?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_LONGEST = {"day": 365_250, "week": 52_178, "month": 12_000, "year": 1_000}


class Misread(ValueError):
    """A text that is not of the wanted form; says which form to type."""

    def __init__(self, message: str, instead: str) -> None:
        super().__init__(message)
        self.message = message
        self.instead = instead


@dataclass(frozen=True)
class Period:
    """A stretch of calendar time, such as `30 days` or `3 months`."""

    count: int
    unit: Unit

    def __str__(self) -> str:
        return f"{self.count} {self.unit}" + ("" if self.count == 1 else "s")

    def before(self, day: dt.date) -> dt.date:
        """Give the day this long before; a month's end clamps (31 March to 28 February)."""
        return self._shift(day, -1)

    def after(self, day: dt.date) -> dt.date:
        """Give the day this long after; a month's end clamps."""
        return self._shift(day, 1)

    def _shift(self, day: dt.date, sign: int) -> dt.date:
        try:
            if self.unit in ("day", "week"):
                days = self.count * (7 if self.unit == "week" else 1)
                return day + dt.timedelta(days=sign * days)
            months = (
                day.year * 12
                + day.month
                - 1
                + sign * self.count * (12 if self.unit == "year" else 1)
            )
            year, month = divmod(months, 12)
            last = calendar.monthrange(year, month + 1)[1]
            return dt.date(year, month + 1, min(day.day, last))
        except (OverflowError, ValueError, IndexError):
            return dt.date.min if sign < 0 else dt.date.max


def read_number(text: str) -> Decimal:
    """Read a plain number; `10%` is 0.10.

    Raises:
        Misread: for thousands separators, exponents, leading zeros, signs and anything else.
    """
    if not _NUMBER.fullmatch(text):
        raise Misread(f"'{text}' is not a plain number", _instead_of_number(text))
    return Decimal(text[:-1]) / 100 if text.endswith("%") else Decimal(text)


def read_percentage(text: str) -> Decimal:
    """Read a share such as `10%`; a bare number is refused, so that 10 never means 1000%."""
    if not (text.endswith("%") and _NUMBER.fullmatch(text)):
        raise Misread(f"'{text}' is not a percentage", "a percentage is typed like 10%")
    return Decimal(text[:-1]) / 100


def read_whole(text: str) -> int:
    """Read a whole number of 0 or more."""
    if not re.fullmatch(r"0|[1-9]\d{0,14}", text, re.ASCII):
        raise Misread(f"'{text}' is not a whole number", "a whole number is typed like 5000")
    return int(text)


def read_date(text: str) -> dt.date:
    """Read a date typed as 2026-11-24."""
    if not _DATE.fullmatch(text):
        raise Misread(f"'{text}' is not a date", "a date is typed like 2026-11-24")
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise Misread(
            f"'{text}' is not in the calendar", "year-month-day, like 2026-11-24"
        ) from None


def read_period(text: str) -> Period:
    """Read a period typed as `30 days`, `6 weeks`, `3 months`, `1 year`; at most 1000 years."""
    found = _PERIOD.fullmatch(text)
    if found is None:
        raise Misread(f"'{text}' is not a period", _instead_of_period(text))
    count, unit = found.groups()
    if len(count) > 7 or int(count) > _LONGEST[unit]:
        raise Misread(f"'{text}' is longer than 1000 years", "at most 1000 years")
    return Period(int(count), unit)  # type: ignore[arg-type]  # the pattern allows these four


def read_yes_no(text: str) -> bool:
    """Read a plain `yes` or `no`, lower case and nothing else."""
    if text not in ("yes", "no"):
        near = {"y": "yes", "true": "yes", "on": "yes", "1": "yes"}.get(text.lower(), "no")
        folded = text.lower() if text.lower() in ("yes", "no") else near
        raise Misread(f"'{text}' is not yes or no", f"type {folded}, or its opposite: yes | no")
    return text == "yes"


def _instead_of_number(text: str) -> str:
    squeezed = text.replace(",", "").replace("_", "").replace(" ", "").lstrip("+")
    if _NUMBER.fullmatch(squeezed):
        return f"type {squeezed}"
    if re.fullmatch(r"-?0+\d+(\.\d+)?", squeezed, re.ASCII):
        return f"type {squeezed.lstrip('0') or '0'}"
    if re.match(r"[<>=]", text):
        return "compare in words: at_least, more_than, at_most, less_than"
    return "a number is typed like 5000, 0.6 or 10%"


def _instead_of_period(text: str) -> str:
    found = re.fullmatch(r"\s*(\d+)\s*(d|day|w|week|m|month|y|year)s?\s*", text, re.I | re.ASCII)
    if found:
        unit = {"d": "day", "w": "week", "m": "month", "y": "year"}[found[2][0].lower()]
        return f"type {int(found[1])} {unit}s"
    if re.fullmatch(r"\d+", text, re.ASCII):
        return f"say of what: {int(text)} days, weeks, months or years"
    return "a period is typed like 30 days, 6 weeks, 3 months or 1 year"
