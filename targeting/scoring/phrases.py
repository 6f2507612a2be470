"""What an input says about a customer: one table of words, and plain words for a shop's own fields.

Every text is true of each customer it is given to: numbers are rounded outwards, never inwards.
Words are English; numbers and money are written as the shop's locale does.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from typing import Final, Literal

from babel import Locale
from babel.numbers import format_currency, format_decimal, get_currency_precision

from targeting.scoring.matrix import Input
from targeting.workspace.catalogue import Catalogue, Field, slug
from targeting.workspace.settings import Shop

Way = Literal["number", "money", "percent", "tenths", "trend", "chance"]
Side = Literal["low", "high", "missing"]

LEAF: Final = "leaf of the tree"  # the tree's log odds as an input of `model: points`
NAMED: Final = 4  # values of a category that a text lists


@dataclass(frozen=True)
class Extent:
    """What a leaf's customers have of one input: low <= value <= high, or `missing` (perhaps).

    Of a category the ends are places among its values. `whole`: the values are whole numbers.
    """

    low: float = -math.inf
    high: float = math.inf
    missing: bool = True
    whole: bool = False

    @property
    def empty(self) -> bool:
        """Whether no value lies in it."""
        return self.low > self.high

    @property
    def open(self) -> bool:
        """Whether every value lies in it."""
        return self.low == -math.inf and self.high == math.inf


@dataclass(frozen=True)
class Phrase:
    """How one field is spoken of: `before` an amount `after`, and what stands for special cases.

    `nothing` stands for 0 or less, `at_most` before an amount without a lower end, `missing` after
    "or", `unknown` alone. `little` and `much` say where a value stands beside the average.
    """

    before: str = ""
    after: str = ""
    way: Way = "number"
    unit: str = ""
    nothing: str = ""
    at_most: str = ""
    missing: str = ""
    unknown: str = ""
    known: str = ""
    little: str = ""
    much: str = ""


_BOUGHT = Phrase(missing="never bought", unknown="never bought", known="has bought")
_TWICE = "has not bought twice"
_FORECAST = Phrase(missing="no forecast", unknown="no forecast of purchases")
_SUCH = Phrase(missing="no such purchase yet", unknown="no such purchase yet")

_PHRASES: Final = {
    "recency_days": replace(
        _BOUGHT, before="last bought ", after=" ago", unit="days", at_most="last bought within ",
        little="bought lately", much="has not bought for long",
    ),
    "frequency": replace(
        _BOUGHT, before="bought ", unit="times", nothing="never bought",
        little="buys seldom", much="buys often",
    ),
    "monetary": Phrase(
        "spent ", way="money", nothing="spent nothing",
        little="has spent little", much="has spent much",
    ),
    "average_order_value": replace(
        _BOUGHT, before="spends ", after=" a purchase", way="money",
        little="small baskets", much="large baskets",
    ),
    "tenure_days": replace(
        _BOUGHT, before="first bought ", after=" ago", unit="days",
        little="is a new customer", much="has been here for long",
    ),
    "days_between_purchases": Phrase(
        "on average ", " between purchases", unit="days",
        missing=_TWICE, unknown=_TWICE, known="has bought more than once",
        little="comes back soon", much="lets long pass between purchases",
    ),
    "return_rate": replace(
        _BOUGHT, before="returned ", after=" of what was bought", way="percent",
        nothing="returned nothing",
        little="returns little", much="returns often",
    ),
    "spend_90_days": Phrase(
        "spent ", " in the last 90 days", way="money", nothing="spent nothing in the last 90 days",
        little="spent little in the last 90 days", much="spent much in the last 90 days",
    ),
    "spend_trend": Phrase(
        "spends ", " than before", way="trend",
        missing="spent nothing before the last 90 days",
        unknown="spent nothing before the last 90 days",
        known="spent something before the last 90 days",
        little="spending grows less than others'", much="spending grows more than others'",
    ),
    "brand_affinity": Phrase(
        "spends ", " on one brand", way="tenths",
        little="keeps to no brand", much="keeps to one brand",
    ),
}  # fmt: skip

# Inputs that no rule may name: BG/NBD's forecast for all purchases, for those of the label's
# category, and the tree within `model: points`.
_INTERNAL: Final = {
    "bgnbd_purchases": replace(
        _FORECAST, before="expect ", unit="purchases",
        little="few purchases to be expected", much="many purchases to be expected",
    ),
    "bgnbd_alive": replace(
        _FORECAST, after="a customer", way="chance",
        little="less surely still a customer", much="more surely still a customer",
    ),
    "bgnbd_buys": replace(
        _FORECAST, before="by purchase rhythm ", after=" likely to buy", way="percent",
        little="by purchase rhythm less likely to buy",
        much="by purchase rhythm more likely to buy",
    ),
    "within_purchases": replace(
        _SUCH, before="expect ", unit="such purchases", nothing="expect no such purchase",
        little="few such purchases to be expected", much="many such purchases to be expected",
    ),
    "within_alive": replace(
        _SUCH, after="a buyer of such", way="chance",
        little="less surely still a buyer of such", much="more surely still a buyer of such",
    ),
    "within_buys": replace(
        _SUCH, before="by rhythm of such purchases ", after=" likely to buy", way="percent",
        little="by rhythm of such purchases less likely to buy",
        much="by rhythm of such purchases more likely to buy",
    ),
    LEAF: Phrase(
        "leaf is ", little="similar customers seldom do", much="similar customers often do",
    ),
}  # fmt: skip


def clause(entering: Input, extent: Extent, fields: Catalogue, shop: Shop) -> str:
    """Say what an extent is in words; empty where it leaves everything open."""
    phrase = _phrase(entering.name, fields)
    if extent.open and extent.missing:
        return ""
    if extent.open:
        return phrase.known
    if entering.kind == "category":
        return _category(
            entering, extent, phrase, title_of(entering.name, fields.get(entering.name))
        )
    field = fields.get(entering.name)
    if field is not None and field.type == "yes/no":
        return _yes_no(extent, phrase)
    if extent.empty:
        return phrase.unknown
    told = _number(extent, phrase, shop)
    comma = "," if ", or " in told else ""
    return f"{told}{comma} or {phrase.missing}" if extent.missing else told


def trait(entering: Input, side: Side, fields: Catalogue) -> str:
    """Say where a customer stands beside the average: below (low), above (high), or not known."""
    phrase = _phrase(entering.name, fields)
    if side == "missing":
        return phrase.unknown
    if entering.kind == "category":
        return title_of(entering.name, fields.get(entering.name))
    return phrase.little if side == "low" else phrase.much


def title_of(name: str, field: Field | None) -> str:
    """Name a field in plain words, on one line."""
    title = "" if field is None else " ".join((field.title or "").split())
    return title or name.replace("_", " ").strip() or name


def _phrase(name: str, fields: Catalogue) -> Phrase:
    field = fields.get(name)
    title = title_of(name, field)
    computed = field is None or field.origin == "purchases"
    found = _PHRASES.get(name) if computed else None
    found = found or (_INTERNAL.get(name) if field is None else None)
    found = found or (_share(name, fields) if computed else None) or _plain(title, field)
    if found.way == "money" and field is not None and field.type != "money":
        found = replace(found, way="number")
    return replace(
        found,
        missing=found.missing or "not known",
        unknown=found.unknown or f"{title} is not known",
        known=found.known or f"{title} is known",
    )


def _plain(title: str, field: Field | None) -> Phrase:
    """Speak of a field by its title and unit."""
    if field is not None and field.type == "yes/no":
        return Phrase(f"{title}: ", little=f"{title}: no", much=f"{title}: yes")
    spoken = Phrase(f"{title} is ", little=f"low {title}", much=f"high {title}")
    if field is not None and field.type == "money":
        return replace(spoken, way="money")
    unit = " ".join((field.unit or "").split()) if field is not None else ""
    same = unit.casefold() == title.casefold()
    return replace(spoken, before="has " if same else spoken.before, unit=unit)


def _share(name: str, fields: Catalogue) -> Phrase | None:
    """Speak of `share_SLUG` by the category's own name."""
    lists = (fields.get("favourite_category"), fields.get("categories_bought"))
    listed = next((f.values for f in lists if f is not None and f.values), ())
    category = next((c for c in listed if f"share_{slug(c)}" == name), None)
    if category is None:
        return None
    return Phrase(
        before="spends ",
        after=f" on {category}",
        way="percent",
        nothing=f"nothing in {category} yet",
        missing="nothing spent",
        unknown="nothing spent",
        known="something spent",
        little=f"little in {category}",
        much=f"much in {category}",
    )


