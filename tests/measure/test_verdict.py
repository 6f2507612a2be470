"""When it works, harms, makes no difference, and when nobody can tell yet."""

from __future__ import annotations

import pytest

from targeting.measure.figures import Effect
from targeting.measure.verdict import Sought, verdict

UP = Effect(0.04, 0.01, 0.07, 0.01)
DOWN = Effect(-0.04, -0.07, -0.01, 0.01)
NARROW = Effect(0.001, -0.004, 0.006, 0.7)


@pytest.mark.parametrize(
    ("effect", "p_holm", "is_over", "said"),
    [
        (UP, 0.03, True, "works"),
        (DOWN, 0.03, True, "harms"),
        (UP, 0.03, False, "cannot tell yet"),  # the window is open
        (UP, 0.05, True, "cannot tell yet"),  # one of many comparisons
        (NARROW, 1.0, True, "no difference to be seen"),  # all of it within a point
        (NARROW, 1.0, False, "cannot tell yet"),
        (Effect(0.001, -0.02, 0.022, 0.7), 1.0, True, "cannot tell yet"),  # a point may hide in it
        (Effect(0.001), None, True, "cannot tell yet"),  # too few for an interval
        (Effect(), None, True, "cannot tell yet"),
    ],
)
def test_the_verdict(effect: Effect, p_holm: float | None, is_over: bool, said: str) -> None:
    assert verdict(effect, p_holm, sought=0.01, is_over=is_over) == said


def test_fewer_unsubscribed_is_good() -> None:
    assert verdict(DOWN, 0.03, sought=None, is_over=True, less_is_better=True) == "works"
    assert verdict(UP, 0.03, sought=None, is_over=True, less_is_better=True) == "harms"


def test_without_a_difference_worth_seeing_there_is_no_no() -> None:
    assert verdict(NARROW, 1.0, sought=None, is_over=True) == "cannot tell yet"


def test_the_difference_sought_is_a_share_of_the_control_or_points() -> None:
    assert Sought().difference(0.05, is_rate=True) == pytest.approx(0.01)
    assert Sought().difference(0.0, is_rate=True) is None
    assert Sought(share=None, points=1).difference(0.05, is_rate=True) == 0.01
    assert Sought(share=None, points=1).difference(9.5, is_rate=False) is None
