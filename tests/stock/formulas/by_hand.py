"""The slow way to the same answers: sums, integrals and searches, with nothing but `math`."""

from __future__ import annotations

import math
from collections.abc import Callable


def chance_below(z: float) -> float:
    return math.erfc(-z / math.sqrt(2)) / 2


def normal_quantile(probability: float) -> float:
    low, high = -40.0, 40.0
    for _ in range(200):
        middle = (low + high) / 2
        if chance_below(middle) < probability:
            low = middle
        else:
            high = middle
    return low


def integral(function: Callable[[float], float], low: float, high: float) -> float:
    """Simpson's rule with 2,000 strips."""
    step = (high - low) / 2000
    inner = sum((4 if i % 2 else 2) * function(low + i * step) for i in range(1, 2000))
    return (function(low) + inner + function(high)) * step / 3


def units_short(mean: float, sd: float, stock: float) -> float:
    """The area of the tail above the stock."""
    z = (stock - mean) / sd
    end = max(z, 0.0) + 12.0
    return sd * integral(lambda x: chance_below(-x), z, end)


def half_square_short(mean: float, sd: float, stock: float) -> float:
    z = (stock - mean) / sd
    end = max(z, 0.0) + 12.0
    return sd**2 * integral(lambda x: (x - z) * chance_below(-x), z, end)


def normal_cost(stock: float, mean: float, sd: float, underage: float, overage: float) -> float:
    short = units_short(mean, sd, stock)
    return underage * short + overage * (stock - mean + short)


def poisson(mean: float) -> list[tuple[int, float]]:
    """Values of demand and their probabilities, as far as they matter."""
    most = int(mean + 40 * math.sqrt(mean) + 40)
    return [(k, math.exp(k * math.log(mean) - mean - math.lgamma(k + 1))) for k in range(most)]


def discrete_quantile(demand: list[tuple[int, float]], probability: float) -> int:
    below = 0.0
    for value, chance in demand:
        below += chance
        if below >= probability - 1e-12:
            return value
    raise AssertionError("the probabilities add up to less")


def discrete_cost(
    stock: float, demand: list[tuple[int, float]], underage: float, overage: float
) -> float:
    return sum(
        chance * (underage * max(value - stock, 0) + overage * max(stock - value, 0))
        for value, chance in demand
    )


def least(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a function with one valley is least: the golden section, then a step of Newton's."""
    ratio = (math.sqrt(5) - 1) / 2
    while high - low > 1e-5 * max(abs(low), abs(high), 1e-3):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if function(left) < function(right):
            high = right
        else:
            low = left
    middle, step = (low + high) / 2, 1e-3 * max(abs(low), abs(high), 1e-3)
    before, here, after = (function(middle + i * step) for i in (-1, 0, 1))
    return middle - step * (after - before) / (2 * (after - 2 * here + before))