def _category(entering: Input, extent: Extent, phrase: Phrase, title: str) -> str:
    """List the values; with missing among them those left out, since a new value is missing too."""
    words = [" ".join(word.split()) for word in entering.categories]
    inside = [extent.low <= place <= extent.high for place in range(len(words))]
    taken = [word for word, within in zip(words, inside, strict=True) if within]
    left = [word for word, within in zip(words, inside, strict=True) if not within]
    if not extent.missing:
        return f"{title} is {_listed(taken)}" if left else phrase.known
    if not taken:
        return f"{phrase.unknown} or new"
    return f"{title} is not {_listed(left)}" if left else ""


def _listed(words: Sequence[str]) -> str:
    if len(words) > NAMED:
        words = [*words[: NAMED - 1], f"one of {len(words) - NAMED + 1} others"]
    return " or ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def _yes_no(extent: Extent, phrase: Phrase) -> str:
    found = [word for word, value in (("yes", 1), ("no", 0)) if extent.low <= value <= extent.high]
    if not found:
        return phrase.unknown
    if len(found) == 2:
        return "" if extent.missing else phrase.known
    return phrase.before + found[0] + (f" or {phrase.missing}" if extent.missing else "")


def _number(extent: Extent, phrase: Phrase, shop: Shop) -> str:
    if phrase.nothing and extent.high <= 0:
        return phrase.nothing
    if phrase.way == "trend":
        return _trend(extent, shop)
    if phrase.way == "chance":
        return _chance(extent, phrase.after, shop)
    amount = _with_unit(_amount(extent, phrase.way, shop), phrase.unit)
    if phrase.at_most and extent.low == -math.inf:
        return phrase.at_most + re.sub("^(at most|under) ", "", amount)
    return phrase.before + amount + phrase.after


