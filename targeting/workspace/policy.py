"""rules/policy.yaml: what is owed to people, whatever a rule says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

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

ContactKind = Literal["marketing", "retention"]

SMS = "sms"
_LONGEST = re.compile(r"([1-9]\d{0,5}) (segment|character)s?", re.ASCII)


@dataclass(frozen=True)
class Longest:
    """How long a channel's messages may be: so many segments of SMS, or characters."""

    most: int
    unit: Literal["segment", "character"]

    def __str__(self) -> str:
        return f"{self.most:,} {self.unit}{'' if self.most == 1 else 's'}"


def _longest(value: object) -> object:
    if not isinstance(value, str):
        return value
    found = _LONGEST.fullmatch(value)
    if found is None:
        raise refused(f"'{value}' is no length", "longest: 2 segments, or longest: 600 characters")
    return Longest(int(found[1]), "segment" if found[2] == "segment" else "character")


class Channel(Form):
    """A way to reach people: where its address and consent stand, what a contact costs."""

    address: str | None = None
    consent: str | None = None
    cost: Number = Decimal(0)
    at_most: Whole | None = None
    longest: Annotated[Longest | None, BeforeValidator(_longest)] = None


class ContactLimit(Form):
    """At most so many contacts in a rolling window."""

    channel: str
    at_most: Whole
    within: Span


class After(Form):
    """What follows from a response."""

    channel: str | None = None
    address: Literal["same"] | None = None
    lasting: Annotated[Span | Literal["ever"], Field(alias="for")] = "ever"

    @model_validator(mode="after")
    def _says_where(self) -> Self:
        if (self.channel is None) == (self.address is None):
            raise refused(
                "says neither or both of channel and address", "{channel: same, for: ever}"
            )
        return self


class Policy(Form):
    """The whole contact policy."""

    key: str = ""
    channels: dict[str, Channel]
    kinds: tuple[ContactKind, ...] = ("retention", "marketing")
    each_customer_gets: Literal["one", "all"] | Whole = "one"
    counted: Literal["on each channel", "in all"] = "on each channel"
    settle_by: Literal["priority", "expected_value"] = "priority"
    budget: Number | None = None
    universal_holdout: Percentage = Decimal(0)
    cooldown: Span | None = None
    contact_limits: tuple[ContactLimit, ...] = ()
    quiet_dates: tuple[Date, ...] = ()
    unsubscribe_line: OneOrMore = ()
    same_person: OneOrMore = ()
    after: dict[str, After] = {}

    @property
    def sms_channels(self) -> list[str]:
        """The channels whose messages go out in segments: `sms`, and those so limited."""
        return [
            name
            for name, own in self.channels.items()
            if name == SMS or (own.longest is not None and own.longest.unit == "segment")
        ]

    @property
    def turns(self) -> int | None:
        """How many contacts a person may get a night; None for no limit."""
        if self.each_customer_gets == "one":
            return 1
        return None if self.each_customer_gets == "all" else self.each_customer_gets
