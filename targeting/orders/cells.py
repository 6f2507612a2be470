"""Numbers in a planner's cells: what can be read without a doubt, and why the rest cannot."""

from __future__ import annotations

import datetime as dt
import math
import re
from dataclasses import dataclass
from typing import Final

from targeting.exports.planner.columns import INPUT_ENDS
from targeting.stock.inputs import MOST_UNITS

_ERRORS: Final = ("#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "Err:")
_PLAIN: Final = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_SHARE: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*%")
_THOUSANDS: Final = re.compile(r"[0-9]{1,3}(?:([,.'’\u00a0\u202f ])[0-9]{3})(?:\1[0-9]{3})*")
_TWO_WAYS: Final = re.compile(r"[0-9]{1,3}[,.]000")  # 1 or 1000, by the country
_DIGIT: Final = re.compile(r"[0-9]")


@dataclass(frozen=True)
class Input:
    """A column that the planner may change: its ends, and whether only whole numbers make sense.

    `share`: 99% may be typed for 0.99.
    """

    source: str
    low: float
    high: float
    whole: bool = False
    share: bool = False


ORDER: Final = Input("order", 0, MOST_UNITS, whole=True)
INPUTS: Final = tuple(
    Input(source, *ends, share=source == "service_level") for source, ends in INPUT_ENDS.items()
)


class Unreadable(Exception):
    """A cell that is no such number; its text says why, in words that follow the cell's name."""


def read_number(value: object, of: Input) -> tuple[float, bool]:
    """Read a cell's value; the second tells whether it was a number typed as text.

    An empty cell is 0, as the workbook's own formulas have it.

    Raises:
        Unreadable: for a text, error, yes/no, date, negative, fraction or impossible number.
    """
    match value:
        case bool():
            raise Unreadable(f"holds {str(value).upper()}, which is no number")
        case int() | float():
            return _possible(float(value), of), False
        case dt.date() | dt.time() | dt.timedelta():
            raise Unreadable(f"holds a date or time ({value}), not a number")
        case None:
            return _possible(0.0, of, "is empty"), False
    text = str(value).strip()
    if not text:
        return _possible(0.0, of, "is empty"), False
    return _possible(_typed(text, of), of), True


def _typed(text: str, of: Input) -> float:
    """Read a number that was typed as text, where it can mean only one."""
    if text.startswith(_ERRORS):
        raise Unreadable(f"holds the error {text[:20]} of a formula")
    if of.whole and _THOUSANDS.fullmatch(text):  # no part of a unit can be ordered
        if _TWO_WAYS.fullmatch(text):
            raise Unreadable(f"holds the text '{text}', which is {text[:-4]} here and more there")
        return float("".join(_DIGIT.findall(text)))
    if _PLAIN.fullmatch(text):
        return float(text)
    if of.share and (share := _SHARE.fullmatch(text)):
        return float(share[1]) / 100
    raise Unreadable(f"holds the text '{text[:60]}', not a number")


def _possible(number: float, of: Input, what: str | None = None) -> float:
    shown = what or f"holds {number:.12g}"
    if not math.isfinite(number):
        raise Unreadable(f"{shown}, which is no number")
    if number < 0:
        raise Unreadable(f"{shown}, and nothing here can be below 0")
    if of.whole and number != int(number):
        raise Unreadable(f"{shown}, and only whole units can be ordered")
    if not of.low <= number <= of.high:
        raise Unreadable(f"{shown}, and it must lie from {of.low:.12g} to {of.high:.12g}")
    return number
