"""Worked examples of Chopra and Meindl, Supply Chain Management, chapter on safety inventory."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from targeting.stock.levels import (
    Floats,
    period_days,
    safety_stock,
    spread,
    stockout_risk,
    units_short,
)
from targeting.workspace.literals import Period


def one(value: float) -> Floats:
    return np.array([value], dtype=np.float64)


def test_safety_stock_with_a_lead_time_that_varies() -> None:
    # Dell: 2,500 a day, sd 500; lead time 7 days, sd 7; 90% cycle service: 22,491
    both = spread(one(500), one(2500), one(7), one(7))
    assert both[0] == pytest.approx(17_550, abs=0.5)
    assert safety_stock(one(0.9), both)[0] == pytest.approx(22_491, abs=0.5)


def test_safety_stock_with_a_sure_lead_time() -> None:
    # 2,500 a week, sd 500, lead time 2 weeks, 90%: 906
    stock = safety_stock(one(0.9), spread(one(500), one(2500), one(2), one(0)))
    assert stock[0] == pytest.approx(906, abs=0.5)


def test_periodic_review_covers_lead_time_and_review() -> None:
    # the same with a review of 4 weeks: safety 1,570, order up to 16,570
    stock = safety_stock(one(0.9), spread(one(500), one(2500), one(6), one(0)))
    assert stock[0] == pytest.approx(1_570, abs=0.5)
    assert 2500 * 6 + stock[0] == pytest.approx(16_570, abs=0.5)


def test_expected_units_short_of_a_cycle() -> None:
    # demand over the lead time 5,000, sd 707, reorder point 6,000 (safety 1,000): 25 units
    assert units_short(one(5000), one(707), one(6000))[0] == pytest.approx(25, abs=0.5)


def test_the_risk_is_what_the_service_level_leaves() -> None:
    safe = 5000 + safety_stock(one(0.9), one(707))
    assert stockout_risk(one(5000), one(707), safe)[0] == pytest.approx(0.1)


@pytest.mark.parametrize(("available", "risk", "short"), [(9, 1, 1), (10, 0, 0), (11, 0, 0)])
def test_sure_demand_has_a_sure_answer(available: float, risk: float, short: float) -> None:
    assert stockout_risk(one(10), one(0), one(available))[0] == risk
    assert units_short(one(10), one(0), one(available))[0] == short


def test_a_period_is_counted_from_the_day_on() -> None:
    assert period_days(Period(1, "month"), dt.date(2026, 2, 1)) == 28
    assert period_days(None, dt.date(2026, 2, 1)) is None
