"""The stock side of a large shop: from purchase lines to suggestions, and the planner's workbook.

    .venv/bin/python -m bench.stock_speed
    .venv/bin/python -m bench.stock_speed --counted 20000
    .venv/bin/python -m bench.stock_speed --counted 200000

200,000 product-locations by 104 weeks, 10,000,000 purchase lines, made by another process and read
into memory as the program reads Parquet files; campaigns that contact 50,000 customers, an
inventory rule, and every shelf counted tonight, so many of them (`--counted`) every week of two
years. Prints the seconds, the processor's seconds and the peak memory, that of the frames included.
"""

from __future__ import annotations

import argparse
import datetime as dt
import multiprocessing
import resource
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

from targeting.exports.workbook import write_workbook
from targeting.problems import Place
from targeting.rules.conditions import read_when
from targeting.rules.model import Planning, Rule
from targeting.rules.scope import Scope
from targeting.stock.night import Campaigns, order_suggestions
from targeting.stock.suggest import Suggestions
from targeting.workspace.catalogue import Field
from targeting.workspace.columns import SourceName
from targeting.workspace.literals import Period
from targeting.workspace.settings import Ordering, Shop
from targeting.workspace.yaml import Mapping, parse_yaml

T = TypeVar("T")
Ints = npt.NDArray[np.int64]
SEED = 20261124
AS_OF = dt.date(2026, 11, 24)
WEEKS = 104
LOCATIONS = 10
CUSTOMERS = 200_000
CONTACTED = 50_000
EMPTY = 0.1  # of the counts of past weeks
ORDERING = Ordering(budget=Decimal(500_000), review=Period(1, "week"), lead_time=Period(2, "week"))


def purchases(shelves: int, lines: int, draw: np.random.Generator) -> pl.DataFrame:
    """Make lines: a few products sell daily, most seldom."""
    weight = draw.lognormal(sigma=1.2, size=shelves).cumsum()
    shelf = np.searchsorted(weight / weight[-1], draw.random(lines)).astype(np.int32)
    quantity = draw.geometric(0.7, lines) * np.where(draw.random(lines) < 0.02, -1, 1)
    numbers = {
        "shelf": shelf,
        "who": draw.integers(CUSTOMERS, size=lines, dtype=np.int32),
        "age": draw.integers(WEEKS * 7, size=lines, dtype=np.int32),
        "quantity": quantity.astype(np.float64),
    }
    return (
        pl.DataFrame(numbers)
        .lazy()
        .select(
            _name("c", pl.col("who")).alias("customer_id"),
            (pl.lit(AS_OF) - pl.duration(days="age")).cast(pl.Date).alias("purchased_on"),
            (pl.col("quantity") * (500 + pl.col("shelf") % 97 * 10)).cast(pl.Int64).alias("amount"),
            "quantity",
            *_place(),
        )
        .collect(engine="streaming")
    )


