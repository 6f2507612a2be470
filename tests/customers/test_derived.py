"""Derived fields: any order, no circle, no infinity, money as people write it."""

from __future__ import annotations

import datetime as dt
import graphlib
import math
from pathlib import Path
from typing import Any, get_args

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.customers.derived import DTYPES, check_computed, derived, order_of
from targeting.workspace.columns import FieldType
from targeting.workspace.load import load
from targeting.workspace.settings import Derived
from tests.customers.purchase_tables import AS_OF, SETTINGS, data, day, purchases, rows_by_id
from tests.kit.shop import shop

MINOR = {"spent": 100, "owed": 100}


def forms(**sql: str) -> dict[str, Derived]:
    """Name fields by their SQL; `_money` at the end of a name and so on gives the type."""
    kinds = {"money": "money", "flag": "yes/no", "word": "category", "day": "date"}
    found = {}
    for name, text in sql.items():
        kind = kinds.get(name.split("_")[-1], "number")
        found[name] = Derived.model_validate({"sql": text, "type": kind})
    return found


def computed(frame: pl.DataFrame, **sql: str) -> dict[str, list[Any]]:
    made = derived(frame.lazy(), forms(**sql), AS_OF, minor=MINOR).collect()
    return {name: made[name].to_list() for name in sql}


def test_fields_may_stand_in_any_order() -> None:
    frame = pl.DataFrame({"x": [3.0]})
    sql = {"c": "b * 2", "a": "x + 1", "b": "a + 10"}
    for names in (("a", "b", "c"), ("c", "b", "a"), ("b", "c", "a")):
        found = computed(frame, **{name: sql[name] for name in names})
        assert found == {"a": [4.0], "b": [14.0], "c": [28.0]}


def test_a_circle_is_refused() -> None:
    with pytest.raises(graphlib.CycleError):
        order_of(forms(a="b + 1", b="c + 1", c="a + 1"))


def test_a_circle_is_reported_at_its_place(tmp_path: Path) -> None:
    text = (
        SETTINGS
        + 'derived:\n  one: {type: number, sql: "two"}\n  two: {type: number, sql: "one"}\n'
    )
    workspace, _ = load(shop(tmp_path, {"targeting.yaml": text}, bare=True).folder)
    assert workspace is not None
    (problem,) = check_computed(workspace)
    assert problem.code == "R001"
    assert problem.place.file == "targeting.yaml"
    assert "circle" in problem.message


def test_a_result_of_another_type_that_no_conversion_fits_is_reported(tmp_path: Path) -> None:
    text = SETTINGS + 'derived:\n  when_day: {type: date, sql: "favourite_brand"}\n'
    workspace, _ = load(shop(tmp_path, {"targeting.yaml": text}, bare=True).folder)
    assert workspace is not None
    (problem,) = check_computed(workspace)
    assert problem.code == "Q003"


def test_infinity_and_nan_are_missing_and_stay_out_of_what_reads_them() -> None:
    frame = pl.DataFrame({"x": [1.0, 0.0, -1.0, None, math.nan, math.inf]})
    found = computed(frame, over="1 / x", root="SQRT(x)", after="COALESCE(over, 7)", log="LN(x)")
    assert found["over"] == [1.0, None, -1.0, None, None, 0.0]
    assert found["root"] == [1.0, 0.0, None, None, None, None]
    assert found["after"] == [1.0, 7.0, -1.0, 7.0, 7.0, 0.0]
    assert found["log"] == [0.0, None, None, None, None, None]


def test_money_is_seen_in_major_units_and_kept_in_minor_ones() -> None:
    frame = pl.DataFrame({"spent": [29, 12_345, None]})
    found = computed(frame, owed_money="spent * 2", rich_flag="spent > 0.28", plain="spent")
    assert found["owed_money"] == [58, 24_690, None]
    assert found["rich_flag"] == [True, True, None]
    assert found["plain"] == [0.29, 123.45, None]


def test_half_a_minor_unit_goes_away_from_zero_as_at_the_door() -> None:
    frame = pl.DataFrame({"x": [0.125, 0.145, -0.125, 1.005]})
    assert computed(frame, owed_money="x")["owed_money"] == [13, 15, -13, 101]


