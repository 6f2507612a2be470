"""How much to stock when demand is uncertain and what is left, or short, costs money.

`underage` is the money lost with a unit short, `overage` with a unit left over (a period, where
stock is carried on). Numbers or arrays go in, arrays come out; a missing value (NaN) gives a
missing answer. Sources: Snyder and Shen, Fundamentals of Supply Chain Theory, 2nd edition (2019),
chapter 4; Zipkin, Foundations of Inventory Management (2000), chapter 6.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import scipy

from targeting.stock.formulas.levels import Floats, Number, floats, safety_stock, spread

ROUNDING: Final = 1e-12  # of a sum of probabilities


def critical_ratio(underage: Number, overage: Number) -> Floats:
    """Probability of meeting all demand that costs least: u / (u + o) (Snyder and Shen, 4.27)."""
    ratio: Floats = np.divide(underage, np.add(underage, overage))
    return ratio


def newsvendor_cost(
    stock: Number, mean: Number, short: Number, underage: Number, overage: Number
) -> Floats:
    """Money that stock of this size is expected to cost: o (S - mean + n) + u n.

    `mean` is the mean demand and `short`, n, the units that demand is expected to exceed the stock
    by: `levels.units_short` for normal demand, or one of those below. Snyder and Shen, 4.6.
    """
    left = np.subtract(stock, mean) + short
    cost: Floats = overage * left + np.multiply(underage, short)
    return cost


def newsvendor_normal(ratio: Number, mean: Number, sd: Number) -> Floats:
    """Stock that meets all of normal demand with this probability (Snyder and Shen, 4.30)."""
    stock: Floats = mean + safety_stock(np.asarray(ratio), np.asarray(sd))
    return stock


def newsvendor_poisson(ratio: Number, mean: Number) -> Floats:
    """Fewest whole units that meet all of Poisson demand with at least this probability."""
    ratio, mean = floats(ratio, mean)
    near = np.maximum(np.ceil(np.nan_to_num(scipy.special.pdtrik(ratio, mean))), 1.0)
    fewer_do = scipy.special.pdtr(near - 1, mean) >= ratio
    more_needed = scipy.special.pdtr(near, mean) < ratio
    stock = near - fewer_do + more_needed
    return np.where(np.isnan(ratio + mean), np.nan, stock)


def newsvendor_discrete(ratio: Number, values: Floats, chances: Floats) -> Floats:
    """Least value that demand stays at or below with at least this probability.

    Demand is `values[..., i]`, ascending, with probability `chances[..., i]`.
    """
    enough = chances.cumsum(axis=-1) >= np.asarray(ratio)[..., None] - ROUNDING
    first = enough.argmax(axis=-1)[..., None]
    stock: Floats = np.take_along_axis(np.broadcast_to(values, enough.shape), first, axis=-1)[
        ..., 0
    ]
    return stock


def poisson_units_short(mean: Number, stock: Number) -> Floats:
    """Units that Poisson demand is expected to exceed a whole stock by: E[(D - S)+].

    mean P(D >= S) - S P(D > S); Snyder and Shen, equation C.41.
    """
    mean, stock = floats(mean, stock)
    short: Floats = mean * poisson_above(mean, stock - 1) - stock * poisson_above(mean, stock)
    return short


def discrete_units_short(values: Floats, chances: Floats, stock: Number) -> Floats:
    """Units that demand of these values and probabilities is expected to exceed the stock by."""
    short: Floats = (np.maximum(values - np.asarray(stock)[..., None], 0) * chances).sum(axis=-1)
    return short


def poisson_above(mean: Floats, stock: Floats) -> Floats:
    """Probability that Poisson demand exceeds a whole stock, which may be below nothing."""
    above: Floats = np.where(stock < 0, 1.0, scipy.special.pdtrc(np.maximum(stock, 0), mean))
    return above


def base_stock_normal(
    ratio: Number, demand: Number, sd: Number, lead_time: Number, review: Number
) -> Floats:
    """Order up to this, every review: the newsvendor of demand over lead time and review.

    `demand` and `sd` are a period's, `lead_time` and `review` periods; a review of 0 is a
    continuous one. Snyder and Shen, example 4.4.
    """
    periods = np.add(lead_time, review)
    over = spread(np.asarray(sd), np.asarray(demand), periods, np.zeros(()))
    return newsvendor_normal(ratio, np.multiply(demand, periods), over)


def base_stock_poisson(ratio: Number, demand: Number, lead_time: Number, review: Number) -> Floats:
    """Order up to this, every review, where demand is Poisson; see `base_stock_normal`."""
    return newsvendor_poisson(ratio, np.multiply(demand, np.add(lead_time, review)))
