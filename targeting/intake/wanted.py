"""What `fields` says of a column, read once into the values that cleaning and contract use."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

import polars as pl

from targeting.intake.numbers import PLAIN, NumberStyle, read_style
from targeting.problems import Problem
from targeting.workspace.columns import SOURCE_COLUMNS, FieldType, SourceName
from targeting.workspace.literals import Misread, read_number
from targeting.workspace.load import Workspace
from targeting.workspace.settings import FieldForm, Settings

YES = frozenset({"yes", "true", "y", "1"})
NO = frozenset({"no", "false", "n", "0"})

# Beyond this a Float64 no longer tells one minor unit from the next.
LARGEST_MONEY = 2**53

# Who a suppression or a response is about must never be lost to a rule of `fields` that was meant
# for the customers' own column of that name: an address we would refuse still keeps a person out.
_AS_WRITTEN: dict[SourceName, Collection[str]] = {
    "suppressions": tuple(SOURCE_COLUMNS["suppressions"]),
    "responses": ("customer_id", "email"),
}

Bound = int | float | dt.date


@dataclass(frozen=True)
class Wanted:
    """One column of a source: how its cells read, and what is allowed. Money in minor units."""

    name: str
    type: FieldType
    required: bool = False
    empties: bool = False  # if_bad: missing
    low: Bound | None = None
    high: Bound | None = None
    values: tuple[str | float, ...] | None = None
    style: NumberStyle = PLAIN
    style_declared: bool = False
    date_format: str | None = None
    yes: frozenset[str] = YES
    no: frozenset[str] = NO
    fill: Literal["median"] | float | None = None
    may_be_future: bool = False


def wanted(settings: Settings, source: SourceName, column: str) -> Wanted:
    """Say how a column is read, from settings that `field_problems` found good."""
    if column in _AS_WRITTEN.get(source, ()):
        return Wanted(column, "text")
    form = settings.column_form(source, column)
    own = SOURCE_COLUMNS[source].get(column)
    digits = settings.shop.minor_digits
    plain = Wanted(
        name=column,
        type=form.type,
        required=form.required,
        empties=form.if_bad == "missing" and not form.required,
        style=_style(form, settings),
        style_declared=form.numbers is not None,
        date_format=form.format,
        may_be_future=form.may_be_future,
        fill=_fill(form, digits),
    )
    low, high = _range(form, digits)
    yes, no = _yes_no(form)
    required = plain.required or (own is not None and own.required)
    values = _values(form)
    return replace(plain, low=low, high=high, yes=yes, no=no, required=required, values=values)


def field_problems(workspace: Workspace) -> list[Problem]:
    """Find what no file is needed for: keys of `fields` that do not fit their type."""
    found = _time_zone_problems(workspace)
    for name, form in workspace.settings.fields.items():
        for code, key, message, instead in [*_type_faults(name, form, workspace), *_faults(form)]:
            place = workspace.place("targeting.yaml", "fields", name, key)
            found.append(Problem(code, message, place, instead))
    return found


def _time_zone_problems(workspace: Workspace) -> list[Problem]:
    """Ask Polars, which has its own list of zones."""
    zone = workspace.settings.shop.time_zone
    try:
        pl.Series([dt.date(2000, 1, 1)]).cast(pl.Datetime).dt.replace_time_zone(zone)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        place = workspace.place("targeting.yaml", "shop", "time_zone")
        return [Problem("I028", f"'{zone}' is not a time zone", place, "like Asia/Karachi, or UTC")]
    return []


_Fault = tuple[str, str, str, str]  # code, key, message, instead


def _type_faults(name: str, form: FieldForm, workspace: Workspace) -> Iterator[_Fault]:
    if form.type == "list":
        yield "I020", "type", "no file holds a list", "text, or a measure of the purchases"
    alike = {"category": "text"}
    for source in workspace.settings.sources:
        own = SOURCE_COLUMNS[source].get(name)
        if own is not None and alike.get(own.type, own.type) != alike.get(form.type, form.type):
            message = f"'{name}' of {source} is {own.type}, not {form.type}"
            yield "I020", "type", message, f"type: {own.type}"
            return


def _faults(form: FieldForm) -> Iterator[_Fault]:
    numeric = form.type in ("number", "money")
    if form.numbers is not None:
        yield from _numbers_faults(form.numbers, numeric)
    if form.format is not None and (form.type != "date" or not _tells_a_day(form.format)):
        message = f"'{form.format}' does not read a whole date"
        yield "I022", "format", message, 'for dates only, like "%d/%m/%Y"'
    if form.range is not None and not _range_fits(form):
        message = f"this is no range of a {form.type}"
        yield "I023", "range", message, "the lower end first: [16, 110], or two dates for a date"
    if form.values is not None and _values(form) is None:
        yield "I024", "values", f"values do not fit a {form.type}", "for category, text and number"
    if form.fill is not None and (not numeric or _fill(form, 2) is None):
        yield "I025", "fill", "fill is median or a plain number", "for number and money only"
    yes, no = _yes_no(form)
    if yes & no:
        yield "I026", "no", "a word stands under yes and under no", "keep it in one of the two"


def _numbers_faults(example: str, numeric: bool) -> Iterator[_Fault]:
    if not numeric:
        yield "I021", "numbers", "numbers are written only in number and money", "delete it"
    try:
        read_style(example)
    except Misread as error:
        yield "I021", "numbers", error.message, error.instead


def _tells_a_day(form: str) -> bool:
    """Try the format both ways on a day that no two parts of can be confused."""
    day = dt.date(2024, 12, 31)
    moment = pl.Series([day]).cast(pl.Datetime)
    try:
        return moment.dt.to_string(form).str.to_date(form, strict=False).to_list() == [day]
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return False


def _range_fits(form: FieldForm) -> bool:
    assert form.range is not None
    low, high = form.range
    kind = dt.date if form.type == "date" else Decimal
    if form.type not in ("number", "money", "date"):
        return False
    return isinstance(low, kind) and isinstance(high, kind) and low <= high  # type: ignore[operator]


def _range(form: FieldForm, digits: int) -> tuple[Bound | None, Bound | None]:
    if form.range is None:
        return (-LARGEST_MONEY, LARGEST_MONEY) if form.type == "money" else (None, None)
    low, high = (_bound(end, form.type, digits) for end in form.range)
    return low, high


def _bound(end: Decimal | dt.date, kind: FieldType, digits: int) -> Bound:
    if not isinstance(end, Decimal):
        return end
    return _minor(end, digits) if kind == "money" else float(end)


def _minor(amount: Decimal, digits: int) -> int:
    return int((amount * 10**digits).to_integral_value(ROUND_HALF_UP))


def _values(form: FieldForm) -> tuple[str | float, ...] | None:
    """Give the allowed values; None where there are none, or they do not fit the type."""
    if form.values is None or form.type in ("category", "text"):
        return form.values
    if form.type != "number":
        return None
    try:
        return tuple(float(read_number(value)) for value in form.values)
    except Misread:
        return None


def _fill(form: FieldForm, digits: int) -> Literal["median"] | float | None:
    if form.fill is None or form.fill == "median":
        return "median" if form.fill else None
    try:
        amount = read_number(form.fill)
    except Misread:
        return None
    return _minor(amount, digits) if form.type == "money" else float(amount)


def _style(form: FieldForm, settings: Settings) -> NumberStyle:
    marks = (settings.shop.currency,) if form.type == "money" else ()
    if form.numbers is None:
        return NumberStyle(marks=marks)
    return read_style(form.numbers, marks)


def _yes_no(form: FieldForm) -> tuple[frozenset[str], frozenset[str]]:
    """Give both lists in lower case; where only one is written, the usual words are the other."""
    yes = frozenset(word.lower() for word in form.yes) if form.yes is not None else YES
    no = frozenset(word.lower() for word in form.no) if form.no is not None else NO
    if form.yes is None:
        yes -= no
    if form.no is None:
        no -= yes
    return yes, no
