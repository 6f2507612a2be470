from __future__ import annotations

import polars as pl
import pytest

from targeting.stock.demand.classes import abc, demand_class, xyz


@pytest.mark.parametrize(
    ("weeks", "sales", "variation", "name"),
    [
        (104, 104, 0.2, "smooth"),
        (131, 100, 0.48, "smooth"),
        (132, 100, 0.48, "intermittent"),  # an interval of 1.32 is intermittent already
        (131, 100, 0.49, "erratic"),
        (104, 20, 0.1, "intermittent"),
        (104, 20, 0.9, "lumpy"),
        (7, 7, 0.1, "new"),
        (8, 8, 0.1, "smooth"),
        (None, None, None, "none"),
    ],
)
def test_the_class_follows_interval_and_variation(
    weeks: int | None, sales: int | None, variation: float | None, name: str
) -> None:
    row = pl.DataFrame({"w": [weeks], "s": [sales], "v": [variation]})
    row = row.cast({"w": pl.Float64, "s": pl.Float64, "v": pl.Float64})
    found = row.select(demand_class(pl.col("w"), pl.col("s"), pl.col("v")))
    assert found.item() == name


def test_abc_counts_the_product_itself_in() -> None:
    revenue = pl.DataFrame({"product_id": list("pqrs"), "revenue": [50, 800, 0, 150]})
    assert dict(abc(revenue).iter_rows()) == {"q": "A", "s": "B", "p": "C", "r": "C"}


def test_the_best_seller_is_an_a_whatever_its_share() -> None:
    revenue = pl.DataFrame({"product_id": ["a", "b"], "revenue": [990, 10]})
    assert dict(abc(revenue).iter_rows()) == {"a": "A", "b": "C"}


def test_equal_revenues_are_ranked_by_name() -> None:
    revenue = pl.DataFrame({"product_id": list("dcba"), "revenue": [25] * 4})
    assert abc(revenue)["abc"].to_list() == ["A", "A", "A", "C"]
    assert abc(revenue)["product_id"].to_list() == list("abcd")


def test_xyz_ends_at_a_half_and_at_one() -> None:
    steady = pl.Series([0.5, 0.51, 1.0, 1.01, None], dtype=pl.Float64)
    assert steady.to_frame("v").select(xyz(pl.col("v"))).to_series().to_list() == [
        "X", "Y", "Y", "Z", None,
    ]  # fmt: skip
