"""A new product leans on its category, as far as there were others that were new there."""

from __future__ import annotations

import datetime as dt
import statistics
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.stock.demand.newcomers import METHOD, early_demand, with_newcomers

if TYPE_CHECKING:
    from tests.stock.conftest import SmallShop

TOLD = {
    "demand_class": pl.String,
    "method": pl.String,
    "category": pl.String,
    "weeks_told": pl.Int64,
    "weekly_demand": pl.Float64,
    "level_demand": pl.Float64,
    "weekly_sd": pl.Float64,
    "early_demand": pl.Float64,
}
RATE = st.integers(0, 900).map(lambda hundredths: hundredths / 100)
CATEGORY = st.sampled_from([None, "Audio", "Cables"])
NEW = st.tuples(
    st.just("new"), st.just("IMAPA"), CATEGORY, st.integers(1, 7), RATE, RATE, RATE, st.none()
)
OLD = st.tuples(
    st.sampled_from(["smooth", "lumpy"]), st.just("SES"), CATEGORY, st.integers(9, 35), RATE, RATE,
    RATE, st.one_of(st.none(), RATE),
)  # fmt: skip
Row = tuple[str, str, str | None, int, float, float, float, float | None]


def by_hand(rows: list[Row]) -> list[tuple[float, float, float, str, str | None]]:
    """Lean on those that were new in the category, one product at a time."""
    early = [(row[2], row[7]) for row in rows if row[7] is not None]
    found: list[tuple[float, float, float, str, str | None]] = []
    for kind, method, category, weeks, rate, level, spread, _ in rows:
        own = [value for name, value in early if name == category and category is not None]
        of = f"newcomers of {category}"
        if kind != "new" or len(own) < 10:
            found.append((rate, level, spread, method, None))
            continue
        leant = (rate * weeks + statistics.median(own) / 2) / (weeks + 0.5)
        mean = (level * weeks + statistics.fmean(own) / 2) / (weeks + 0.5)
        found.append((leant, mean, max(spread, mean**0.5), METHOD, f"{len(own)} {of}"))
    return found


@settings(deadline=None, max_examples=60)
@given(st.lists(NEW, max_size=4), st.lists(OLD, max_size=40), st.randoms())
def test_each_new_product_leans_as_it_would_by_hand(
    new: list[Row], old: list[Row], order: object
) -> None:
    rows = [*new, *old]
    order.shuffle(rows)  # type: ignore[attr-defined]
    told = with_newcomers(pl.DataFrame(rows, schema=TOLD, orient="row"))
    names = ("weekly_demand", "level_demand", "weekly_sd", "method", "borrowed")
    for found, expected in zip(told.select(names).rows(), by_hand(rows), strict=True):
        assert found[:3] == pytest.approx(expected[:3], abs=2e-6)
        assert found[3:] == expected[3:]


def test_a_newcomer_is_nine_to_35_weeks_old_and_was_not_there_from_the_start() -> None:
    weeks = np.zeros((60, 60))
    weeks[range(60), range(60)] = 40.0  # one starts in each week
    weeks[-9:, :] += 1.0
    first = np.arange(60)
    early = early_demand(weeks, first, (60 - first).astype(np.float64))
    known = np.flatnonzero(~np.isnan(early))
    assert known.tolist() == list(range(25, 52))
    assert early[51] == 1.0  # the first sale's own week is left out
    assert early[25] == 0.0
    young = early_demand(weeks[-20:, 40:], first[:20], (20 - first[:20]).astype(np.float64))
    assert np.flatnonzero(~np.isnan(young)).tolist() == [8, 9, 10, 11]


def test_weeks_out_of_stock_are_not_among_the_eight() -> None:
    weeks = np.array([[0.0]] * 12 + [[5]] + [[2]] * 8)
    early = early_demand(weeks, np.array([12]), np.array([13.0]))  # four of 13 were out of stock
    assert early.tolist() == [2.0]


def launched(shop: SmallShop, newcomers: int) -> SmallShop:
    """A shop seen for 40 weeks, products that came 20 weeks ago, and one that came last week."""
    shop.sold("old", [4] * 40).listed("old", category="Audio")
    for number in range(newcomers):
        shop.sold(f"n{number:02}", [9, *[1 + number % 3] * 19]).listed(
            f"n{number:02}", category="Audio"
        )
    return shop.sold("p", [8, 8]).listed("p", category="Audio").counted("p", 1)


def test_the_sheet_says_on_whom_a_new_product_leans(new_shop: type[SmallShop]) -> None:
    alone = launched(new_shop(), 9).suggest().lines.filter(pl.col("product_id") == "p")
    line = launched(new_shop(), 12).suggest().lines.filter(pl.col("product_id") == "p")
    own = alone["weekly_demand"].item()
    # two weeks of its own, and half a week of the median newcomer's 2
    assert line["weekly_demand"].item() == pytest.approx((own * 2 + 2 * 0.5) / 2.5, abs=1e-6)
    assert line["method"].item() == METHOD
    whose = "12 newcomers of Audio count as half a week"
    assert line["because"].item().startswith(f"Sells 3.2 a week (new: {whose}); 1 on hand")
    assert f"under 8 weeks of sales: {whose}" in line["defaults"].item().to_list()
    assert "newcomers" not in alone["because"].item()


def test_a_product_that_never_sold_has_no_demand(new_shop: type[SmallShop]) -> None:
    shop = launched(new_shop(), 12).listed("q", category="Audio").counted("q", 5)
    line = shop.suggest().lines.filter(pl.col("product_id") == "q").row(0, named=True)
    assert (line["demand_class"], line["weekly_demand"], line["quantity"]) == ("none", 0, 0)


def test_half_of_a_shop_s_products_are_new_on_its_first_day(shop: SmallShop) -> None:
    for number in range(20):
        shop.sold(f"p{number}", [3])
    assert shop.as_of == dt.date(2026, 11, 24)
    assert shop.table()["borrowed"].null_count() == 20
