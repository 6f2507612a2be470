"""Safety stock and what a level risks: printed answers, and tails integrated by hand.

Chopra is Chopra and Meindl, Supply Chain Management, chapter on safety inventory; Heizer is Heizer
and Render, Operations Management, inventory management, probabilistic models; SPT the tables of
Silver, Pyke and Thomas (2017).
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from targeting.stock.formulas.levels import Floats, safety_stock, spread, stockout_risk, units_short
from tests.stock.formulas import by_hand

# demand, sd, lead time, its sd, service level; printed safety stock and how exactly
SAFETY_STOCK = [
    ("Chopra, Dell, lead time 7 days, sd 7", 2500, 500, 7, 7, 0.90, 22491, 0.5),
    ("Chopra, Dell, sd 6", 2500, 500, 7, 6, 0.90, 19298, 0.5),
    ("Chopra, Dell, sd 5", 2500, 500, 7, 5, 0.90, 16109, 0.5),
    ("Chopra, Dell, sd 4", 2500, 500, 7, 4, 0.90, 12927, 0.5),
    ("Chopra, Dell, sd 3", 2500, 500, 7, 3, 0.90, 9760, 0.5),
    ("Chopra, Dell, sd 2", 2500, 500, 7, 2, 0.90, 6628, 0.5),
    ("Chopra, Dell, sd 1", 2500, 500, 7, 1, 0.90, 3625, 0.5),
    ("Chopra, Dell, sd 0", 2500, 500, 7, 0, 0.90, 1695, 1),
    ("Chopra, B&M, a sure lead time", 2500, 500, 2, 0, 0.90, 906, 0.5),
    ("Chopra, periodic review, 2 weeks and 4", 2500, 500, 6, 0, 0.90, 1570, 0.5),
    ("Heizer, service of 95% over a lead time", 350, 10, 1, 0, 0.95, 16.5, 0.1),
    ("Heizer, variable demand, constant lead time", 15, 5, 2, 0, 0.90, 9.02, 0.05),
    ("Heizer, variable lead time, constant demand", 10, 0, 6, 1, 0.98, 20.55, 0.05),
    ("Heizer, both variable, batteries", 150, 16, 5, 1, 0.95, 254, 1),
]

# standard deviations above the mean; printed G(k), four or five digits
LOSSES = [
    ("SPT, table of the unit normal", 0.0, 0.3989, 5e-5),
    ("SPT, table of the unit normal", 0.5, 0.1978, 5e-5),
    ("SPT, table of the unit normal", 1.0, 0.0833, 5e-5),
    ("SPT, table of the unit normal", 2.0, 0.0085, 5e-5),
    ("SPT, table of the unit normal", -1.0, 1.0833, 5e-5),
    ("stockpyl's documentation", 1.3, 0.0455279621, 1e-9),
]

# service level; printed z
QUANTILES = [
    (0.50, 0.0),
    (0.80, 0.8416),
    (0.90, 1.2816),
    (0.95, 1.6449),
    (0.975, 1.9600),
    (0.99, 2.3263),
    (0.995, 2.5758),
    (0.999, 3.0902),
]


def one(value: float) -> Floats:
    return np.array([value], dtype=np.float64)


@pytest.mark.parametrize(
    ("source", "demand", "sd", "weeks", "weeks_sd", "service", "printed", "within"), SAFETY_STOCK
)
def test_safety_stock(
    *, source: str, demand: float, sd: float, weeks: float, weeks_sd: float,
    service: float, printed: float, within: float,
) -> None:  # fmt: skip
    found = safety_stock(one(service), spread(one(sd), one(demand), one(weeks), one(weeks_sd)))[0]
    assert found == pytest.approx(printed, abs=within), source
    variance = weeks * sd * sd + demand * demand * weeks_sd * weeks_sd
    assert found == pytest.approx(by_hand.normal_quantile(service) * math.sqrt(variance), rel=1e-6)


def test_demand_over_a_random_lead_time_has_that_variance() -> None:
    # a lead time of 1, 2 or 3 weeks, demand of 4 or 6 a week, by counting every way
    weeks, demand = (1, 2, 3), (4, 6)
    totals: list[tuple[float, float]] = []
    for length in weeks:
        ways = [0.0]
        for _ in range(length):
            ways = [way + d for way in ways for d in demand]
        totals += [(way, 1 / 3 / len(ways)) for way in ways]
    mean = sum(total * chance for total, chance in totals)
    variance = sum((total - mean) ** 2 * chance for total, chance in totals)
    found = spread(one(1), one(5), one(2), one(math.sqrt(2 / 3)))[0]
    assert found == pytest.approx(math.sqrt(variance), rel=1e-12)


@pytest.mark.parametrize(("source", "k", "printed", "within"), LOSSES)
def test_normal_loss(source: str, k: float, printed: float, within: float) -> None:
    found = units_short(one(50), one(8), one(50 + 8 * k))[0] / 8
    assert found == pytest.approx(printed, abs=within), source
    assert found == pytest.approx(by_hand.units_short(0, 1, k), rel=1e-6)


@pytest.mark.parametrize(("service", "printed"), QUANTILES)
def test_normal_quantile(service: float, printed: float) -> None:
    found = safety_stock(one(service), one(1))[0]
    assert found == pytest.approx(printed, abs=5e-5)
    assert found == pytest.approx(by_hand.normal_quantile(service), abs=1e-6)
    assert stockout_risk(one(0), one(1), one(found))[0] == pytest.approx(1 - service, rel=1e-6)
