"""The filters of message templates: money, dates, numbers and words in the shop's locale."""

from __future__ import annotations

import copy
import datetime as dt
import math
import re
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Final, Literal, TypeVar
from urllib.parse import quote

from babel import Locale, dates, numbers
from babel.numbers import NumberPattern

from targeting.exports.sandbox import TooMuch, Unfit, short_enough, shown
from targeting.workspace.settings import Shop

DateStyle = Literal["short", "medium", "long", "full"]
Amount = int | float | Decimal
T = TypeVar("T")

_MOST_DECIMALS: Final = 6
_REMEMBERED: Final = 20_000
_HARD_SPACES: Final = str.maketrans({"\u00a0": " ", "\u202f": " "})


def message_filters(shop: Shop) -> dict[str, Callable[..., object]]:
    """Give every filter but `default` by its name; each takes the value first."""
    local = _Local(shop)
    return {
        "money": local.money,
        "number": local.number,
        "percent": local.percent,
        "date": local.date,
        "plural": local.plural,
        "name": person_name,
        "upper": lambda value: short_enough(_text(value).upper()),
        "lower": lambda value: short_enough(_text(value).lower()),
        "capitalize": lambda value: short_enough(_text(value).capitalize()),
        "trim": lambda value: _text(value).strip(),
        "replace": _replace,
        "truncate": _truncate,
        "urlencode": lambda value: quote(short_enough(_text(value)), safe=""),
        "join": _join,
        "first": lambda value: _item(value, 0),
        "last": lambda value: _item(value, -1),
        "length": lambda value: len(_list_or_text(value)),
        "sort": _sorted,
        "unique": lambda value: list(dict.fromkeys(_list(value))),
        "reverse": lambda value: _list(value)[::-1],
        "round": _round,
        "abs": lambda value: abs(_amount(value)),
        "int": lambda value: int(_amount(value)),
    }


def person_name(value: object) -> str:
    """Write a name with capitals where it was typed all in one case: AYESHA, o'brien, anne-marie.

    A name in mixed case (McDonald, de Souza) is left as its owner wrote it.
    """
    text = " ".join(_text(value).split())
    if text not in (text.upper(), text.lower()):
        return text
    return re.sub(r"[^\W\d_]+", lambda word: word[0][:1].upper() + word[0][1:].lower(), text)


class _Local:
    """What depends on the shop's locale and currency; equal values are formatted once."""

    def __init__(self, shop: Shop) -> None:
        self.locale = Locale.parse(shop.locale)
        self.currency = shop.currency
        self.minor_digits = numbers.get_currency_precision(shop.currency)
        self._formatted = lru_cache(_REMEMBERED)(self._format)
        self._pattern = lru_cache(None)(self._new_pattern)

    def money(self, value: object, decimals: int | None = None) -> str:
        """Rs1,234.50; money(0) rounds to whole units."""
        return self._formatted("money", _amount(value), _decimals(decimals))

    def number(self, value: object, decimals: int | None = None) -> str:
        """1,234.5; number(2) always shows two decimals."""
        return self._formatted("number", _amount(value), _decimals(decimals))

    def percent(self, value: object, decimals: int | None = None) -> str:
        """0.125 is 13%; percent(1) is 12.5%."""
        return self._formatted("percent", _amount(value), _decimals(decimals))

    def date(self, value: object, style: DateStyle = "long") -> str:
        """24 November 2026; also short, medium and full."""
        if not isinstance(value, dt.date):
            raise Unfit("'date' takes a date")
        if style not in ("short", "medium", "long", "full"):
            raise Unfit("'date' takes short, medium, long or full")
        return self._formatted("date", value, style)

    def plural(self, value: object, one: str, other: str | None = None, **forms: str) -> str:
        """3 | plural("order", "orders") is "3 orders"; also few=, many=, two=, zero=."""
        amount = _amount(value)
        form = self.locale.plural_form(amount)
        words = {"one": one, "other": one if other is None else other} | forms
        word = words.get(form, words["other"])
        return short_enough(f"{self.number(amount)} {_text(word)}")

    def _format(self, how: str, value: object, extra: int | str | None) -> str:
        if isinstance(value, dt.date):
            text = dates.format_date(value, str(extra), locale=self.locale)
        else:
            assert isinstance(value, int | float | Decimal)
            text = self._spell(how, value, extra if isinstance(extra, int) else None)
        return str(text).translate(_HARD_SPACES)  # one no-break space makes an SMS twice as long

    def _spell(self, how: str, value: Amount, decimals: int | None) -> str:
        pattern = self._pattern(how, decimals)
        if how == "money":
            places = self.minor_digits if decimals is None else decimals
            exact = _exact(value, places)
            return str(pattern.apply(exact, self.locale, self.currency, currency_digits=False))
        if how == "percent":
            value = _exact(value, (decimals or 0) + 2)
        elif decimals is not None:
            value = _exact(value, decimals)
        return str(pattern.apply(value, self.locale))

    def _new_pattern(self, how: str, decimals: int | None) -> NumberPattern:
        """Give the locale's pattern, with the decimals asked for, or else money's or its own."""
        patterns = {
            "money": self.locale.currency_formats["standard"],
            "number": self.locale.decimal_formats[None],
            "percent": self.locale.percent_formats[None],
        }
        pattern: NumberPattern = copy.copy(patterns[how])
        if decimals is None:
            decimals = {"money": self.minor_digits, "percent": 0}.get(how)
        if decimals is not None:
            pattern.frac_prec = (decimals, decimals)
        return pattern


