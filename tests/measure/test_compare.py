"""Frames of customers to rows of comparisons."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from targeting.measure.compare import Question, compare
from targeting.measure.comparison import Comparison
from targeting.measure.words import line, worth_a_line

DAY = dt.date(2026, 11, 24)


def _frame(
    arms: dict[str, tuple[int, int]], rule: str | None = None, **more: object
) -> pl.DataFrame:
    """Give arms of so many customers of whom so many did it."""
    rows = [(arm, at < yes) for arm, (yes, n) in arms.items() for at in range(n)]
    frame = pl.DataFrame(
        rows, schema={"arm": pl.String, "outcome:bought": pl.Boolean}, orient="row"
    )
    named = {"rule": rule, **more}
    return frame.with_columns(pl.lit(value).alias(name) for name, value in named.items()).cast(
        {"rule": pl.String}
    )


def _only(frame: pl.DataFrame, **more: object) -> Comparison:
    (found,) = compare(frame, Question(["selected"], "held_out", **more))  # type: ignore[arg-type]
    return found


def test_the_row_has_the_keys_that_are_promised() -> None:
    row = _only(_frame({"selected": (50, 1200), "held_out": (4, 140)}, "news")).as_row()
    assert list(row) == [
        "rule", "segment", "arm", "outcome", "n", "n_control", "value", "value_control",
        "difference", "low", "high", "p_holm", "verdict",
    ]  # fmt: skip
    assert (row["rule"], row["segment"], row["n"], row["n_control"]) == ("news", None, 1200, 140)
    assert row["value"] == pytest.approx(50 / 1200)
    assert row["difference"] == pytest.approx(50 / 1200 - 4 / 140)
    assert row["verdict"] == "cannot tell yet"


def test_a_line_says_how_many_would_be_needed() -> None:
    found = _only(_frame({"selected": (50, 1200), "held_out": (4, 140)}, "news"))
    assert line(found, "held out") == (
        "bought 4.2% of 1,200, held out 2.9% of 140: +1.3 points (-3.1 to +3.5): cannot tell yet; "
        "a difference of 6.2 points would have shown; "
        "8,388 held out would be needed to see 0.57 points"
    )


def test_an_open_window_says_when_it_ends_and_no_more() -> None:
    frame = _frame({"selected": (900, 1000), "held_out": (100, 1000)}, "news", window_ends_on=DAY)
    before = _only(frame, as_of=DAY - dt.timedelta(days=1))
    assert before.verdict == "cannot tell yet"
    assert line(before, "held out") == (
        "bought 90.0% of 1,000, held out 10.0% of 1,000 so far: cannot tell yet; "
        "the window of the last customer ends on 2026-11-24"
    )
    assert _only(frame, as_of=DAY).verdict == "works"


def test_one_open_customer_keeps_the_rule_open() -> None:
    done = _frame({"selected": (900, 1000), "held_out": (100, 1000)}, "news", window_ends_on=DAY)
    late = _frame({"held_out": (0, 1)}, "news", window_ends_on=DAY + dt.timedelta(days=1))
    assert _only(pl.concat([done, late]), as_of=DAY).open_until == DAY + dt.timedelta(days=1)


def test_a_rule_without_a_holdout_is_compared_with_nothing() -> None:
    found = _only(_frame({"selected": (9, 10)}, "news"))
    assert (found.control.n, found.effect.difference, found.verdict) == (0, None, "cannot tell yet")
    assert line(found, "held out") == "bought 90.0% of 10: cannot tell yet; nobody is held out"


def test_holms_family_is_an_outcome_over_all_rules() -> None:
    arms = {"selected": (68, 1000), "held_out": (45, 1000)}
    (alone,) = compare(_frame(arms, "a"), Question(["selected"], "held_out"))
    three = pl.concat([_frame(arms, rule) for rule in "abc"])
    found = compare(three, Question(["selected"], "held_out"))
    assert alone.verdict == "works"
    assert alone.p_holm is not None
    assert [each.p_holm for each in found] == pytest.approx([3 * alone.p_holm] * 3)
    assert {each.verdict for each in found} == {"cannot tell yet"}
    assert line(found[0], "held out").endswith("clear alone, not as one of 3 comparisons")


def test_all_rules_together_do_not_weaken_the_rules() -> None:
    arms = {"selected": (70, 1000), "held_out": (45, 1000)}
    found = compare(
        pl.concat([_frame(arms, None), _frame(arms, "a")]), Question(["selected"], "held_out")
    )
    assert [(each.rule, each.verdict) for each in found] == [(None, "works"), ("a", "works")]


def test_segments_come_after_all_and_add_up_to_it() -> None:
    frame = pl.concat(
        [
            _frame({"selected": (5, 50), "held_out": (1, 20)}, "a", segment="old"),
            _frame({"selected": (6, 40), "held_out": (2, 30)}, "a", segment="new"),
        ]
    )
    found = compare(frame, Question(["selected"], "held_out"))
    assert [each.segment for each in found] == [None, "new", "old"]
    assert [each.treated.n for each in found] == [90, 40, 50]
    assert found == worth_a_line(found)
    alone = compare(frame.filter(segment="old"), Question(["selected"], "held_out"))
    assert [each.segment for each in worth_a_line(alone)] == [None]


def test_a_missing_outcome_counts_in_the_others() -> None:
    frame = pl.DataFrame(
        {
            "rule": pl.Series([None] * 4, dtype=pl.String),
            "arm": ["x", "x", "y", "y"],
            "outcome:visit": [True, None, False, True],
            "outcome:spend": [1.0, 2.0, None, None],
        }
    )
    visit, spend = compare(frame, Question(["x"], "y"))
    assert (visit.treated.n, visit.control.n) == (1, 2)
    assert (spend.treated.n, spend.control.n, spend.verdict) == (2, 0, "cannot tell yet")


def test_swapping_arm_and_control_turns_the_signs() -> None:
    frame = _frame({"x": (30, 200), "y": (10, 220)})
    (there,) = compare(frame, Question(["x"], "y"))
    (back,) = compare(frame, Question(["y"], "x"))
    assert (there.verdict, back.verdict) == ("works", "harms")
    assert there.effect.low == pytest.approx(-(back.effect.high or 0))


def test_the_order_of_the_rows_changes_nothing() -> None:
    spend = [round(1.1**at, 2) for at in range(200)]
    frame = _frame({"x": (30, 100), "y": (10, 100)}).with_columns(pl.Series("outcome:spend", spend))
    rows = [each.as_row() for each in compare(frame, Question(["x"], "y"))]
    shuffled = frame.sample(fraction=1, shuffle=True, seed=3)
    assert [each.as_row() for each in compare(shuffled, Question(["x"], "y"))] == rows
