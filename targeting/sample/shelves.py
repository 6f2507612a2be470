"""What lies on the shelves: thirty weekly counts, from overstock to nearly sold out."""

import numpy as np
import polars as pl

from targeting.sample.days import LAST_DAY, Floats, Ints, shift
from targeting.sample.habits import STORES
from targeting.sample.products import HIGH

_WEEKS_SEEN = 26
_COVERS = ((0.0, 0.7), (1.5, 3.5), (3.5, 7.0), (16.0, 45.0))  # weeks of demand on hand
_COVER_SHARES = (0.13, 0.37, 0.34, 0.16)
_COUNTS = 30  # a week between them
_NEVER_COUNTED = 33  # rows of the product list
_NEGATIVE = 0
_ILLEGIBLE = 52


def count_shelves(
    products: pl.DataFrame, sold: pl.DataFrame, rng: np.random.Generator
) -> pl.DataFrame:
    """Count every product in every store, thirty weeks long: the columns of the stock sheet.

    Counts fall by what was sold and rise by what was delivered. One product was never counted, one
    of the newest counts is negative, one is a remark instead of a number.
    """
    shelves = products.with_row_index("row").join(pl.DataFrame({"location": STORES}), how="cross")
    weekly = _weekly_demand(shelves, sold)
    on_hand = _on_hand(shelves, weekly, rng)
    usual_rest = rng.poisson(weekly)  # on the shelf when a delivery comes
    newest = shelves.select(
        "row",
        "product_id",
        "location",
        pl.Series("on_hand", on_hand),
        pl.Series("on_order", _on_order(shelves, weekly, on_hand, rng)),
        pl.Series("reserved", np.minimum(rng.poisson(weekly * 0.15), on_hand)),
        pl.lit(shift(0)).alias("counted_on"),
    )
    stock, delivered = _backwards(shelves, on_hand, _weekly_sales(shelves, sold), usual_rest, rng)
    older = [_older(newest, shelves, stock, delivered, age) for age in range(_COUNTS - 1, 0, -1)]
    return _spoiled(pl.concat([*older, newest]))


def _older(
    newest: pl.DataFrame, shelves: pl.DataFrame, stock: Ints, delivered: Ints, age: int
) -> pl.DataFrame:
    """Count as it was `age` weeks ago; on order was what came within the lead time after it."""
    lead = -(-shelves["lead_time_days"].to_numpy() // 7)
    came = delivered[:age][::-1]
    due = np.where(np.arange(age)[:, None] < lead, came, 0).sum(axis=0)
    return newest.with_columns(
        pl.Series("on_hand", stock[age]),
        pl.Series("on_order", due),
        pl.Series("reserved", np.minimum(newest["reserved"].to_numpy(), stock[age])),
        pl.lit(shift(7 * age)).alias("counted_on"),
    )


def _weekly_sales(shelves: pl.DataFrame, sold: pl.DataFrame) -> Ints:
    """Sum the units sold: a row for each week between two counts, newest first; a column a shelf.

    What came back does not lie on the shelf again.
    """
    place = shelves.select("product_id", "location").with_row_index("shelf")
    weeks = (
        sold.filter(pl.col("quantity") > 0)
        .with_columns(((LAST_DAY - pl.col("day")) // 7).alias("week"))
        .filter(pl.col("week") < _COUNTS - 1)
        .join(
            place, left_on=["product_id", "store"], right_on=["product_id", "location"], how="inner"
        )
        .group_by("week", "shelf")
        .agg(pl.col("quantity").sum())
    )
    units = np.zeros((_COUNTS - 1, shelves.height), dtype=np.int64)
    units[weeks["week"].to_numpy(), weeks["shelf"].to_numpy()] = weeks["quantity"].to_numpy()
    return units


def _backwards(
    shelves: pl.DataFrame, on_hand: Ints, sales: Ints, usual_rest: Ints, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Walk back from the newest count: what lay there at each, and what came in each week.

    Back in time a shelf fills by what was sold until it passes its most, a fixed cover; then a
    delivery explains it: in whole packs, down to the usual rest and part of a pack.
    """
    pack = np.where(shelves["discontinued"].to_numpy(), 1, shelves["pack_size"].to_numpy())
    mean = sales.mean(axis=0)
    most = np.maximum(on_hand, np.ceil(mean * rng.uniform(3, 9, len(on_hand))) + pack)
    rest = rng.integers(0, usual_rest + 1, sales.shape)
    stock, delivered = [on_hand], []
    for week, units in enumerate(sales):
        full = stock[-1] + units
        came = np.where(full > most, np.maximum(full - rest[week], 0) // pack * pack, 0)
        delivered.append(came)
        stock.append(full - came)
    return np.array(stock), np.array(delivered)


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
