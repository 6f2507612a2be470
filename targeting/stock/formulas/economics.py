"""What an order should cost: lot sizes of steady demand, on whole columns.

Demand is units a unit of time, `holding_cost` money a unit held for that time, `order_cost` money
an order; the answers are in those units. Numbers or arrays go in, arrays come out; a missing value
(NaN) gives a missing answer. Sources: Snyder and Shen, Fundamentals of Supply Chain Theory, 2nd
edition (2019), chapter 3; Silver, Pyke and Thomas (2017), chapter 4.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from targeting.stock.formulas.levels import Floats, Number, floats


@dataclass(frozen=True)
class Lot:
    """How many units to order at a time, and what that costs a unit of time."""

    quantity: Floats
    cost: Floats


def economic_order_quantity(demand: Number, order_cost: Number, holding_cost: Number) -> Floats:
    """Order this many units at a time: sqrt(2 K d / h), where ordering costs what holding does.

    Without demand or a cost of ordering it is 0; infinite where holding is free. Harris (1913);
    Snyder and Shen, equation 3.4.
    """
    demand, order_cost, holding_cost = floats(demand, order_cost, holding_cost)
    twice = 2.0 * order_cost * demand
    return np.sqrt(np.where(twice == 0, 0.0, _divided(twice, holding_cost, np.inf)))


def lot_cost(quantity: Number, demand: Number, order_cost: Number, holding_cost: Number) -> Floats:
    """Cost of ordering and holding a unit of time: K d / Q + h Q / 2."""
    quantity, demand, order_cost, holding_cost = floats(quantity, demand, order_cost, holding_cost)
    orders = order_cost * demand
    ordering = np.where(orders == 0, 0.0, _divided(orders, quantity, np.inf))
    cost: Floats = ordering + holding_cost * quantity / 2
    return cost


def quantity_with_backorders(
    demand: Number, order_cost: Number, holding_cost: Number, backorder_cost: Number
) -> Floats:
    """Order this many units at a time where customers wait: sqrt(2 K d (h + p) / (h p)).

    `backorder_cost` is money a unit owed for a unit of time. Snyder and Shen, equation 3.27.
    """
    share = backorder_fraction(holding_cost, backorder_cost)
    return economic_order_quantity(demand, order_cost, np.multiply(holding_cost, 1 - share))


def backorder_fraction(holding_cost: Number, backorder_cost: Number) -> Floats:
    """Share of demand that waits when backorders are planned: h / (h + p) (Snyder, Shen 3.28)."""
    holding, backorder = floats(holding_cost, backorder_cost)
    fraction: Floats = holding / (holding + backorder)
    return fraction


def economic_production_quantity(
    demand: Number, order_cost: Number, holding_cost: Number, production_rate: Number
) -> Floats:
    """Make this many units at a time at a rate above demand: sqrt(2 K d / (h (1 - d / rate))).

    Taft (1918); Snyder and Shen, equation 3.31. It costs `lot_cost` with h (1 - d / rate).
    """
    idle = 1 - np.divide(demand, production_rate)
    return economic_order_quantity(demand, order_cost, np.multiply(holding_cost, idle))


def all_units_discount(
    demand: Number, order_cost: Number, carrying_rate: Number, breaks: Floats, unit_costs: Floats
) -> Lot:
    """Order the lot that costs least where a large order makes every unit of it cheaper.

    `unit_costs[..., j]` is the falling price of a unit from `breaks[..., j]` units on, the first
    break 0; `carrying_rate`, above 0, is the share of the price that holding costs. The cost
    includes the purchase. Hadley and Whitin (1963); Snyder and Shen, equations 3.18 and 3.19.
    """
    demand, order_cost, rate = _before_breaks(demand, order_cost, carrying_rate)
    holding = rate * unit_costs
    quantity = np.maximum(economic_order_quantity(demand, order_cost, holding), breaks)
    cost = unit_costs * demand + lot_cost(quantity, demand, order_cost, holding)
    return _cheapest(quantity, cost)  # past the next break it is not sold so dear, and never wins


def incremental_discount(
    demand: Number, order_cost: Number, carrying_rate: Number, breaks: Floats, unit_costs: Floats
) -> Lot:
    """Order the lot that costs least where only the units beyond a break are cheaper.

    As `all_units_discount`, but a lot of Q pays the higher price for the units below each break:
    Q in region j costs surplus_j + c_j Q. Hadley and Whitin (1963); Snyder and Shen, 3.20 to 3.22.
    """
    demand, order_cost, rate = _before_breaks(demand, order_cost, carrying_rate)
    saved = (unit_costs[..., :-1] - unit_costs[..., 1:]) * breaks[..., 1:]
    surplus = np.concatenate([np.zeros_like(saved[..., :1]), saved.cumsum(axis=-1)], axis=-1)
    holding, fixed = rate * unit_costs, order_cost + surplus
    quantity = economic_order_quantity(demand, fixed, holding)
    cost = unit_costs * demand + rate * surplus / 2 + lot_cost(quantity, demand, fixed, holding)
    return _cheapest(quantity, cost)  # outside its region a price is never the cheapest way


def _before_breaks(*values: Number) -> tuple[Floats, ...]:
    return tuple(value[..., None] for value in floats(*values))


def _cheapest(quantity: Floats, cost: Floats) -> Lot:
    best = cost.argmin(axis=-1)[..., None]
    quantity = np.take_along_axis(quantity, best, axis=-1)
    return Lot(quantity[..., 0], np.take_along_axis(cost, best, axis=-1)[..., 0])


def _divided(numerator: Floats, denominator: Floats, otherwise: float) -> Floats:
    """Divide, without a warning where there is nothing to divide by; a missing value stays so."""
    out = np.where(np.isnan(numerator + denominator), np.nan, otherwise)
    ratio: Floats = np.divide(numerator, denominator, out=out, where=denominator > 0)
    return ratio
