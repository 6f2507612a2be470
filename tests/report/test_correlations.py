"""Every pair of fields, as plain Python would compute it, whatever the order of the rows."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from targeting.report.correlations import correlations
from targeting.workspace.catalogue import Field

Column = Sequence[float | bool | None]
PUBLISHED = Path(__file__).parents[2].parent / "shared/data/imtiaz_electronics.json"


def numbers(**columns: Column) -> dict[str, Field]:
    return {name: Field(name, "number", "customers") for name in columns}


def found(**columns: Column) -> dict[tuple[str, str], Any]:
    frame = pl.DataFrame(columns, strict=False)
    pairs = correlations(frame, numbers(**columns))
    return {(str(p["a"]), str(p["b"])): (p["r"], p["n"]) for p in pairs}


def plainly(a: Column, b: Column) -> tuple[float | None, int]:
    both = [
        (float(x), float(y)) for x, y in zip(a, b, strict=True) if x is not None and y is not None
    ]
    try:
        x, y = zip(*both, strict=True)
        return statistics.correlation(x, y), len(both)
    except (statistics.StatisticsError, ValueError):
        return None, len(both)


def test_a_pair_stands_once_with_a_before_b() -> None:
    assert list(found(c=[1, 2], a=[1, 2], b=[2, 1])) == [("a", "b"), ("a", "c"), ("b", "c")]


def test_customers_without_one_of_the_two_are_left_out_of_that_pair() -> None:
    pairs = found(a=[1.0, 2.0, 3.0, None], b=[1.0, 2.0, None, 9.0], c=[2.0, 4.0, 7.0, 1.0])
    assert pairs["a", "b"] == (pytest.approx(1.0), 2)
    assert pairs["a", "c"] == (pytest.approx(statistics.correlation([1, 2, 3], [2, 4, 7])), 3)


def test_a_field_that_does_not_vary_has_no_correlation() -> None:
    assert found(a=[5, 5, 5], b=[1, 2, 3])["a", "b"] == (None, 3)


def test_infinity_and_nan_count_as_missing() -> None:
    pairs = found(a=[1.0, 2.0, math.inf, math.nan, 5.0], b=[2.0, 4.0, 1.0, 1.0, 7.0])
    assert pairs["a", "b"] == (pytest.approx(statistics.correlation([1, 2, 5], [2, 4, 7])), 3)


def test_yes_and_no_count_as_one_and_nothing() -> None:
    fields = {"x": Field("x", "money", "customers"), "ok": Field("ok", "yes/no", "customers")}
    frame = pl.DataFrame({"x": [100, 200, 300, 400], "ok": [False, False, True, None]})
    (pair,) = correlations(frame, fields)
    assert (pair["a"], pair["b"], pair["n"]) == ("ok", "x", 3)
    assert pair["r"] == pytest.approx(statistics.correlation([0, 0, 1], [100, 200, 300]))


def test_texts_and_fields_that_the_customers_lack_are_left_out() -> None:
    fields = numbers(a=[], b=[], c=[]) | {"name": Field("name", "text", "customers")}
    frame = pl.DataFrame({"a": [1, 2], "b": [2, 1], "name": ["x", "y"]})
    assert [(p["a"], p["b"]) for p in correlations(frame, fields)] == [("a", "b")]


def test_no_customers_give_pairs_without_a_correlation() -> None:
    frame = pl.DataFrame(schema={"a": pl.Float64, "b": pl.Int64})
    assert correlations(frame, numbers(a=[], b=[])) == [{"a": "a", "b": "b", "r": None, "n": 0}]


cells = st.none() | st.integers(-1000, 1000) | st.floats(-1e6, 1e6).map(lambda x: round(x, 3))


@given(st.lists(st.tuples(cells, cells), min_size=2, max_size=40))
def test_any_numbers_give_what_plain_python_gives(rows: list[tuple[float | None, ...]]) -> None:
    a, b = ([row[k] for row in rows] for k in (0, 1))
    r, n = found(a=a, b=b)["a", "b"]
    expected, expected_n = plainly(a, b)
    assert n == expected_n
    if expected is not None and r is not None:
        assert r == pytest.approx(expected, abs=1e-4)


def test_the_order_of_the_rows_changes_no_bit() -> None:
    chance = np.random.default_rng(3)
    frame = pl.DataFrame({f"f{k}": chance.lognormal(0, 2, 70_000) for k in range(6)})
    frame = frame.with_columns(f0=pl.when(pl.int_range(70_000) % 9 > 0).then(pl.col("f0")))
    fields = numbers(**{name: [] for name in frame.columns})
    once = correlations(frame, fields)
    assert correlations(frame.sample(fraction=1, shuffle=True, seed=1), fields) == once
    both = frame.select("f0", "f1").drop_nulls()
    assert once[0]["n"] == both.height
    assert once[0]["r"] == pytest.approx(
        statistics.correlation(both["f0"].to_list(), both["f1"].to_list()), abs=1e-7
    )


@pytest.fixture(scope="module")
def published() -> pl.DataFrame:
    """The published records as a run would see them: no id no row, medians filled, derived."""
    if not PUBLISHED.exists():
        pytest.skip("the published records (../shared/data) are not on this machine")
    kept = [row for row in json.loads(PUBLISHED.read_text("utf-8")) if row["Customer_ID"].strip()]
    kept = [row for row in kept if row["Customer_ID"] != "Hidden"]
    columns = {
        "age": "Age",
        "average_spend": "Average_Spending_Per_Purchase",
        "purchase_frequency": "Purchase_Frequency_Per_Month",
        "brand_affinity": "Brand_Affinity_Score",
        "will_purchase": "Will_Purchase_Next_Month",
    }
    frame = pl.DataFrame(
        {
            ours: [None if row[theirs] in ("", "Hidden") else float(row[theirs]) for row in kept]
            for ours, theirs in columns.items()
        }
    )
    filled = pl.exclude("will_purchase").fill_null(pl.exclude("will_purchase").median())
    frequency = pl.col("purchase_frequency")
    return frame.with_columns(filled).with_columns(
        loyalty=frequency * pl.col("brand_affinity"),
        lifetime_spend=pl.col("average_spend") * frequency * pl.col("age") * 12,
        will_purchase=pl.col("will_purchase") == 1,
    )


def test_the_published_figures_come_out(published: pl.DataFrame) -> None:
    fields = {
        name: Field(name, "yes/no" if name == "will_purchase" else "number", "customers")
        for name in published.columns
    }
    pairs = {(p["a"], p["b"]): p for p in correlations(published, fields)}
    expected = {
        ("loyalty", "purchase_frequency"): 0.68,
        ("loyalty", "will_purchase"): 0.26,
        ("average_spend", "lifetime_spend"): 0.54,
        ("lifetime_spend", "purchase_frequency"): 0.57,
        ("age", "lifetime_spend"): 0.40,
    }
    assert {pair: pairs[pair]["r"] for pair in expected} == pytest.approx(expected, abs=0.01)
    assert {pairs[pair]["n"] for pair in expected} == {956}
