"""A rule's examples, tried by the same compiled expressions as a run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any

import polars as pl

from targeting.rules.compile import Compiler, without_nan
from targeting.rules.examples import MEMBERS
from targeting.rules.model import Constant, Example, Line, Rule, fields_read
from targeting.workspace.catalogue import Field
from targeting.workspace.literals import Period

_DTYPES: dict[str, Any] = {
    "number": pl.Float64,
    "money": pl.Float64,  # minor units, of which an example may state fractions
    "category": pl.String,
    "text": pl.String,
    "list": pl.List(pl.String),
    "date": pl.Date,
    "yes/no": pl.Boolean,
}


def evaluate(rule: Rule, as_of: dt.date, minor: int = 100) -> list[tuple[Example, bool]]:
    """Try each example of a rule: when, exclude and their audiences; not guardrails or active.

    Gives the examples in their order, each with whether it matched. `as_of` stands for the day
    where an example names none of its own; `minor` is the minor units in one unit of money.
    """
    tried: dict[int, bool] = {}
    numbered = sorted(enumerate(rule.examples), key=lambda pair: pair[1].as_of or as_of)
    for day, group in groupby(numbered, key=lambda pair: pair[1].as_of or as_of):
        pairs = list(group)
        rows = given_rows(rule, [example for _, example in pairs], day, minor)
        matched = rows.lazy().select(meets(rule, Compiler(day, minor))).collect().to_series()
        tried |= {number: met for (number, _), met in zip(pairs, matched, strict=True)}
    return [(example, tried[number]) for number, example in enumerate(rule.examples)]


def passes(rule: Rule, as_of: dt.date, minor: int = 100) -> list[tuple[bool, ...]]:
    """Say for each example which of the rule's own lines (`own_lines`) it passes."""
    lines = own_lines(rule)
    tried = []
    for example in rule.examples:
        day = example.as_of or as_of
        compiler = Compiler(day, minor)
        met = [compiler.condition(line.condition) for line in lines]
        passed = [
            (one if line.wanted else ~one).alias(str(number))
            for number, (one, line) in enumerate(zip(met, lines, strict=True))
        ]
        tried.append((day, passed, example))
    rows = [given_rows(rule, [e], day, minor).lazy().select(p) for day, p, e in tried]
    return [tuple(frame.row(0)) for frame in pl.collect_all(rows)]


def own_lines(rule: Rule) -> list[Line]:
    """List the lines that examples are tried on: when and exclude, not the guardrails."""
    return [line for line in rule.lines() if line.step != "guardrail"]


def dtype_of(field: Field) -> Any:
    """Give the type of a column that holds an example's values of a field."""
    return _DTYPES[field.type]


def meets(rule: Rule, compiler: Compiler) -> pl.Expr:
    """Say of a row whether `when` lets it in and `exclude` does not keep it out."""
    met = [compiler.condition(group) for group in rule.when]
    excluded = [~compiler.condition(condition) for condition in rule.exclude]
    return pl.all_horizontal(pl.lit(True), *met, *excluded).alias("met")


def given_rows(
    rule: Rule, examples: Sequence[Example], as_of: dt.date, minor: int = 100
) -> pl.DataFrame:
    """Make one row an example, with the fields that the rule reads."""
    fields = fields_read((*rule.when, *rule.exclude))
    columns = {
        name: pl.Series(
            name,
            [
                stated_value(field, e.given.get(name), name in e.ahead, as_of, minor)
                for e in examples
            ],
            dtype=dtype_of(field),
        )
        for name, field in fields.items()
    }
    anchor = pl.Series("example", range(len(examples)), dtype=pl.UInt32)
    return without_nan(pl.DataFrame([anchor, *columns.values()]).lazy()).collect()


def stated_value(
    field: Field, value: Constant | None, ahead: bool, as_of: dt.date, minor: int
) -> Any:
    """Give a stated value as a column of `dtype_of` holds it."""
    match value:
        case None:
            return None
        case Constant(value=Decimal() as number):
            return float(number * minor if field.type == "money" else number)
        case Constant(value=Period() as period):
            return period.after(as_of) if ahead else period.before(as_of)
        case Constant(value=str(text)) if field.type == "list":
            return text.split(MEMBERS) if text else []
        case Constant(value=plain):
            return plain
