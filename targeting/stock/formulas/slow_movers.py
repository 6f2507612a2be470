"""The (r, Q) policy of `continuous_review` for slow movers: Poisson demand, whole units, exact.

`mean` is the mean demand over the lead time. Numbers or arrays go in, arrays come out. Source:
Snyder and Shen, Fundamentals of Supply Chain Theory, 2nd edition (2019), chapter 5.
"""

from __future__ import annotations

import numpy as np

from targeting.stock.formulas.continuous_review import Costs, Policy
from targeting.stock.formulas.levels import Floats, Number, floats
from targeting.stock.formulas.newsvendor import (
    critical_ratio,
    newsvendor_cost,
    newsvendor_poisson,
    poisson_above,
    poisson_units_short,
)


def poisson_r_q_cost(policy: Policy, demand: Number, mean: Number, costs: Costs) -> Floats:
    """Expected cost of a unit of time, exact for Poisson demand and whole r and Q.

    (K d + the sum of g(y), y from r + 1 to r + Q) / Q; Snyder and Shen, equation 5.48. The sum is
    taken by the second-order loss: half the mean of (D - r)(D - r - 1) where D is above r.
    """
    low, quantity = policy.reorder_point, policy.quantity
    owed = _poisson_second_loss(mean, low) - _poisson_second_loss(mean, low + quantity)
    held = quantity * (low + (quantity + 1) / 2 - mean) + owed
    total = np.multiply(costs.order, demand) + costs.holding * held + costs.backorder * owed
    return total / quantity


def best_poisson_policy(demand: Number, mean: Number, costs: Costs) -> Policy:
    """Least costly whole r and Q for Poisson demand (Federgruen and Zheng 1992).

    Q grows by one as long as the position it adds, r or r + Q + 1, costs less than the average.
    """
    demand, mean = floats(demand, mean)
    top = newsvendor_poisson(critical_ratio(costs.backorder, costs.holding), mean)

    def g(stock: Floats) -> Floats:
        short = poisson_units_short(mean, stock)
        return newsvendor_cost(stock, mean, short, costs.backorder, costs.holding)

    low, quantity = top - 1, np.ones_like(top)
    total = np.multiply(costs.order, demand) + g(top)
    below, above = g(low), g(low + 2)
    while (grows := np.minimum(below, above) * quantity < total).any():
        down = grows & (below < above)
        total = total + np.where(grows, np.minimum(below, above), 0.0)
        low, quantity = low - down, quantity + grows
        below, above = g(low), g(low + quantity + 1)
    return Policy(low, quantity)


def _poisson_second_loss(mean: Number, stock: Floats) -> Floats:
    mean = np.asarray(mean, dtype=np.float64)
    square = mean**2 * poisson_above(mean, stock - 2)
    cross = 2 * stock * mean * poisson_above(mean, stock - 1)
    half: Floats = (square - cross + stock * (stock + 1) * poisson_above(mean, stock)) / 2
    return half
