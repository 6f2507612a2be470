"""How good a likelihood is, from the rows that judged it."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from targeting.report.judged import judged_models


def judged(scores: list[float], labels: list[int]) -> pl.DataFrame:
    return pl.DataFrame({"name": ["will_buy"] * len(scores), "label": labels, "score": scores})


def model(rows: pl.DataFrame | None, **figures: object) -> dict[str, Any]:
    return judged_models({"scores": {"will_buy": figures}}, rows)["will_buy"]


def test_figures_of_the_manifest_stay_as_they_are() -> None:
    assert model(None, auc=0.8, baselines={"rfm": {"auc": 0.7}}) == {
        "auc": 0.8,
        "baselines": {"rfm": {"auc": 0.7}},
    }


def test_the_first_tenth_holds_the_highest_scores() -> None:
    rows = judged([k / 20 for k in range(20)], [0] * 18 + [1] * 2)
    lift = model(rows)["lift"]
    assert lift[0] == {"n": 2.0, "share_of_buyers": 1.0, "lift": 10.0}
    assert {row["lift"] for row in lift[1:]} == {0.0}


def test_customers_of_one_score_are_shared_out_evenly() -> None:
    rows = judged([0.5] * 20, [1] * 5 + [0] * 15)
    assert [row["lift"] for row in model(rows)["lift"]] == pytest.approx([1.0] * 10)


def test_calibration_sets_what_was_said_beside_what_happened() -> None:
    rows = judged([0.25] * 15 + [0.75] * 15, [1] * 3 + [0] * 12 + [1] * 12 + [0] * 3)
    slices = model(rows)["calibration"]
    assert len(slices) == 15
    assert (slices[0]["said"], slices[0]["happened"]) == pytest.approx((0.25, 0.2))
    assert (slices[-1]["said"], slices[-1]["happened"]) == pytest.approx((0.75, 0.8))
    assert sum(row["n"] * row["happened"] for row in slices) == pytest.approx(15)


def test_yes_is_a_likelihood_of_one_half_or_more() -> None:
    told = model(judged([0.9, 0.5, 0.4, 0.1], [1, 0, 1, 0]))
    assert (told["accuracy"], told["precision"], told["recall"]) == (0.5, 0.5, 0.5)


def test_figures_of_the_manifest_win_over_ours() -> None:
    assert model(judged([0.9, 0.1], [1, 0]), accuracy=0.7)["accuracy"] == 0.7


def test_without_buyers_there_is_no_lift() -> None:
    told = model(judged([0.2, 0.1], [0, 0]))
    assert {row["lift"] for row in told["lift"]} == {None}
    assert (told["precision"], told["recall"]) == (None, None)


def test_rows_of_other_likelihoods_do_not_count() -> None:
    other = judged([0.9], [1]).with_columns(name=pl.lit("other"))
    assert model(other, auc=0.5) == {"auc": 0.5}


def test_the_order_of_the_rows_does_not_matter() -> None:
    rows = judged(
        [round((k * 37 % 101) / 101, 6) for k in range(97)], [k % 3 == 0 for k in range(97)]
    )
    assert model(rows) == model(rows.reverse())
