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
_MOST_DIGITS = 40
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
    if len(text) > _MOST_DIGITS:
        raise Misread("a number longer than any amount", f"at most {_MOST_DIGITS} digits")
    return Decimal(text[:-1]) / 100 if text.endswith("%") else Decimal(text)


def read_money(text: str) -> Decimal:
    """Read an amount of 0 or more, in whole units of the shop's currency."""
    amount = read_number(text)
    if text.endswith("%") or amount < 0:
        raise Misread(f"'{text}' is not an amount of money", "an amount is typed like 5000")
    return amount


def read_percentage(text: str) -> Decimal:
    """Read a share such as `10%`; a bare number is refused, so that 10 never means 1000%."""
    if not (text.endswith("%") and _NUMBER.fullmatch(text)):
        raise Misread(f"'{text}' is not a percentage", "a percentage is typed like 10%")
    return Decimal(text[:-1]) / 100


def read_whole(text: str) -> int:
    """Read a whole number of 0 or more."""
    if not re.fullmatch(r"0|[1-9]\d{0,14}", text, re.ASCII):
        meant = _plain_number(text)
        whole = meant is not None and meant.isdigit()
        help_ = f"type {meant}" if whole else "a whole number is typed like 5000"
        raise Misread(f"'{text}' is not a whole number", help_)
    return int(text)


def read_date(text: str) -> dt.date:
    """Read a date typed as 2026-11-24."""
    if not _DATE.fullmatch(text):
        raise Misread(f"'{text}' is not a date", _instead_of_date(text))
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        month = text[5:7]
        help_ = "year-month-day, like 2026-11-24"
        if not 1 <= int(month) <= 12:
            help_ = f"there is no month {month}: {help_}"
        raise Misread(f"'{text}' is not in the calendar", help_) from None


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
        meant = _YES_NO.get(text.casefold())
        help_ = f"type {meant}, in lower case" if meant else "type yes or no"
        raise Misread(f"'{text}' is not yes or no", help_)
    return text == "yes"


_YES_NO = {
    word: meant
    for meant, words in {
        "yes": ("yes", "y", "true", "t", "on", "1"),
        "no": ("no", "n", "false", "f", "off", "0"),
    }.items()
    for word in words
}

_SIGNS = {
    ">": "more_than", "<": "less_than", ">=": "at_least", "=>": "at_least", "≥": "at_least",
    "<=": "at_most", "=<": "at_most", "≤": "at_most", "=": "is", "==": "is", "!=": "is_not",
}  # fmt: skip


def _instead_of_number(text: str) -> str:
    compared = re.fullmatch(r"([<>=!≥≤]{1,2})\s*(\S+)", text)
    if compared is not None and compared[1] in _SIGNS:
        return f"compare in words: {{{_SIGNS[compared[1]]}: {compared[2]}}}"
    meant = _plain_number(text)
    return "a number is typed like 5000, 0.6 or 10%" if meant is None else f"type {meant}"


def _plain_number(text: str) -> str | None:
    """Guess the number that was meant by one typed with signs or zeros too many."""
    squeezed = re.sub(r"[,_\s']", "", text).lstrip("+")
    sign, digits = ("-", squeezed[1:]) if squeezed.startswith("-") else ("", squeezed)
    digits = re.sub(r"^0+(?=\d)", "", "0" + digits if digits.startswith(".") else digits)
    digits = re.sub(r"\.(?=%|$)", "", digits)
    if re.fullmatch(r"\d+(\.\d+)?[eE]\+?\d{1,2}", digits, re.ASCII):
        return f"{sign}{Decimal(digits):f}"
    return f"{sign}{digits}" if len(digits) <= 30 and _NUMBER.fullmatch(digits) else None


def _instead_of_date(text: str) -> str:
    found = re.match(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)", text, re.ASCII)
    if found is not None:
        return f"type {found[1]}-{found[2]:0>2}-{found[3]:0>2}"
    return "a date is typed like 2026-11-24"


def _instead_of_period(text: str) -> str:
    found = re.fullmatch(r"\s*(\d+)\s*(d|day|w|week|m|month|y|year)s?\s*", text, re.I | re.ASCII)
    if found:
        unit = {"d": "day", "w": "week", "m": "month", "y": "year"}[found[2][0].lower()]
        count = found[1].lstrip("0") or "0"
        return f"type {count} {unit}" + ("" if count == "1" else "s")
    if re.fullmatch(r"\d{1,7}", text, re.ASCII):
        return f"say of what: {int(text)} days, weeks, months or years"
    return "a period is typed like 30 days, 6 weeks, 3 months or 1 year"
