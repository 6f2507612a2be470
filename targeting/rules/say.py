"""Conditions in words: for the funnel, and as the sentence why a customer is on a list."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import polars as pl

from targeting.rules.compile import Compiler
from targeting.rules.model import (
    Audience,
    Condition,
    Constant,
    Group,
    Line,
    OtherField,
    Rule,
    Test,
    Value,
)
from targeting.workspace.catalogue import Field
from targeting.workspace.literals import Period
from targeting.workspace.words import OPERATORS


def says_line(line: Line) -> str:
    """Say one step of a funnel; who meets an `exclude` or guardrail line is left out by it."""
    text = says(line.condition)
    if line.step == "guardrail":
        return f"{line.guardrail}: {text}"
    return text if line.wanted or line.step == "exclude" else f"not ({text})"


def says(condition: Condition) -> str:
    """Say a condition in words, such as `brand affinity is at least 7`."""
    match condition:
        case Test():
            return _says_test(condition)
        case Audience(name=name):
            return f"in audience {name}"
        case Group(kind="all", conditions=inner):
            return " and ".join(map(_inner, inner))
        case Group(kind="any", conditions=inner):
            return " or ".join(map(_inner, inner))
        case Group(conditions=inner):
            return f"neither {' nor '.join(map(_inner, inner))}"


def because(rule: Rule, as_of: dt.date, minor: int) -> pl.Expr:
    """Make the sentence that tells, with the customer's own values, which lines were met.

    For rows that meet the rule; of alternatives (`any`) it names the first that is met.
    """
    compiler = Compiler(as_of, minor)
    met = [_met(line.condition, compiler) for line in rule.lines() if line.wanted]
    if not met:
        return pl.lit("Everybody who is not excluded.")
    sentence = pl.concat_str(met, separator="; ")
    first = sentence.str.head(1).str.to_uppercase()
    return pl.concat_str(first, sentence.str.tail(-1), pl.lit("."))


def title_of(field: Field) -> str:
    """Name a field in plain words."""
    return field.title or field.name.replace("_", " ")


def _says_test(test: Test) -> str:
    name = title_of(test.field)
    if test.operator == "missing":
        return f"{name} is {'' if _plain(test.values[0]) == 'yes' else 'not '}missing"
    words = OPERATORS[test.operator].says
    values = [_plain(value, test.field) for value in test.values]
    if test.operator == "between":
        return f"{name} {words} {values[0]} and {values[1]}"
    if test.operator == "older_than":
        values = [f"{value} ago" for value in values]
    text = f"{name} {words} {' or '.join(values)}"
    return text if test.or_missing is None else text + _or_missing(test.or_missing)


def _or_missing(answer: bool) -> str:
    return ", or missing" if answer else ", and not missing"


def _inner(condition: Condition) -> str:
    nested = isinstance(condition, Group) and len(condition.conditions) > 1
    return f"({says(condition)})" if nested else says(condition)


def _plain(value: Value, field: Field | None = None) -> str:
    match value:
        case OtherField(field=other):
            return title_of(other)
        case Constant(value=bool(answer)):
            return "yes" if answer else "no"
        case Constant(value=Decimal() as number):
            text = f"{number:,f}" if field is not None and field.type == "money" else f"{number:f}"
            return text.rstrip("0").rstrip(".") if "." in text else text
        case Constant(value=Period() as period):
            return str(period)
        case Constant(value=plain):
            return str(plain)


def _met(condition: Condition, compiler: Compiler) -> pl.Expr:
    match condition:
        case Test():
            return _with_value(condition, compiler)
        case Audience(when=groups):
            return pl.concat_str([_met(group, compiler) for group in groups], separator="; ")
        case Group(kind="all", conditions=inner):
            return pl.concat_str([_met(one, compiler) for one in inner], separator="; ")
        case Group(kind="any", conditions=inner):
            text: pl.Expr = pl.lit(says(condition))
            for one in reversed(inner):
                met = compiler.condition(one)
                text = pl.when(met).then(_met(one, compiler)).otherwise(text)
            return text
        case Group():
            return pl.lit(says(condition))


def _with_value(test: Test, compiler: Compiler) -> pl.Expr:
    """Add the customer's value where the test leaves it open."""
    text = pl.lit(says(test))
    if test.operator in ("is", "missing", "has"):
        return text
    value = _shown(test.field, compiler)
    told = pl.concat_str(text, pl.lit(" ("), value, pl.lit(")"))
    if test.operator == "one_of":
        told = pl.concat_str(pl.lit(f"{title_of(test.field)} is "), value)
    return pl.when(value.is_null()).then(text).otherwise(told)


def _shown(field: Field, compiler: Compiler) -> pl.Expr:
    """Show a value as people write it: money in whole units, numbers to one decimal."""
    column = pl.col(field.name)
    match field.type:
        case "money":
            whole = (column / compiler.minor).round(0).cast(pl.Int64).cast(pl.String)
            return _in_thousands(whole)
        case "number":
            text = column.cast(pl.Float64).round(2).cast(pl.String)
            return text.str.replace(r"\.0+$", "")
        case "list":
            return column.list.join(", ")
        case "yes/no":
            return pl.when(column).then(pl.lit("yes")).otherwise(pl.lit("no"))
        case _:
            return column.cast(pl.String)


def _in_thousands(whole: pl.Expr) -> pl.Expr:
    """Put a comma before each group of three digits."""
    backwards = whole.str.reverse().str.replace_all(r"(\d{3})", "${1},").str.reverse()
    return backwards.str.replace(r"^(-?),", "${1}")
