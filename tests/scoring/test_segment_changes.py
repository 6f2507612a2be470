from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from targeting.scoring.segment_changes import compared, movement, share_changed, together

BEFORE = {"a": "Loyal", "b": "Loyal", "c": "Gone", "d": None, "e": "Gone"}
NOW = {"f": "New", "c": "Gone", "b": "Gone", "a": "Loyal", "d": None}


def frame(segments: dict[str, str | None]) -> pl.DataFrame:
    return pl.DataFrame(
        {"customer_id": list(segments), "segment": list(segments.values())},
        schema={"customer_id": pl.String, "segment": pl.String},
    )


def test_changes_are_who_is_called_otherwise_and_who_came_and_who_went() -> None:
    assert together([compared(frame(BEFORE), frame(NOW))]).rows.rows() == [
        ("b", "Loyal", "Gone"),
        ("e", "Gone", None),
        ("f", None, "New"),
    ]


def test_movement_counts_those_who_stayed_too() -> None:
    assert movement(frame(BEFORE), frame(NOW)).rows() == [
        ("Gone", "Gone", 1),
        ("Gone", None, 1),
        ("Loyal", "Gone", 1),
        ("Loyal", "Loyal", 1),
        (None, "New", 1),
    ]


def test_the_share_counts_only_who_was_in_a_segment_both_times() -> None:
    assert share_changed(movement(frame(BEFORE), frame(NOW))) == pytest.approx(1 / 3)
    assert share_changed(movement(frame({}), frame(NOW))) is None


nights = st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from(["x", "y", None]))


@given(nights, nights)
def test_movement_and_changes_agree_with_a_count_by_hand(
    before: dict[str, str | None], now: dict[str, str | None]
) -> None:
    everyone = sorted(before.keys() | now.keys())
    pairs = [(who, before.get(who), now.get(who)) for who in everyone]
    some, others = frame(before), frame(now)
    early = pl.col("customer_id") < "e"
    apart = [compared(some.filter(part), others.filter(part)) for part in (early, ~early)]
    assert together(apart).rows.rows() == [p for p in pairs if p[1] != p[2]]
    both = [was == is_now for _, was, is_now in pairs if was and is_now]
    moved = movement(some, others)
    assert together(apart).moves.equals(moved)
    assert moved["customers"].sum() == sum(bool(was or is_now) for _, was, is_now in pairs)
    expected = both.count(False) / len(both) if both else None
    assert share_changed(moved) == expected
