"""How many are needed: R's power.prop.test and power.t.test, and the way back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from targeting.measure.figures import Z_POWER, Count, Z
from targeting.measure.rates import score_test
from targeting.measure.sizes import (
    control_for_means,
    control_for_rates,
    visible_mean,
    visible_rate,
)


# Fleiss, Statistical Methods for Rates and Proportions, table A.3, less the continuity correction
# (R: power.prop.test(p1 = .6, p2 = .7, power = .8) gives n = 355.2).
def test_six_tenths_against_seven() -> None:
    assert control_for_rates(0.6, 0.1, 1) == 356


# Cohen 1988, table 2.4.1: d = 0.5, 80%, two-sided 5%: 64; 63 by the normal distribution.
def test_half_a_standard_deviation() -> None:
    assert control_for_means(1.0, 1.0, 0.5, 1) == 63


def test_a_control_of_a_tenth_needs_about_half_as_many_as_equal_arms() -> None:
    equal, tenth = control_for_rates(0.03, 0.01, 1), control_for_rates(0.03, 0.01, 9)
    assert equal is not None
    assert tenth is not None
    assert 0.45 < tenth / equal < 0.6


def test_what_is_needed_finds_four_in_five() -> None:
    needed = control_for_rates(0.10, 0.05, 3)
    assert needed is not None
    random = np.random.default_rng(13)
    found = [
        score_test(
            Count(int(random.binomial(3 * needed, 0.15)), 3 * needed),
            Count(int(random.binomial(needed, 0.10)), needed),
        )
        < 0.05
        for _ in range(1500)
    ]
    assert np.mean(found) == pytest.approx(0.8, abs=0.03)


@given(st.floats(0.001, 0.8), st.integers(20, 50_000), st.integers(20, 50_000))
def test_the_visible_difference_needs_just_the_sizes_at_hand(
    control: float, n: int, n_control: int
) -> None:
    visible = visible_rate(control, n, n_control)
    if visible is None:
        most = control_for_rates(control, 1 - control, n / n_control)
        assert most is None or most > n_control
        return
    needed = control_for_rates(control, visible, n / n_control)
    assert needed is not None
    assert needed <= n_control
    less = control_for_rates(control, visible * 0.98, n / n_control)
    assert less is not None
    assert less >= n_control


def test_the_visible_mean_is_two_point_eight_errors() -> None:
    assert pytest.approx(2.8016, abs=1e-4) == Z + Z_POWER
    assert visible_mean(4.0, 9.0, 90, 10) == pytest.approx(2.8016 * 0.5**0.5, abs=1e-3)
    assert control_for_means(4.0, 9.0, visible_mean(4.0, 9.0, 90, 10), 9) == 10


@pytest.mark.parametrize(("control", "difference"), [(0.95, 0.1), (0.1, 0.0), (0.1, -0.2)])
def test_an_impossible_difference_has_no_size(control: float, difference: float) -> None:
    assert control_for_rates(control, difference, 1) is None
