"""Whether segments hold, and who changed: from small mappings as the manifest has them."""

from __future__ import annotations

from typing import Any

from targeting.report.about_segments import about_segments
from targeting.report.numbers import Night, analysis
from targeting.report.segment_moves import moved_customers
from targeting.report.segments_hold import how_stable, numbers_tried, warnings_about
from targeting.report.speech import Speech
from targeting.workspace.settings import Shop

SAY = Speech(Shop(currency="USD", region="US", locale="en_US"))


def moved(share: float | None, *moves: tuple[str | None, str | None, int]) -> Any:
    rows = [{"before": b, "now": n, "customers": c} for b, n, c in moves]
    changed = {"share_changed": share, "movement": rows}
    return moved_customers(changed, begin="In the last 30 days", caption="Moves", speech=SAY)


def test_stability_is_read_beside_the_limit() -> None:
    assert "agree by 0.85" in how_stable({"stability": 0.85}, SAY)[0]
    assert how_stable({"stability": 0.85}, SAY)[0].endswith(": stable, 0.85 or more.")
    assert "not stable, under 0.85" in how_stable({"stability": 0.343}, SAY)[0]


def test_what_is_not_known_of_segments_is_not_said() -> None:
    assert how_stable({"stability": None, "silhouette": None}, SAY) == ()
    assert how_stable({}, SAY) == ()
    assert numbers_tried({"tried": []}, SAY) is None


def test_a_warning_is_said_once() -> None:
    note = {"code": "M013", "field": "age", "text": "'Young' does not fit its description"}
    assert len(warnings_about({"warnings": [note, note]})) == 1


TRIED = [
    {"segments": 2, "stability": 0.99, "silhouette": 0.51, "sum_of_squares": 900.04},
    {"segments": 3, "stability": 0.86, "silhouette": 0.44, "sum_of_squares": 600.0},
    {"segments": 4, "stability": 0.71, "silhouette": None, "sum_of_squares": 590.0},
]


def test_the_numbers_that_were_tried_stand_in_a_table_and_the_chosen_one_is_named() -> None:
    figure = numbers_tried({"tried": TRIED}, SAY)
    assert figure is not None
    assert "the largest number that is stable (0.85 or more): 3." in figure.reading
    assert figure.table.rows[0] == ("2", "0.99", "0.51", "900.0")
    assert figure.table.rows[2] == ("4", "0.71", "–", "590.0")


def test_where_no_number_is_stable_the_page_says_so() -> None:
    figure = numbers_tried({"tried": TRIED[2:]}, SAY)
    assert figure is not None
    assert "No number is stable" in figure.reading


def test_rows_are_before_and_columns_are_now() -> None:
    table = moved(0.25, ("A", "A", 5), ("A", "B", 2), ("B", "B", 1)).table
    assert table.heads == ("Before, and now", "A", "B", "All")
    assert table.rows == (("A", "5", "2", "7"), ("B", "0", "1", "1"))
    assert table.foot == ("All", "5", "3", "8")


def test_who_was_in_no_segment_has_an_own_row_and_column() -> None:
    table = moved(0.0, ("A", "A", 5), (None, "A", 3), ("A", None, 1)).table
    assert table.rows[-1] == ("In none before", "3", "0", "3")
    assert table.heads[2] == "In none now"


def test_the_commonest_move_is_said_and_equals_by_name() -> None:
    reading = moved(0.5, ("A", "A", 4), ("B", "A", 2), ("A", "B", 2), (None, "B", 9)).reading
    assert reading == (
        "In the last 30 days 50% of 8 customers changed segment (4); the commonest move is from A"
        " to B (2)."
    )


def test_a_month_in_which_nobody_moved() -> None:
    still = moved(0.0, ("A", "A", 4))
    assert (still.reading, still.table) == ("In the last 30 days nobody changed segment.", None)
    assert "nobody was in a segment both times" in moved(None, (None, "A", 4)).reading
    assert moved(None) is None


def test_the_refit_is_told_beside_the_month(full_night: Night) -> None:
    chapter = about_segments(full_night, analysis(full_night), SAY)
    assert chapter is not None
    month, refit = chapter.moves
    assert month.reading.startswith("In the last 30 days 30% of 10 customers changed segment (3)")
    assert refit.reading.startswith("By the last refit 30% of 10 customers changed segment (3)")