def _exact(value: Amount, decimals: int) -> Decimal:
    return Decimal(str(value)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def _amount(value: object) -> Amount:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise Unfit("a filter that takes numbers has something else")
    if not math.isfinite(value) or abs(float(value)) > 1e18:
        raise TooMuch("computes a number too large to use")
    return value


def _decimals(decimals: int | None) -> int | None:
    if decimals is not None and (type(decimals) is not int or not 0 <= decimals <= _MOST_DECIMALS):
        raise Unfit(f"decimals go from 0 to {_MOST_DECIMALS}")
    return decimals


def _round(value: object, decimals: int = 0) -> Amount:
    places = _decimals(decimals) or 0
    rounded = _exact(_amount(value), places)
    return float(rounded) if places else int(rounded)


def _text(value: object) -> str:
    return value if isinstance(value, str) else str(shown(value))


def _list(value: object) -> list[object]:
    if isinstance(value, list | tuple | range):
        return list(value)
    raise Unfit("a filter that takes lists has something else")


def _sorted(value: object) -> list[object]:
    """Sort numbers by size, all else by its letters."""
    items = _list(value)
    if all(isinstance(item, int | float) for item in items):
        by_size: Callable[[object], float] = lambda item: float(_amount(item))  # noqa: E731
        return sorted(items, key=by_size)
    return sorted(items, key=lambda item: (_text(item).casefold(), _text(item)))


def _list_or_text(value: object) -> Sequence[object]:
    return value if isinstance(value, str) else _list(value)


def _item(value: object, position: int) -> object:
    from jinja2 import StrictUndefined

    items = _list_or_text(value)
    return items[position] if items else StrictUndefined("the list is empty")


def _join(value: object, between: str = ", ", last: str | None = None) -> str:
    """["a", "b", "c"] | join(", ", " and ") is "a, b and c"."""
    texts = [_text(item) for item in _list(value)]
    if last is not None and len(texts) > 1:
        texts = [*texts[:-2], f"{texts[-2]}{_text(last)}{texts[-1]}"]
    short = sum(map(len, texts)) + len(_text(between)) * len(texts)
    if short > 10**6:
        raise TooMuch("is longer than a message may be")
    return short_enough(_text(between).join(texts))


def _replace(value: object, old: str, new: str) -> str:
    text, old, new = _text(value), _text(old), _text(new)
    short_enough(text)
    places = text.count(old)
    if len(text) + places * (len(new) - len(old)) > 10**6:
        raise TooMuch("is longer than a message may be")
    return short_enough(text.replace(old, new))


def _truncate(value: object, length: int, end: str = "…") -> str:
    """Cut a text between words to at most `length` characters."""
    text, end = _text(value), _text(end)
    if type(length) is not int or length < 0:
        raise Unfit("'truncate' takes a whole number of characters")
    if len(text) <= length:
        return text
    kept = text[: max(0, length - len(end))]
    between_words = kept.rsplit(" ", 1)[0] if " " in kept else kept
    return (between_words.rstrip() + end)[:length]
