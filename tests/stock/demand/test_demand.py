"""Weeks out of stock say nothing of demand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.stock.demand.describe import describe_block, described, weeks_in_stock
from targeting.stock.demand.forecast import Floats
from targeting.stock.demand.sales import carried_back

TOLD = ("rate", "level", "error", "interval", "squared_variation", "variation", "young")


def replayed(rate: float, seed: int) -> tuple[Floats, Floats, Floats]:
    """Sell Poisson demand day by day for 100 weeks from a shelf that is filled too rarely."""
    draw = np.random.default_rng(seed)
    demand = draw.poisson(rate / 7, (700, 400)).astype(np.float64)
    sold, open_days = np.zeros_like(demand), np.zeros_like(demand)
    stock = np.zeros(400)
    for day, wanted in enumerate(demand):
        stock = np.where(draw.random(400) < 1 / 28, np.ceil(rate * 2.5), stock)
        sold[day] = np.minimum(stock, wanted)
        open_days[day] = (stock > 0) | (sold[day] > 0)
        stock = stock - sold[day]
    by_week = [whole.reshape(100, 7, 400).sum(axis=1) for whole in (sold, open_days, demand)]
    return by_week[0], by_week[1] / 7, by_week[2]


@pytest.mark.parametrize("rate", [0.7, 2.0, 8.0])
@pytest.mark.parametrize("figure", ["rate", "level"])
def test_the_corrected_rate_is_far_nearer_to_the_truth(rate: float, figure: str) -> None:
    sold, in_stock, _ = replayed(rate, seed=7)
    plain = describe_block(sold)[figure].mean() / rate - 1
    corrected = describe_block(sold, in_stock)[figure].mean() / rate - 1
    assert plain < -0.25
    assert abs(corrected) < 0.1


def test_a_shelf_that_was_never_empty_is_what_it_was_without_a_history() -> None:
    weeks = np.random.default_rng(3).poisson(0.6, (60, 200)).astype(np.float64)
    assert described(weeks, np.ones_like(weeks)).equals(described(weeks))


def test_weeks_out_of_stock_are_left_out_not_seen_as_zero() -> None:
    weeks = np.array([5.0] * 5 + [0] * 3 + [5] * 5)[:, None]
    in_stock = np.array([1.0] * 5 + [0, 0.4, 0] + [1] * 5)[:, None]
    found = describe_block(weeks, in_stock)
    assert (found["rate"][0], found["error"][0], found["interval"][0]) == (5, 0, 1)
    assert (found["history_weeks"][0], found["sales_weeks"][0]) == (13, 10)


def test_a_week_in_stock_for_most_days_is_scaled_up_and_one_for_few_left_out() -> None:
    weeks, in_stock = np.array([[1.0], [4], [2], [6]]), np.array([[1], [4 / 7], [3 / 7], [1]])
    moved, begun = weeks_in_stock(weeks, in_stock)
    assert moved[:, 0].tolist() == [0, 1, 7, 6]
    assert begun.tolist() == [1]


def test_a_series_that_sold_only_in_weeks_left_out_stays_as_it_is() -> None:
    weeks, in_stock = np.array([[0.0], [3], [0]]), np.array([[1], [2 / 7], [1]])
    moved, begun = weeks_in_stock(weeks, in_stock)
    assert moved.tolist() == weeks.tolist()
    assert begun.tolist() == [0]


def test_one_sale_long_ago_proves_little() -> None:
    weeks = np.zeros((20, 2))
    weeks[0] = 8
    weeks[10, 1] = 8
    once, twice = describe_block(weeks)["rate"]
    assert once < 8 / 20 / 4
    assert twice == pytest.approx(8 / 20, rel=0.35)


def one_by_one(net: list[int]) -> list[int]:
    """Give each unit that came back to the newest unit sold before it."""
    sold = [0] * len(net)
    for week, units in enumerate(net):
        sold[week] = max(units, 0)
        for _ in range(-units):
            before = [number for number in range(week) if sold[number]]
            if before:
                sold[before[-1]] -= 1
    return sold


@given(st.lists(st.lists(st.integers(-6, 9), min_size=12, max_size=12), min_size=1, max_size=4))
def test_every_unit_that_comes_back_is_the_newest_one_sold(drawn: list[list[int]]) -> None:
    thousandths = np.array(drawn).T / 1000
    expected = np.array([one_by_one(series) for series in drawn]).T / 1000
    assert carried_back(thousandths).tolist() == expected.tolist()


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=30, max_size=60))
def test_a_series_in_its_own_time_is_the_series_without_its_empty_weeks(
    drawn: list[tuple[int, bool]],
) -> None:
    weeks = np.array([float(units * there) for units, there in drawn])[:, None]
    there = np.array([float(there) for _, there in drawn])[:, None]
    kept = weeks[there[:, 0] > 0][:, None, 0]
    if not kept.any():
        return
    found, alone = describe_block(weeks, there), describe_block(kept)
    for name in TOLD:
        assert found[name] == pytest.approx(alone[name], nan_ok=True, abs=1e-9), name
