"""The (r, Q) policy: the worked examples and problems of Snyder and Shen, and integrals by hand.

FoSCT is their Fundamentals of Supply Chain Theory, 2nd edition (2019), chapter 5; Nahmias is
Production and Operations Analysis, chapter 5.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from targeting.stock.formulas.continuous_review import (
    Costs,
    Policy,
    backorder_policy,
    best_reorder_point,
    expected_level_policy,
    loss_policy,
    r_q_cost,
    safety_stock_policy,
    second_order_loss,
)
from targeting.stock.formulas.levels import Floats
from targeting.stock.formulas.slow_movers import best_poisson_policy, poisson_r_q_cost
from tests.stock.formulas import by_hand


@dataclass(frozen=True)
class Item:
    demand: float
    mean: float
    sd: float
    costs: Costs


def item(order: float, holding: float, owing: float, demand: float, sd: float, lead: float) -> Item:
    return Item(demand, demand * lead, sd * math.sqrt(lead), Costs(order, holding, owing))


STORE = item(8, 0.225, 7.5, 1300, 150, 1 / 12)  # FoSCT example 5.1
PROBLEM_1 = item(50, 3.1, 45, 800, 40, 4 / 365)
PROBLEM_3 = item(85, 3 / 14, 40, 192, 17.4, 3)
MUSTARD = Item(200, 100, 25, Costs(50, 2, 25))  # Nahmias, Harvey's Specialty Shop

# reorder point and quantity; printed cost
COSTS = [
    ("FoSCT example 5.1", STORE, 126.8, 328.5, 78.07116251),
    ("FoSCT example 5.1, another policy", STORE, 100, 250, 87.34647803),
    ("FoSCT problem 5.1", PROBLEM_1, -1.9859, 166.95, 484.21104184),
    ("FoSCT problem 5.1, another policy", PROBLEM_1, 100, 250, 830.32191781),
]

# quantity; printed reorder point (of a search that stopped within 1e-6 of money)
REORDER_POINTS = [
    ("FoSCT example 5.2, Q 300", STORE, 300, 129.42728),
    ("FoSCT example 5.1, Q 318", STORE, 318, 127.78803),
    ("FoSCT example 5.1, Q 750", STORE, 750, 99.85377),
    ("FoSCT problem 5.1, Q 150", PROBLEM_1, 150, -0.88513),
    ("FoSCT problem 5.3, Q 318", PROBLEM_3, 318, 612.13313),
]

# printed reorder point and quantity, and how exactly
POLICIES = [
    ("FoSCT example 5.2, expected inventory level", expected_level_policy, STORE, 213.97044, 318.59018, 1e-5),
    ("FoSCT problem 5.1(a), expected inventory level", expected_level_policy, PROBLEM_1, 17.97265, 162.12316, 1e-5),
    ("FoSCT problem 5.3(a), expected inventory level", expected_level_policy, PROBLEM_3, 644.83853, 400.75598, 1e-5),
    ("Nahmias, mustard", expected_level_policy, MUSTARD, 143, 111, 0.5),
    ("FoSCT example 5.4, order quantity with backorders", backorder_policy, STORE, 128.63781, 308.57378, 1e-5),
    ("FoSCT problem 5.1(b), order quantity with backorders", backorder_policy, PROBLEM_1, -1.92982, 166.08501, 1e-5),
    ("FoSCT problem 5.3(b), order quantity with backorders", backorder_policy, PROBLEM_3, 609.02521, 391.32595, 1e-5),
    ("FoSCT example 5.5, order quantity and safety stock", safety_stock_policy, STORE, 190.33700, 304.04678, 1e-5),
    ("FoSCT problem 5.1(c), order quantity and safety stock", safety_stock_policy, PROBLEM_1, 15.12552, 160.64387, 1e-5),
    ("FoSCT problem 5.3(c), order quantity and safety stock", safety_stock_policy, PROBLEM_3, 652.96389, 390.28195, 1e-5),
    ("FoSCT example 5.6, loss function", loss_policy, STORE, 126.86706, 328.44914, 1e-5),
    ("FoSCT problem 5.1(d), loss function", loss_policy, PROBLEM_1, -1.98587, 166.95010, 1e-5),
    ("FoSCT problem 5.3(d), loss function", loss_policy, PROBLEM_3, 608.54451, 403.80600, 1e-4),
]  # fmt: skip


def policy(reorder_point: float, quantity: float) -> Policy:
    return Policy(np.array(float(reorder_point)), np.array(float(quantity)))


def cost_by_hand(of: Item, reorder_point: float, quantity: float) -> float:
    """The integral of the newsvendor's cost over the positions from r to r + Q."""

    def owed(stock: float) -> float:
        return by_hand.half_square_short(of.mean, of.sd, stock)

    middle = quantity * (reorder_point + quantity / 2 - of.mean)
    waits = owed(reorder_point) - owed(reorder_point + quantity)
    assert isinstance(of.costs.order, int | float)
    held = of.costs.holding * (middle + waits) + of.costs.backorder * waits
    return float(of.costs.order * of.demand + held) / quantity


