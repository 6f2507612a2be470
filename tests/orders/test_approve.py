"""What is ordered of each line once the planner has been at it."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from targeting.exports.sheet_lines import line_id
from targeting.orders.approve import approve, needed_again
from targeting.orders.cells import INPUTS
from targeting.orders.edited import read_edited
from targeting.orders.lines import read_lines
from targeting.problems import Refused
from targeting.stock.suggest import Suggestions
from tests.orders.conftest import MadeRun, Sheet, make_run

Change = Callable[[Sheet], None]
NAMES = [of.source for of in INPUTS]


def approved(made: MadeRun, change: Change) -> dict[str, dict[str, Any]]:
    lines = approve(read_lines(made.folder), read_edited(made.edited(change)))
    return {row["id"]: row for row in lines.iter_rows(named=True)}


def test_nothing_changed_is_approved_as_suggested(made: MadeRun) -> None:
    lines = approve(read_lines(made.folder), read_edited(made.book))
    assert lines["approved"].equals(lines["quantity"].rename("approved"))
    assert lines["inputs"].null_count() == lines["reason"].null_count() == lines.height
    assert not lines["deleted"].any()
    assert lines["warnings"].list.len().sum() == 0


def test_a_line_that_is_deleted_is_not_ordered(made: MadeRun) -> None:
    def delete(sheet: Sheet) -> None:
        for line in ("steady␟L", "dead␟L"):
            sheet.page.delete_rows(sheet.row(line))

    lines = approved(made, delete)
    found = {name: (row["approved"], row["deleted"], row["reason"]) for name, row in lines.items()}
    assert found["steady␟L"] == (0, True, "line deleted")
    assert found["dead␟L"] == (0, True, None)  # nothing was suggested: nothing changed
    assert found["wild␟L"] == (lines["wild␟L"]["quantity"], False, None)


def test_lines_that_were_never_in_the_workbook_are_approved_as_suggested(
    tmp_path: Path, suggestions: Suggestions
) -> None:
    made = make_run(tmp_path / "shop", suggestions, most_lines=3)
    kept = read_lines(made.folder)
    assert kept["in_workbook"].sum() == 3

    def delete(sheet: Sheet) -> None:
        sheet.page.delete_rows(2)

    lines = approved(made, delete)
    gone = [row for row in lines.values() if row["deleted"]]
    assert len(gone) == 1
    assert gone[0]["in_workbook"]
    assert all(r["approved"] == r["quantity"] for r in lines.values() if not r["in_workbook"])
    assert any(r["approved"] > 0 for r in lines.values() if not r["in_workbook"])


def test_a_line_of_another_run_is_refused_with_its_cell(made: MadeRun) -> None:
    def exchange(sheet: Sheet) -> None:
        sheet.page["A5"] = "other␟L"

    with pytest.raises(Refused, match=r"Suggestions!A5 names a line that the run 2026-11-24-"):
        approved(made, exchange)


def test_a_changed_input_says_what_is_needed_now_and_why(made: MadeRun) -> None:
    def change(sheet: Sheet) -> None:
        sheet.put("steady␟L", "On hand", 0)
        sheet.put("steady␟L", "Lead time days", 28)
        sheet.put("wild␟L", "Service level", "99.9%")
        sheet.put("capped␟M", "On order", 15)

    lines = approved(made, change)
    steady = lines["steady␟L"]
    assert steady["inputs"] == "on hand 3 -> 0, lead time days 14 -> 28"
    # 4 a week without spread: five weeks of it, none on hand, in packs of 6
    assert (steady["needed"], steady["needed_now"]) == (12, math.ceil(4 * 5 / 6) * 6)
    assert lines["wild␟L"]["inputs"] == "service level 98% -> 99.9%"
    assert lines["wild␟L"]["needed_now"] > lines["wild␟L"]["needed"]
    level = lines["capped␟M"]["order_up_to"]
    assert (lines["capped␟M"]["needed"], lines["capped␟M"]["needed_now"]) == (
        12,  # the rule's limit
        math.ceil(level - 2 - 15),
    )
    assert all(row["approved"] == row["quantity"] for row in lines.values())


def with_new(lines: pl.DataFrame, **new: float) -> pl.DataFrame:
    inputs = {name: pl.col(name) for name in NAMES} | {n: pl.lit(v) for n, v in new.items()}
    return lines.with_columns(value.alias(f"new_{name}") for name, value in inputs.items())


def test_the_same_inputs_need_what_the_suggestions_said(made: MadeRun) -> None:
    lines = read_lines(made.folder)
    assert needed_again(with_new(lines)).to_list() == lines["needed"].to_list()


def slowly_needed(line: dict[str, Any]) -> int:
    """Work one line out as a person would."""
    if not line["orderable"]:
        return 0
    weeks = (line["new_lead_time_days"] + line["new_review_days"]) / 7
    late = line["level_demand"] * line["new_lead_time_sd_days"] / 7
    extra = line["campaign_units"]
    sd = math.sqrt(weeks * line["weekly_sd"] ** 2 + late**2 + extra)
    level = line["level_demand"] * weeks + extra + norm.ppf(line["new_service_level"]) * sd
    short = level - (line["new_on_hand"] - line["new_reserved"] + line["new_on_order"])
    if short <= 1e-9 or level < 0.5:
        return 0
    packs = math.ceil(short / line["pack_size"] - 1e-9) * line["pack_size"]
    most = max(packs, line["smallest_order"])
    if line["limit"] is not None:
        most = min(most, line["limit"])
    return int(most) if most >= line["smallest_order"] else 0


new_inputs = st.tuples(
    st.floats(0, 60), st.floats(0, 60), st.floats(0, 20), st.floats(0.02, 0.999),
    st.floats(0, 60), st.floats(0, 9), st.floats(0, 60),
)  # fmt: skip


@given(values=new_inputs)
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40
)
def test_new_inputs_need_what_a_slow_oracle_says(made: MadeRun, values: tuple[float, ...]) -> None:
    kept = read_lines(made.folder).with_columns(pl.lit(2.5).alias("campaign_units"))
    lines = with_new(kept, **dict(zip(NAMES, values, strict=True)))
    expected = [slowly_needed(line) for line in lines.iter_rows(named=True)]
    assert needed_again(lines).to_list() == expected


def test_what_a_planner_should_know_of_a_changed_order(made: MadeRun) -> None:
    def change(sheet: Sheet) -> None:
        sheet.put("steady␟L", "Order", 500)
        sheet.put("wild␟M", "Order", 4)
        sheet.put("capped␟M", "Order", 13)
        sheet.put("dead␟L", "Order", 1)
        sheet.put("wild␟L", "Order", 0)

    lines = approved(made, change)
    assert {name: row["warnings"] for name, row in lines.items() if row["warnings"]} == {
        "steady␟L": ["not in whole packs of 6", "over 10 times its level of 12"],
        "wild␟M": ["under the minimum order of 8"],
        "capped␟M": ["over the limit of 12 that a rule sets"],
        "dead␟L": ["discontinued, or not sold for 26 weeks: nothing was to be ordered"],
    }


def test_the_order_of_rows_changes_nothing(made: MadeRun) -> None:
    edited = read_edited(made.book)
    lines = read_lines(made.folder)
    shuffled = lines.sample(fraction=1, shuffle=True, seed=3)
    again = approve(shuffled, edited).sort("id")
    assert again.equals(approve(lines, edited).sort("id"))


def test_a_line_without_a_location_has_an_id_too() -> None:
    lines = pl.DataFrame({"product_id": ["a", "a"], "location": [None, "L"]})
    assert lines.select(line_id())["id"].to_list() == ["a␟", "a␟L"]


def test_no_two_lines_share_an_id_whatever_is_in_their_names() -> None:
    odd = [("a␟North", "Center"), ("a", "North␟Center"), ("a%1FNorth", "Center"), ("a%", "x")]
    lines = pl.DataFrame(odd, schema=["product_id", "location"], orient="row")
    assert lines.select(line_id())["id"].n_unique() == len(odd)
