"""The outline of a rule file; conditions and examples stay nodes until a catalogue reads them."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from targeting.workspace.forms import (
    Date,
    Form,
    Money,
    OneOrMore,
    Percentage,
    Quoted,
    Span,
    Text,
    Whole,
    refused,
)
from targeting.workspace.literals import Misread, read_money, read_period


def _word(text: str) -> str:
    if not text:
        raise refused("no word stands here", "type one, like early_access")
    if not re.fullmatch(r"[\w-]+", text):
        raise refused(f"'{text}' is not one word", "letters, digits, _ and -, like early_access")
    return text


def _at_least_one(number: int) -> int:
    if number < 1:
        raise refused(f"{number} is too low", "1 or more")
    return number


def _name(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", text):
        raise refused(f"'{text}' is not a name", "lower case letters, digits and _, like low_price")
    return text


def _some(words: tuple[str, ...]) -> tuple[str, ...]:
    if not words:
        raise refused("an empty list", "name at least one")
    return words


def _value(written: object) -> object:
    if isinstance(written, dict):
        return written
    if not isinstance(written, str) or isinstance(written, Quoted):
        raise refused("must be an amount of money or a field", "value: 2500, or value: {field: …}")
    try:
        return read_money(written)
    except Misread as error:
        raise refused(error.message, error.instead) from None


def _messages(written: object) -> object:
    if isinstance(written, dict) and not written:
        raise refused("names no file", "message: hello.j2, or message: {variant: hello.j2}")
    return written


def _cooldown(written: object) -> object:
    if written == "ever" or not isinstance(written, str):
        return written
    try:
        return read_period(written)
    except Misread as error:
        raise refused(error.message, f"{error.instead}, or ever") from None


def _cap(written: object) -> object:
    if not isinstance(written, dict) or len(written) != 1:
        raise refused(
            "sets not exactly one limit", "{units: 200}, {packs: 10}, {money: 5000} or {weeks: 8}"
        )
    return written


def _level(share: Decimal) -> Decimal:
    if not Decimal("0.5") <= share < 1:
        raise refused("a service level is from 50% to under 100%", "service_level: 98%")
    return share


Word = Annotated[str, AfterValidator(_word)]
Name = Annotated[str, AfterValidator(_name)]
Channels = Annotated[OneOrMore, AfterValidator(_some)]
Accepted = Literal[
    "S001", "S002", "S003", "S004", "S005", "D001", "D002", "D003", "D004", "N001", "C001"
]


class Active(Form):
    """Days on which a rule runs, both included."""

    start: Annotated[Date | None, Field(alias="from")] = None
    until: Date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.start is None and self.until is None:
            raise refused("names no day", "active: {from: 2026-11-01, until: 2026-12-31}")
        if self.start and self.until and self.start > self.until:
            raise refused("ends before it begins", "active: {from: earlier, until: later}")
        return self


class Without(Form):
    """An opt-out of a guardrail."""

    guardrail: Text
    reason: Text


class FieldValue(Form):
    """A value read from a field."""

    field: str


class ContactForm(Form):
    """`then` of a marketing or retention rule."""

    offer: Word
    channel: Channels
    message: Annotated[Text | dict[Word, Text], BeforeValidator(_messages)]
    value: Annotated[Money | FieldValue | None, BeforeValidator(_value)] = None
    uplift: Percentage | None = None


class Cap(Form):
    """A limit of one order line, in one unit."""

    units: Money | None = None
    packs: Money | None = None
    money: Money | None = None
    weeks: Money | None = None


class PlanningForm(Form):
    """`then` of an inventory rule."""

    service_level: Annotated[Percentage, AfterValidator(_level)] | None = None
    cover: Span | None = None
    order_at_most: Annotated[Cap | None, BeforeValidator(_cap)] = None
    flag: Word | None = None
    note: Text | None = None

    @model_validator(mode="after")
    def _sets_something(self) -> Self:
        if not self.model_fields_set:
            raise refused("sets nothing", "service_level: 98%, cover: 4 weeks, …")
        return self


class PickForm(Form):
    """How many, and who first."""

    at_most: Annotated[Whole, AfterValidator(_at_least_one)] | None = None
    highest: Text | None = None
    lowest: Text | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise refused("picks nothing", "pick: {at_most: 5000, highest: likelihood}")
        if self.highest and self.lowest:
            raise refused("picks both the highest and the lowest", "keep one of the two")
        return self


UNNAMED = "\0"  # a holdout that goes by the name of its rule


class HoldoutForm(Form):
    """A holdout with a name of its own."""

    share: Percentage
    name: Text


class Acceptance(Form):
    """One finding of the analysis, silenced."""

    check: Accepted
    other: Annotated[Text | None, Field(alias="with")] = None
    reason: Text
    until: Date


def _former(names: tuple[str, ...]) -> tuple[str, ...]:
    return _some(tuple(_name(name) for name in names))


def _holdout(written: object) -> object:
    """Give `holdout: 10%` the same form as one with a name."""
    return {"share": written, "name": UNNAMED} if isinstance(written, str) else written


def _share(form: HoldoutForm) -> HoldoutForm:
    if form.name != UNNAMED:
        _name(form.name)
    if not 0 <= form.share <= Decimal("0.5"):
        raise refused("a holdout is from 0% to 50%", "holdout: 10%")
    if form.share * 10_000 != (form.share * 10_000).to_integral_value():
        raise refused("a holdout has at most two decimals", "holdout: 7.25%")
    return form


class _Outline(Form):
    title: Text
    owner: Text | None = None
    priority: Annotated[Whole, AfterValidator(_at_least_one)]
    active: Active | None = None
    settings: dict[Name, Text] = {}
    when: Any
    exclude: Any = None
    examples: Any
    accept: tuple[Acceptance, ...] = ()


class ContactOutline(_Outline):
    """A marketing or retention rule."""

    without: tuple[Without, ...] = ()
    then: ContactForm
    pick: PickForm | None = None
    holdout: Annotated[
        Annotated[HoldoutForm, AfterValidator(_share)] | None, BeforeValidator(_holdout)
    ] = None
    cooldown: Annotated[Span | Literal["ever"] | None, BeforeValidator(_cooldown)] = None
    budget: Money | None = None
    formerly: Annotated[OneOrMore, AfterValidator(_former)] = ()


class InventoryOutline(_Outline):
    """An inventory rule."""

    then: PlanningForm
