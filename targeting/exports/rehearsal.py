"""Templates tried before the night: on the examples that a rule takes, whatever else is missing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final

import polars as pl

from targeting.exports.messages import MESSAGE, Messages
from targeting.frames import CHANNEL, CUSTOMER, RULE
from targeting.problems import Problem
from targeting.rules.model import Example, Rule
from targeting.rules.try_examples import dtype_of, stated_value
from targeting.workspace.catalogue import Catalogue, Field

# The day on which examples without one of their own are tried; none may depend on it.
EXAMPLE_DAY: Final = dt.date(2026, 11, 24)

_PLAIN: Final[dict[str, Any]] = {
    "number": 1.0,
    "money": 1000.0,
    "text": "Example",
    "category": "Example",
    "list": ["Example"],
    "yes/no": True,
}


def rehearse_examples(
    messages: Messages, rules: Sequence[Rule], fields: Catalogue, known: Sequence[Problem]
) -> list[Problem]:
    """Write each rule's messages to its examples that are in, on each of its channels.

    Each example is tried twice: what it does not state is missing where it may be (a field that
    always has a value gets a plain one), and then all of it has a plain value. Of M201 only what
    `known`, the problems of the templates by themselves, does not have as M109.
    """
    warned = {problem.place for problem in known if problem.code == "M109"}
    rows = [_rows(rule, fields) for rule in rules if rule.kind != "inventory"]
    found = messages.rehearse(pl.concat([_nobody(fields), *rows]), "example")
    return [each for each in found if each.code != "M201" or each.place not in warned]


def _rows(rule: Rule, fields: Catalogue) -> pl.DataFrame:
    """Give one row an example that is in, channel, variant, and way to fill in what is unstated."""
    taken = [example for example in rule.examples if example.expect]
    templates = sorted(set(rule.contact.messages.values()))
    places = [(channel, name) for channel in rule.contact.channels for name in templates]
    rows = [
        _values(example, fields, filled=filled)
        | {
            CUSTOMER: f"'{example.case}' of {rule.name}",
            RULE: rule.name,
            "offer": rule.contact.offer,
            CHANNEL: channel,
            MESSAGE: template,
        }
        for example in taken
        for channel, template in places
        for filled in (False, True)
    ]
    return pl.DataFrame(rows, schema=_schema(fields))


def _values(example: Example, fields: Catalogue, *, filled: bool) -> dict[str, Any]:
    day = example.as_of or EXAMPLE_DAY
    return {
        name: stated_value(field, example.given[name], name in example.ahead, day, 1)
        if name in example.given
        else _plain(field)
        if filled or not field.may_be_missing
        else None
        for name, field in fields.items()
    }


def _plain(field: Field) -> object:
    """Give a value such as the field has, short as values go."""
    if field.type == "date":
        return EXAMPLE_DAY
    if field.values:
        return [field.values[0]] if field.type == "list" else field.values[0]
    if field.type == "number" and field.low is not None:
        return float(field.low)
    return _PLAIN[field.type]


def _nobody(fields: Catalogue) -> pl.DataFrame:
    return pl.DataFrame(schema=_schema(fields))


def _schema(fields: Catalogue) -> Mapping[str, Any]:
    own = (CUSTOMER, RULE, "offer", CHANNEL, MESSAGE)
    columns = {name: dtype_of(field) for name, field in fields.items() if name not in own}
    return columns | dict.fromkeys(own, pl.String)
