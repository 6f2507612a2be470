"""Lot sizes: printed answers of textbooks, and the least of the cost found by searching for it.

FoSCT is Snyder and Shen, Fundamentals of Supply Chain Theory, 2nd edition; SPT Silver, Pyke and
Thomas, 4th; Chopra Chopra and Meindl, Supply Chain Management; Nahmias Nahmias, Production and
Operations Analysis; Heizer Heizer and Render, Operations Management; Stevenson Stevenson,
Operations Management; Hillier Hillier and Lieberman, Introduction to Operations Research.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from targeting.stock.formulas.economics import (
    all_units_discount,
    backorder_fraction,
    economic_order_quantity,
    economic_production_quantity,
    incremental_discount,
    lot_cost,
    quantity_with_backorders,
)
from tests.stock.formulas.by_hand import least

# demand, cost of an order, cost of holding; printed quantity and how exactly
ORDER_QUANTITIES = [
    ("FoSCT example 3.1, Joe's corner store", 1300, 8, 0.225, 304.0467800, 1e-6),
    ("FoSCT problem 3.1, worked out by hand", 182500, 2250, 275, 1728.1098, 1e-4),
    ("SPT chapter 4, the 3-ohm resistor", 2400, 3.20, 0.24 * 0.40, 400, 0.5),
    ("Chopra, cycle inventory, computers at Best Buy", 12000, 4000, 0.2 * 500, 980, 0.5),
    ("Nahmias chapter 4, number 2 pencils", 60 * 52, 12, 0.25 * 0.02, 3870, 0.5),
    ("Heizer, inventory, Sharp's needles", 1000, 10, 0.5, 200, 1e-6),
    ("Stevenson, inventory, tires", 9600, 75, 16, 300, 1e-6),
    ("Hillier, inventory theory, speakers", 8000, 12000, 0.30, 25298, 0.5),
]

# the quantity; demand, order, holding; printed cost and how exactly
COSTS = [
    ("FoSCT example 3.1", 304.0467800, 1300, 8, 0.225, 68.41052551, 1e-6),
    ("SPT chapter 4, the 3-ohm resistor", 400, 2400, 3.20, 0.096, 38.40, 0.005),
    ("Chopra, computers at Best Buy", 980, 12000, 4000, 100, 97980, 0.5),
    ("Heizer, Sharp's needles", 200, 1000, 10, 0.5, 100, 1e-6),
]

# demand, order, holding, backorder; printed quantity, share that waits, how exactly
BACKORDERS = [
    ("FoSCT example 3.8", 1300, 8, 0.225, 5, 310.81255516, 0.04306220, 1e-6),
    ("FoSCT problem 3.2(b)", 2080, 40, 40.05, 60, 83.23544813, 0.40029985, 1e-6),
    ("Hillier, speakers, shortages planned", 8000, 12000, 0.3, 1.1, 28540, 1 - 22424 / 28540, 0.5),
]

# demand, order, holding, rate; printed quantity and how exactly
PRODUCTION = [
    ("Nahmias chapter 4, EPROMs", 2500, 50, 0.3 * 2, 10000, 745, 0.5),
    ("Heizer, Nathan's hubcaps", 1000, 10, 0.5, 2000, 282.8, 0.05),
    ("FoSCT problem 3.22, worked out by hand", 80, 4, 0.08, 110, 171.2697677, 1e-6),
    ("stockpyl's documentation", 1300, 8, 0.225, 1700, 626.80849459, 1e-6),
]

# demand, order, rate of carrying, breaks, prices; printed quantity, total cost, how exactly
ALL_UNITS = [
    ("FoSCT example 3.6", 1300, 8, 0.3, [0, 400, 800], [0.75, 0.72, 0.68], 800, 978.60, 0.005),
    ("FoSCT problem 3.12(a)", 182500, 2250, 0.25, [0, 1200, 2400], [1490, 1220, 1100], 2400, 201251093.75, 0.005),
    ("Nahmias chapter 4, trash bags", 600, 8, 0.2, [0, 500, 1000], [0.30, 0.29, 0.28], 500, 198.10, 0.005),
    ("Heizer, Wohl's race cars", 5000, 49, 0.2, [0, 1000, 2000], [5.00, 4.80, 4.75], 1000, 24725, 0.5),
    ("Chopra, Drugs Online", 120000, 100, 0.2, [0, 5000, 10000], [3.00, 2.96, 2.92], 10000, 354520, 0.5),
    ("stockpyl's documentation", 1000, 200, 0.2, [0, 200, 500], [500, 475, 450], 500, 472900, 0.005),
]  # fmt: skip
INCREMENTAL = [
    ("FoSCT example 3.7", 1300, 8, 0.3, [0, 400, 800], [0.75, 0.72, 0.68], 304.04678003, 1043.41052551, 1e-6),
    ("FoSCT problem 3.12(b)", 182500, 2250, 0.25, [0, 1200, 2400], [1490, 1220, 1100], 28553.06065428, 208678591.67992835, 1e-4),
    ("Nahmias chapter 4, trash bags", 600, 8, 0.2, [0, 500, 1000], [0.30, 0.29, 0.28], 400, 204.00, 0.005),
    ("Chopra, Drugs Online", 120000, 100, 0.2, [0, 5000, 10000], [3.00, 2.96, 2.92], 16961, 360365, 0.5),
    ("stockpyl's documentation", 2400, 150, 0.25, [0, 300, 600], [100, 90, 80], 1481.89068423, 222762.81368455, 1e-6),
]  # fmt: skip


@pytest.mark.parametrize(
    ("source", "demand", "order", "holding", "printed", "within"), ORDER_QUANTITIES
)
def test_order_quantity(
    source: str, demand: float, order: float, holding: float, printed: float, within: float
) -> None:
    found = economic_order_quantity(demand, order, holding)
    assert found == pytest.approx(printed, abs=within), source
    searched = least(lambda q: order * demand / q + holding * q / 2, 1e-3, 1e6)
    assert found == pytest.approx(searched, rel=1e-6)


@pytest.mark.parametrize(
    ("source", "quantity", "demand", "order", "holding", "printed", "within"), COSTS
)
def test_cost_of_a_lot(
    source: str,
    quantity: float,
    demand: float,
    order: float,
    holding: float,
    printed: float,
    within: float,
) -> None:
    assert lot_cost(quantity, demand, order, holding) == pytest.approx(printed, abs=within), source


@pytest.mark.parametrize(
    ("source", "demand", "order", "holding", "owing", "printed", "share", "within"), BACKORDERS
)
def test_order_quantity_where_customers_wait(
    *,
    source: str,
    demand: float,
    order: float,
    holding: float,
    owing: float,
    printed: float,
    share: float,
    within: float,
) -> None:
    found = quantity_with_backorders(demand, order, holding, owing)
    assert found == pytest.approx(printed, abs=within), source
    assert backorder_fraction(holding, owing) == pytest.approx(share, abs=1e-4)

    def cost(q: float) -> float:
        waits = least(lambda x: (holding * (1 - x) ** 2 + owing * x**2) * q / 2, 0, 1)
        return order * demand / q + (holding * (1 - waits) ** 2 + owing * waits**2) * q / 2

    assert found == pytest.approx(least(cost, 1, 1e5), rel=1e-6)


@pytest.mark.parametrize(
    ("source", "demand", "order", "holding", "rate", "printed", "within"), PRODUCTION
)
def test_production_quantity(
    source: str,
    demand: float,
    order: float,
    holding: float,
    rate: float,
    printed: float,
    within: float,
) -> None:
    found = economic_production_quantity(demand, order, holding, rate)
    assert found == pytest.approx(printed, abs=within), source
    highest = 1 - demand / rate  # of the stock, a unit made
    searched = least(lambda q: order * demand / q + holding * highest * q / 2, 1, 1e6)
    assert found == pytest.approx(searched, rel=1e-6)


def all_units(breaks: list[float], prices: list[float], quantity: float) -> float:
    return quantity * [c for b, c in zip(breaks, prices, strict=True) if quantity >= b][-1]


def incremental(breaks: list[float], prices: list[float], quantity: float) -> float:
    regions = zip(itertools.pairwise([*breaks, math.inf]), prices, strict=True)
    return sum(price * (min(quantity, end) - b) for (b, end), price in regions if quantity > b)


@pytest.mark.parametrize(
    ("rule", "source", "demand", "order", "rate", "breaks", "prices", "printed", "cost", "within"),
    [("all", *example) for example in ALL_UNITS] + [("part", *example) for example in INCREMENTAL],
)
def test_quantity_discounts(
    *, rule: str, source: str, demand: float, order: float, rate: float,
    breaks: list[float], prices: list[float], printed: float, cost: float, within: float,
) -> None:  # fmt: skip
    ours, paid = (
        (all_units_discount, all_units) if rule == "all" else (incremental_discount, incremental)
    )
    lot = ours(demand, order, rate, np.array(breaks, dtype=np.float64), np.array(prices))
    assert lot.quantity == pytest.approx(printed, abs=max(within, 1e-6)), source
    assert lot.cost == pytest.approx(cost, abs=within), source

    def total(q: float) -> float:
        return (order + paid(breaks, prices, q)) * demand / q + rate * paid(breaks, prices, q) / 2

    ends = itertools.pairwise([1e-3, *breaks[1:], 1e6])
    inside = [min(max(least(total, b, e - 1e-9), b), e - 1e-9) for b, e in ends]
    best = min([*inside, *breaks[1:]], key=total)
    assert lot.cost == pytest.approx(total(best), rel=1e-6)
    assert lot.quantity == pytest.approx(best, rel=1e-6)


def test_what_is_missing_stays_missing_and_nothing_costs_nothing() -> None:
    found = economic_order_quantity(
        np.array([0.0, 10.0, np.nan, 5.0]), 5.0, np.array([1.0, 0.0, 1.0, np.nan])
    )
    assert found == pytest.approx([0, math.inf, math.nan, math.nan], nan_ok=True)
    assert lot_cost(
        np.array([0.0, 0.0, np.nan]), np.array([0.0, 3.0, 1.0]), 2.0, 1.0
    ) == pytest.approx([0, math.inf, math.nan], nan_ok=True)


def test_many_products_with_their_own_price_lists() -> None:
    breaks = np.array([[0, 400, 800], [0, 500, 1000]], dtype=np.float64)
    prices = np.array([[0.75, 0.72, 0.68], [0.30, 0.29, 0.28]])
    lots = all_units_discount(np.array([1300.0, 600.0]), 8, np.array([0.3, 0.2]), breaks, prices)
    assert lots.quantity == pytest.approx([800, 500])
    assert lots.cost == pytest.approx([978.6, 198.1])
    gone = all_units_discount(np.array([np.nan, 600.0]), 8, np.array([0.3, 0.2]), breaks, prices)
    assert gone.quantity == pytest.approx([math.nan, 500], nan_ok=True)
