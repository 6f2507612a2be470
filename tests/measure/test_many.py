"""Holm's correction against R, and against the closed test of Bonferroni that it shortens."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from targeting.measure.many import holm


# R: p.adjust(c(0.01, 0.02, 0.03, 0.04), "holm") and p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")
@pytest.mark.parametrize(
    ("ps", "corrected"),
    [
        ([0.01, 0.02, 0.03, 0.04], [0.04, 0.06, 0.06, 0.06]),
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),
        ([0.6, 0.7], [1.0, 1.0]),
        ([], []),
    ],
)
def test_the_steps(ps: list[float], corrected: list[float]) -> None:
    assert holm(ps) == pytest.approx(corrected)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_it_is_the_closed_test(ps: list[float]) -> None:
    """Reject a comparison only where each set that holds it is rejected by Bonferroni."""
    at = range(len(ps))
    sets = [s for size in range(1, len(ps) + 1) for s in combinations(at, size)]
    closed = [max(min(1.0, len(s) * min(ps[i] for i in s)) for s in sets if one in s) for one in at]
    assert holm(ps) == pytest.approx(closed)


def test_what_could_not_be_tested_is_no_member_of_the_family() -> None:
    assert holm([0.03, None, 0.01]) == pytest.approx([0.03, None, 0.02])
