"""Was the method right? The last weeks held out, beside five plain methods."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from targeting.stock.demand.describe import METHODS, described, matrices
from targeting.stock.demand.forecast import Floats
from targeting.stock.demand.newcomers import with_newcomers
from targeting.stock.demand.rivals import FIVE
from targeting.stock.demand.sales import carried_back
from targeting.stock.formulas.levels import safety_stock
from targeting.stock.inputs import Schema

HELD_OUT: Final = 8  # weeks
LEAST_WEEKS: Final = 16  # before those
FEWEST_SERIES: Final = 30  # of a class: the mean of fewer is one product's luck
MOST_SERIES: Final = 20_000  # more are sampled
ORDERED_FOR: Final = 2  # weeks, a short lead time and review: what a level has to cover
SERVICE: Final = 0.95
MICRO: Final = 1_000_000
OURS: Final = "ours"
CLOSE: Final = 0.02  # a WAPE within 2% of another is as good

CHECK: Final[Schema] = {
    "demand_class": pl.String,
    "series": pl.Int64,
    "method": pl.String,
    "wape": pl.Float64,
    "best_other": pl.String,
    "best_other_wape": pl.Float64,
    "bias": pl.Float64,
    "best_other_bias": pl.Float64,
    "pinball": pl.Float64,
    "best_other_pinball": pl.Float64,
    "verdict": pl.String,
}


def forecast_check(
    weekly: pl.DataFrame,
    seen: int,
    out: pl.DataFrame | None = None,
    categories: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Forecast the last 8 weeks from those before, and compare with five plain methods.

    `weekly`: `weekly_sums`, of `seen` weeks; `out`: `weeks_out`, and `categories`: shelf, category,
    which only the choice sees, as it does every night. One row a demand class, as of 8 weeks ago:
    `series`; `method`; `wape`, the sum of absolute errors of the 8-week totals over the sum of
    demand; `bias`, the sum of errors over the sum of demand; `pinball`, the mean loss of the 0.95
    quantile of two weeks' demand, in units.
    `best_other` and its WAPE, the smallest bias either way and the smallest pinball loss are the
    best in hindsight of naive, 4-week mean, SES, SBA and TSB. The figures are missing where a class
    has under 30 series or sold nothing. Without 24 weeks there is one row, without a class, that
    says so. Of more than 20,000 shelves one in n is looked at.
    `verdict` says it in a sentence.
    """
    if seen < LEAST_WEEKS + HELD_OUT:
        needed = f"that takes {LEAST_WEEKS + HELD_OUT} weeks of purchases, and there are {seen}"
        return pl.DataFrame([{"verdict": f"Not judged: {needed}."}], schema=CHECK)
    sample, every = _sampled(weekly)
    told = _losses_of(sample, seen, out, categories)
    by_class = {name: told.filter(pl.col("demand_class") == name) for name in METHODS}
    rows = [_row(name, found, every) for name, found in by_class.items() if not found.is_empty()]
    return pl.DataFrame(rows, schema=CHECK)


def _losses_of(
    weekly: pl.DataFrame, seen: int, out: pl.DataFrame | None, categories: pl.DataFrame | None
) -> pl.DataFrame:
    blocks = list(matrices(weekly, seen, out))
    if not blocks:
        return losses(np.zeros((seen, 0)))
    shelves = pl.concat([shelf for shelf, _, _ in blocks])
    stocked = [share for _, _, share in blocks if share is not None]
    category = None
    if categories is not None:
        named = shelves.join(categories, on="shelf", how="left", maintain_order="left")
        category = named["category"]
    net = np.hstack([units for _, units, _ in blocks])
    return losses(net, np.hstack(stocked) if stocked else None, category)


def losses(
    weeks: Floats, in_stock: Floats | None = None, category: pl.Series | None = None
) -> pl.DataFrame:
    """Forecast the last 8 weeks from those before; one row a series and method.

    `weeks`: a row a week, oldest first, a column a series, units net of returns: what came back in
    the last 8 weeks is taken off these alone, for nobody knew of it before. `in_stock`: the share
    of their days in stock, and `category` of each series (without, new products lean on none), for
    `ours` alone. Columns: series (the column), demand_class (of the weeks before), chosen (our
    method for it), method (`ours` or one of five), forecast and actual (units in 8 weeks), pinball
    (of the 0.95 quantile of two weeks' demand, the mean of four times two weeks). Series that had
    not sold before are left out.
    """
    before = carried_back(weeks[:-HELD_OUT])
    sold = np.flatnonzero((before > 0).any(axis=0))
    past, future = before[:, sold], carried_back(weeks[-HELD_OUT:, sold])
    told = described(past, None if in_stock is None else in_stock[:-HELD_OUT, sold])
    if category is not None:
        told = with_newcomers(told.with_columns(category=category[sold]))
    rate, mean, sd = told.select("weekly_demand", "level_demand", "weekly_sd").to_numpy().T
    first = (past > 0).argmax(axis=0).astype(np.int64)
    named = told.select("demand_class", pl.col("method").alias("chosen"))
    known = pl.DataFrame({"series": sold}).hstack(named)
    fits = {name: method(past, first) for name, method in FIVE.items()}
    return pl.concat(
        known.with_columns(
            pl.lit(name).alias("method"),
            pl.Series("forecast", point * HELD_OUT),
            pl.Series("actual", future.sum(axis=0)),
            pl.Series("pinball", _pinball(level, error, future)),
        )
        for name, point, level, error in [
            (OURS, rate, mean, sd),
            *((name, fit.rate, fit.rate, fit.error) for name, fit in fits.items()),
        ]
    )


