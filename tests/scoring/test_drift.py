"""Drift against hand-made figures, plain counting, and what sampling alone does."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.scoring.drift import Drift, Profile, by_chance, drift, profile, psi
from targeting.scoring.matrix import Input
from targeting.workspace.catalogue import Field

History = Callable[[pl.DataFrame], Callable[[dt.date], pl.DataFrame]]
NUMBER = Input("x", "number")
WORD = Input("x", "category")


def frame(*values: object, **more: object) -> pl.DataFrame:
    return pl.DataFrame({"x": list(values)}, strict=False, **more)  # type: ignore[arg-type]


def moved(then: pl.DataFrame, now: pl.DataFrame, entering: Input = NUMBER) -> Drift:
    (found,) = drift(profile(then, [entering]), now)
    return found


def spread(rows: int, seed: int, shift: float = 0.0) -> pl.DataFrame:
    return frame(*(np.random.default_rng(seed).normal(shift, size=rows).tolist()))


def test_the_index_of_two_bins_by_hand() -> None:
    # 0.5 and 0.5 became 0.6 and 0.4: 0.1 ln 1.2 - 0.1 ln 0.8 = 0.1 ln 1.5
    then, now = np.array([500_000, 500_000]), np.array([600_000, 400_000])
    assert psi(then, now) == pytest.approx(0.1 * math.log(1.5), abs=1e-6)


def test_half_a_customer_keeps_an_empty_bin_finite() -> None:
    # (9.5, 0.5) and (5.5, 4.5) of ten and one: shares of ten
    expected = (0.55 - 0.95) * math.log(0.55 / 0.95) + (0.45 - 0.05) * math.log(0.45 / 0.05)
    assert psi(np.array([9, 0]), np.array([5, 4])) == pytest.approx(expected)


def test_a_bin_empty_on_both_sides_does_not_count() -> None:
    assert psi(np.array([9, 0, 3]), np.array([5, 0, 4])) == psi(np.array([9, 3]), np.array([5, 4]))


def test_ten_bins_hold_a_tenth_each() -> None:
    (found,) = profile(frame(*range(100, 0, -1)), [NUMBER])
    assert found.edges == tuple(range(10, 100, 10))
    assert found.customers == (10,) * 10 + (0,)
    assert found.shares == (0.1,) * 10 + (0.0,)
    assert found.middle == 50


def test_a_value_that_many_share_has_its_own_bin() -> None:
    (found,) = profile(frame(*[0] * 60, *range(1, 41)), [NUMBER])
    assert found.own == (0.0,)
    assert found.edges == (10, 20, 30)
    assert found.customers == (10, 10, 10, 10, 60, 0)


def test_missing_is_a_bin_and_so_is_infinity_in_it() -> None:
    (found,) = profile(frame(1.0, None, math.nan, math.inf, 2.0), [NUMBER])
    assert found.customers[-1] == 3
    assert found.middle == 1.0


def test_yes_and_no_have_a_bin_each() -> None:
    (found,) = profile(frame(True, False, True, None), [NUMBER])
    assert (found.kind, found.own, found.customers) == ("yes/no", (0.0, 1.0), (0, 1, 2, 1))


def test_the_nine_most_frequent_categories_have_their_own_bin() -> None:
    words = [word for place, word in enumerate("abcdefghijkl") for _ in range(20 - place)]
    (found,) = profile(frame(*words, None), [WORD])
    assert found.own == tuple("abcdefghi")
    assert found.customers == (11 + 10 + 9, *range(20, 11, -1), 1)
    assert found.middle is None


def test_a_new_category_is_another_value() -> None:
    found = moved(frame(*["a", "b"] * 100), frame(*["c"] * 100, *["a", "b"] * 50), WORD)
    assert found.said == (
        "x: much has changed since the models were made (PSI "
        f"{found.psi:.2f}): another value for 0% of the customers then and 50% now; fit again"
    )


def test_the_middle_customer_is_said_with_the_unit() -> None:
    (before,) = profile(frame(*range(100)), [NUMBER])
    (found,) = drift(
        [before], frame(*range(30, 130)), {"x": Field("x", "number", "purchases", unit="days")}
    )
    assert found.level == "much"
    assert "the middle customer had 49 days then and 79 days now; fit again" in found.said


def test_money_is_said_in_the_large_unit() -> None:
    (before,) = profile(frame(*range(0, 100_000, 100)), [NUMBER])
    types = {"x": Field("x", "money", "purchases")}
    (found,) = drift([before], frame(*range(20_000, 120_000, 100)), types)
    assert "the middle customer had 499.00 then and 699.00 now" in found.said
    (found,) = drift([before], frame(*range(20_000, 120_000, 100)), types, minor=1_000)
    assert "had 49.90 then and 69.90 now" in found.said


def test_a_gap_is_said_as_one() -> None:
    found = moved(frame(*range(1_000)), frame(*range(700), *[None] * 300))
    assert "no value for 0% of the customers then and 30% now" in found.said


def test_a_bin_is_said_where_the_middle_stays() -> None:
    then = frame(*range(100), *range(100))
    found = moved(then, frame(*range(40), *[49] * 120, *range(60, 100)))
    assert "above 39 to 49 for 10% of the customers then and 60% now" in found.said


def test_yes_and_no_are_said() -> None:
    found = moved(frame(*[True, False] * 200), frame(*[True] * 350, *[False] * 50))
    assert "no for 50% of the customers then and 12% now" in found.said


@pytest.mark.parametrize(
    ("shift", "level"), [(0.0, "little"), (0.2, "little"), (0.4, "some"), (0.8, "much")]
)
def test_the_levels_are_siddiqis(shift: float, level: str) -> None:
    found = moved(spread(5_000, 1), spread(5_000, 2, shift))
    assert found.level == level
    assert {"little": found.psi < 0.1, "some": 0.1 <= found.psi <= 0.25, "much": found.psi > 0.25}[
        level
    ]
    assert found.said.endswith({"little": ")", "some": "; watch it", "much": "; fit again"}[level])


def test_few_customers_do_not_drift_by_chance() -> None:
    found = moved(spread(60, 1), spread(60, 8))
    assert found.psi > 0.1
    assert found.level == "little"
    assert found.said.endswith("), no more than so few customers explain")


def test_two_samples_of_one_population_cross_the_chance_limit_once_in_twenty() -> None:
    random = np.random.default_rng(4)
    shares = np.full(10, 0.1)
    pairs = [
        (random.multinomial(300, shares), random.multinomial(200, shares)) for _ in range(2_000)
    ]
    crossed = sum(psi(then, now) > by_chance(then, now) for then, now in pairs)
    assert 0.03 < crossed / 2_000 < 0.07


def test_nobody_then_or_now_has_not_drifted() -> None:
    some, nobody = frame(1.0, 2.0), frame(schema={"x": pl.Float64})
    for then, now in ((some, nobody), (nobody, some), (nobody, nobody)):
        assert moved(then, now).level == "little"
        assert moved(then, now).psi == 0.0


def test_a_field_that_is_gone_has_no_value() -> None:
    (found,) = drift(profile(frame(*range(100)), [NUMBER]), pl.DataFrame({"y": range(100)}))
    assert found.level == "much"
    assert "no value for 0% of the customers then and 100% now" in found.said


def test_a_profile_survives_json() -> None:
    fields = profile(frame(1.5, 2.0, 2.0, None), [NUMBER]) + profile(frame("a", "b"), [WORD])
    written: list[dict[str, Any]] = json.loads(json.dumps([asdict(field) for field in fields]))
    tuples = ("edges", "own", "customers")
    read = [
        Profile(**{**field, **{name: tuple(field[name]) for name in tuples}}) for field in written
    ]
    assert tuple(read) == fields


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.none(), st.integers(-3, 30), st.floats(-1e3, 1e3))))
def test_every_customer_is_in_one_bin_and_has_not_moved_from_himself(
    values: list[float | None],
) -> None:
    rows = pl.DataFrame({"x": values}, schema={"x": pl.Float64}, strict=False)
    (found,) = profile(rows, [NUMBER])
    assert sum(found.customers) == len(values)
    assert len(found.edges) + len(found.own) <= 10
    assert list(found.edges) == sorted(set(found.edges))
    assert profile(rows.reverse(), [NUMBER]) == (found,)
    assert moved(rows, rows).psi == 0.0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 12), min_size=1), st.lists(st.integers(-2, 14), min_size=1))
def test_bins_are_counted_as_in_plain_python(then: list[int], now: list[int]) -> None:
    (before,) = profile(frame(*then), [NUMBER])

    def place(value: int) -> int:
        if value in before.own:
            return len(before.edges) + 1 + before.own.index(value)
        return sum(value > edge for edge in before.edges)

    places = [place(value) for value in now]
    counts = [places.count(at) for at in range(len(before.customers))]
    expected = psi(np.array(before.customers), np.array(counts))
    assert drift([before], frame(*now))[0].psi == pytest.approx(expected, abs=1e-6)


def test_cdnow_ages_and_says_so(cdnow: pl.DataFrame, history_of: History) -> None:
    history = history_of(cdnow)
    inputs = [Input(name, "number") for name in ("recency_days", "frequency", "monetary")]
    profiles = profile(history(dt.date(1997, 6, 30)), inputs)
    month = drift(profiles, history(dt.date(1997, 7, 31)))
    year = drift(profiles, history(dt.date(1998, 6, 30)))
    assert [found.level for found in year] == ["much", "some", "some"]
    assert [a.psi < b.psi for a, b in zip(month, year, strict=True)] == [True] * 3
