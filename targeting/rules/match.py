"""Rules applied to rows: one lazy select says who meets which; the funnel counts why not."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence

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
    """Give one yes/no column a rule, named by it: whether the row meets all of its lines.

    Same rows in the same order, never null; the date `active` is not looked at.
    """
    compiler = Compiler(as_of, minor)
    columns = [
        pl.all_horizontal(pl.lit(True), *_passes(rule.lines(), compiler)).alias(rule.name)
        for rule in rules
    ]
    return without_nan(rows).select(columns) if columns else rows.select()


def funnel(
    pages: Iterable[pl.LazyFrame], rules: Sequence[Rule], as_of: dt.date, minor: int
) -> pl.DataFrame:
    """Count line by line whom each rule keeps: rule, step, line, left, lost, lost_missing.

    The rows of all pages are counted together. `lost_missing` are those of the lost whom only a
    missing value keeps out. A rule that is not active on the day loses everybody there.
    """
    if not rules:
        return pl.DataFrame(schema=FUNNEL_SCHEMA)
    compiler = Compiler(as_of, minor)
    numbers = [_first_failed(rule.lines(), compiler).alias(rule.name) for rule in rules]
    everybody, lost_at, lost_missing = 0, Counter[tuple[str, int]](), Counter[str]()
    for page in pages:
        failed = without_nan(page).select(numbers).collect()
        everybody += failed.height
        for rule in rules:
            counted = failed[rule.name].value_counts().iter_rows()
            lost_at.update({(rule.name, number): count for number, count in counted})
        lost_missing.update(_lost_missing(page, failed, rules, compiler))
    found = []
    for rule in rules:
        left = everybody
        found.append((rule.name, "all", "everybody", left, 0, 0))
        if not rule.is_active(as_of):
            found.append((rule.name, "active", "not active on this day", 0, left, 0))
            continue
        for number, line in enumerate(rule.lines()):
            lost = lost_at[rule.name, number]
            left -= lost
            missing = lost_missing[f"{rule.name}/{number}"]
            found.append((rule.name, line.step, says_line(line), left, lost, missing))
    return pl.DataFrame(found, schema=FUNNEL_SCHEMA, orient="row")


def _passes(lines: Sequence[Line], compiler: Compiler) -> list[pl.Expr]:
    met = [compiler.condition(line.condition) for line in lines]
    return [one if line.wanted else ~one for one, line in zip(met, lines, strict=True)]


def _first_failed(lines: Sequence[Line], compiler: Compiler) -> pl.Expr:
    """Give the number of the first line that fails; that of all lines where none does."""
    count = pl.lit(len(lines), dtype=pl.UInt16)
    for number, passes in reversed(list(enumerate(_passes(lines, compiler)))):
        count = pl.when(passes).then(count).otherwise(pl.lit(number, dtype=pl.UInt16))
    return count


def _lost_missing(
    rows: pl.LazyFrame, failed: pl.DataFrame, rules: Sequence[Rule], compiler: Compiler
) -> dict[str, int]:
    sums = []
    for rule in rules:
        for number, line in enumerate(rule.lines()):
            could_pass = compiler.could_be(line.condition, line.wanted)
            saved = (could_pass & (pl.col(f"/{rule.name}") == number)).sum()
            sums.append(saved.alias(f"{rule.name}/{number}"))
    if not sums:
        return {}
    beside = failed.lazy().rename({rule.name: f"/{rule.name}" for rule in rules})
    joined = pl.concat([without_nan(rows), beside], how="horizontal")
    return dict(joined.select(sums).collect().row(0, named=True))
