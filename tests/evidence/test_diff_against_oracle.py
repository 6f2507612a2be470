"""Every change between nights has the cause that a plain reading of decisions.md 7 gives."""

from __future__ import annotations

from collections import Counter

import pytest

from targeting.evidence.diff import diff
from tests.evidence.conftest import Nights, decided
from tests.evidence.diff_oracle import causes, read_night


@pytest.mark.parametrize("names", [("first", "second"), ("first", "third"), ("third", "second")])
def test_causes_equal_those_of_the_oracle(nights: Nights, names: tuple[str, str]) -> None:
    before, after = (getattr(nights, name) for name in names)
    expected = causes(read_night(before.folder), read_night(after.folder))
    rows = diff(before, after).customers.select("customer_id", "rule", "change", "cause")
    found = {(a, b): (c, d) for a, b, c, d in rows.iter_rows()}
    assert found == expected


def test_the_nights_have_changes_of_every_cause(nights: Nights) -> None:
    found = Counter(diff(nights.first, nights.third).customers["cause"])
    found += Counter(diff(nights.first, nights.second).customers["cause"])
    assert min(found[cause] for cause in ("rules", "data", "scores", "policy", "allocation")) > 5


def test_entered_left_and_stayed_are_the_lists(nights: Nights) -> None:
    found = diff(nights.first, nights.second)
    was, now = (
        {pair for pair, what in decided(run).items() if what[0] == "selected"}
        for run in (nights.first, nights.second)
    )
    for row in found.rules.iter_rows(named=True):
        mine = [{c for c, rule in side if rule == row["rule"]} for side in (was, now)]
        assert row["entered"] == len(mine[1] - mine[0])
        assert row["left"] == len(mine[0] - mine[1])
        assert row["stayed"] == len(mine[0] & mine[1])
        causes_ = ("rules", "data", "scores", "policy", "allocation")
        assert sum(row[cause] for cause in causes_) == row["entered"] + row["left"]


def test_a_run_does_not_differ_from_itself(nights: Nights) -> None:
    found = diff(nights.second, nights.second)
    assert found.customers.is_empty()
    assert found.moved.is_empty()
    assert set(found.rules["entered"]) == {0}


def test_every_change_has_words(nights: Nights) -> None:
    for other in (nights.second, nights.third):
        details = diff(nights.first, other).customers["detail"]
        assert details.null_count() == 0
        assert details.str.len_chars().min() >= len("the day")  # type: ignore[operator]


def test_segments_are_counted_as_customers_moved(nights: Nights) -> None:
    found = diff(nights.first, nights.second)
    assert found.segments["customers"].sum() == found.moved.height > 0
    assert set(found.moved["cause"]) == {"data"}  # the same models placed them
    assert set(diff(nights.first, nights.third).moved["cause"]) == {"scores"}