def _trend(extent: Extent, shop: Shop) -> str:
    """Say a change, -0.3 as 30% less."""
    if extent.high <= 0:
        less = replace(extent, low=-extent.high, high=-extent.low)
        return f"spends {_amount(less, 'trend', shop)} less than before"
    if extent.low >= 0:
        return f"spends {_amount(extent, 'trend', shop)} more than before"
    less_at_most, _ = _bound(-extent.low, "trend", shop, ROUND_CEILING)
    more_at_most, _ = _bound(extent.high, "trend", shop, ROUND_CEILING)
    if extent.high == math.inf:
        return f"spends at most {less_at_most} less than before, or more"
    if extent.low == -math.inf:
        return f"spends at most {more_at_most} more than before, or less"
    return f"spends between {less_at_most} less and {more_at_most} more than before"


def _chance(extent: Extent, role: str, shop: Shop) -> str:
    """Say a probability together with the likelier of the two."""
    amount = _amount(extent, "chance", shop)
    if extent.low >= 0.5:
        return f"probably still {role} ({amount})"
    if extent.high < 0.5:
        gone = replace(extent, low=1 - extent.high, high=1 - extent.low)
        return f"probably no longer {role} ({_amount(gone, 'chance', shop)})"
    return f"perhaps still {role} ({amount})"


