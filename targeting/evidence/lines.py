"""A rule's lines tried again on saved rows, by the expressions of the run."""

from __future__ import annotations

import datetime as dt

import polars as pl

from targeting.evidence.words import days_of
from targeting.rules.compile import Compiler, without_nan
from targeting.rules.model import Rule


def lets_through(rows: pl.LazyFrame, rule: Rule, as_of: dt.date, minor: int) -> pl.DataFrame:
    """Say of each row which lines let it through: one yes/no column a line, named 0, 1, ...

    Same rows in the same order, money in minor units; never null. The days of `active` are no line.
    """
    compiler = Compiler(as_of, minor)
    columns = []
    for number, line in enumerate(rule.lines()):
        met = compiler.condition(line.condition)
        columns.append((met if line.wanted else ~met).alias(str(number)))
    if not columns:
        return pl.DataFrame()
    return without_nan(rows).with_columns(columns).select(map(str, range(len(columns)))).collect()


def active_text(rule: Rule) -> str:
    """Say when the rule is active, as a line; empty where it always is."""
    days = days_of(rule)
    return f"active {days}" if days else ""