@pytest.mark.parametrize(("source", "of", "point", "quantity", "printed"), COSTS)
def test_cost_of_a_policy(
    source: str, of: Item, point: float, quantity: float, printed: float
) -> None:
    found = r_q_cost(policy(point, quantity), of.demand, of.mean, of.sd, of.costs)
    assert found == pytest.approx(printed, rel=1e-8), source
    assert found == pytest.approx(cost_by_hand(of, point, quantity), rel=1e-6)


@pytest.mark.parametrize(("source", "of", "quantity", "printed"), REORDER_POINTS)
def test_best_reorder_point_of_a_quantity(
    source: str, of: Item, quantity: float, printed: float
) -> None:
    found = float(best_reorder_point(quantity, of.mean, of.sd, of.costs))
    assert found == pytest.approx(printed, abs=1e-5), source
    nearby = [cost_by_hand(of, found + step, quantity) for step in (-0.01, 0.0, 0.01)]
    assert min(nearby) == nearby[1]


@pytest.mark.parametrize(("source", "method", "of", "point", "quantity", "within"), POLICIES)
def test_policy(
    source: str, method: Callable[[float, float, float, Costs], Policy], of: Item,
    point: float, quantity: float, within: float,
) -> None:  # fmt: skip
    found = method(of.demand, of.mean, of.sd, of.costs)
    assert found.reorder_point == pytest.approx(point, abs=within), source
    assert found.quantity == pytest.approx(quantity, abs=within), source


@pytest.mark.parametrize("of", [STORE, PROBLEM_1, PROBLEM_3, MUSTARD])
def test_the_expected_level_policy_solves_both_its_equations(of: Item) -> None:
    found = expected_level_policy(of.demand, of.mean, of.sd, of.costs)
    point, quantity = float(found.reorder_point), float(found.quantity)
    k, h, p = (float(cost) for cost in (of.costs.order, of.costs.holding, of.costs.backorder))
    below = by_hand.chance_below((point - of.mean) / of.sd)
    assert 1 - below == pytest.approx(h * quantity / (p * of.demand), rel=1e-6)
    short = by_hand.units_short(of.mean, of.sd, point)
    assert quantity == pytest.approx(math.sqrt(2 * of.demand * (k + p * short) / h), rel=1e-6)


@pytest.mark.parametrize("of", [STORE, PROBLEM_1, PROBLEM_3, MUSTARD])
def test_the_loss_policy_solves_both_its_equations(of: Item) -> None:
    found = loss_policy(of.demand, of.mean, of.sd, of.costs)
    point, quantity = float(found.reorder_point), float(found.quantity)
    k, h, p = (float(cost) for cost in (of.costs.order, of.costs.holding, of.costs.backorder))
    assert by_hand.units_short(of.mean, of.sd, point) == pytest.approx(
        h * quantity / (h + p), rel=1e-6
    )
    owed = by_hand.half_square_short(of.mean, of.sd, point)
    searched = math.sqrt(2 * (k * of.demand + (h + p) * owed) / h)
    assert quantity == pytest.approx(searched, rel=1e-6)