def _pinball(mean: Floats, sd: Floats, future: Floats) -> Floats:
    """Weigh each unit short by 0.95 and each unit over by 0.05 (Koenker and Bassett 1978)."""
    spread = np.nan_to_num(sd) * np.sqrt(ORDERED_FOR)
    level = np.maximum(mean * ORDERED_FOR + safety_stock(np.full(len(sd), SERVICE), spread), 0)
    demand = future.reshape(HELD_OUT // ORDERED_FOR, ORDERED_FOR, len(mean)).sum(axis=1)
    short = demand - level
    loss: Floats = np.maximum(SERVICE * short, (SERVICE - 1) * short).mean(axis=0)
    return loss


def _sampled(weekly: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Keep every n-th shelf, in the order of their numbers, where there are too many."""
    shelves = weekly.select(pl.col("shelf").unique().sort())
    every = -(-shelves.height // MOST_SERIES) or 1
    if every == 1:
        return weekly, every
    return weekly.join(shelves.gather_every(every), on="shelf", how="semi"), every


def _by_method(of_class: pl.DataFrame) -> dict[str, dict[str, float]]:
    """Give the figures of each method."""
    gap, demand = _whole(pl.col("forecast") - pl.col("actual")), _whole(pl.col("actual")).sum()
    figures = of_class.group_by("method").agg(
        (gap.abs().sum() / demand).round(6).alias("wape"),
        (gap.sum() / demand).round(6).alias("bias"),
        (_whole(pl.col("pinball")).sum() / MICRO / pl.len()).round(6).alias("pinball"),
    )
    return {row.pop("method"): row for row in figures.to_dicts()}


def _whole(units: pl.Expr) -> pl.Expr:
    """Count in millionths: whole numbers add up to the same in any order, on any threads."""
    return (units.clip(-1e12, 1e12) * MICRO).round().cast(pl.Int64)


def _row(name: str, of_class: pl.DataFrame, every: int) -> dict[str, object]:
    """Compare one class."""
    series = of_class["series"].len() // (len(FIVE) + 1)
    row = {"demand_class": name, "series": series, "method": of_class["chosen"].first()}
    if series < FEWEST_SERIES:
        return row | {"verdict": f"Not judged: {series} series are fewer than {FEWEST_SERIES}."}
    if not of_class["actual"].sum():
        return row | {"verdict": f"Not judged: nothing was sold in the last {HELD_OUT} weeks."}
    others = _by_method(of_class)
    ours = others.pop(OURS)
    best = min(FIVE, key=lambda method: others[method]["wape"])
    straight = min(FIVE, key=lambda method: abs(others[method]["bias"]))
    sample = f"Of one series in {every}: " if every > 1 else ""
    return row | ours | {
        "best_other": best,
        "best_other_wape": others[best]["wape"],
        "best_other_bias": others[straight]["bias"],
        "best_other_pinball": min(figures["pinball"] for figures in others.values()),
        "verdict": sample
        + _of_wape(ours["wape"], best, others[best]["wape"])
        + _of_bias(ours["bias"], straight, others[straight]["bias"]),
    }  # fmt: skip


def _of_wape(ours: float, best: str, theirs: float) -> str:
    said = f"WAPE {ours:.3f}, the best of five in hindsight ({best}) {theirs:.3f}"
    if ours <= theirs * (1 + CLOSE):
        return f"{said}: no worse; "
    return f"{said}: {f'{ours / theirs - 1:.1%} worse' if theirs else 'worse'}; "


def _of_bias(ours: float, best: str, theirs: float) -> str:
    if abs(ours) <= abs(theirs):
        return f"bias {ours:+.1%}, no worse than that of the five."
    return f"bias {ours:+.1%}, worse than the {theirs:+.1%} of {best}."
