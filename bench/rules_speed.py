"""The rules pass beside hand-written DuckDB, rule-engine and zen-engine: the same rules, one run.

    .venv/bin/pip install duckdb rule-engine zen-engine pyarrow
    .venv/bin/python -m bench.rules_speed --customers 2000000

Prints seconds and ratios; stops if an engine disagrees on who matches. The two engines that look at
one customer at a time are timed on a few thousand and scaled up.
"""

from __future__ import annotations

import argparse
import datetime as dt
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from targeting.problems import Place
from targeting.rules.conditions import read_when
from targeting.rules.match import funnel, match
from targeting.rules.model import Contact, Rule
from targeting.rules.scope import Scope
from targeting.workspace.catalogue import Field
from targeting.workspace.yaml import Mapping, parse_yaml

AS_OF = dt.date(2026, 11, 24)
SEGMENTS = tuple(f"segment {letter}" for letter in "ABCDEFG")
CITIES = ("Karachi", "Lahore", "Quetta", "Multan")
FIELDS = {
    "segment": Field("segment", "category", "segments", SEGMENTS),
    "city": Field("city", "category", "customers", CITIES),
    "age": Field("age", "number", "customers"),
    "frequency": Field("frequency", "number", "purchases"),
    "affinity": Field("affinity", "number", "purchases"),
    "spend": Field("spend", "number", "purchases"),
    "last_contacted_on": Field("last_contacted_on", "date", "ledger"),
    "consent": Field("consent", "yes/no", "customers"),
}


@dataclass(frozen=True)
class Case:
    """One rule in each engine's own words."""

    yaml: str
    sql: str
    words: str


def customers(number: int) -> pl.DataFrame:
    """Make customers of whom one in ten lacks each value."""
    draw = np.random.default_rng(20261124)
    day = (dt.date(2026, 11, 24) - dt.date(1970, 1, 1)).days
    frame = pl.DataFrame(
        {
            "segment": draw.choice(SEGMENTS, number),
            "city": draw.choice(CITIES, number),
            "age": draw.integers(16, 90, number).astype(float),
            "frequency": draw.poisson(5, number).astype(float),
            "affinity": draw.random(number).round(3) * 10,
            "spend": draw.gamma(2, 5000, number).round(2),
            "last_contacted_on": pl.Series(day - draw.integers(0, 400, number))
            .cast(pl.Int32)
            .cast(pl.Date),
            "consent": draw.random(number) < 0.7,
        }
    )
    return frame.with_columns(
        pl.when(pl.lit(draw.random(number)) < 0.9).then(pl.col(name)).alias(name)
        for name in frame.columns
    )


def cases(number: int) -> list[Case]:
    """Write rules of six conditions, each in the four languages."""
    draw = np.random.default_rng(7)
    made = []
    for _ in range(number):
        segment, city = str(draw.choice(SEGMENTS)), str(draw.choice(CITIES))
        age, often = int(draw.integers(18, 60)), int(draw.integers(2, 9))
        like, spend, days = (
            int(draw.integers(2, 9)),
            int(draw.integers(1, 20)) * 1000,
            int(draw.integers(1, 9)) * 10,
        )
        since = AS_OF - dt.timedelta(days=days)
        yaml = f"""all:
  - segment: {segment}
  - age: {{at_least: {age}}}
  - frequency: {{more_than: {often}}}
  - consent: yes
any:
  - affinity: {{at_least: {like}}}
  - spend: {{at_least: {spend}}}
none:
  - last_contacted_on: {{within_last: {days} days}}
  - city: {city}
"""
        sql = (
            f"segment = '{segment}' AND age >= {age} AND frequency > {often} AND consent "
            f"AND (affinity >= {like} OR spend >= {spend}) "
            f"AND NOT coalesce(last_contacted_on > DATE '{since}' "
            f"AND last_contacted_on <= DATE '{AS_OF}', false) "
            f"AND NOT coalesce(city = '{city}', false)"
        )
        # rule-engine and zen-engine happen to read the same words
        words = (
            f"segment == '{segment}' and age != null and age >= {age} and frequency != null and "
            f"frequency > {often} and consent == true and "
            f"((affinity != null and affinity >= {like}) or (spend != null and spend >= {spend})) "
            f"and (days == null or days >= {days}) and (city == null or city != '{city}')"
        )
        made.append(Case(yaml, sql, words))
    return made


