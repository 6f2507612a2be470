"""BG/NBD against the paper's figures, quadrature of the model itself, and simulated customers."""

from __future__ import annotations

import datetime as dt
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import roots_genlaguerre, roots_jacobi

from targeting.scoring.bgnbd import (
    BgNbd,
    Rhythm,
    alive,
    buys,
    expected_purchases,
    fit_bgnbd,
    log_likelihood,
    rhythms,
)
from targeting.scoring.matrix import Floats

PAPER = BgNbd(0.2426, 4.4135, 0.7928, 2.4255)  # Fader, Hardie and Lee 2005, table 2
LIVELY = BgNbd(1.2, 4.0, 1.3, 4.0)


def seen(*customers: tuple[float, float, float]) -> Rhythm:
    return Rhythm(*(np.array(column, dtype=np.float64) for column in zip(*customers, strict=True)))


@pytest.fixture(scope="module")
def summary() -> Rhythm:
    """The 2,357 customers of the paper, in weeks."""
    found = find_spec("lifetimes")
    if found is None or found.origin is None:
        pytest.skip("lifetimes is not installed: make test installs it")
    rows = pl.read_csv(Path(found.origin).parent / "datasets" / "cdnow_customers_summary.csv")
    return Rhythm(*(rows[n].cast(pl.Float64).to_numpy() for n in ("frequency", "recency", "T")))


def test_the_paper_s_customers_give_the_paper_s_parameters(summary: Rhythm) -> None:
    model = fit_bgnbd(summary)
    assert model is not None
    assert model.r == pytest.approx(0.2426, abs=5e-5)
    assert model.alpha == pytest.approx(4.4135, abs=5e-4)
    assert model.a == pytest.approx(0.7928, abs=2e-4)
    assert model.b == pytest.approx(2.4255, abs=1e-3)
    assert log_likelihood(model, summary).sum() == pytest.approx(-9582.4, abs=0.05)


def test_no_other_parameters_are_likelier(summary: Rhythm) -> None:
    found = fit_bgnbd(summary)
    assert found is not None
    best = log_likelihood(found, summary).sum()
    for name in ("r", "alpha", "a", "b"):
        for factor in (0.99, 1.01):
            fields = {**vars(found), name: getattr(found, name) * factor}
            assert log_likelihood(BgNbd(**fields), summary).sum() < best


def test_the_paper_s_customer_is_to_buy_1_226_times_in_39_weeks() -> None:
    customer = seen((2, 30.43, 38.86))
    assert expected_purchases(PAPER, customer, 39 * 7)[0] == pytest.approx(1.226, abs=5e-4)


def test_the_order_of_customers_changes_no_parameter(summary: Rhythm) -> None:
    order = np.random.default_rng(1).permutation(summary.age.size)
    shuffled = Rhythm(summary.repeats[order], summary.last[order], summary.age[order])
    assert fit_bgnbd(shuffled) == fit_bgnbd(summary)


def by_quadrature(
    model: BgNbd, customer: tuple[float, float, float], days: float
) -> tuple[float, float, float]:
    """Integrate over the rate and the probability to leave: alive, buys, expected purchases.

    Each integral is a Gauss rule of its own weight, rate ** (r + x - 1) * exp(-rate * (alpha +
    time)) or p ** (a - 1) * (1 - p) ** (b + x - 1), written out from section 3 of the paper.
    """
    x, last, age = customer
    ahead = days / 7
    places, rate_weights = roots_genlaguerre(150, model.r + x - 1)
    ends, leave_weights = roots_jacobi(150, model.b + x - 1, model.a - 1)
    leaves = (ends + 1) / 2
    rates = places / (model.alpha + age)
    active = rate_weights.sum() / (model.alpha + age) ** (model.r + x) * leave_weights.sum()
    gone = 0.0
    if x:
        odds = leaves / (1 - leaves)
        gone = rate_weights.sum() / (model.alpha + last) ** (model.r + x)
        gone *= (leave_weights * odds).sum()
    still = active / (active + gone)
    silent = (rate_weights * np.exp(-rates * ahead)).sum() / rate_weights.sum()
    counts = -np.expm1(-np.outer(rates, leaves) * ahead) / leaves
    mean = rate_weights @ counts @ leave_weights / (rate_weights.sum() * leave_weights.sum())
    return float(still), float(still * (1 - silent)), float(still * mean)


@pytest.mark.parametrize("model", [PAPER, LIVELY, BgNbd(2.0, 9.0, 0.4, 1.5)])
@pytest.mark.parametrize(
    "customer", [(0, 0, 30), (1, 0.5, 30), (2, 30.43, 38.86), (7, 20, 60), (25, 50, 52)]
)
@pytest.mark.parametrize("days", [7, 45, 365])
def test_every_figure_is_the_integral_that_it_stands_for(
    model: BgNbd, customer: tuple[float, float, float], days: float
) -> None:
    still, buying, count = by_quadrature(model, customer, days)
    rows = seen(customer)
    assert alive(model, rows)[0] == pytest.approx(still, rel=1e-6)
    assert buys(model, rows, days)[0] == pytest.approx(buying, rel=1e-6)
    assert expected_purchases(model, rows, days)[0] == pytest.approx(count, rel=1e-4)


def simulated(model: BgNbd, customers: int, ahead: float) -> tuple[Rhythm, Floats, Floats]:
    """Let customers buy one purchase after the other; who is active and what follows is known."""
    random = np.random.default_rng(7)
    age = random.uniform(5, 60, customers)
    rate = random.gamma(model.r, 1 / model.alpha, customers)
    leaves = random.beta(model.a, model.b, customers)
    clock, last, repeats, later = (np.zeros(customers) for _ in range(4))
    gone_at = np.full(customers, np.inf)
    here = np.ones(customers, dtype=bool)
    while here.any():
        clock[here] += random.exponential(1 / rate[here])
        here &= clock <= age + ahead
        before = here & (clock <= age)
        repeats[before] += 1
        last[before] = clock[before]
        later[here & ~before] += 1
        left = here & (random.random(customers) < leaves)
        gone_at[left] = clock[left]
        here &= ~left
    return Rhythm(repeats, last, age), later, (gone_at > age).astype(np.float64)


