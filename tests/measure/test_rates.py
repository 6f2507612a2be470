"""Rates against the tables of the papers, against scipy, and against simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.stats import binomtest, chi2_contingency, fisher_exact
from scipy.stats.contingency import relative_risk

from targeting.measure.figures import Count
from targeting.measure.rates import compare_rates, newcombe, ratio, score_test, wilson

counts = st.integers(1, 400).flatmap(lambda n: st.integers(0, n).map(lambda yes: Count(yes, n)))


# Newcombe 1998, table II, the row of method 10.
@pytest.mark.parametrize(
    ("treated", "control", "low", "high"),
    [
        (Count(56, 70), Count(48, 80), 0.0524, 0.3339),
        (Count(9, 10), Count(3, 10), 0.1705, 0.8090),
        (Count(6, 7), Count(2, 7), 0.0582, 0.8062),
        (Count(5, 56), Count(0, 29), -0.0381, 0.1926),
        (Count(0, 10), Count(0, 20), -0.1611, 0.2775),
        (Count(0, 10), Count(0, 10), -0.2775, 0.2775),
        (Count(10, 10), Count(0, 20), 0.6791, 1.0000),
        (Count(10, 10), Count(0, 10), 0.6075, 1.0000),
    ],
)
def test_newcombes_own_examples(treated: Count, control: Count, low: float, high: float) -> None:
    assert newcombe(treated, control) == pytest.approx((low, high), abs=5e-5)


@given(counts)
def test_the_interval_of_one_rate_is_scipys(count: Count) -> None:
    theirs = binomtest(count.yes, count.n).proportion_ci(0.95, method="wilson")
    assert wilson(count) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


# Agresti, An Introduction to Categorical Data Analysis, 2nd ed., section 2.2.3: heart attacks of
# 11,034 doctors under placebo and of 11,037 under aspirin.
def test_the_aspirin_study() -> None:
    placebo, aspirin = Count(189, 11034), Count(104, 11037)
    found = compare_rates(placebo, aspirin)
    assert found.difference == pytest.approx(0.0077, abs=5e-5)
    assert (found.low, found.high) == pytest.approx((0.005, 0.011), abs=5e-4)
    times = ratio(placebo, aspirin)
    assert times is not None
    assert times == pytest.approx((1.82, 1.43, 2.31), abs=5e-3)


@given(counts.filter(lambda c: c.yes > 0), counts.filter(lambda c: c.yes > 0))
def test_the_ratio_is_scipys(treated: Count, control: Count) -> None:
    theirs = relative_risk(treated.yes, treated.n, control.yes, control.n)
    low, high = theirs.confidence_interval(0.95)
    assert ratio(treated, control) == pytest.approx((theirs.relative_risk, low, high))


@given(counts, counts)
@example(Count(0, 10), Count(0, 20))
def test_the_test_is_campbells(treated: Count, control: Count) -> None:
    yes, n = treated.yes + control.yes, treated.n + control.n
    table = np.array([[each.yes, each.n - each.yes] for each in (treated, control)])
    if yes in (0, n):
        expected = 1.0
    elif chi2_contingency(table, correction=False).expected_freq.min() < 1:
        expected = fisher_exact(table).pvalue
    else:
        square = chi2_contingency(table, correction=False).statistic * (n - 1) / n
        expected = chi2_sf(square)
    assert score_test(treated, control) == pytest.approx(expected, rel=1e-6, abs=1e-12)


def chi2_sf(square: float) -> float:
    from scipy.stats import chi2

    return float(chi2.sf(square, 1))


@given(counts, counts)
def test_swapping_the_arms_turns_the_sign(treated: Count, control: Count) -> None:
    there, back = compare_rates(treated, control), compare_rates(control, treated)
    assert there.difference is not None
    assert there.low is not None
    assert there.high is not None
    assert back.difference == -there.difference
    assert (back.low, back.high) == pytest.approx((-there.high, -there.low))
    assert back.p == pytest.approx(there.p)


@given(counts, counts)
def test_the_interval_holds_the_difference_and_stays_within_all_and_none(
    treated: Count, control: Count
) -> None:
    found = compare_rates(treated, control)
    assert found.difference is not None
    assert found.low is not None
    assert found.high is not None
    assert -1 - 1e-12 <= found.low <= found.difference <= found.high <= 1 + 1e-12
    assert found.low < found.high


@pytest.mark.parametrize("arms", [(Count(0, 0), Count(3, 9)), (Count(3, 9), Count(0, 0))])
def test_an_arm_without_customers_says_nothing(arms: tuple[Count, Count]) -> None:
    found = compare_rates(*arms)
    assert (found.difference, found.low, found.high, found.p) == (None,) * 4


def test_one_buyer_of_a_control_of_ten_proves_nothing() -> None:
    # Pearson's chi squared alone gives 0.0001 here.
    assert score_test(Count(5, 1000), Count(1, 10)) == pytest.approx(0.058, abs=0.001)


@pytest.mark.parametrize(("n", "n_control", "p"), [(1200, 140, 0.04), (300, 40, 0.3)])
def test_nineteen_of_twenty_intervals_hold_the_truth(n: int, n_control: int, p: float) -> None:
    random = np.random.default_rng(13)
    pairs = [
        (Count(int(random.binomial(n, p)), n), Count(int(random.binomial(n_control, p)), n_control))
        for _ in range(1500)
    ]
    missed = [low > 0 or high < 0 for low, high in (newcombe(*pair) for pair in pairs)]
    assert 0.03 < np.mean(missed) < 0.07
    assert np.mean([score_test(*pair) < 0.05 for pair in pairs]) < 0.07
