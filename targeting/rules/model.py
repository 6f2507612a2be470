"""A rule, read once into frozen values; nothing here is ever edited."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from targeting.problems import Place
from targeting.workspace.catalogue import Field
from targeting.workspace.literals import Period
from targeting.workspace.words import RuleKind

Kind = RuleKind


@dataclass(frozen=True)
class Constant:
    """A value as the field's type reads it; numbers and money stay exact decimals."""

    value: Decimal | str | dt.date | bool | Period


@dataclass(frozen=True)
class OtherField:
    """The value of another field of the same row."""

    field: Field


Value = Constant | OtherField


@dataclass(frozen=True)
class Test:
    """One field compared by one operator; `or_missing` is None where the writer did not say."""

    field: Field
    operator: str
    values: tuple[Value, ...]
    or_missing: bool | None
    place: Place


@dataclass(frozen=True)
class Group:
    """Conditions joined by all (and), any (or) or none (not any)."""

    kind: Literal["all", "any", "none"]
    conditions: tuple[Condition, ...]
    place: Place


@dataclass(frozen=True)
class Audience:
    """A definition of rules/shared.yaml, used by name."""

    name: str
    when: tuple[Group, ...]
    place: Place


Condition = Test | Group | Audience


@dataclass(frozen=True)
class Guardrail:
    """What excludes from every rule of a kind."""

    name: str
    title: str
    exclude: tuple[Condition, ...]


@dataclass(frozen=True)
class Line:
    """One step of a rule's funnel: a condition that must hold, or must not."""

    step: Literal["when", "exclude", "guardrail"]
    condition: Condition
    wanted: bool
    guardrail: str = ""


@dataclass(frozen=True)
class Contact:
    """What a marketing or retention rule does."""

    offer: str
    channels: tuple[str, ...]
    messages: Mapping[str, str]  # variant -> template; one variant is named ""
    value: Decimal | str | None  # money, or the name of a field
    uplift: Decimal | None


@dataclass(frozen=True)
class Planning:
    """Which planning parameters an inventory rule sets."""

    service_level: Decimal | None
    cover: Period | None
    order_at_most: tuple[Literal["units", "packs", "money", "weeks"], Decimal] | None
    flag: str | None
    note: str | None


@dataclass(frozen=True)
class Pick:
    """How many of those who match, and who first."""

    at_most: int | None
    field: str | None
    highest: bool = True


@dataclass(frozen=True)
class Holdout:
    """The share that is left uncontacted to measure against, and the name of its group."""

    share: Decimal
    name: str


@dataclass(frozen=True)
class Example:
    """One case of a rule: what is given, and whether it should match."""

    case: str
    given: Mapping[str, Constant | None]  # None: missing; a Period stands for so long before as_of
    ahead: frozenset[str]  # fields whose Period lies after as_of
    expect: bool
    as_of: dt.date | None
    place: Place


@dataclass(frozen=True)
class Accept:
    """A finding that the rule's owner knows of: silenced until a day, that day included."""

    check: str
    other: str | None  # with: the other rule
    until: dt.date
    place: Place


@dataclass(frozen=True)
class Rule:
    """One file of rules/."""

    name: str
    kind: Kind
    file: str
    title: str
    owner: str | None
    priority: int
    active_from: dt.date | None
    active_until: dt.date | None
    when: tuple[Group, ...]
    exclude: tuple[Condition, ...]
    guardrails: tuple[Guardrail, ...]
    then: Contact | Planning
    pick: Pick | None
    holdout: Holdout | None
    cooldown: Period | Literal["ever"] | None
    budget: Decimal | None
    examples: tuple[Example, ...]
    place: Place
    accept: tuple[Accept, ...] = ()

    @property
    def contact(self) -> Contact:
        """What a contact rule does."""
        assert isinstance(self.then, Contact)
        return self.then

    def is_active(self, day: dt.date) -> bool:
        """Say whether the rule runs on a day; both ends are included."""
        return (self.active_from or day) <= day <= (self.active_until or day)

    def lines(self) -> tuple[Line, ...]:
        """List the rule's funnel in the order of the file: when, exclude, guardrails."""
        found: list[Line] = []
        for group in self.when:
            if group.kind == "any":
                found.append(Line("when", group, wanted=True))
            else:
                wanted = group.kind == "all"
                found += [Line("when", condition, wanted) for condition in group.conditions]
        found += [Line("exclude", condition, wanted=False) for condition in self.exclude]
        for guardrail in self.guardrails:
            found += [Line("guardrail", c, False, guardrail.name) for c in guardrail.exclude]
        return tuple(found)


def tests_in(condition: Condition) -> Iterator[Test]:
    """List every test inside a condition, audiences included."""
    match condition:
        case Test():
            yield condition
        case Group(conditions=inner):
            for one in inner:
                yield from tests_in(one)
        case Audience(when=groups):
            for group in groups:
                yield from tests_in(group)


def fields_read(conditions: tuple[Condition, ...]) -> dict[str, Field]:
    """Map the names of the fields that conditions read to the fields."""
    found: dict[str, Field] = {}
    for condition in conditions:
        for test in tests_in(condition):
            found[test.field.name] = test.field
            for value in test.values:
                if isinstance(value, OtherField):
                    found[value.field.name] = value.field
    return found
