"""What lies on the shelves: two weekly counts, from overstock to nearly sold out."""

import numpy as np
import polars as pl

from targeting.sample.days import LAST_DAY, Floats, Ints, shift
from targeting.sample.habits import STORES
from targeting.sample.products import HIGH

_WEEKS_SEEN = 26
_COVERS = ((0.0, 0.7), (1.5, 3.5), (3.5, 7.0), (16.0, 45.0))  # weeks of demand on hand
_COVER_SHARES = (0.13, 0.37, 0.34, 0.16)
_DAYS_BETWEEN_COUNTS = 7
_NEVER_COUNTED = 33  # rows of the product list
_NEGATIVE = 0
_ILLEGIBLE = 52


def count_shelves(
    products: pl.DataFrame, sold: pl.DataFrame, rng: np.random.Generator
) -> pl.DataFrame:
    """Count every product in every store, a week ago and now: the columns of the stock sheet.

    One product was never counted, one count is negative, one is a remark instead of a number.
    """
    shelves = products.with_row_index("row").join(pl.DataFrame({"location": STORES}), how="cross")
    weekly = _weekly_demand(shelves, sold)
    on_hand = _on_hand(shelves, weekly, rng)
    sold_since = rng.poisson(weekly)
    now = shelves.select(
        "row",
        "product_id",
        "location",
        pl.Series("on_hand", on_hand),
        pl.Series("on_order", _on_order(shelves, weekly, on_hand, rng)),
        pl.Series("reserved", np.minimum(rng.poisson(weekly * 0.15), on_hand)),
        pl.lit(shift(0)).alias("counted_on"),
    )
    before = now.with_columns(
        pl.col("on_hand") + pl.Series(sold_since),
        pl.lit(0, dtype=pl.Int64).alias("on_order"),
        pl.lit(shift(_DAYS_BETWEEN_COUNTS)).alias("counted_on"),
    )
    return _spoiled(pl.concat([before, now]))


def _weekly_demand(shelves: pl.DataFrame, sold: pl.DataFrame) -> Floats:
    """Units a week over the last half year, net of returns; 0 for what nobody buys."""
    recent = (
        sold.filter(pl.col("day") > LAST_DAY - 7 * _WEEKS_SEEN)
        .group_by("product_id", pl.col("store").alias("location"))
        .agg(pl.col("quantity").sum().clip(0))
    )
    place = ["product_id", "location"]
    demand = shelves.join(recent, on=place, how="left", maintain_order="left")
    return demand["quantity"].fill_null(0).to_numpy() / _WEEKS_SEEN


def _on_hand(shelves: pl.DataFrame, weekly: Floats, rng: np.random.Generator) -> Ints:
    low, high = np.array(_COVERS)[rng.choice(len(_COVERS), len(weekly), p=_COVER_SHARES)].T
    covered = np.ceil(weekly * rng.uniform(low, high))
    most_left = np.where(shelves["tier"].to_numpy() < HIGH, 25, 4)
    unsold = rng.integers(2, most_left + 1)
    return np.where(weekly > 0, covered, unsold).astype(np.int64)


def _on_order(
    shelves: pl.DataFrame, weekly: Floats, on_hand: Ints, rng: np.random.Generator
) -> Ints:
    """Order a month's demand in whole packs for half of what is nearly sold out."""
    pack = shelves["pack_size"].to_numpy()
    ordered = np.ceil(weekly * 4 / pack) * pack
    short = (on_hand < weekly) & ~shelves["discontinued"].to_numpy()
    return np.where(short & (rng.random(len(weekly)) < 0.5), ordered, 0).astype(np.int64)


def _spoiled(counts: pl.DataFrame) -> pl.DataFrame:
    now, here = pl.col("counted_on") == shift(0), pl.col("location") == STORES[0]
    negative = now & here & (pl.col("row") == _NEGATIVE)
    illegible = now & here & (pl.col("row") == _ILLEGIBLE)
    return (
        counts.filter(pl.col("row") != _NEVER_COUNTED)
        .with_columns(
            pl.when(negative).then(-3).otherwise("on_hand").alias("on_hand"),
            pl.when(illegible).then(pl.lit("ask Saad")).alias("remark"),
        )
        .drop("row")
    )
