"""Rules applied to rows: one lazy select gives the first line that failed, row by rule."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import polars as pl

from targeting.rules.compile import Compiler, without_nan
from targeting.rules.model import Line, Rule
from targeting.rules.say import says_line

FUNNEL_SCHEMA = {
    "rule": pl.String,
    "step": pl.String,
    "line": pl.String,
    "left": pl.Int64,
    "lost": pl.Int64,
    "lost_missing": pl.Int64,
}


def match(rows: pl.LazyFrame, rules: Sequence[Rule], as_of: dt.date, minor: int) -> pl.LazyFrame:
    """Give one UInt16 column a rule, named by it: the number of its first line that fails.

    Where the rule is met the number is that of its lines. Same rows in the same order; the date
    `active` is not looked at.
    """
    compiler = Compiler(as_of, minor)
    columns = [_first_failed(rule.lines(), compiler).alias(rule.name) for rule in rules]
    return without_nan(rows).select(columns) if columns else rows.select()


def is_met(rule: Rule) -> pl.Expr:
    """Say of a row of `match` whether the rule is met."""
    return pl.col(rule.name) == len(rule.lines())


def funnel(
    rows: pl.LazyFrame, matched: pl.DataFrame, rules: Sequence[Rule], as_of: dt.date, minor: int
) -> pl.DataFrame:
    """Count line by line whom each rule keeps: rule, step, line, left, lost, lost_missing.

    `lost_missing` are those of the lost whom only a missing value keeps out. A rule that is not
    active on the day loses everybody there.
    """
    if not rules:
        return pl.DataFrame(schema=FUNNEL_SCHEMA)
    lost_missing = _lost_missing(rows, matched, rules, as_of, minor)
    found = []
    for rule in rules:
        left = matched.height
        found.append((rule.name, "all", "everybody", left, 0, 0))
        if not rule.is_active(as_of):
            found.append((rule.name, "active", "not active on this day", 0, left, 0))
            continue
        counts = dict(matched[rule.name].value_counts().iter_rows())
        for number, line in enumerate(rule.lines()):
            lost = counts.get(number, 0)
            left -= lost
            missing = lost_missing.get(f"{rule.name}/{number}", 0)
            found.append((rule.name, line.step, says_line(line), left, lost, missing))
    return pl.DataFrame(found, schema=FUNNEL_SCHEMA, orient="row")


def _first_failed(lines: Sequence[Line], compiler: Compiler) -> pl.Expr:
    count = pl.lit(len(lines), dtype=pl.UInt16)
    for number, line in reversed(list(enumerate(lines))):
        failed = compiler.condition(line.condition)
        failed = ~failed if line.wanted else failed
        count = pl.when(failed).then(pl.lit(number, dtype=pl.UInt16)).otherwise(count)
    return count


def _lost_missing(
    rows: pl.LazyFrame, matched: pl.DataFrame, rules: Sequence[Rule], as_of: dt.date, minor: int
) -> dict[str, int]:
    compiler = Compiler(as_of, minor)
    sums = []
    for rule in rules:
        for number, line in enumerate(rule.lines()):
            could_pass = compiler.could_be(line.condition, line.wanted)
            saved = (could_pass & (pl.col(f"/{rule.name}") == number)).sum()
            sums.append(saved.alias(f"{rule.name}/{number}"))
    if not sums:
        return {}
    beside = matched.lazy().rename({rule.name: f"/{rule.name}" for rule in rules})
    joined = pl.concat([without_nan(rows), beside], how="horizontal")
    return dict(joined.select(sums).collect().row(0, named=True))
