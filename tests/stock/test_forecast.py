from __future__ import annotations

import numpy as np
import pytest

from targeting.stock.forecast import (
    Floats,
    best_ses,
    constant_gains,
    croston,
    imapa,
    sba,
    ses,
    settling_gains,
)


def column(*weeks: float) -> Floats:
    return np.array(weeks, dtype=np.float64)[:, None]


FIRST = np.zeros(1, dtype=np.int64)


def test_exponential_smoothing_is_that_of_the_nist_handbook() -> None:
    # NIST/SEMATECH e-Handbook of Statistical Methods, 6.4.3.1 and 6.4.3.2: alpha 0.1
    series = column(71, 70, 69, 68, 64, 65, 72, 78, 75, 75, 75, 70)
    fit = ses(series, FIRST, constant_gains(0.1, 12))
    assert fit.rate[0] == pytest.approx(71.50, abs=0.005)
    assert fit.error[0] ** 2 == pytest.approx(19.0, abs=0.05)


def test_a_settling_mean_is_the_plain_mean_until_alpha_is_reached() -> None:
    assert ses(column(2, 4, 9), FIRST, settling_gains(0.1, 3)).rate[0] == pytest.approx(5)


def test_weeks_before_the_first_are_not_looked_at() -> None:
    late = ses(column(0, 0, 6, 8), np.array([2]), constant_gains(0.5, 4))
    assert late.rate[0] == 7
    assert late.error[0] == 2


def test_croston_smooths_sizes_and_intervals_apart() -> None:
    # sizes 3, 2, 4; intervals 3, 1; alpha 0.1
    fit = croston(column(3, 0, 0, 2, 4), FIRST, constant_gains(0.1, 5))
    size = 3 - 0.1 + 0.1 * (4 - 2.9)
    assert fit.rate[0] == pytest.approx(size / (3 + 0.1 * (1 - 3)))


def test_one_sale_is_one_demand_in_the_weeks_since() -> None:
    assert croston(column(6, 0, 0), FIRST, constant_gains(0.1, 3)).rate[0] == 2


def test_sba_takes_half_of_alpha_off_croston() -> None:
    series, gains = column(3, 0, 0, 2, 4), constant_gains(0.2, 5)
    assert sba(series, FIRST, 0.2, gains).rate == pytest.approx(
        0.9 * croston(series, FIRST, gains).rate
    )


def test_imapa_averages_the_rates_of_growing_buckets() -> None:
    weeks = np.array([0, 4, 0, 0, 2, 0, 0, 0, 6, 0, 0, 3, 0], dtype=np.float64)
    rates = []
    for size in (1, 2, 3):  # the average interval of 3 weeks is the widest bucket
        whole = len(weeks) // size * size
        buckets = [weeks[len(weeks) - whole :][i : i + size].sum() for i in range(0, whole, size)]
        rates.append(best_ses(column(*buckets), FIRST).rate[0] / size)
    assert imapa(weeks[:, None], np.array([3.0])) == pytest.approx(np.mean(rates))


def test_many_series_are_what_each_is_alone() -> None:
    rng = np.random.default_rng(7)
    weeks = rng.poisson(0.4, (60, 40)).astype(np.float64)
    interval = np.linspace(1, 9, 40)
    together = imapa(weeks, interval)
    alone = [imapa(weeks[:, [i]], interval[[i]])[0] for i in range(40)]
    assert together == pytest.approx(alone, abs=1e-12)
