"""Numbers, money and dates as the shop's readers write them; the words around them are English."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import (
    format_compact_currency,
    format_compact_decimal,
    format_currency,
    format_decimal,
    format_percent,
)

from targeting.workspace.settings import Shop

NOTHING = "–"


@dataclass(frozen=True)
class Speech:
    """One shop's way of writing. Every method gives a dash for None."""

    shop: Shop

    def number(self, value: float | None, decimals: int = 0) -> str:
        """Write a number with at most so many decimals."""
        if value is None:
            return NOTHING
        pattern = "#,##0" + ("." + "#" * decimals if decimals else "")
        return self._tidy(_pattern(self.shop.locale, pattern), _half_up(value, decimals))

    def fixed(self, value: float | None, decimals: int) -> str:
        """Write a number with exactly so many decimals, for a column of them."""
        if value is None:
            return NOTHING
        pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
        return self._tidy(_pattern(self.shop.locale, pattern), _half_up(value, decimals))

    def short(self, value: float) -> str:
        """Write a number for an axis: 1.2M."""
        return format_compact_decimal(value, locale=self.shop.locale, fraction_digits=1)

    def percent(self, share: float | None) -> str:
        """Write a share of one: whole percents from ten on, one decimal below.

        What is not nothing never reads as 0%, what is not everything never as 100%.
        """
        if share is None:
            return NOTHING
        if 0 < share < 0.001:
            return "under " + self.percent(0.001)
        if 0.995 <= share < 1:
            return "over " + self.percent(0.99)
        decimals = 0 if share >= 0.0995 or share == 0 else 1
        pattern = "#,##0" + (".#" if decimals else "") + "%"
        rounded = _half_up(share, decimals + 2)
        return format_percent(rounded, format=pattern, locale=self.shop.locale)

    def money(self, minor: float | None) -> str:
        """Write money given in minor units; no cents from a thousand on."""
        if minor is None:
            return NOTHING
        amount = Decimal(str(minor)) / 10**self.shop.minor_digits
        locale, currency = self.shop.locale, self.shop.currency
        whole = abs(amount) >= 1000 or amount == amount.to_integral_value()
        if not whole:
            return format_currency(amount, currency, locale=locale)
        pattern = Locale.parse(locale).currency_formats["standard"].pattern.replace(".00", "")
        return format_currency(
            _half_up(amount, 0), currency, pattern, locale=locale, currency_digits=False
        )

    def short_money(self, minor: float | None) -> str:
        """Write money for a headline or an axis: Rs1.2M."""
        if minor is None:
            return NOTHING
        major = float(minor) / 10**self.shop.minor_digits
        if abs(major) < 10_000:
            return self.money(minor)
        return format_compact_currency(
            major, self.shop.currency, locale=self.shop.locale, fraction_digits=1
        )

    def count(self, n: int, one: str, many: str | None = None) -> str:
        """Write a number of things: 1 customer, 1,956 customers."""
        return f"{self.number(n)} {one if n == 1 else many or one + 's'}"

    def times(self, value: float | None) -> str:
        """Write how many times as much: 3.1 times."""
        return NOTHING if value is None else f"{self.number(value, 1)} times"

    def day(self, day: dt.date) -> str:
        """Write a date in full: Tuesday, 24 November 2026."""
        return format_date(day, "full", locale=self._english())

    def month(self, month: str) -> str:
        """Write a month given as 2026-11: November 2026."""
        return format_date(_first_of(month), "LLLL y", locale=self._english())

    def short_month(self, month: str) -> str:
        """Write a month for an axis: Nov 26."""
        return format_date(_first_of(month), "LLL yy", locale=self._english())

    def _tidy(self, pattern: str, value: Decimal) -> str:
        return format_decimal(value, format=pattern, locale=self.shop.locale)

    def _english(self) -> Locale:
        region = Locale.parse(self.shop.locale).territory or self.shop.region
        try:
            return Locale.parse(f"en_{region}")
        except (UnknownLocaleError, ValueError):
            return Locale.parse("en")


def _pattern(locale: str, western: str) -> str:
    """Group digits as the locale does (12,34,567 in India)."""
    own: str = Locale.parse(locale).decimal_formats[None].pattern.split(";")[0]
    return own.split(".", maxsplit=1)[0] + western.removeprefix("#,##0")


def _half_up(value: float | Decimal, decimals: int) -> Decimal:
    rounded = Decimal(str(value)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return rounded + 0  # no minus zero


def _first_of(month: str) -> dt.date:
    return dt.date.fromisoformat(f"{month}-01")
