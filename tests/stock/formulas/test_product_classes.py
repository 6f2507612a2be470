"""Classes of products, worked out by hand: ABC, XYZ, and those of Syntetos, Boylan and Croston."""

from __future__ import annotations

import statistics

import polars as pl
import pytest

from targeting.stock.demand.classes import abc, demand_class, xyz

# revenues in minor units; letters in their order. Shares are cumulative, the product itself in it
REVENUES = [
    ("50, 80, 95, 100 per cent", [50, 30, 15, 5], "AABC"),
    ("79.99, 94.99, 100 per cent", [7999, 1500, 501], "ABC"),
    ("80, 95.01, 100 per cent", [8000, 1501, 499], "ACC"),
    ("ten equal products: eight to 80, one to 90, none to 95", [10] * 10, "AAAAAAAABC"),
    ("one product is an A", [1], "A"),
    ("99 and 1 per cent", [1, 99], "CA"),
    ("no revenue at all", [0, 0], "CC"),
    ("more came back than was sold", [-5, 60, 35], "CAC"),
]

# weekly units; the mean of 2 in each, sample standard deviation by hand
STEADINESS = [
    ("no spread", [2, 2, 2, 2], "X"),
    ("sd 0.816", [1, 2, 3, 2], "X"),
    ("sd 1.633", [0, 4, 2, 2], "Y"),
    ("sd 4", [8, 0, 0, 0], "Z"),
]

# weekly units; interval (weeks a sale) and squared variation of the sizes by hand
DEMAND = [
    ("interval 1, variation 0", [3] * 12, "smooth"),
    ("interval 10/8 = 1.25, variation 0", [3, 3, 3, 0, 3, 3, 3, 3, 0, 3], "smooth"),
    ("interval 1, variation 1.22", [1, 1, 1, 9, 1, 1, 1, 1, 9, 1], "erratic"),
    ("interval 3, variation 0.033", [5, 0, 0, 6, 0, 0, 5, 0, 0, 4, 0, 0], "intermittent"),
    ("interval 3, variation 2.2", [1, 0, 0, 30, 0, 0, 1, 0, 0, 2, 0, 0], "lumpy"),
    ("interval 4/3, just above the cut", [2, 0, 2, 2] * 3, "intermittent"),
    ("seven weeks", [1] * 7, "new"),
]


@pytest.mark.parametrize(("what", "revenue", "letters"), REVENUES)
def test_abc(what: str, revenue: list[int], letters: str) -> None:
    ids = [f"p{number:02}" for number in range(len(revenue))]
    found = dict(abc(pl.DataFrame({"product_id": ids, "revenue": revenue})).iter_rows())
    assert "".join(found[product] for product in ids) == letters, what


@pytest.mark.parametrize(("what", "weeks", "letter"), STEADINESS)
def test_xyz(what: str, weeks: list[int], letter: str) -> None:
    variation = statistics.stdev(weeks) / statistics.mean(weeks)
    frame = pl.DataFrame({"v": [variation]})
    assert frame.select(xyz(pl.col("v"))).item() == letter, what


@pytest.mark.parametrize(("what", "weeks", "name"), DEMAND)
def test_class_of_demand(what: str, weeks: list[int], name: str) -> None:
    sold = [units for units in weeks if units]
    squared = statistics.variance(sold) / statistics.mean(sold) ** 2
    row = pl.DataFrame({"w": [float(len(weeks))], "s": [float(len(sold))], "v": [squared]})
    assert row.select(demand_class(pl.col("w"), pl.col("s"), pl.col("v"))).item() == name, what
