"""What explain says of every customer and rule is what the run decided."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict

import pytest

from targeting.evidence.explain import explain
from targeting.evidence.explained import NOT_ELIGIBLE, Explained, RuleFound
from targeting.evidence.nearest import nearest_ids
from targeting.evidence.read_run import RunFolder
from tests.evidence.conftest import Nights, decided

Answers = list[Explained]


@pytest.fixture(scope="module", params=["first", "second", "third"])
def run(request: pytest.FixtureRequest, nights: Nights) -> RunFolder:
    chosen: RunFolder = getattr(nights, request.param)
    return chosen


@pytest.fixture(scope="module")
def answers(run: RunFolder) -> Answers:
    ids = run.customers.select("customer_id").collect()["customer_id"].to_list()
    assert len(ids) == 2000
    return explain(run, ids, run.rules)


def test_outcome_reason_and_channel_are_those_of_the_decision(
    run: RunFolder, answers: Answers
) -> None:
    expected = decided(run)
    for one in answers:
        for rule in one.rules:
            pair = one.customer_id, rule.rule.name
            what = expected.pop(pair, (NOT_ELIGIBLE, "", ""))
            assert (rule.outcome, rule.reason, rule.channel) == what, pair
    assert expected == {}


def test_all_lines_are_met_exactly_for_the_eligible(answers: Answers) -> None:
    for one in answers:
        for rule in one.rules:
            eligible = rule.outcome != NOT_ELIGIBLE
            assert all(line.met for line in rule.lines) == eligible, (one.customer_id, rule.rule)


def test_the_first_line_that_failed_is_counted_as_in_the_funnel(
    run: RunFolder, answers: Answers
) -> None:
    failed = Counter(
        (
            found.rule.name,
            found.failed.line if found.failed.step != "active" else "not active on this day",
        )
        for one in answers
        for found in one.rules
        if found.failed is not None
    )
    expected: Counter[tuple[str, str]] = Counter()
    with (run.folder / "contacts" / "funnel.csv").open(encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            expected[row["rule"], row["line"]] += int(row["lost"])
    assert failed == +expected
    assert failed.total() > 20_000


def test_the_folder_contradicts_itself_nowhere(answers: Answers) -> None:
    assert [doubt for one in answers for doubt in one.doubts] == []


def test_who_is_not_contacted_hears_why(answers: Answers) -> None:
    for one in answers:
        for rule in one.rules:
            assert bool(rule.fact) == (rule.outcome in ("refused", "held_out")), rule


def test_places_in_a_queue_are_counted_from_one_and_the_limit_divides_them(
    answers: Answers,
) -> None:
    queues: dict[str, dict[int, RuleFound]] = defaultdict(dict)
    for one in answers:
        for rule in one.rules:
            if rule.place is not None:
                queues[rule.rule.name][rule.place[0]] = rule
    assert queues
    for queue in queues.values():
        assert sorted(queue) == list(range(1, len(queue) + 1))
        limit = queue[1].rule.pick
        assert limit is not None
        over = [place for place, rule in queue.items() if rule.reason == "over_limit"]
        assert limit.at_most is not None
        assert not over or min(over) == limit.at_most + 1


def test_the_members_of_a_person_are_told(run: RunFolder, answers: Answers) -> None:
    person = dict(run.state.select("customer_id", "person").collect().iter_rows())
    size = Counter(person.values())
    for one in answers:
        assert one.person == person[one.customer_id]
        assert len(one.also) == size[one.person] - 1
        assert {person[other] for other in one.also} <= {one.person}


@pytest.mark.parametrize("slip", ["C1002", "c10024", "C10042 ", "C100244", "D10024"])
def test_a_slip_of_the_finger_finds_three_ids_at_most(nights: Nights, slip: str) -> None:
    ids = nights.first.customers.select("customer_id").collect()["customer_id"]
    near = nearest_ids(slip, ids)
    assert 1 <= len(near) <= 3
    assert near == [name for name in near if name in ids]


def test_nothing_like_it_finds_nothing(nights: Nights) -> None:
    ids = nights.first.customers.select("customer_id").collect()["customer_id"]
    assert nearest_ids("zzzz-9999", ids) == []
    assert nearest_ids("  ", ids) == []
