"""Smoothing, Croston, SBA, TSB and IMAPA week by week: what a pencil gives, and exact fractions.

The steps are worked out by hand from the papers: Brown (1959); Croston (1972); Syntetos and Boylan
(2005); Teunter, Syntetos and Babai (2011), equations 3 and 4; Petropoulos and Kourentzes (2015).
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from targeting.stock.demand.croston import croston, sba, tsb
from targeting.stock.demand.forecast import Floats, Ints, constant_gains, imapa, ses, settling_gains

NIST = [71, 70, 69, 68, 64, 65, 72, 78, 75, 75, 75, 70]
PAIR = [6, 0, 4]
GAPS = [3, 0, 0, 2, 4]
LATE = [0, 0, 5, 0, 0, 0, 1, 0, 3, 0]
EVEN = [2, 0, 2, 0, 2, 0, 2]
BUSY = [4, 6, 2, 8, 5]
ALONE = [8, 0, 0, 0]
SPIKE = [1, 0, 1, 0, 100, 0, 0]
DYING = [5, 4, 6, 0, 0, 0, 0, 0]

# weeks, alpha; the forecast after each week from the first sale on. NIST prints two digits
SMOOTHED = [
    ("NIST/SEMATECH e-Handbook, 6.4.3.1 and 6.4.3.2", NIST, "0.1",
     [71, 70.9, 70.71, 70.44, 69.80, 69.32, 69.58, 70.43, 70.88, 71.29, 71.67, 71.50], 0.0051),
    ("half of each", PAIR, "0.5", [6, 3, 3.5], 1e-9),
    ("a fifth, after two weeks before the first sale", LATE, "0.2",
     [5, 4, 3.2, 2.56, 2.248, 1.7984, 2.03872, 1.630976], 1e-9),
    ("busy weeks", BUSY, "0.25", [4, 4.5, 3.875, 4.90625, 4.9296875], 1e-9),
]  # fmt: skip
# sizes and intervals apart: size / interval; one sale is one demand in the weeks since
CROSTON = [
    ("sizes 6, 5; interval 2", PAIR, "0.5", [6, 3, 2.5], 1e-9),
    ("sizes 3, 2.9, 3.01; intervals 3, 2.8", GAPS, "0.1", [3, 1.5, 1, 0.9666666667, 1.075], 1e-9),
    ("sizes 5, 4.2, 3.96; intervals 4, 3.6", LATE, "0.2",
     [5, 2.5, 1.6666666667, 1.25, 1.05, 1.05, 1.1, 1.1], 1e-9),
    ("the same size every other week", EVEN, "0.3", [2, 1, 1, 1, 1, 1, 1], 1e-9),
    ("a demand every week", BUSY, "0.25", [4, 4.5, 3.875, 4.90625, 4.9296875], 1e-9),
    ("a single sale", ALONE, "0.1", [8, 4, 2.6666666667, 2], 1e-9),
    ("a bulk sale", SPIKE, "0.1", [1, 0.5, 0.5, 0.5, 5.45, 5.45, 5.45], 1e-9),
]  # fmt: skip
# Croston's times 1 - alpha / 2
SBA = [
    ("three quarters of it", PAIR, "0.5", [4.5, 2.25, 1.875], 1e-9),
    ("19 twentieths of it", GAPS, "0.1", [2.85, 1.425, 0.95, 0.9183333333, 1.02125], 1e-9),
    ("nine tenths of it", LATE, "0.2", [4.5, 2.25, 1.5, 1.125, 0.945, 0.945, 0.99, 0.99], 1e-9),
    ("the same size every other week", EVEN, "0.3", [1.7, 0.85, 0.85, 0.85, 0.85, 0.85, 0.85], 1e-9),
]  # fmt: skip
# size times chance of a sale; the chance is smoothed every week
TSB = [
    ("sizes 6, 5; chances 1, 0.5, 0.75", PAIR, "0.5", [6, 3, 3.75], 1e-9),
    ("chances 1, 0.9, 0.81, 0.829, 0.8461", GAPS, "0.1",
     [3, 2.7, 2.43, 2.4041, 2.546761], 1e-9),
    ("it dies: 4.6, then a fifth less a week", DYING, "0.2",
     [5, 4.8, 5.04, 4.032, 3.2256, 2.58048, 2.064384, 1.6515072], 1e-9),
    ("a demand every week", BUSY, "0.25", [4, 4.5, 3.875, 4.90625, 4.9296875], 1e-9),
]  # fmt: skip
# rates of the buckets of 1, 2, ... weeks up to the interval, newest bucket whole; their mean.
# Smoothing starts as a plain mean, so short series give plain means
BUCKETS = [
    ("interval 1: the mean of 8 weeks", [1, 3, 2, 2, 4, 0, 1, 3], 1, [2.0]),
    ("interval 2: weeks and pairs", [4, 0, 0, 2, 0, 6, 0, 0], 2, [1.5, 1.5]),
    ("interval 2, the oldest week left over", [9, 4, 0, 0, 2, 0, 6, 0, 0], 2, [21 / 9, 12 / 8]),
    ("an interval above a quarter of the weeks", [4, 0, 0, 0, 0, 0, 0, 4], 5, [1.0, 1.0]),
]


def forecasts(method: str, weeks: list[int], alpha: str) -> list[float]:
    """Forecast after each week, from the first sale on."""
    first = next(number for number, units in enumerate(weeks) if units)
    return [
        _forecast(method, weeks[:end], first, float(alpha))
        for end in range(first + 1, len(weeks) + 1)
    ]


def _forecast(method: str, weeks: list[int], first: int, alpha: float) -> float:
    column: Floats = np.array(weeks, dtype=np.float64)[:, None]
    start: Ints = np.array([first])
    gains = constant_gains(alpha, len(weeks))
    fits = {
        "ses": lambda: ses(column, start, gains),
        "croston": lambda: croston(column, start, gains),
        "sba": lambda: sba(column, start, alpha, gains),
        "tsb": lambda: tsb(column, start, gains, gains),
    }
    return float(fits[method]().rate[0])


def by_pencil(method: str, weeks: list[int], alpha: Fraction) -> list[Fraction]:
    """The recurrences of the papers in fractions, a week at a time."""
    weeks = weeks[next(number for number, units in enumerate(weeks) if units) :]
    size = level = Fraction(weeks[0])
    interval: Fraction | None = None
    chance, waited = Fraction(1), 0
    rates = {"ses": [level], "croston": [size], "tsb": [size]}
    for units in weeks[1:]:
        waited += 1
        level += alpha * (units - level)
        chance += alpha * ((1 if units else 0) - chance)
        if units:
            size += alpha * (units - size)
            interval = (
                Fraction(waited) if interval is None else interval + alpha * (waited - interval)
            )
            waited = 0
        rates["ses"].append(level)
        rates["croston"].append(size / (interval or 1 + waited))
        rates["tsb"].append(size * chance)
    rates["sba"] = [rate * (1 - alpha / 2) for rate in rates["croston"]]
    return rates[method]


@pytest.mark.parametrize(
    ("method", "what", "weeks", "alpha", "steps", "within"),
    [("ses", *row) for row in SMOOTHED]
    + [("croston", *row) for row in CROSTON]
    + [("sba", *row) for row in SBA]
    + [("tsb", *row) for row in TSB],
)
def test_week_by_week(
    method: str, what: str, weeks: list[int], alpha: str, steps: list[float], within: float
) -> None:
    found = forecasts(method, weeks, alpha)
    assert found == pytest.approx(steps, abs=within), what
    assert found == pytest.approx(
        [float(r) for r in by_pencil(method, weeks, Fraction(alpha))], abs=1e-9
    )


@pytest.mark.parametrize("method", ["ses", "croston", "sba", "tsb"])
@pytest.mark.parametrize("alpha", ["0.05", "0.3", "1"])
def test_any_series_is_what_the_pencil_gives(method: str, alpha: str) -> None:
    rng = np.random.default_rng(11)
    for rate in (0.2, 0.6, 2.0):
        weeks = [1, *rng.poisson(rate, 30).tolist()]
        pencil = [float(r) for r in by_pencil(method, weeks, Fraction(alpha))]
        assert forecasts(method, weeks, alpha) == pytest.approx(pencil, abs=1e-9)


@pytest.mark.parametrize(("what", "weeks", "interval", "rates"), BUCKETS)
def test_imapa_bucket_by_bucket(
    what: str, weeks: list[int], interval: int, rates: list[float]
) -> None:
    found = imapa(np.array(weeks, dtype=np.float64)[:, None], np.array([float(interval)]))[0]
    assert found == pytest.approx(sum(rates) / len(rates), abs=1e-9), what


def test_a_mean_settles_when_its_share_has_fallen_to_alpha() -> None:
    # 1/1, 1/2, 1/3, 1/4 and then 0.3 for good: 2, 3, 5, then 0.7 x 5 + 0.3 x 1
    weeks = np.array([2.0, 4.0, 9.0, 1.0])[:, None]
    assert settling_gains(0.3, 4) == pytest.approx([1, 1 / 2, 1 / 3, 0.3])
    assert ses(weeks, np.array([0]), settling_gains(0.3, 4)).rate[0] == pytest.approx(3.8)
