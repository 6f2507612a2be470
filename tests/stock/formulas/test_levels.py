"""What a level is worth, and risks. The worked examples are in tests/stock/textbook."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from targeting.stock.formulas.levels import (
    Floats,
    period_days,
    safety_stock,
    stockout_risk,
    units_short,
)
from targeting.workspace.literals import Period


def one(value: float) -> Floats:
    return np.array([value], dtype=np.float64)


def test_expected_units_short_of_a_cycle() -> None:
    # Chopra and Meindl, Supply Chain Management, chapter on safety inventory: demand over the lead time 5,000, sd 707, reorder point 6,000 (safety 1,000): 25 units
    assert units_short(one(5000), one(707), one(6000))[0] == pytest.approx(25, abs=0.5)


def test_the_risk_is_what_the_service_level_leaves() -> None:
    safe = 5000 + safety_stock(one(0.9), one(707))
    assert stockout_risk(one(5000), one(707), safe)[0] == pytest.approx(0.1)


@pytest.mark.parametrize(("available", "risk", "short"), [(9, 1, 1), (10, 0, 0), (11, 0, 0)])
def test_sure_demand_has_a_sure_answer(available: float, risk: float, short: float) -> None:
    assert stockout_risk(one(10), one(0), one(available))[0] == risk
    assert units_short(one(10), one(0), one(available))[0] == short


@given(st.floats(0, 1e4), st.floats(0, 1e4), st.floats(-1e4, 3e4))
def test_units_short_lie_between_the_gap_and_the_gap_and_four_tenths_of_the_spread(
    mean: float, sd: float, available: float
) -> None:
    # G(k) <= max(-k, 0) + G(0), and G(0) is 0.3989
    short, gap = units_short(one(mean), one(sd), one(available))[0], max(mean - available, 0.0)
    assert gap - 1e-9 * (1 + gap) <= short <= gap + 0.39895 * sd + 1e-9 * (1 + gap)


def test_a_period_is_counted_from_the_day_on() -> None:
    assert period_days(Period(1, "month"), dt.date(2026, 2, 1)) == 28
    assert period_days(None, dt.date(2026, 2, 1)) is None
