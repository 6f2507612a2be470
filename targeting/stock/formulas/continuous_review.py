"""When to order a lot, and how large: the (r, Q) policy, on whole columns.

As soon as what is on hand and on order, less what is owed, has fallen to r, Q units are ordered.
`demand` is units a unit of time; `mean` and `sd` are those of demand over the lead time. Unmet
demand waits. Numbers or arrays go in, arrays come out. Sources: Snyder and Shen, Fundamentals of
Supply Chain Theory, 2nd edition (2019), chapter 5; Hadley and Whitin (1963), chapter 4.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy

from targeting.stock.formulas.economics import economic_order_quantity, quantity_with_backorders
from targeting.stock.formulas.levels import NO_SPREAD, Floats, Number, floats, units_short
from targeting.stock.formulas.newsvendor import critical_ratio, newsvendor_normal

HALVINGS: Final = 80
ROUNDS: Final = 1000
SETTLED: Final = 1e-12  # of the quantity
FARTHEST: Final = 38.0  # standard deviations: beyond it a double holds no normal tail


@dataclass(frozen=True)
class Costs:
    """Money: an order, a unit held for a unit of time, a unit owed for a unit of time; above 0."""

    order: Number
    holding: Number
    backorder: Number


@dataclass(frozen=True)
class Policy:
    """Order `quantity` units as soon as the inventory position falls to `reorder_point`."""

    reorder_point: Floats
    quantity: Floats


def r_q_cost(policy: Policy, demand: Number, mean: Number, sd: Number, costs: Costs) -> Floats:
    """Expected cost of a unit of time, exact for normal lead time demand (Snyder and Shen, 5.7).

    (K d + the integral from r to r + Q of g) / Q, g the newsvendor's cost; the integral is taken
    by the second-order loss.
    """
    low, quantity = policy.reorder_point, policy.quantity
    owed = second_order_loss(mean, sd, low) - second_order_loss(mean, sd, low + quantity)
    held = quantity * (low + quantity / 2 - mean) + owed
    total = np.multiply(costs.order, demand) + costs.holding * held + costs.backorder * owed
    return total / quantity


def second_order_loss(mean: Number, sd: Number, stock: Number) -> Floats:
    """Half the expected square of the units short of normal demand (Snyder and Shen, C.33)."""
    gap, sd = np.broadcast_arrays(np.subtract(stock, mean), np.asarray(sd, dtype=np.float64))
    safe = np.where(sd > NO_SPREAD, sd, 1.0)
    k = gap / safe
    loss = ((k**2 + 1) * scipy.special.ndtr(-k) - k * np.exp(-(k**2) / 2) / np.sqrt(2 * np.pi)) / 2
    sure = np.minimum(gap, 0) ** 2 / 2
    half: Floats = np.where(sd > NO_SPREAD, safe**2 * np.maximum(loss, 0), sure)
    return half


def best_reorder_point(quantity: Number, mean: Number, sd: Number, costs: Costs) -> Floats:
    """Reorder point that costs least with this quantity, where g(r) = g(r + Q).

    Exact for normal lead time demand; found by halving. Snyder and Shen, equation 5.9.
    """
    quantity, mean, sd = floats(quantity, mean, sd)
    owed = quantity * (1 - critical_ratio(costs.backorder, costs.holding))
    top = newsvendor_normal(critical_ratio(costs.backorder, costs.holding), mean, sd)

    def too_low(r: Floats) -> Floats:
        return units_short(mean, sd, r) - units_short(mean, sd, r + quantity) - owed

    return _root(too_low, top - quantity, top)


def expected_level_policy(demand: Number, mean: Number, sd: Number, costs: Costs) -> Policy:
    """Approximate (r, Q) by the expected inventory level; `costs.backorder` is money a unit owed.

    Hadley and Whitin (1963); Snyder and Shen, equations 5.17 and 5.18. Missing where holding a
    lot costs more than owing the demand of its cycle (h Q >= p d).
    """
    demand, mean, sd = floats(demand, mean, sd)

    def reorder_point(quantity: Floats) -> Floats:
        waits = costs.holding * quantity / np.multiply(costs.backorder, demand)
        return mean + sd * scipy.special.ndtri(1 - np.where(waits < 1, waits, np.nan))

    def larger(quantity: Floats) -> Floats:
        short = units_short(mean, sd, reorder_point(quantity))
        return economic_order_quantity(
            demand, costs.order + np.multiply(costs.backorder, short), costs.holding
        )

    quantity = _settled(larger, economic_order_quantity(demand, costs.order, costs.holding))
    return Policy(reorder_point(quantity), quantity)


def backorder_policy(demand: Number, mean: Number, sd: Number, costs: Costs) -> Policy:
    """Approximate Q by the order quantity with backorders, then take the best r for it.

    Zheng (1992): at most one eighth above the least cost. Snyder and Shen, 3.27 and 5.9.
    """
    quantity = quantity_with_backorders(demand, costs.order, costs.holding, costs.backorder)
    return Policy(best_reorder_point(quantity, mean, sd, costs), quantity)


def safety_stock_policy(demand: Number, mean: Number, sd: Number, costs: Costs) -> Policy:
    """Approximate by the economic order quantity, and r by the newsvendor (Snyder, Shen 5.21)."""
    quantity = economic_order_quantity(demand, costs.order, costs.holding)
    point = newsvendor_normal(critical_ratio(costs.backorder, costs.holding), mean, sd)
    return Policy(point, quantity)


def loss_policy(demand: Number, mean: Number, sd: Number, costs: Costs) -> Policy:
    """Approximate (r, Q) by leaving out the loss beyond r + Q, which is all but nothing.

    Hadley and Whitin (1963); Snyder and Shen, equations 5.28 and 5.29.
    """
    demand, mean, sd = floats(demand, mean, sd)
    owing = np.add(costs.holding, costs.backorder)

    def reorder_point(quantity: Floats) -> Floats:
        short = costs.holding * quantity / owing
        return _root(lambda r: units_short(mean, sd, r) - short, mean - short, mean + FARTHEST * sd)

    def larger(quantity: Floats) -> Floats:
        owed = owing * second_order_loss(mean, sd, reorder_point(quantity))
        squared: Floats = 2 * (costs.order * demand + owed) / costs.holding
        return np.sqrt(squared)

    quantity = _settled(larger, economic_order_quantity(demand, costs.order, costs.holding))
    return Policy(reorder_point(quantity), quantity)


def _root(falling: Callable[[Floats], Floats], low: Floats, high: Floats) -> Floats:
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        positive = falling(middle) > 0
        low, high = np.where(positive, middle, low), np.where(positive, high, middle)
    return (low + high) / 2


def _settled(larger: Callable[[Floats], Floats], quantity: Floats) -> Floats:
    """Repeat until no quantity moves; one that has settled stays, whatever its neighbours do."""
    for _ in range(ROUNDS):
        after = larger(quantity)
        moves = np.abs(after - quantity) > SETTLED * quantity
        quantity = np.where(moves | np.isnan(after), after, quantity)
        if not moves.any():
            break
    return quantity
