"""Boxes: exact sets of values, missing among them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings

from targeting.rules.axes import between
from targeting.rules.boxes import Space, TooMany, holds, meet
from targeting.rules.model import Condition
from targeting.rules.witness import example
from tests.kit.conditions import AS_OF, World, bodies, rule


def space_of(*lines: dict[str, Any]) -> tuple[Space, list[Condition]]:
    conditions = [line.condition for line in rule("one", {"when": {"all": list(lines)}}).lines()]
    return Space(conditions, AS_OF, 2), conditions


def test_what_is_missing_is_on_the_other_side_of_a_test() -> None:
    space, (adult,) = space_of({"age": {"at_least": 18}})
    (met,), (unmet,) = space.boxes(adult), space.boxes(adult, wanted=False)
    assert meet(met, unmet) is None
    number = next(iter(met))
    assert met[number] | unmet[number] == space.axes[number].full
    assert None in [cell.value for cell in space.axes[number].allowed(unmet[number])]


def test_open_and_closed_ends_differ_by_one_point() -> None:
    space, (at_least, more_than) = space_of({"age": {"at_least": 18}}, {"age": {"more_than": 18}})
    (wider,), (narrower,) = space.boxes(at_least), space.boxes(more_than)
    assert holds(wider, narrower)
    assert not holds(narrower, wider)
    (point,) = space.every([[wider], space.boxes(more_than, wanted=False)])
    assert [value for _, value in (example(space, point) or {}).items()] == [Decimal(18)]


def test_between_two_days_and_two_minor_units_there_is_nothing() -> None:
    space, days = space_of(
        {"seen_on": {"after": "2026-03-01"}}, {"seen_on": {"before": "2026-03-02"}}
    )
    assert space.every(space.boxes(one) for one in days) == []
    space, money = space_of({"spend": {"more_than": "0.29"}}, {"spend": {"less_than": "0.30"}})
    assert space.every(space.boxes(one) for one in money) == []
    space, ages = space_of({"age": {"more_than": "0.29"}}, {"age": {"less_than": "0.30"}})
    assert len(space.every(space.boxes(one) for one in ages)) == 1


def test_starts_with_is_a_set_of_words() -> None:
    space, (start, word, other) = space_of(
        {"city": {"starts_with": "La"}}, {"city": "Lahore"}, {"city": {"starts_with": "Lahore"}}
    )
    (la,), (lahore,), (longer,) = (space.boxes(one) for one in (start, word, other))
    assert holds(la, lahore)
    assert holds(la, longer)
    assert holds(longer, lahore)
    assert not holds(lahore, longer)


def test_a_list_has_or_lacks_each_member_and_a_missing_list_lacks_all() -> None:
    space, (has, lacks, missing) = space_of(
        {"bought": {"has_any": ["Loyal", "NO"]}},
        {"bought": {"has_none": ["Loyal", "NO"]}},
        {"bought": {"missing": "yes"}},
    )
    assert space.every([space.boxes(has), space.boxes(lacks)]) == []
    assert space.every([space.boxes(has), space.boxes(missing)]) == []
    assert len(space.every([space.boxes(lacks), space.boxes(missing)])) == 1


def test_alternatives_of_one_field_are_one_box() -> None:
    space, (either,) = space_of(
        {"any": [{"segment": "Loyal"}, {"segment": "NO"}, {"segment": {"missing": "yes"}}]}
    )
    assert len(space.boxes(either)) == 1


@pytest.mark.parametrize(
    ("low", "high", "found"),
    [
        (18, 65, 20),
        (18, None, 20),
        (None, 6000, 4000),
        ("0.29", "0.30", "0.291"),
        (-30, 0, -20),
        (None, 0, -9),
        (18, 19, "18.1"),
    ],
)
def test_a_number_between_is_a_round_one(low: Any, high: Any, found: Any) -> None:
    ends = [None if end is None else Decimal(end) for end in (low, high)]
    assert between(ends[0], ends[1], None) == Decimal(found)


@settings(max_examples=60, deadline=None)
@given(bodies())
def test_a_condition_and_its_negation_share_out_everybody(several: Any) -> None:
    one = rule("one", several[0])
    world = World.of([one])
    space = Space([line.condition for line in one.lines()], AS_OF, 2)
    for line in one.lines():
        met, unmet = space.boxes(line.condition), space.boxes(line.condition, wanted=False)
        assert space.every([met, unmet]) == []
        assert bool(met) == world.where(line.condition).any()
        assert bool(unmet) == world.where(line.condition, wanted=False).any()


def test_more_than_4096_boxes_are_too_many() -> None:
    fields = ["age", "spend", "visits", "segment", "brand", "city", "consent", "seen_on"]
    lines = [
        {"any": [{name: {"missing": "no"}}, {"tags": {"has": f"{name}{n}"}}]}
        for n in range(2)
        for name in fields
    ]
    space, conditions = space_of(*lines)
    with pytest.raises(TooMany):
        space.every(space.boxes(one) for one in conditions)


def test_the_ends_of_time_are_no_trouble() -> None:
    lines = [
        {"seen_on": {"older_than": "1000 years"}},
        {"seen_on": {"before": "0001-01-02"}},
        {"seen_on": {"after": "9999-12-31"}},
        {"age": {"at_least": "9" * 40}},
        {"age": {"less_than": "0." + "0" * 35 + "1"}},
    ]
    space, conditions = space_of(*lines)
    found = [space.boxes(one) for one in conditions]
    assert [bool(boxes) for boxes in found] == [True, True, False, True, True]
    for boxes in found:
        for box in boxes:
            for value in (example(space, box) or {}).values():
                assert isinstance(value, Decimal)
                if next(iter(box)) == 0:
                    assert dt.date.min <= AS_OF + dt.timedelta(days=int(value)) <= dt.date.max
