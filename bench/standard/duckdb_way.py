"""The rules pass alone: the program, hand-written Polars and DuckDB over the same customers.

    python -m bench.standard.duckdb_way ENGINE WORK RUNS OUT

ENGINE is program, polars or duckdb; RUNS is where the program's runs lie, whose last one gives the
finished customers. Each engine holds them in memory as it likes, answers once to warm up, then five
times; the median counts. The answers go to OUT/hits.parquet, one yes/no column a rule.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl

from bench.standard.polars_rules import AS_OF, RULES
from bench.standard.sql_rules import CONDITIONS

TIMES = 5


def program(work: Path, runs: Path) -> Callable[[], pl.DataFrame]:
    """The program's own reader, compiler and one lazy select."""
    from targeting.plan import prepare
    from targeting.preview import last_scored, rows_for
    from targeting.rules.match import match

    plan = prepare(work)
    rules, minor = plan.contact_rules, 10**plan.workspace.settings.shop.minor_digits
    frame = rows_for(rules, last_scored(runs, plan.workspace))
    return lambda: match(frame.lazy(), rules, AS_OF, minor).collect()


def by_hand(_: Path, runs: Path) -> Callable[[], pl.DataFrame]:
    """The same 30 rules as Polars expressions."""
    frame = pl.read_parquet(finished(runs))
    wanted = [rule.wanted.fill_null(False).alias(rule.name) for rule in RULES]
    return lambda: frame.lazy().select(wanted).collect()


def duckdb(_: Path, runs: Path) -> Callable[[], pl.DataFrame]:
    """The same as CASE WHEN over a table that DuckDB holds; the answers handed over as Arrow."""
    import duckdb as engine

    connection = engine.connect()
    connection.execute("SET threads = 2")
    connection.execute("CREATE TABLE customers AS FROM read_parquet(?)", [str(finished(runs))])
    columns = ", ".join(
        f"CASE WHEN {condition} THEN true ELSE false END AS {name}"
        for name, condition in CONDITIONS.items()
    )
    query = f"SELECT {columns} FROM customers"  # noqa: S608  # our own words
    return lambda: pl.DataFrame(pl.from_arrow(connection.sql(query).to_arrow_table()))


def finished(runs: Path) -> Path:
    """Name the file of the last run's customers."""
    return runs / (runs / "latest").read_text().strip() / "customers.parquet"


ENGINES = {"program": program, "polars": by_hand, "duckdb": duckdb}


def main() -> None:
    """Time one engine."""
    engine, (work, runs, out) = sys.argv[1], map(Path, sys.argv[2:5])
    answer = ENGINES[engine](work, runs)
    hits = answer()
    took = []
    for _ in range(TIMES):
        wall, busy = time.perf_counter(), time.process_time()
        answer()
        took.append((time.perf_counter() - wall, time.process_time() - busy))
    wall, busy = sorted(took)[TIMES // 2]
    out.mkdir(parents=True, exist_ok=True)
    step = {"step": "rules", "seconds": round(wall, 4), "processor": round(busy, 4)}
    (out / "timings.json").write_text(json.dumps({"steps": [step]}, indent=1))
    names = pl.read_parquet(finished(runs), columns=["customer_id"])
    names.hstack(hits.select(sorted(hits.columns))).write_parquet(out / "hits.parquet")


if __name__ == "__main__":
    main()