def test_money_without_bounds_does_not_stop_the_night() -> None:
    frame = pl.DataFrame({"x": [1e300, -1e300, math.inf, math.nan]})
    found = computed(frame, owed_money="x")["owed_money"]
    assert found[0] is None or found[0] >= 2**53
    assert found[2:] == [None, None]


def test_words_that_are_no_number_are_missing() -> None:
    frame = pl.DataFrame({"word": ["7", "seven", "", None]})
    assert computed(frame, x="word")["x"] == [7.0, None, None, None]
    assert computed(frame, x_money="word")["x_money"] == [700, None, None, None]


def test_log10_is_log10_and_as_of_the_runs_day() -> None:
    frame = pl.DataFrame({"x": [1000.0], "seen_on": [dt.date(2026, 11, 20)]})
    ago = "CAST(as_of AS BIGINT) - CAST(seen_on AS BIGINT)"
    found = computed(frame, digits="LOG10(x)", ago=ago, was_flag="seen_on < as_of")
    assert found["digits"] == [pytest.approx(3.0)]
    assert (found["ago"], found["was_flag"]) == ([4.0], [True])


def test_whole_numbers_divide_like_numbers() -> None:
    lines = purchases([{"purchased_on": day(n)} for n in (0, 4, 10)])
    text = SETTINGS + 'derived: {pace: {type: number, sql: "frequency / tenure_days"}}\n'
    assert rows_by_id(data(lines, text=text).table(AS_OF))["a"]["pace"] == pytest.approx(0.3)


FRAME = pl.DataFrame(
    {
        "number": [1.5, None, 1e300, -0.0],
        "money": [1, None, 2**52, -1],
        "favourite_brand": ["a", None, "", "7"],
        "text": ["a", None, "", "2026-01-01"],
        "categories_bought": [["a"], None, [], ["b", "c"]],
        "date": [AS_OF, None, dt.date(1, 1, 1), dt.date(9999, 1, 1)],
        "flag": [True, None, False, True],
    }
)


TYPED = (
    SETTINGS
    + """\
  number: {type: number}
  money: {type: money}
  text: {type: text}
  date: {type: date, may_be_future: yes}
  flag: {type: yes/no}
derived:
"""
)
WITH_TYPES = TYPED.replace(
    "age: age", "age: age, number: n, money: m, text: t, date: d, flag: f"
)  # fmt: skip


@pytest.mark.parametrize("source", [*FRAME.columns, "as_of - date", "NULL", "number > 1"])
@pytest.mark.parametrize("kind", get_args(FieldType))
def test_what_the_check_lets_pass_never_fails_at_night(
    tmp_path: Path, source: str, kind: FieldType
) -> None:
    text = f'{WITH_TYPES}  r: {{type: {kind}, sql: "{source}"}}\n'
    workspace, _ = load(shop(tmp_path, {"targeting.yaml": text}, bare=True).folder)
    assert workspace is not None
    if problems := check_computed(workspace):
        assert [p.code for p in problems] == ["Q003"]
        return
    made = derived(FRAME.lazy(), workspace.settings.derived, AS_OF, minor={"money": 100, "r": 100})
    found = made.collect()
    assert found.schema["r"] == DTYPES[kind]
    assert found["r"][1] is None


def test_the_check_lets_pass_what_needs_no_conversion(tmp_path: Path) -> None:
    kinds = {"number": "number", "money": "money", "text": "text", "date": "date"}
    kinds |= {"flag": "yes/no", "favourite_brand": "category", "categories_bought": "list"}
    lines = [f"  r_{n}: {{type: {k}, sql: {n}}}\n" for n, k in kinds.items()]
    text = WITH_TYPES + "".join(lines)
    workspace, _ = load(shop(tmp_path, {"targeting.yaml": text}, bare=True).folder)
    assert workspace is not None
    assert check_computed(workspace) == []


@settings(max_examples=40, deadline=None)
@given(st.permutations(["a", "b", "c", "d"]), st.floats(-1e6, 1e6), st.floats(-10, 10))
def test_the_order_of_writing_changes_nothing(names: list[str], x: float, y: float) -> None:
    sql = {"a": "x / y", "b": "a * a", "c": "b - x", "d": "CASE WHEN c > a THEN b ELSE y END"}
    frame = pl.DataFrame({"x": [x], "y": [y]})
    assert computed(frame, **{n: sql[n] for n in names}) == computed(frame, **sql)