def test_holding_a_lot_dearer_than_owing_it_has_no_expected_level_policy() -> None:
    found = expected_level_policy(np.array([10.0, 1300.0]), 1300 / 12, 43.3, Costs(8, 0.225, 0.3))
    assert np.isnan(found.reorder_point).tolist() == [True, False]
    assert np.isnan(found.quantity).tolist() == [True, False]


def test_without_spread_the_half_square_is_that_of_the_gap() -> None:
    assert second_order_loss(10.0, 0.0, np.array([7.0, 10.0, 12.0])).tolist() == [4.5, 0, 0]


# demand, mean over the lead time, costs; printed r, Q and cost (None: by hand only)
SLOW = [
    ("FoSCT example 5.8", 1.5, 3.0, Costs(100, 20, 150), 3, 5, 107.92358063),
    ("FoSCT problem 5.2, worked out by hand", 12.0, 6.0, Costs(4, 4, 28), 6, 7, None),
]


@pytest.mark.parametrize(
    ("source", "demand", "mean", "costs", "point", "quantity", "printed"), SLOW
)
def test_best_policy_of_a_slow_mover(
    source: str,
    demand: float,
    mean: float,
    costs: Costs,
    point: int,
    quantity: int,
    printed: float | None,
) -> None:
    found = best_poisson_policy(demand, mean, costs)
    k, h, p = (float(cost) for cost in (costs.order, costs.holding, costs.backorder))
    by_level = {s: by_hand.discrete_cost(s, by_hand.poisson(mean), p, h) for s in range(-5, 40)}
    counted = {
        (r, q): (k * demand + sum(by_level[y] for y in range(r + 1, r + q + 1))) / q
        for r in range(-6, 20)
        for q in range(1, 20)
    }
    best = min(counted, key=lambda pair: counted[pair])
    assert best == (point, quantity), source
    assert [found.reorder_point, found.quantity] == list(best)
    cost = poisson_r_q_cost(found, demand, mean, costs)
    assert cost == pytest.approx(counted[best], rel=1e-6)
    assert cost == pytest.approx(counted[best] if printed is None else printed, rel=1e-8)


@pytest.mark.parametrize("method", [expected_level_policy, loss_policy])
def test_a_policy_is_the_same_to_the_bit_whatever_its_neighbours(
    method: Callable[[Floats, Floats, Floats, Costs], Policy],
) -> None:
    items = [STORE, PROBLEM_1, PROBLEM_3, MUSTARD]
    demand, mean, sd = (
        np.array([getattr(of, name) for of in items]) for name in ("demand", "mean", "sd")
    )
    order, holding, owing = np.array(
        [[of.costs.order, of.costs.holding, of.costs.backorder] for of in items]
    ).T
    together = method(demand, mean, sd, Costs(order, holding, owing))
    for i in range(len(items)):
        one = slice(i, i + 1)
        alone = method(demand[one], mean[one], sd[one], Costs(order[one], holding[one], owing[one]))
        assert alone.quantity[0] == together.quantity[i]
        assert alone.reorder_point[0] == together.reorder_point[i]


def test_many_slow_movers_are_what_each_is_alone() -> None:
    rng = np.random.default_rng(5)
    demand, mean = rng.uniform(0.1, 30, 50), rng.uniform(0.05, 60, 50)
    costs = Costs(rng.uniform(0.5, 90, 50), rng.uniform(0.5, 5, 50), rng.uniform(3, 90, 50))
    together = best_poisson_policy(demand, mean, costs)
    for i in range(0, 50, 7):
        one = Costs(*(np.asarray(c)[i] for c in (costs.order, costs.holding, costs.backorder)))
        alone = best_poisson_policy(demand[i], mean[i], one)
        assert alone.reorder_point == together.reorder_point[i]
        assert alone.quantity == together.quantity[i]
