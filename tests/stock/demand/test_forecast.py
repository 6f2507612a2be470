from __future__ import annotations

import numpy as np
import pytest

from targeting.stock.demand.croston import croston, sba, tsb
from targeting.stock.demand.forecast import (
    Fit,
    Floats,
    best_ses,
    constant_gains,
    discounted,
    imapa,
    ses,
    settling_gains,
)
from targeting.stock.demand.rivals import last_weeks


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


def test_tsb_smooths_the_chance_of_a_demand_in_every_week() -> None:
    # sizes 3, 2; alpha 0.5 of sizes, 0.1 of chances; after the first sale the chance is 1
    fit = tsb(column(3, 0, 2), FIRST, constant_gains(0.5, 3), constant_gains(0.1, 3))
    assert fit.rate[0] == pytest.approx(2.5 * (0.9 + 0.1 * 0.1))
    assert fit.error[0] == pytest.approx(np.sqrt((3**2 + (3 * 0.9 - 2) ** 2) / 2))


def test_tsb_lets_a_dying_product_die_and_croston_does_not() -> None:
    weeks, gains = column(5, 5, 5, *[0] * 40), constant_gains(0.1, 43)
    assert tsb(weeks, FIRST, gains, gains).rate[0] == pytest.approx(5 * 0.9**40)
    assert croston(weeks, FIRST, gains).rate[0] == 5


def test_the_mean_of_the_last_weeks_is_of_fewer_in_a_younger_series() -> None:
    fit = last_weeks(np.array([[9.0, 0], [2, 0], [4, 6], [6, 2]]), np.array([0, 2]), 3)
    assert fit.rate.tolist() == [4, 4]
    assert fit.error == pytest.approx([np.sqrt((7**2 + 1.5**2 + 1) / 3), 4])


def test_steady_demand_is_not_discounted_and_varying_demand_is_by_half_of_alpha() -> None:
    fit = Fit(np.full(4, 10.0), np.array([0.0, 3.5, 7.0, np.nan]))
    assert discounted(fit, 0.2).rate == pytest.approx([10, 9.5, 9, 10])


def test_imapa_averages_the_rates_of_growing_buckets() -> None:
    weeks = np.array([0, 4, 0, 0, 2, 0, 0, 0, 6, 0, 0, 3, 0], dtype=np.float64)
    rates = []
    for size in (1, 2, 3):  # the average interval of 3 weeks is the widest bucket
        whole = len(weeks) // size * size
        buckets = [weeks[len(weeks) - whole :][i : i + size].sum() for i in range(0, whole, size)]
        rates.append(best_ses(column(*buckets), FIRST).rate[0] / size)
    assert imapa(weeks[:, None], np.array([3.0])) == pytest.approx(np.mean(rates))


def test_no_bucket_is_wider_than_four_weeks() -> None:
    weeks = np.random.default_rng(3).poisson(0.3, (60, 5)).astype(np.float64)
    assert imapa(weeks, np.full(5, 20.0)).tolist() == imapa(weeks, np.full(5, 4.0)).tolist()


def test_imapa_of_a_later_start_is_that_of_the_series_cut_there() -> None:
    weeks = np.random.default_rng(5).poisson(0.5, (60, 12)).astype(np.float64)
    late = np.arange(12) * 4
    interval = np.linspace(1, 6, 12)
    cut = [imapa(weeks[start:, [i]], interval[[i]])[0] for i, start in enumerate(late)]
    assert imapa(weeks, interval, late) == pytest.approx(cut, abs=1e-12)


def test_many_series_are_what_each_is_alone() -> None:
    rng = np.random.default_rng(7)
    weeks = rng.poisson(0.4, (60, 40)).astype(np.float64)
    interval = np.linspace(1, 9, 40)
    together = imapa(weeks, interval)
    alone = [imapa(weeks[:, [i]], interval[[i]])[0] for i in range(40)]
    assert together == pytest.approx(alone, abs=1e-12)
