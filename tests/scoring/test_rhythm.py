"""BG/NBD's figures as fields of a customer."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest

from targeting.scoring.bgnbd import BgNbd, Rhythm, alive, buys, expected_purchases
from targeting.scoring.matrix import in_hash_order
from targeting.scoring.rhythm import RhythmModel, add_rhythm, fit_rhythm, raw_rhythm

DAY = dt.date(2026, 6, 30)
FIGURES = ("purchases", "alive", "buys")
MODEL = BgNbd(1.2, 4.0, 1.3, 4.0)


def line(customer: str | None, days_ago: int, category: str = "Phones") -> dict[str, object]:
    day = DAY - dt.timedelta(days=days_ago)
    return {
        "customer_id": customer,
        "purchased_on": day,
        "category": category,
        "shop": days_ago % 2,
    }


LINES = pl.LazyFrame(
    [
        *(line("a", days) for days in (70, 70, 35, 14)),
        line("b", 21, "Laptops"),
        line("b", 7),
        line("c", 0),
        line("d", -1),
        line(None, 30),
    ]
)


def test_the_rhythm_is_that_of_the_day_and_the_future_has_none() -> None:
    assert raw_rhythm(LINES, DAY, None).rows() == [
        ("a", 2.0, 8.0, 10.0),
        ("b", 1.0, 2.0, 3.0),
        ("c", 0.0, 0.0, 0.0),
    ]
    assert raw_rhythm(LINES, DAY - dt.timedelta(days=20), None).rows() == [
        ("a", 1.0, 5.0, pytest.approx(50 / 7)),
        ("b", 0.0, 0.0, pytest.approx(1 / 7)),
    ]


def test_a_category_has_a_rhythm_of_its_own_beside_that_of_all() -> None:
    found = raw_rhythm(LINES, DAY, {"category": "Laptops"})
    assert found["bgnbd_repeats"].to_list() == [2, 1, 0]
    assert found["within_repeats"].to_list() == [None, 0, None]
    assert found["within_age"].to_list() == [None, 3, None]


def test_a_number_in_a_label_s_category_is_compared_as_one() -> None:
    found = raw_rhythm(LINES, DAY, {"shop": "1"})
    assert found["within_repeats"].to_list() == [0, 1, None]


def test_the_order_of_lines_changes_nothing() -> None:
    lines = LINES.collect().sample(fraction=1, shuffle=True, seed=3).lazy()
    assert raw_rhythm(lines, DAY, None).equals(raw_rhythm(LINES, DAY, None))


def test_figures_are_bgnbd_s_to_six_decimals() -> None:
    rows = raw_rhythm(LINES, DAY, None)
    found = add_rhythm(rows, RhythmModel(45, False, MODEL, None))
    seen = Rhythm.of(rows.rename(lambda name: name.removeprefix("bgnbd_")))
    expected = (
        expected_purchases(MODEL, seen, 45),
        alive(MODEL, seen),
        buys(MODEL, seen, 45),
    )
    for name, values in zip(FIGURES, expected, strict=True):
        assert found[f"bgnbd_{name}"].to_list() == np.round(values, 6).tolist()


def test_who_never_bought_there_is_to_buy_nothing_and_has_no_other_figure() -> None:
    rows = raw_rhythm(LINES, DAY, {"category": "Laptops"})
    found = add_rhythm(rows, RhythmModel(45, True, MODEL, MODEL))
    assert found["within_purchases"].to_list()[::2] == [0, 0]
    assert found["within_alive"].to_list()[::2] == [None, None]
    assert found["within_buys"].to_list()[::2] == [None, None]
    assert found["within_alive"][1] == 1


def test_where_nobody_came_back_there_are_no_fields() -> None:
    rows = raw_rhythm(LINES, DAY, {"category": "Laptops"})
    model = fit_rhythm(rows, 30)
    assert model.both
    assert model.within is None
    assert model.inputs == ("bgnbd_purchases", "bgnbd_alive")
    found = add_rhythm(rows, model)
    assert set(found.columns) - set(rows.columns) == {f"bgnbd_{name}" for name in FIGURES}


def test_nobody_has_a_rhythm_and_no_model() -> None:
    nobody = raw_rhythm(LINES.clear(), DAY, {"category": "Laptops"})
    assert nobody.height == 0
    model = fit_rhythm(nobody, 30)
    assert (model.all, model.within, model.inputs) == (None, None, ())
    assert add_rhythm(nobody, model).equals(nobody)


def test_parameters_do_not_depend_on_the_order_of_customers(cdnow: pl.DataFrame) -> None:
    some = cdnow.filter(pl.col("customer_id").str.ends_with("5")).lazy()
    rows = raw_rhythm(some, dt.date(1998, 3, 1), None)
    shuffled = rows.sample(fraction=1, shuffle=True, seed=1)
    models = [
        fit_rhythm(in_hash_order(each, "k", "fit", "rhythm"), 30) for each in (rows, shuffled)
    ]
    assert models[0] == models[1]
    assert models[0].all is not None
    assert 0.1 < models[0].all.r < 0.5