def as_rules(written: Sequence[Case]) -> list[Rule]:
    """Read the YAML by the program's own reader."""
    rules = []
    for number, case in enumerate(written):
        file, problems = parse_yaml(case.yaml, "rule.yaml")
        assert not problems
        assert isinstance(file.root, Mapping)
        scope = Scope(FIELDS)
        when = read_when(file.root, scope)
        assert not scope.problems
        then = Contact("offer", ("email",), {"": "x.j2"}, None, None)
        rules.append(
            Rule(
                f"rule_{number}",
                "marketing",
                "rule.yaml",
                "",
                None,
                number + 1,
                None,
                None,
                when,
                (),
                (),
                then,
                None,
                None,
                None,
                None,
                (),
                Place("rule.yaml"),
            )
        )
    return rules


def duck(frame: pl.DataFrame, written: Sequence[Case]) -> Callable[[], pl.DataFrame]:
    """The same as hand-written CASE WHEN over a table that DuckDB already holds."""
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    connection.register("given", frame.to_arrow())
    connection.execute("CREATE TABLE customers AS SELECT * FROM given")
    columns = ", ".join(
        f"CASE WHEN {case.sql} THEN true ELSE false END AS rule_{number}"
        for number, case in enumerate(written)
    )
    query = f"SELECT {columns} FROM customers"  # noqa: S608  # our own words
    return lambda: pl.DataFrame(pl.from_arrow(connection.sql(query).to_arrow_table()))


def row_by_row(
    frame: pl.DataFrame, written: Sequence[Case]
) -> dict[str, tuple[float, list[list[bool]]]]:
    """rule-engine and zen-engine: seconds a customer, and what they answered."""
    import rule_engine
    import zen

    rows = [
        {
            **row,
            "days": None
            if row["last_contacted_on"] is None
            else (AS_OF - row["last_contacted_on"]).days,
        }
        for row in frame.iter_rows(named=True)
    ]
    for row in rows:
        del row["last_contacted_on"]
    context = rule_engine.Context(default_value=None)
    compiled = [rule_engine.Rule(case.words, context=context) for case in written]
    began = time.perf_counter()
    by_rules = [[rule.matches(row) for rule in compiled] for row in rows]
    rule_engine_seconds = (time.perf_counter() - began) / len(rows)
    expressions = [zen.compile_expression(case.words) for case in written]
    began = time.perf_counter()
    by_zen = [[bool(one.evaluate(row)) for one in expressions] for row in rows]
    zen_seconds = (time.perf_counter() - began) / len(rows)
    return {"rule-engine": (rule_engine_seconds, by_rules), "zen-engine": (zen_seconds, by_zen)}


def timed(work: Callable[[], pl.DataFrame], times: int = 3) -> tuple[float, pl.DataFrame]:
    """Give the median of a few runs after a warm-up."""
    result = work()
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return sorted(seconds)[len(seconds) // 2], result


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=2_000_000)
    parser.add_argument(
        "--rows", type=int, default=2_000, help="customers for the row-by-row engines"
    )
    given = parser.parse_args()
    frame = customers(given.customers)
    for number in (30, 300):
        compare(frame, cases(number), given.rows)


def compare(frame: pl.DataFrame, written: Sequence[Case], rows: int) -> None:
    """Time every engine on the same rules, and hold their answers against each other."""
    rules = as_rules(written)
    seconds, hits = timed(lambda: match(frame.lazy(), rules, AS_OF, 100).collect())
    lines, _ = timed(lambda: funnel(frame.lazy(), rules, AS_OF, 100), 1)
    duck_seconds, duck_hits = timed(duck(frame, written), 1)
    assert duck_hits.equals(hits), "DuckDB disagrees"
    slow = row_by_row(frame.head(rows), written)
    few = [list(row) for row in hits.head(rows).iter_rows()]
    print(f"{len(rules)} rules, {frame.height:,} customers")
    tell("who meets each rule", seconds, seconds)
    tell("the funnel, line by line", lines, seconds)
    tell("DuckDB, CASE WHEN", duck_seconds, seconds)
    for name, (each, answers) in slow.items():
        assert answers == few, f"{name} disagrees"
        tell(f"{name}, from {rows:,} customers", each * frame.height, seconds)


def tell(name: str, seconds: float, ours_took: float) -> None:
    """Print one line of the table."""
    print(f"  {name:<34}{seconds:10.2f} s{seconds / ours_took:10.1f} times")


if __name__ == "__main__":
    main()
