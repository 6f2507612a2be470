"""The standard work, seeded: a million customers, twenty million purchases, 30 rules.

    python -m bench.standard.work FOLDER [--customers 1000000] [--purchases-each 20]

Written in parts of two million lines, so that ten times as much fits in 3 GB. Prices are whole
rupees, so that every engine's sums are the same to the digit. Seven receipts in ten have one line;
2% of the lines are returns; some customers have left, some never came, and 2% share an e-mail.
"""

from __future__ import annotations

import argparse
import datetime as dt
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

SEED = 20261124
AS_OF = dt.date(2026, 11, 24)
DAYS = 730  # of purchases, the last of them AS_OF
PART = 2_000_000  # lines in memory at a time; each part is a row group
SHOP = Path(__file__).with_name("shop")

GENDERS = ("Female", "Male", "Other")
CITIES = (
    "Karachi",
    "Lahore",
    "Faisalabad",
    "Rawalpindi",
    "Multan",
    "Peshawar",
    "Quetta",
    "Islamabad",
)
PLACES = ("Online", "Clifton", "Saddar", "Gulberg", "Mall Road", "Blue Area", "Hayatabad", "Cantt")
_PLACE_SHARES = (0.3, 0.16, 0.14, 0.12, 0.1, 0.08, 0.06, 0.04)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class _Habits:
    """What each customer is like: first and last possible day (from 0, the oldest), share of all
    receipts summed up, usual price in rupees, share of receipts online."""

    first: npt.NDArray[np.int16]
    last: npt.NDArray[np.int16]
    summed: Floats
    price: npt.NDArray[np.float32]
    online: npt.NDArray[np.float32]


def make_work(folder: Path, customers: int, purchases_each: int) -> None:
    """Write the workspace, its data included."""
    shutil.copytree(SHOP, folder, dirs_exist_ok=True)
    (folder / "data").mkdir(exist_ok=True)
    habits = _habits(customers)
    _write_customers(folder / "data" / "customers.parquet", habits)
    lines = customers * purchases_each  # by day, as tills write them
    _write_parts(folder / "data" / "purchases.parquet", _parts(habits, lines))


def _habits(customers: int) -> _Habits:
    draw = np.random.default_rng([SEED, 0])
    first = np.maximum(draw.integers(-1200, DAYS, customers), 0).astype(np.int16)
    stays = draw.exponential(900, customers)
    last = np.minimum(first + stays, DAYS - 1).astype(np.int16)
    rate = draw.gamma(1.2, 1.0, customers) * (draw.random(customers) > 0.03)
    return _Habits(
        first,
        last,
        np.cumsum(rate * (last - first + 1)),
        np.exp(draw.normal(7.4, 0.7, customers)).astype(np.float32),
        draw.beta(0.6, 1.2, customers).astype(np.float32),
    )


