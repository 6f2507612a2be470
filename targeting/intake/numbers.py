"""How numbers are written in a column: separators and currency, by one example."""

from __future__ import annotations

import re
from dataclasses import dataclass

import polars as pl

from targeting.workspace.literals import Misread

_SPACES = " \u00a0\u202f\u2009"
_EXAMPLE = re.compile(
    r"(?P<before>[^\d+\-]*?)\s*"
    rf"(?:\d{{1,3}}(?:(?P<thousands>[,.'’{_SPACES}])\d{{3}})+|\d+)"
    r"(?P<point>[.,])(?P<decimals>\d+)"
    r"\s*(?P<after>\D*)",
    re.ASCII,
)
_NOT_FINITE = r"(?i)^[+-]?(?:nan|inf|infinity)$"


@dataclass(frozen=True)
class NumberStyle:
    """The signs of a written number; without thousands it is the plain form `-1234.56`."""

    thousands: str = ""  # a character class, or nothing
    point: str = "."
    marks: tuple[str, ...] = ()  # what may stand before or after: a currency

    def plain(self, text: pl.Expr) -> pl.Expr:
        """Turn a text of this style into what a cast understands; any other becomes null or bad."""
        bare = self._without_marks(text)
        if not self.thousands and self.point == ".":
            return bare
        group = self.thousands or "[^\\s\\S]"  # nothing: it matches no character
        whole = rf"\d{{1,3}}(?:{group}\d{{3}})+|\d{{1,2}}(?:{group}\d{{2}})+{group}\d{{3}}|\d+"
        point = re.escape(self.point)
        shape = rf"^[+-]?(?:{whole})(?:{point}\d*)?(?:[eE][+-]?\d+)?$"
        digits = bare.str.replace_all(group, "").str.replace(self.point, ".", literal=True)
        return (
            pl.when(bare.str.contains(shape))
            .then(digits)
            .when(bare.str.contains(_NOT_FINITE))
            .then(bare)
        )

    def _without_marks(self, text: pl.Expr) -> pl.Expr:
        if not self.marks:
            return text
        mark = "(?i:" + "|".join(map(re.escape, self.marks)) + ")"
        before = text.str.replace(rf"^([+-]?)\s*{mark}\s*", "${1}")
        return before.str.replace(rf"\s*{mark}$", "")


PLAIN = NumberStyle()


def read_style(example: str, marks: tuple[str, ...] = ()) -> NumberStyle:
    """Read the signs from an example such as `1,234.56`, `1.234,56`, `1 234,56`, `PKR 1,234.56`.

    Raises:
        Misread: where the example does not tell the thousands sign from the decimal point.
    """
    found = _EXAMPLE.fullmatch(example.strip())
    # 1,234 may be a thousand or a little more than one.
    if found is None or (not found["thousands"] and len(found["decimals"]) == 3):
        raise Misread(
            f"'{example}' does not say which sign parts the decimals",
            'write one thousand two hundred thirty-four and 56 hundredths, like "1,234.56"',
        )
    thousands, point = found["thousands"] or "", found["point"]
    if thousands == point:
        raise Misread(f"'{example}' uses one sign for thousands and decimals", 'like "1,234.56"')
    own = tuple(mark for mark in (found["before"].strip(), found["after"].strip()) if mark)
    return NumberStyle(_class_of(thousands), point, (*marks, *own))


STYLES = ("1,234.56", "1.234,56", "1 234,56")


def likely_style(texts: pl.Series) -> str | None:
    """Guess the example that would let most of these refused texts be read; None where none does.

    The guess holds signs and at most a short currency of the column, never a value.
    """
    currency = (
        texts.str.extract(r"^[+-]?\s*(\p{L}{1,4}\.?|\p{Sc})\s*[+-]?\d", 1)
        .drop_nulls()
        .value_counts(sort=True)
    )
    prefix = f"{currency.item(0, 0)} " if currency.height else ""
    read = {
        prefix + style: int(
            texts.to_frame("text")
            .select(
                read_style(prefix + style)
                .plain(pl.col("text"))
                .cast(pl.Float64, strict=False)
                .is_not_null()
                .sum()
            )
            .item()
        )
        for style in STYLES
    }
    best = max(read, key=lambda style: read[style])
    return best if read[best] else None


def _class_of(sign: str) -> str:
    if not sign:
        return ""
    if sign in _SPACES:
        return f"[{_SPACES}]"
    return "['’]" if sign in "'’" else f"[{sign}]"