def test_simulated_customers_do_what_is_foreseen() -> None:
    rows, later, active = simulated(LIVELY, 200_000, 6.0)
    figures = {
        "alive": (alive(LIVELY, rows), active),
        "buys": (buys(LIVELY, rows, 42), later > 0),
        "purchases": (expected_purchases(LIVELY, rows, 42), later),
    }
    groups = [rows.repeats == 0, rows.repeats == 1, rows.repeats > 4, rows.age - rows.last > 20]
    for name, (foreseen, happened) in figures.items():
        for group in groups:
            noise = 4 * happened[group].std() / np.sqrt(group.sum())
            assert abs(foreseen[group].mean() - happened[group].mean()) <= noise, name


def test_simulated_customers_give_their_parameters_back() -> None:
    rows, _, _ = simulated(LIVELY, 40_000, 0.0)
    found = fit_bgnbd(rows)
    assert found is not None
    for name in ("r", "alpha", "a", "b"):
        assert getattr(found, name) == pytest.approx(getattr(LIVELY, name), rel=0.15), name


MODELS = st.builds(
    BgNbd,
    r=st.floats(0.003, 400),
    alpha=st.floats(0.003, 40_000),
    a=st.floats(0.003, 400) | st.sampled_from([1.0, 1 + 1e-7, 0.999999]),
    b=st.floats(0.003, 400),
)


@settings(max_examples=100, deadline=None)
@given(
    MODELS,
    st.sampled_from([0, 1, 2, 5, 40, 365, 3_000]),
    st.floats(0, 1),
    st.floats(0, 300),
    st.floats(0.5, 2_000),
)
def test_figures_hang_together(
    model: BgNbd, repeats: int, share: float, age: float, days: float
) -> None:
    last = share * age if repeats else 0.0
    rows = seen((repeats, last, age), (repeats, last, age + 10), (repeats, last / 2, age))
    still, buying = alive(model, rows), buys(model, rows, days)
    count, longer = (expected_purchases(model, rows, ahead) for ahead in (days, 2 * days))
    assert ((still >= 0) & (still <= 1)).all()
    assert ((buying >= 0) & (buying <= still)).all()
    assert (buys(model, rows, 2 * days) >= buying).all()
    assert np.isfinite(count).all()
    assert (count >= buying).all()
    if model.a < 10:  # above, 2F1 may leave no digit, and the bounds stand for it
        assert (longer >= count * 0.999).all()
    assert still[1] <= still[0] + 1e-12  # a longer silence
    assert still[2] <= still[0] + 1e-12
    if not repeats:
        assert still.tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("rows", "days_apart"),
    [
        ([(50, 50, 50)] * 300, 7),  # nobody ever leaves
        ([(1, 1, 100)] * 300, 7),  # everybody leaves after one repeat
        ([(500, 100, 100)] * 30, 7),
        ([(3, 2, 2.5)], 7),
        ([(0, 0, 0)] * 50 + [(1, 1 / 7, 1 / 7)], 7),
        ([(0, 0, 90)] * 5_000 + [(1, 3, 90)], 7),
    ],
)
def test_extreme_shops_have_finite_figures(
    rows: list[tuple[float, float, float]], days_apart: float
) -> None:
    model = fit_bgnbd(seen(*rows))
    assert model is not None
    assert min(vars(model).values()) > 0
    everyone = seen(*rows, (0, 0, 0), (900, 300, 300), (900, 1, 300))
    for figure in (
        alive(model, everyone),
        buys(model, everyone, days_apart),
        expected_purchases(model, everyone, days_apart),
    ):
        assert np.isfinite(figure).all()
        assert (figure >= 0).all()


def test_where_nobody_leaves_the_past_rate_goes_on() -> None:
    model = fit_bgnbd(seen(*[(50, 50, 50)] * 300, *[(100, 50, 50)] * 300))
    assert model is not None
    customers = seen((50, 50, 50), (100, 50, 50))
    assert alive(model, customers) == pytest.approx([1, 1], abs=0.01)
    rates = (model.r + customers.repeats) / (model.alpha + customers.age)
    assert rates == pytest.approx([1, 2], rel=0.06)
    assert expected_purchases(model, customers, 70) == pytest.approx(10 * rates, rel=1e-3)


def test_where_nobody_came_back_there_is_no_model() -> None:
    assert fit_bgnbd(seen((0, 0, 3), (0, 0, 9))) is None
    assert fit_bgnbd(Rhythm(np.array([]), np.array([]), np.array([]))) is None


def test_days_with_a_purchase_are_counted_and_time_is_in_weeks() -> None:
    day = dt.date(2026, 1, 1)
    bought = pl.LazyFrame(
        {
            "customer_id": ["a", "a", "a", "a", "b", None, "c"],
            "purchased_on": [day + dt.timedelta(days=n) for n in (0, 0, 14, 21, 7, 0, 22)],
        }
    )
    found = rhythms(bought, day + dt.timedelta(days=21)).collect()
    assert found.rows() == [("a", 2.0, 3.0, 3.0), ("b", 0.0, 0.0, 2.0)]
    rows = Rhythm.of(found)
    assert [rows.repeats.tolist(), rows.last.tolist(), rows.age.tolist()] == [
        [2, 0],
        [3, 0],
        [3, 2],
    ]