def _write_customers(path: Path, habits: _Habits) -> None:
    """Write everybody."""
    starts = range(0, habits.first.size, PART // 4)
    _write_parts(path, (_people(habits, start) for start in starts))


def _people(habits: _Habits, start: int) -> pl.DataFrame:
    """Give some customers; one value in ten is missing where people need not say it."""
    first = habits.first[start : start + PART // 4]
    count = first.size
    draw = np.random.default_rng([SEED, 1, start])
    number = np.arange(start, start + count)
    known = draw.random((3, count)) > 0.1
    warranty = draw.integers(-400, 400, count)
    people = pl.DataFrame(
        {
            "number": number,
            "mailbox": np.maximum(number - (draw.random(count) < 0.02), 0),
            "email_consent": draw.random(count) < 0.62,
            "app_consent": draw.random(count) < 0.35,
            "age": np.clip(draw.normal(41, 15, count), 14, 96).astype(np.int16),
            "gender": draw.choice(3, count, p=[0.49, 0.48, 0.03]),
            "city": draw.integers(0, len(CITIES), count) * draw.integers(0, 2, count),
            "joined": np.where(first > 0, first, -draw.integers(0, 1500, count)),
            "warranty": warranty,
            "points": draw.gamma(1.2, 500, count).astype(np.int32),
            "age_known": known[0],
            "gender_known": known[1],
            "warranty_known": known[2] & (warranty > -300),
            "asked": draw.random(count) > 0.05,
        }
    )
    return people.select(
        _id("C", pl.col("number"), 8).alias("customer_id"),
        pl.format("person{}@example.com", "mailbox").alias("email"),
        pl.when("asked").then("email_consent").alias("email_consent"),
        "app_consent",
        pl.when("age_known").then("age").alias("age"),
        pl.when("gender_known").then(_word("gender", GENDERS)).alias("gender"),
        _word("city", CITIES).alias("city"),
        _day(pl.col("joined")).alias("joined_on"),
        pl.when("warranty_known").then(_day(pl.col("warranty") + DAYS - 1)).alias("warranty_until"),
        "points",
    )


def _write_parts(path: Path, parts: Iterable[pl.DataFrame]) -> None:
    """Write one file, a row group a part."""
    import pyarrow.parquet as pq

    tables = (part.to_arrow(compat_level=pl.CompatLevel.oldest()) for part in parts)
    first = next(tables)
    with pq.ParquetWriter(path, first.schema, compression="zstd") as writer:
        for table in chain([first], tables):
            writer.write_table(table, row_group_size=PART)


def _parts(habits: _Habits, lines: int) -> Iterator[pl.DataFrame]:
    """Give the lines part by part; each part holds the days that follow those of the one before."""
    parts = -(-lines // PART)
    receipts = 0
    for number in range(parts):
        draw = np.random.default_rng([SEED, 2, number])
        count = lines // parts + (number < lines % parts)
        days = np.linspace(0, DAYS, parts + 1).astype(np.int64)[number : number + 2]
        yield _lines(habits, count, days, receipts, draw)
        receipts += count


def _lines(
    habits: _Habits, count: int, days: Ints, receipts: int, draw: np.random.Generator
) -> pl.DataFrame:
    each = np.minimum(draw.geometric(0.7, count), 5)
    receipt = np.repeat(np.arange(count), each)[:count]
    who, day = _receipts(habits, int(receipt[-1]) + 1, days, draw)
    online = draw.random(who.size) < habits.online[who]
    store = draw.choice(np.arange(1, len(PLACES)), who.size, p=_store_shares())
    back = draw.random(count) < 0.02
    quantity = draw.geometric(0.8, count)
    price = habits.price[who[receipt]] * np.exp(draw.normal(0, 0.5, count))
    sign = np.where(back, -1, 1)
    return pl.DataFrame(
        {
            "who": who[receipt],
            "receipt": receipt + receipts,
            "day": day[receipt],
            "place": np.where(online, 0, store)[receipt],
            "quantity": (sign * quantity).astype(np.int8),
            "amount": sign * quantity * np.maximum(price.round(), 1).astype(np.int64),
        }
    ).select(
        _id("C", pl.col("who"), 8).alias("customer_id"),
        _id("R", pl.col("receipt"), 9).alias("transaction_id"),
        _day(pl.col("day")).alias("purchased_on"),
        _word("place", PLACES).alias("location"),
        "quantity",
        "amount",
    )


def _receipts(
    habits: _Habits, count: int, days: Ints, draw: np.random.Generator
) -> tuple[Ints, Ints]:
    """Draw who comes and when, among those who are customers on that day; by day."""
    who, day, found = [], [], 0
    while found < count:
        some = np.searchsorted(habits.summed, draw.random(count) * habits.summed[-1])
        when = draw.integers(days[0], days[1], count)
        there = (habits.first[some] <= when) & (when <= habits.last[some])
        who.append(some[there])
        day.append(when[there])
        found += int(there.sum())
    all_days = np.concatenate(day)[:count]
    order = np.argsort(all_days, kind="stable")
    return np.concatenate(who)[:count][order], all_days[order]


def _store_shares() -> Floats:
    stores = np.array(_PLACE_SHARES[1:])
    shares: Floats = stores / stores.sum()
    return shares


def _id(letter: str, number: pl.Expr, digits: int) -> pl.Expr:
    return pl.lit(letter) + number.cast(pl.String).str.zfill(digits)


def _word(column: str, words: tuple[str, ...]) -> pl.Expr:
    return pl.lit(pl.Series(list(words))).gather(pl.col(column))


def _day(number: pl.Expr) -> pl.Expr:
    oldest = (AS_OF - dt.date(1970, 1, 1)).days - DAYS + 1
    return (number + oldest).cast(pl.Int32).cast(pl.Date)


def main() -> None:
    """Write the work into a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--purchases-each", type=int, default=20)
    asked = parser.parse_args()
    make_work(asked.folder, asked.customers, asked.purchases_each)


if __name__ == "__main__":
    main()
