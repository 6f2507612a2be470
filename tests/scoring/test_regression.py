from __future__ import annotations

import polars as pl

from targeting.scoring.regression import linear_regression
from targeting.workspace.scores import LinearRegression


def asked(target: str, *inputs: str) -> LinearRegression:
    return LinearRegression.model_validate({"target": target, "from": list(inputs)})


def test_a_straight_line_is_found_whatever_the_order() -> None:
    rows = pl.DataFrame(
        {"customer_id": [f"c{n}" for n in range(200)], "x": list(range(200))}
    ).with_columns(y=pl.col("x") * 3 + 7)
    figures = linear_regression(rows, asked("y", "x"), "k")
    assert figures["r2"] == 1.0
    assert isinstance(figures["n_test"], int)
    assert 30 < figures["n_test"] < 70
    assert linear_regression(rows.reverse(), asked("y", "x"), "k") == figures


def test_customers_with_a_gap_take_no_part() -> None:
    rows = pl.DataFrame({"customer_id": ["a", "b"], "x": [1, None], "y": [None, 2]})
    assert linear_regression(rows, asked("y", "x"), "k") == {
        "target": "y",
        "fields": ["x"],
        "r2": None,
        "n_test": 0,
    }


def test_imtiaz_spend_is_not_explained_by_the_others(imtiaz: pl.DataFrame) -> None:
    fields = ("age", "purchase_frequency", "brand_affinity", "last_amount")
    figures = linear_regression(imtiaz, asked("average_spend", *fields), "k")
    assert isinstance(figures["r2"], float)
    assert -0.06 < figures["r2"] < 0.02
    assert isinstance(figures["n_test"], int)
    assert 200 < figures["n_test"] < 280
