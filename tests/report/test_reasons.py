"""What the scores of the likeliest and unlikeliest customers are made of."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from targeting.report.reasons import commonest_reasons


def scored(rows: Sequence[tuple[float | None, str | None]]) -> pl.DataFrame:
    schema = {"churn": pl.Float64, "churn_because": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def told(rows: Sequence[tuple[float | None, str | None]]) -> Any:
    return commonest_reasons(scored(rows), "churn")


def test_the_path_of_a_tree_is_one_reason() -> None:
    low = [(k / 100, "bought long ago; bought once") for k in range(19)]
    high = [(0.9, "bought lately; is a member"), (0.8, "bought lately")]
    assert told([*low, *high])["highest"] == {
        "customers": 3,
        "from": 0.18,
        "to": 0.9,
        "reasons": [
            {"reason": "bought lately", "speaks": None, "customers": 1},
            {"reason": "bought lately; is a member", "speaks": None, "customers": 1},
            {"reason": "bought long ago; bought once", "speaks": None, "customers": 1},
        ],
    }


def test_each_clause_of_points_counts_whatever_its_number() -> None:
    high = [(0.9, "buys often (+0.8); is new (-0.1)"), (0.9, "buys often (+1.2)")]
    low = [(k / 100, "buys seldom (-0.4)") for k in range(18)]
    assert told([*high, *low])["highest"]["reasons"] == [
        {"reason": "buys often", "speaks": "for", "customers": 2},
        {"reason": "is new", "speaks": "against", "customers": 1},
    ]


def test_what_speaks_for_some_and_against_others_counts_twice() -> None:
    high = [(0.9, "buys often (+0.1)"), (0.9, "buys often (-0.1)")]
    reasons = told([*high, *[(0.1, "buys seldom (-0.4)")] * 18])["highest"]["reasons"]
    assert [(row["speaks"], row["customers"]) for row in reasons] == [("against", 1), ("for", 1)]


def test_who_equals_the_last_of_the_tenth_belongs_to_it() -> None:
    rows = [(0.9, "a")] * 4 + [(0.1, "b")] * 6
    both = told(rows)
    assert (both["highest"]["customers"], both["lowest"]["customers"]) == (4, 6)


def test_five_reasons_are_told_the_commonest_first_and_equals_by_their_words() -> None:
    high = [(0.9, text) for text in "gfedcbaa"]
    reasons = told([*high, *[(0.1, "x")] * 72])["highest"]["reasons"]
    assert [row["reason"] for row in reasons] == ["a", "b", "c", "d", "e"]
    assert reasons[0]["customers"] == 2


def test_who_has_no_score_takes_no_part() -> None:
    nobody: tuple[None, None] = (None, None)
    rows = [(0.9, "a"), (0.1, "b"), *[nobody] * 50]
    assert told(rows)["highest"]["customers"] == 1


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [(0.5, "the same for everyone")] * 20,
        [(k / 20, None) for k in range(20)],
        [(0.5, "a")] * 19 + [(0.4, "b")],
    ],
    ids=["nobody", "one score", "no reasons", "no tenth to speak of"],
)
def test_where_there_is_nothing_to_tell_nothing_is_told(rows: list[Any]) -> None:
    assert told(rows) == {}


def test_without_the_column_nothing_is_told() -> None:
    assert commonest_reasons(pl.DataFrame({"churn": [0.1, 0.9]}), "churn") == {}


CLAUSES = st.sampled_from(["buys often", "is new", "keeps to one brand"])
POINTS = st.lists(CLAUSES, min_size=1, max_size=3, unique=True).map(
    lambda clauses: "; ".join(f"{clause} ({len(clause) / 10:+.1f})" for clause in clauses)
)


@given(st.lists(st.tuples(st.integers(0, 30).map(lambda k: k / 30), POINTS), max_size=60))
def test_the_counts_are_those_of_a_plain_loop(rows: list[tuple[float | None, str | None]]) -> None:
    found = told(rows)
    if not found:
        return
    group = [text for score, text in rows if (score or 0) >= found["highest"]["from"]]
    plain = Counter(re.sub(r" \(.*?\)", "", c) for text in group for c in str(text).split("; "))
    assert len(group) == found["highest"]["customers"] >= len(rows) / 10
    assert {row["reason"]: row["customers"] for row in found["highest"]["reasons"]} == plain
