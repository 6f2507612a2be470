"""The base rate to expect, and the shift that gives it."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.scoring.bgnbd import BgNbd
from targeting.scoring.rate import FARTHEST, foreseen_rate, log_odds, shift_to, sigmoid
from targeting.scoring.rhythm import RhythmModel

MODEL = BgNbd(1, 4, 1, 2)
EVERYTHING = RhythmModel(30, False, MODEL, None)
ODDS = st.lists(st.floats(-60, 60), min_size=1, max_size=40)


def people(*chances: float | None, which: str = "bgnbd") -> pl.DataFrame:
    return pl.DataFrame(
        {
            "customer_id": [f"c{at}" for at in range(len(chances))],
            f"{which}_buys": chances,
            f"{which}_repeats": [None if chance is None else 1.0 for chance in chances],
        },
        schema_overrides={f"{which}_buys": pl.Float64, f"{which}_repeats": pl.Float64},
    )


def last(*labels: int, strangers: int = 0, which: str = "bgnbd") -> pl.DataFrame:
    repeats = [None if at < strangers else 1.0 for at in range(len(labels))]
    return pl.DataFrame(
        {"label": labels, f"{which}_repeats": repeats},
        schema={"label": pl.Int8, f"{which}_repeats": pl.Float64},
    )


def test_the_rate_lies_between_the_last_one_and_bgnbd_s() -> None:
    found = foreseen_rate(people(0.1, 0.3), last(1, 1, 0, 0), EVERYTHING, 1)
    middle = (np.log(0.2 / 0.8) + np.log(0.5 / 0.5)) / 2
    assert found == pytest.approx(1 / (1 + np.exp(-middle)), abs=1e-6)


def test_that_nobody_buys_is_foreseen_from_the_other_side() -> None:
    found = foreseen_rate(people(0.1, 0.3), last(1, 1, 0, 0), EVERYTHING, -1)
    middle = (np.log(0.8 / 0.2) + np.log(0.5 / 0.5)) / 2
    assert found == pytest.approx(1 / (1 + np.exp(-middle)), abs=1e-6)


def test_who_never_bought_there_does_as_such_people_did_last_time() -> None:
    within = RhythmModel(30, True, MODEL, MODEL)
    before = last(1, 0, 0, 0, 1, 1, strangers=4, which="within")
    found = foreseen_rate(people(0.6, None, which="within"), before, within, 1)
    middle = (np.log(0.425 / 0.575) + np.log(0.5 / 0.5)) / 2
    assert found == pytest.approx(1 / (1 + np.exp(-middle)), abs=1e-6)


def test_where_one_forecast_is_missing_the_other_stands() -> None:
    none = RhythmModel(30, False, None, None)
    assert foreseen_rate(people(0.1), last(1, 0, 0, 0), none, 1) == 0.25
    assert foreseen_rate(people(0.1, 0.3), last(), EVERYTHING, 1) == 0.2
    assert foreseen_rate(people(), last(1, 0, 0, 0), EVERYTHING, 1) == 0.25
    assert foreseen_rate(people(), last(), EVERYTHING, 1) is None


@pytest.mark.parametrize("labels", [(0, 0), (1, 1)])
def test_where_all_or_none_did_it_the_last_rate_stands(labels: tuple[int, ...]) -> None:
    assert foreseen_rate(people(0.4), last(*labels), EVERYTHING, 1) == labels[0]


def test_the_order_of_people_changes_nothing() -> None:
    random = np.random.default_rng(1)
    rows = people(*random.random(1_000).tolist())
    rates = {
        foreseen_rate(rows.sample(fraction=1, shuffle=True, seed=at), last(1, 0), EVERYTHING, 1)
        for at in range(5)
    }
    assert len(rates) == 1


@settings(max_examples=200, deadline=None)
@given(ODDS, st.floats(1e-6, 1 - 1e-6))
def test_a_shift_gives_the_mean_where_one_can(odds: list[float], rate: float) -> None:
    values = np.array(odds)
    shift = shift_to(rate, values)
    mean = sigmoid(values + shift).mean()
    reachable = [sigmoid(values + end).mean() for end in (-FARTHEST, FARTHEST)]
    assert mean == pytest.approx(float(np.clip(rate, *reachable)), abs=1e-5)


def test_the_mean_of_shifted_odds_is_the_rate_to_six_decimals() -> None:
    odds = np.random.default_rng(1).normal(-2, 2, 20_000)
    for rate in (0.001, 0.03, 0.5, 0.97):
        assert sigmoid(odds + shift_to(rate, odds)).mean() == pytest.approx(rate, abs=1e-6)


def test_counted_values_are_shifted_as_laid_out_ones() -> None:
    odds, customers = np.array([-3.0, -1.0, 2.0]), np.array([90.0, 9.0, 1.0])
    laid_out = np.repeat(odds, customers.astype(np.int64))
    assert shift_to(0.2, odds, customers) == shift_to(0.2, laid_out)


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_nothing_is_shifted_to_certainty_or_for_nobody(rate: float) -> None:
    assert shift_to(rate, np.array([0.5, -1.0])) == 0
    assert shift_to(0.5, np.array([])) == 0


@given(st.floats(-25, 25))
def test_log_odds_and_sigmoid_are_each_other_s_inverse(odds: float) -> None:
    there = sigmoid(np.array([odds]))
    assert log_odds(there)[0] == pytest.approx(float(np.clip(odds, *log_odds(np.array([0, 1])))))
