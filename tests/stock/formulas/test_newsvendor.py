"""Newsvendor and base stock: printed answers of textbooks, and sums and integrals by hand.

FoSCT is Snyder and Shen, Fundamentals of Supply Chain Theory, 2nd edition; Chopra Chopra and
Meindl, Supply Chain Management; Nahmias Nahmias, Production and Operations Analysis; Heizer Heizer
and Render, Operations Management.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import pdtr

from targeting.stock.formulas.levels import units_short
from targeting.stock.formulas.newsvendor import (
    base_stock_normal,
    base_stock_poisson,
    critical_ratio,
    discrete_units_short,
    newsvendor_cost,
    newsvendor_discrete,
    newsvendor_normal,
    newsvendor_poisson,
    poisson_units_short,
)
from tests.stock.formulas import by_hand

# cost of a unit short and of one left over; printed ratio
RATIOS = [
    ("FoSCT example 4.3, newspapers", 0.70, 0.18, 0.7955),
    ("Chopra, ski jackets", 250 - 100, 100 - 80, 0.88),
    ("Chopra, parkas at L.L. Bean", 55, 5, 0.917),
    ("Nahmias chapter 5, Mac's newsstand", 0.50, 0.15, 0.77),
    ("Heizer, the newsstand", 0.55, 0.40, 0.579),
    ("Wikipedia, newsvendor model", 7 - 5, 5, 0.2857),
]

# underage, overage, mean, sd; printed stock and how exactly
NORMAL = [
    ("FoSCT example 4.3", 0.70, 0.18, 50, 8, 56.60395593, 1e-6),
    ("FoSCT problem 4.1", 79, 43, 900, 60, 922.72140382, 1e-6),
    ("Nahmias chapter 5, Mac's newsstand", 0.50, 0.15, 11.73, 4.74, 15, 0.5),
    ("Heizer, the newsstand", 0.55, 0.40, 120, 15, 123, 0.5),
    ("Wikipedia, newsvendor model", 2, 5, 50, 20, 39, 0.5),
]

# stock, mean, sd, underage, overage; printed cost
NORMAL_COSTS = [
    ("FoSCT example 4.1, 60 papers", 60, 50, 8, 0.70, 0.18, 2.15613155),
    ("FoSCT example 4.3, the best stock", 56.603955927433887, 50, 8, 0.70, 0.18, 1.99760519),
    ("FoSCT example 4.3, 40 papers", 40, 50, 8, 0.70, 0.18, 7.35613155),
    ("FoSCT problem 4.1, the best stock", 922.7214038234755, 900, 60, 79, 43, 2718.19678178),
    ("FoSCT problem 4.1, 1,040", 1040, 900, 60, 79, 43, 6044.29841519),
    ("FoSCT problem 4.1, 1,100", 1100, 900, 60, 79, 43, 8600.82041012),
]

# mean, underage, overage; printed stock and its cost
POISSON = [
    ("FoSCT example 4.7, without a fixed cost", 6, 4, 1, 8, 3.57010695),
    ("FoSCT problem 4.8(a)", 18, 270, 200, 19, 786.08844094),
    ("stockpyl's documentation", 50, 0.70, 0.18, 56, 1.79723521),
]

PARKAS = dict(
    zip(range(4, 18), [1, 2, 4, 8, 9, 11, 16, 20, 11, 10, 4, 2, 1, 1], strict=True)
)  # hundreds, per cent
WARPLANES = dict(zip(range(1, 9), [25, 5, 10, 20, 15, 10, 10, 5], strict=True))

# demand in per cent, underage, overage; printed stock and its cost. Chopra prints the profit of
# 1,300 parkas, 54,160: 55 a parka asked for (1,026), less 2,270
DISCRETE = [
    ("FoSCT problem 4.7(b)", WARPLANES, 1000000, 500000, 5, 1225000),
    ("Chopra, parkas at L.L. Bean", PARKAS, 55, 5, 13, 22.70),
]

# demand, sd, lead time, review, underage, overage; printed level and its cost
BASE_STOCK = [
    ("FoSCT example 4.4", 50, 8, 4, 1, 0.70, 0.18, 264.76689437, 4.46678100),
    ("FoSCT example 4.3, no lead time", 50, 8, 0, 1, 0.70, 0.18, 56.60395593, 1.99760519),
]

# demand, lead time, review, underage, overage; level by hand
BASE_STOCK_POISSON = [
    ("FoSCT example 4.7 over two periods", 3, 1, 1, 4, 1, 8),
    ("FoSCT example 5.8, one at a time", 1.5, 2, 0, 150, 20, 5),
]


@pytest.mark.parametrize(("source", "underage", "overage", "printed"), RATIOS)
def test_critical_ratio(source: str, underage: float, overage: float, printed: float) -> None:
    digits = len(str(printed).split(".")[1])
    assert critical_ratio(underage, overage) == pytest.approx(printed, abs=0.51 * 10**-digits), (
        source
    )
    assert critical_ratio(underage, overage) == pytest.approx(underage / (underage + overage))


@pytest.mark.parametrize(
    ("source", "underage", "overage", "mean", "sd", "printed", "within"), NORMAL
)
def test_stock_for_normal_demand(
    source: str,
    underage: float,
    overage: float,
    mean: float,
    sd: float,
    printed: float,
    within: float,
) -> None:
    stock = newsvendor_normal(critical_ratio(underage, overage), mean, sd)
    assert stock == pytest.approx(printed, abs=within), source
    by_search = by_hand.least(
        lambda s: by_hand.normal_cost(s, mean, sd, underage, overage), mean - 4 * sd, mean + 4 * sd
    )
    assert stock == pytest.approx(by_search, rel=1e-6)


@pytest.mark.parametrize(
    ("source", "stock", "mean", "sd", "underage", "overage", "printed"), NORMAL_COSTS
)
def test_cost_of_stock_for_normal_demand(
    source: str,
    stock: float,
    mean: float,
    sd: float,
    underage: float,
    overage: float,
    printed: float,
) -> None:
    short = units_short(np.array(float(mean)), np.array(float(sd)), np.array(float(stock)))
    found = newsvendor_cost(stock, mean, short, underage, overage)
    assert found == pytest.approx(printed, rel=1e-8), source
    assert found == pytest.approx(by_hand.normal_cost(stock, mean, sd, underage, overage), rel=1e-6)


@pytest.mark.parametrize(("source", "mean", "underage", "overage", "printed", "cost"), POISSON)
def test_stock_for_poisson_demand(
    source: str, mean: float, underage: float, overage: float, printed: int, cost: float
) -> None:
    stock = newsvendor_poisson(critical_ratio(underage, overage), mean)
    assert stock == printed, source
    found = newsvendor_cost(stock, mean, poisson_units_short(mean, stock), underage, overage)
    assert found == pytest.approx(cost, rel=1e-8)
    costs = [
        by_hand.discrete_cost(s, by_hand.poisson(mean), underage, overage)
        for s in range(2 * printed)
    ]
    assert found == pytest.approx(min(costs), rel=1e-6)
    assert costs.index(min(costs)) == printed


@pytest.mark.parametrize(("source", "percent", "underage", "overage", "printed", "cost"), DISCRETE)
def test_stock_for_any_discrete_demand(
    source: str,
    percent: dict[int, int],
    underage: float,
    overage: float,
    printed: int,
    cost: float,
) -> None:
    values = np.array(list(percent), dtype=np.float64)
    chances = np.array(list(percent.values())) / 100
    stock = newsvendor_discrete(critical_ratio(underage, overage), values, chances)
    assert stock == printed, source
    short = discrete_units_short(values, chances, stock)
    found = newsvendor_cost(stock, float(values @ chances), short, underage, overage)
    demand = [(value, p / 100) for value, p in percent.items()]
    assert found == pytest.approx(
        by_hand.discrete_cost(printed, demand, underage, overage), rel=1e-6
    )
    assert found == pytest.approx(cost)
    costs = {value: by_hand.discrete_cost(value, demand, underage, overage) for value in percent}
    assert min(costs, key=lambda value: costs[value]) == printed


def test_mean_demand_of_the_parkas() -> None:
    # Chopra prints 1,026
    values, chances = np.array(list(PARKAS)), np.array(list(PARKAS.values())) / 100
    assert 100 * discrete_units_short(values.astype(np.float64), chances, 0.0) == pytest.approx(
        1026
    )


@pytest.mark.parametrize(
    ("source", "demand", "sd", "lead", "review", "underage", "overage", "printed", "cost"),
    BASE_STOCK,
)
def test_base_stock_for_normal_demand(
    *, source: str, demand: float, sd: float, lead: float, review: float,
    underage: float, overage: float, printed: float, cost: float,
) -> None:  # fmt: skip
    level = base_stock_normal(critical_ratio(underage, overage), demand, sd, lead, review)
    assert level == pytest.approx(printed, rel=1e-8), source
    mean, over = demand * (lead + review), sd * math.sqrt(lead + review)
    assert by_hand.normal_cost(float(level), mean, over, underage, overage) == pytest.approx(
        cost, rel=1e-6
    )


@pytest.mark.parametrize(
    ("source", "demand", "lead", "review", "underage", "overage", "printed"), BASE_STOCK_POISSON
)
def test_base_stock_for_poisson_demand(
    source: str,
    demand: float,
    lead: float,
    review: float,
    underage: float,
    overage: float,
    printed: int,
) -> None:
    ratio = underage / (underage + overage)
    assert base_stock_poisson(ratio, demand, lead, review) == printed, source
    assert by_hand.discrete_quantile(by_hand.poisson(demand * (lead + review)), ratio) == printed


@pytest.mark.parametrize("mean", [0.01, 0.7, 3.0, 47.5, 2000.0])
def test_quantiles_of_poisson_demand(mean: float) -> None:
    chances = np.array([1e-6, 0.01, 0.3, 0.5, 0.9, 0.95, 0.999, 1 - 1e-9])
    counted = [by_hand.discrete_quantile(by_hand.poisson(mean), chance) for chance in chances]
    assert newsvendor_poisson(chances, mean).tolist() == counted


def test_a_hair_above_a_step_of_the_poisson_takes_one_unit_more() -> None:
    means = np.geomspace(0.3, 500, 40)[:, None]
    stock = np.round(means + np.sqrt(means) * np.linspace(-1, 2, 13))
    reached = pdtr(stock, means)
    assert np.array_equal(newsvendor_poisson(reached, means), stock)
    assert np.array_equal(newsvendor_poisson(np.nextafter(reached, 1), means), stock + 1)


def test_a_probability_met_exactly_takes_no_unit_more() -> None:
    values, chances = np.arange(1.0, 11.0), np.full(10, 0.1)
    assert newsvendor_discrete(np.array([0.1, 0.3, 0.8, 1.0]), values, chances).tolist() == [
        1,
        3,
        8,
        10,
    ]


def test_what_is_missing_stays_missing() -> None:
    assert newsvendor_poisson(np.array([0.9, np.nan]), np.array([np.nan, 3.0])) == pytest.approx(
        [math.nan, math.nan], nan_ok=True
    )