def _place() -> tuple[pl.Expr, pl.Expr]:
    product = _name("p", pl.col("shelf") // LOCATIONS).alias("product_id")
    return product, _name("store ", pl.col("shelf") % LOCATIONS).alias("location")


def _name(first: str, number: pl.Expr) -> pl.Expr:
    return pl.concat_str(pl.lit(first), number.cast(pl.String))


def stock(shelves: int, counted: int, draw: np.random.Generator) -> pl.DataFrame:
    """Count every shelf tonight, and so many of them in each of the weeks before."""
    tonight = _counts(np.arange(shelves), 0, draw.poisson(4.0, shelves))
    some = np.sort(draw.choice(shelves, counted, replace=False))
    past = (
        _counts(some, week, draw.poisson(4.0, counted) * (draw.random(counted) >= EMPTY))
        for week in range(1, WEEKS)
    )
    return pl.concat([tonight, *past], rechunk=True)


def _counts(shelves: Ints, week: int, on_hand: Ints) -> pl.DataFrame:
    day = pl.lit(AS_OF - dt.timedelta(weeks=week)).alias("counted_on")
    counted = pl.DataFrame({"shelf": shelves, "on_hand": on_hand})
    return counted.select(*_place(), "on_hand", day)


def products(shelves: int, draw: np.random.Generator) -> pl.DataFrame:
    """List every product."""
    number = pl.int_range(shelves // LOCATIONS, eager=True)
    listed = pl.DataFrame({"number": number}).select(
        _name("p", pl.col("number")).alias("product_id"),
        _name("product ", pl.col("number")).alias("product"),
        _name("category ", pl.col("number") % 40).alias("category"),
        (250 + pl.col("number") % 97 * 5).alias("unit_cost"),
        (500 + pl.col("number") % 97 * 10).alias("price"),
    )
    packs = pl.Series("pack_size", draw.choice([1, 6, 12], listed.height))
    return listed.with_columns(packs)


def customers(draw: np.random.Generator) -> pl.DataFrame:
    """Know everybody, with segment and likelihood."""
    number = pl.int_range(CUSTOMERS, eager=True)
    return pl.DataFrame({"number": number}).select(
        _name("c", pl.col("number")).alias("customer_id"),
        _name("segment ", pl.col("number") % 6).alias("segment"),
        pl.Series("likelihood", draw.random(CUSTOMERS).round(2)),
    )


def campaigns(draw: np.random.Generator) -> Campaigns:
    """Contact customers by five rules."""
    chosen = pl.DataFrame(
        {"who": draw.choice(CUSTOMERS, CONTACTED, replace=False), "rule": range(CONTACTED)}
    )
    selected = chosen.select(
        _name("c", pl.col("who")).alias("customer_id"),
        _name("rule_", pl.col("rule") % 5).alias("rule"),
    )
    rules = pl.DataFrame({"rule": [f"rule_{number}" for number in range(5)]})
    return Campaigns(selected, rules.with_columns(uplift=pl.lit(0.04), source=pl.lit("rule")))


def rule() -> Rule:
    """Hold more of what sells often, and no more than eight weeks of it."""
    when = "all:\n  - demand_class: [smooth, erratic]\n  - weekly_demand: {more_than: 2}\n"
    fields = {
        "demand_class": Field("demand_class", "category", "purchases", ("smooth", "erratic")),
        "weekly_demand": Field("weekly_demand", "number", "purchases"),
    }
    file, problems = parse_yaml(when, "rule.yaml")
    assert not problems
    assert isinstance(file.root, Mapping)
    scope = Scope(fields)
    groups = read_when(file.root, scope)
    assert not scope.problems, scope.problems
    then = Planning(Decimal("0.98"), None, ("weeks", Decimal(8)), None, None)
    return Rule(
        name="more_of_what_sells",
        kind="inventory",
        file="rule.yaml",
        title="",
        owner=None,
        priority=1,
        active_from=None,
        active_until=None,
        when=groups,
        exclude=(),
        guardrails=(),
        then=then,
        pick=None,
        holdout=None,
        cooldown=None,
        budget=None,
        examples=(),
        place=Place("rule.yaml"),
    )


def make(folder: Path, shelves: int, lines: int, counted: int) -> None:
    """Write the shop's frames, one Parquet file each."""
    draw = np.random.default_rng(SEED)
    purchases(shelves, lines, draw).write_parquet(folder / "purchases.parquet")
    products(shelves, draw).write_parquet(folder / "products.parquet")
    stock(shelves, counted, draw).write_parquet(folder / "stock.parquet")


def read(folder: Path) -> dict[SourceName, pl.DataFrame]:
    """Read what `make` wrote."""
    names: tuple[SourceName, ...] = ("purchases", "products", "stock")
    return {name: pl.read_parquet(folder / f"{name}.parquet") for name in names}


def timed(what: str, work: Callable[[], T]) -> T:
    """Print what the work took."""
    start, worked = time.perf_counter(), time.process_time()
    found = work()
    took, worked = time.perf_counter() - start, time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(f"{what}: {took:.1f} s ({worked:.1f} s of processors), peak memory {peak:.2f} GB")
    return found


def main() -> None:
    """Suggest orders, and write the workbook."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shelves", type=int, default=200_000)
    parser.add_argument("--lines", type=int, default=10_000_000)
    parser.add_argument("--counted", type=int, default=0, help="shelves counted every week")
    parser.add_argument("--most-lines", type=int, default=20_000)
    asked = parser.parse_args()
    with TemporaryDirectory() as folder:
        made = (Path(folder), asked.shelves, asked.lines, asked.counted)
        process = multiprocessing.get_context("spawn").Process(target=make, args=made)
        process.start()
        process.join()
        frames = timed("reading the shop", lambda: read(Path(folder)))
    draw = np.random.default_rng(SEED)
    people, contacted = customers(draw), campaigns(draw)

    def night() -> Suggestions:
        return order_suggestions(
            frames,
            people,
            [rule()],
            ORDERING,
            AS_OF,
            digits=2,
            campaigns=contacted,
        )

    suggestions = timed(f"suggestions of {asked.shelves:,} product-locations", night)
    with TemporaryDirectory() as folder:
        timed(
            f"workbook of {asked.most_lines:,} lines",
            lambda: write_workbook(
                Path(folder) / "suggestions.xlsx",
                suggestions,
                shop=Shop(),
                as_of=AS_OF,
                run_id="1",
                budget=ORDERING.budget,
                most_lines=asked.most_lines,
            ),
        )


if __name__ == "__main__":
    main()