def _amount(extent: Extent, way: Way, shop: Shop) -> str:
    """Write an extent: `3 to 5`, `more than 5`; a rounded end is `under` or `over` it."""
    exact = extent.whole and way == "number"
    low, beyond = _bound(extent.low, way, shop, ROUND_FLOOR, exact=exact)
    high, short_of = _bound(extent.high, way, shop, ROUND_CEILING, exact=exact)
    if extent.low == -math.inf:
        return f"{'under' if short_of else 'at most'} {high}"
    if extent.high < math.inf:
        return low if low == high else f"{low} to {high}"
    if exact and extent.low != 1:
        return f"more than {_bound(extent.low - 1, way, shop, ROUND_FLOOR, exact=True)[0]}"
    return f"{'over' if beyond else 'at least'} {low}"


def _bound(
    value: float, way: Way, shop: Shop, direction: str, *, exact: bool = False
) -> tuple[str, bool]:
    """Write one end, rounded in a direction to two digits (from 100 on three); was it rounded?"""
    if math.isinf(value):
        return "", False
    number = _EXACT.scaleb(Decimal(value), _shift(way, shop))
    if exact:
        return _written(number, way, shop), False
    digits = 2 if abs(number) < 100 else 3
    rounded = Context(prec=digits, rounding=direction).plus(number)
    places = get_currency_precision(shop.currency) if way == "money" else 1
    exponent = rounded.as_tuple().exponent
    if way != "number" and isinstance(exponent, int) and exponent < -places:
        rounded = number.quantize(Decimal(1).scaleb(-places), direction, _EXACT)
    return _written(rounded, way, shop), rounded != number


def _shift(way: Way, shop: Shop) -> int:
    """Give the power of ten from what is kept to what is written."""
    if way == "money":
        return -shop.minor_digits
    return {"number": 0, "tenths": 1}.get(way, 2)


def _written(number: Decimal, way: Way, shop: Shop) -> str:
    if way == "money":
        return _money(number, shop)
    text = _spelled(number, shop)
    return text if way == "number" else f"{text}%"


def _spelled(number: Decimal, shop: Shop) -> str:
    tidy = Decimal(f"{_EXACT.plus(number).normalize(_EXACT):f}") + 0  # no minus zero
    if abs(tidy) >= _LONG:
        return f"{number.normalize(_EXACT):g}"
    text: str = format_decimal(tidy, locale=shop.locale, decimal_quantization=False)
    return text.translate(_HARD_SPACES)


def _money(number: Decimal, shop: Shop) -> str:
    """Write money without needless decimals: Rs12,000."""
    if abs(number) >= _LONG:
        return f"{_spelled(number, shop)} {shop.currency}"
    if number != number.to_integral_value():
        text = format_currency(number, shop.currency, locale=shop.locale)
    else:
        pattern = Locale.parse(shop.locale).currency_formats["standard"].pattern
        text = format_currency(
            number + 0,
            shop.currency,
            pattern.replace(".00", ""),
            locale=shop.locale,
            currency_digits=False,
        )
    return str(text).translate(_HARD_SPACES)


def _with_unit(amount: str, unit: str) -> str:
    """Add a unit; our own have a singular: 1 day, once."""
    if unit in _ONE and re.search("(^| )1$", amount):
        return re.sub("1$", _ONE[unit], amount)
    return f"{amount} {unit}".rstrip()


_ONE: Final = {"days": "1 day", "times": "once", "purchases": "1 purchase"}
_EXACT: Final = Context(prec=800)  # a float has at most 767 digits
_LONG: Final = 10**15
_HARD_SPACES: Final = str.maketrans({"\u00a0": " ", "\u202f": " "})  # as in messages: SMS length
