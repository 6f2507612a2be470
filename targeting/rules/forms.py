"""The outline of a rule file; conditions and examples stay nodes until a catalogue reads them."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from targeting.workspace.forms import (
    Date,
    Form,
    Number,
    OneOrMore,
    Percentage,
    Span,
    Whole,
    refused,
)
from targeting.workspace.literals import Misread, read_number


def _word(text: str) -> str:
    if not re.fullmatch(r"[\w-]+", text):
        raise refused(f"'{text}' is not one word", "letters, digits, _ and -, like early_access")
    return text


def _at_least_one(number: int) -> int:
    if number < 1:
        raise refused(f"{number} is too low", "1 or more")
    return number


def _value(written: object) -> object:
    if isinstance(written, dict):
        return written
    try:
        return read_number(str(written))
    except Misread as error:
        raise refused(error.message, error.instead) from None


def _cap(written: object) -> object:
    if not isinstance(written, dict) or len(written) != 1:
        raise refused(
            "sets not exactly one limit", "{units: 200}, {packs: 10}, {money: 5000} or {weeks: 8}"
        )
    return written


Word = Annotated[str, AfterValidator(_word)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Active(Form):
    """Days on which a rule runs, both included."""

    start: Annotated[Date | None, Field(alias="from")] = None
    until: Date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.start and self.until and self.start > self.until:
            raise refused("ends before it begins", "active: {from: earlier, until: later}")
        return self


class Without(Form):
    """An opt-out of a guardrail."""

    guardrail: str
    reason: str


class FieldValue(Form):
    """A value read from a field."""

    field: str


class ContactForm(Form):
    """`then` of a marketing or retention rule."""

    offer: Word
    channel: OneOrMore
    message: str | dict[Word, str]
    value: Annotated[Number | FieldValue | None, BeforeValidator(_value)] = None
    uplift: Percentage | None = None


class Cap(Form):
    """A limit of one order line, in one unit."""

    units: Number | None = None
    packs: Number | None = None
    money: Number | None = None
    weeks: Number | None = None


class PlanningForm(Form):
    """`then` of an inventory rule."""

    service_level: Percentage | None = None
    cover: Span | None = None
    order_at_most: Annotated[Cap | None, BeforeValidator(_cap)] = None
    flag: Word | None = None
    note: str | None = None

    @model_validator(mode="after")
    def _sets_something(self) -> Self:
        if not self.model_fields_set:
            raise refused("sets nothing", "service_level: 98%, cover: 4 weeks, …")
        if self.service_level is not None and not Decimal("0.5") <= self.service_level < 1:
            raise refused("service_level must be from 50% to under 100%", "service_level: 98%")
        return self


class PickForm(Form):
    """How many, and who first."""

    at_most: Annotated[Whole, AfterValidator(_at_least_one)] | None = None
    highest: str | None = None
    lowest: str | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise refused("picks nothing", "pick: {at_most: 5000, highest: likelihood}")
        if self.highest and self.lowest:
            raise refused("picks both the highest and the lowest", "keep one of the two")
        return self


class HoldoutForm(Form):
    """A holdout with a name of its own."""

    share: Percentage
    name: Word


class Acceptance(Form):
    """One finding of the analysis, silenced."""

    check: Word
    other: Annotated[str | None, Field(alias="with")] = None
    reason: str
    until: Date


def _holdout(written: object) -> object:
    return {"share": written, "name": "_"} if isinstance(written, str) else written


def _share(form: HoldoutForm) -> HoldoutForm:
    if not 0 <= form.share <= Decimal("0.5"):
        raise refused("a holdout is from 0% to 50%", "holdout: 10%")
    if form.share * 10_000 != (form.share * 10_000).to_integral_value():
        raise refused("a holdout has at most two decimals", "holdout: 7.25%")
    return form


class _Outline(Form):
    title: str
    owner: str | None = None
    priority: Annotated[Whole, AfterValidator(_at_least_one)]
    active: Active | None = None
    settings: dict[Name, str] = {}
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
    cooldown: Span | Literal["ever"] | None = None
    budget: Number | None = None
    formerly: OneOrMore = ()


class InventoryOutline(_Outline):
    """An inventory rule."""

    then: PlanningForm
