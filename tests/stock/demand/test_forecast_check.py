"""The last weeks held out: the choice of method beside five plain ones."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from targeting.stock.demand import forecast_check as check
from targeting.stock.demand.forecast import Floats
from targeting.stock.demand.forecast_check import CHECK, forecast_check, losses

SHOP = np.random.default_rng(11).poisson([0.1] * 40 + [5.0] * 50, (40, 90)).astype(np.float64)


def weekly(weeks: Floats) -> pl.DataFrame:
    age, shelf = np.nonzero(weeks[::-1])
    units = (weeks[::-1][age, shelf] * 1000).astype(np.int64)
    frame = pl.DataFrame({"shelf": shelf, "week": age.astype(np.int32), "units": units})
    return frame.sort("shelf", "week")


def test_each_class_has_its_figures_and_a_verdict() -> None:
    found = forecast_check(weekly(SHOP), 40)
    assert found.schema == pl.Schema(CHECK)
    rows = {row["demand_class"]: row for row in found.to_dicts()}
    assert rows["smooth"]["series"] == 50
    assert rows["smooth"]["method"] == "discounted SES"
    assert rows["smooth"]["wape"] == pytest.approx(rows["smooth"]["best_other_wape"], rel=0.05)
    assert rows["smooth"]["verdict"].startswith("WAPE 0.")


def test_the_figures_are_those_of_the_series_one_by_one() -> None:
    row = forecast_check(weekly(SHOP), 40).filter(demand_class="smooth").row(0, named=True)
    told = losses(SHOP).filter(demand_class="smooth")
    ours = told.filter(method="ours").to_dicts()
    demand = sum(one["actual"] for one in ours)
    assert demand == SHOP[-8:, 40:].sum()
    gaps = [one["forecast"] - one["actual"] for one in ours]
    assert row["wape"] == pytest.approx(sum(map(abs, gaps)) / demand, abs=1e-6)
    assert row["bias"] == pytest.approx(sum(gaps) / demand, abs=1e-6)
    naive = SHOP[-9, 40:] * 8 - SHOP[-8:, 40:].sum(axis=0)
    named = told.filter(method="naive")
    assert (named["forecast"] - named["actual"]).to_list() == naive.tolist()


def test_a_unit_short_weighs_nineteen_times_a_unit_over() -> None:
    weeks = np.array([[2.0]] * 20 + [[3], [3], [2], [2], [0], [0], [2], [2]])
    ours = losses(weeks).filter(method="ours")
    # two weeks of 2 units without an error: a level of 4; demand 6, 4, 0, 4
    assert ours["pinball"].item() == pytest.approx((0.95 * 2 + 0.05 * 4) / 4)


def test_what_comes_back_later_is_not_known_before() -> None:
    weeks = np.array([[2.0]] * 20 + [[-9], [12]] + [[2]] * 6)
    told = losses(weeks).filter(method="ours").row(0, named=True)
    assert told["forecast"] == 16
    assert told["actual"] == 12 + 6 * 2


def test_the_forecast_that_is_judged_is_the_one_that_knows_the_empty_days() -> None:
    weeks = np.array([[4.0], [4]] * 10 + [[0]] * 4 + [[4.0]] * 8)
    in_stock = np.array([[1.0]] * 20 + [[0]] * 4 + [[1.0]] * 8)
    seen, blind = (losses(weeks, there) for there in (in_stock, None))
    assert seen.filter(method="ours")["forecast"].item() == 32
    assert blind.filter(method="ours")["forecast"].item() < 28
    others = pl.col("method") != "ours"
    assert seen.filter(others).equals(blind.filter(others))


def test_a_bias_worse_than_the_best_of_five_is_said() -> None:
    falls = SHOP[:, 40:].copy()
    falls[-8:] = 1.0  # whoever looks at the last week alone sees it first
    falls[-9] = 1.0
    verdict = forecast_check(weekly(falls), 40)["verdict"].item()
    assert "(naive) 0.000: worse; bias +" in verdict
    assert verdict.endswith("%, worse than the +0.0% of naive.")


def test_few_series_or_no_sale_are_not_judged() -> None:
    few = forecast_check(weekly(SHOP[:, -12:]), 40).row(0, named=True)
    assert few["verdict"] == "Not judged: 12 series are fewer than 30."
    assert few["wape"] is None
    ended = np.vstack([SHOP[:-8, 40:], np.zeros((8, 50))])
    assert forecast_check(weekly(ended), 40)["verdict"].to_list() == [
        "Not judged: nothing was sold in the last 8 weeks."
    ]


def test_a_short_history_is_said() -> None:
    found = forecast_check(weekly(SHOP[:23]), 23)
    assert found["verdict"].to_list() == [
        "Not judged: that takes 24 weeks of purchases, and there are 23."
    ]
    assert forecast_check(weekly(SHOP).clear(), 40).is_empty()


def test_of_too_many_series_the_same_ones_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    twice = np.repeat(SHOP, 2, axis=1)
    monkeypatch.setattr(check, "MOST_SERIES", 90)
    found = forecast_check(weekly(twice), 40)
    assert found.select("series", "wape", "bias").equals(
        forecast_check(weekly(SHOP), 40).select("series", "wape", "bias")
    )
    assert any(text.startswith("Of one series in 2: ") for text in found["verdict"])
