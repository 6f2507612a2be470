"""What the findings say and where they stand, on rules as people write them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from targeting.problems import Problem
from targeting.rules.analysis import analyse
from targeting.rules.model import Accept, Pick, Rule
from targeting.rules.read import read_rules
from targeting.workspace.literals import Period
from targeting.workspace.load import Workspace, load
from targeting.workspace.policy import Channel, Policy
from tests.kit.conditions import FIELDS, rule
from tests.kit.shop import ROOT, shop

AS_OF = dt.date(2026, 11, 24)
SEGMENTS = """\
features: {recency: {}}
names:
  Loyal: {recency: low}
  Casual: {recency: high}
"""
EVERYBODY = {"when": {"any": [{"age": {"missing": "yes"}}, {"age": {"missing": "no"}}]}}


def adults(low: int, **more: Any) -> dict[str, Any]:
    return {"when": {"all": [{"age": {"at_least": low}}]}, **more}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    found, _ = load(shop(tmp_path).folder)
    assert found is not None
    return replace(found, policy=Policy(channels={"email": Channel()}), customer_fields=FIELDS)


def said(rules: list[Rule], workspace: Workspace, code: str = "") -> list[str]:
    found = analyse(rules, workspace, AS_OF)
    return [problem.message for problem in found if code in problem.code]


def test_lines_that_cannot_all_be_met_are_named_and_the_last_is_underlined(tmp_path: Path) -> None:
    made = shop(tmp_path)
    made.write(
        "rules/marketing/hello.yaml",
        """\
title: Nobody
priority: 1
when:
  all:
    - city: Lahore
    - age: {at_least: 18}
    - email: {missing: no}
exclude:
  - city: Karachi
  - age: {more_than: 10}
then: {offer: hello, channel: email, message: hello.j2}
examples:
  - {case: one, given: {age: 18, city: Lahore, email: missing}, expect: in}
  - {case: two, given: {age: 17, city: Lahore, email: missing}, expect: out}
""",
    )
    found = [problem for problem in of_folder(made.folder) if problem.code == "S001"]
    assert [str(problem) for problem in found] == [
        "rules/marketing/hello.yaml:10:5: error S001: nobody can match: line 6 (age is at least 18)"
        " and line 10 (exclude: age is more than 10) leave nobody\n"
        "   10 |   - age: {more_than: 10}\n"
        "      |     ^^^\n"
        "      = help: change or delete one of these lines"
    ]


def of_folder(folder: Path) -> list[Problem]:
    found, problems = load(folder)
    assert found is not None
    rules, more = read_rules(found)
    assert rules, [str(problem) for problem in (*problems, *more)]
    return analyse(rules, found, AS_OF)


def test_a_guardrail_that_excludes_everybody_is_named(workspace: Workspace) -> None:
    body = {"when": {"all": [{"age": {"less_than": 7}}]}}
    one = rule("one", body, guardrail=[{"age": {"less_than": 18, "or_missing": "yes"}}])
    assert said([one], workspace) == [
        "nobody can match: line 1 (age is less than 7) and guardrail 'adults'"
        " (exclude: age is less than 18, or missing) leave nobody"
    ]


def test_one_line_alone_can_keep_everybody_out(workspace: Workspace) -> None:
    one = rule("one", {"when": {"all": [{"visits": {"more_than": 7}}]}})
    assert said([one], workspace) == [
        "nobody can match: line 1 (visits is more than 7) leaves nobody"
    ]


def test_an_example_says_only_what_matters_in_plain_values(workspace: Workspace) -> None:
    first = rule(
        "first",
        {
            "when": {
                "all": [
                    {"age": {"at_least": 18}},
                    {"segment": ["Loyal", "Casual"]},
                    {"spend": {"more_than": 1000}},
                    {"bought": {"has": "Loyal"}},
                    {"city": {"starts_with": "La"}},
                    {"consent": "yes"},
                ]
            },
            "exclude": [{"seen_on": {"within_last": "30 days"}}],
        },
    )
    second = rule("second", {"when": {"none": [{"segment": "Loyal"}]}}, priority=2)
    assert said([first, second], workspace) == [
        "this rule and 'first' can both match: age 18, segment Casual, spend 2000,"
        " bought [Loyal], city Laother, consent yes, seen_on missing"
    ]


def test_a_date_in_an_example_is_a_day(workspace: Workspace) -> None:
    body = {"when": {"all": [{"seen_on": {"older_than": "30 days"}}]}}
    assert said([rule("a", body), rule("b", body, priority=2)], workspace, "S003") == [
        "this rule and 'a' can both match: seen_on 2026-10-25"
    ]


def test_a_message_names_the_day_where_periods_and_fixed_dates_meet(workspace: Workspace) -> None:
    lines = [{"seen_on": {"within_last": "10 days"}}, {"seen_on": {"before": "2026-11-01"}}]
    (message,) = said([rule("one", {"when": {"all": lines}})], workspace)
    assert message.endswith("(on 2026-11-24; for seen_on another day may differ)")


def test_a_month_is_as_long_as_on_the_day_it_is_counted_from(workspace: Workspace) -> None:
    lines = [{"seen_on": {"within_last": "1 month"}}, {"seen_on": {"older_than": "30 days"}}]
    one = rule("one", {"when": {"all": lines}})
    on_31_march = analyse([one], workspace, dt.date(2026, 3, 31))  # a month is 31 days
    on_1_april = analyse([one], workspace, dt.date(2026, 3, 1))  # a month is 28 days
    assert [problem.code for problem in on_31_march] == []
    assert [problem.code for problem in on_1_april] == ["S001"]


def test_rules_that_are_active_on_different_nights_cannot_meet(workspace: Workspace) -> None:
    first = replace(rule("first", EVERYBODY), active_until=dt.date(2026, 11, 30))
    second = replace(rule("second", EVERYBODY, priority=2), active_from=dt.date(2026, 12, 1))
    assert said([first, second], workspace, "S003") == []
    assert said([first, replace(second, active_from=None)], workspace, "S003") != []
    over = replace(first, active_until=dt.date(2026, 11, 23))
    assert said([over, replace(second, active_from=None)], workspace, "S003") == []


def test_marketing_and_retention_meet_and_in_stock_overlap_is_meant(workspace: Workspace) -> None:
    rules = [
        rule("a", adults(18)),
        rule("b", adults(18), kind="retention"),
        rule("c", adults(18), kind="inventory"),
        rule("d", adults(18), kind="inventory", priority=2),
    ]
    found = analyse(rules, workspace, AS_OF)
    pairs = [(p.place.file, p.message) for p in found if p.code == "S003"]
    assert pairs == [("rules/marketing/a.yaml", "this rule and 'b' can both match: age 18")]


def never_reached(workspace: Workspace, *rules: Rule, **policy: Any) -> list[str]:
    channels = {"email": Channel(), "sms": Channel()}
    here = replace(workspace, policy=Policy(**{"channels": channels, **policy}))
    return said(list(rules), here, "S002")


def test_a_rule_behind_a_wider_one_is_never_reached(workspace: Workspace) -> None:
    wide, narrow = rule("wide", adults(18)), rule("narrow", adults(60), priority=2)
    assert never_reached(workspace, wide, narrow) == [
        "never reached: every customer it can match goes to 'wide' before"
    ]
    assert never_reached(workspace, replace(wide, priority=3), narrow) == []


def test_several_rules_together_take_all_and_only_those_needed_are_named(
    workspace: Workspace,
) -> None:
    young = rule("young", {"when": {"all": [{"age": {"less_than": 40}}]}})
    loyal = rule("loyal", {"when": {"all": [{"segment": "Loyal"}, adults(60)["when"]]}}, priority=2)
    rest = rule("rest", {"when": {"none": [{"age": {"less_than": 40}}]}}, priority=3)
    last = rule("last", adults(18), priority=4)
    assert never_reached(workspace, young, loyal, rest, last)[-1] == (
        "never reached: every customer it can match goes to 'young' or 'rest' before"
    )


@pytest.mark.parametrize(
    "freer",
    [
        {"pick": Pick(100, None)},
        {"cooldown": Period(14, "day")},
        {"cooldown": "ever"},
        {"budget": Decimal(100)},
        {"active_until": dt.date(2026, 12, 31)},
        {"active_from": dt.date(2026, 1, 1)},
    ],
)
def test_a_higher_rule_that_may_leave_somebody_over_hides_nobody(
    workspace: Workspace, freer: dict[str, Any]
) -> None:
    wide, narrow = rule("wide", adults(18)), rule("narrow", adults(60), priority=2)
    assert never_reached(workspace, replace(wide, **freer), narrow) == []


@pytest.mark.parametrize(
    "policy",
    [
        {"each_customer_gets": "all"},
        {"each_customer_gets": 2},
        {"cooldown": Period(14, "day")},
        {"settle_by": "expected_value"},
        {"channels": {"email": Channel(at_most=5)}},
    ],
)
def test_a_policy_that_may_leave_somebody_over_hides_nobody(
    workspace: Workspace, policy: dict[str, Any]
) -> None:
    wide, narrow = rule("wide", adults(18)), rule("narrow", adults(60), priority=2)
    assert never_reached(workspace, wide, narrow, **policy) == []


def test_rules_of_two_channels_or_another_channel_hide_nobody(workspace: Workspace) -> None:
    wide, narrow = rule("wide", adults(18)), rule("narrow", adults(60), priority=2)
    both = replace(wide, then=replace(wide.contact, channels=("email", "sms")))
    other = replace(wide, then=replace(wide.contact, channels=("sms",)))
    assert never_reached(workspace, both, narrow) == []
    assert never_reached(workspace, other, narrow) == []


def test_a_segment_that_no_rule_can_reach_is_shown_where_it_is_named(tmp_path: Path) -> None:
    made = shop(tmp_path, {"segments/customers.yaml": SEGMENTS})
    made.write(
        "rules/marketing/hello.yaml",
        """\
title: Not for casual customers
priority: 1
when:
  none:
    - segment: Casual
then: {offer: hello, channel: email, message: hello.j2}
examples:
  - {case: one, given: {segment: Loyal}, expect: in}
  - {case: two, given: {segment: Casual}, expect: out}
""",
    )
    found = [problem for problem in of_folder(made.folder) if problem.code == "S004"]
    assert [(p.message, str(p.place.line), p.place.excerpt) for p in found] == [
        ("no rule can reach the segment 'Casual'", "4", "  Casual: {recency: high}")
    ]


def test_a_wider_line_and_a_narrower_alternative_change_nothing(workspace: Workspace) -> None:
    lines = [{"age": {"at_least": 18}}, {"age": {"more_than": 20}}]
    assert said([rule("one", {"when": {"all": lines}})], workspace) == [
        "'age is at least 18' changes nothing: line 1 (age is more than 20) already implies it"
    ]
    assert said([rule("one", {"when": {"any": lines}})], workspace) == [
        "'age is more than 20' changes nothing: line 1 (age is at least 18) already implies it"
    ]


def test_an_exclusion_that_when_rules_out_already_changes_nothing(workspace: Workspace) -> None:
    one = rule("one", adults(18, exclude=[{"age": {"less_than": 16}}]))
    assert len(said([one], workspace, "S005")) == 1
    kept = rule("one", adults(18, exclude=[{"age": {"less_than": 16, "or_missing": "yes"}}]))
    assert len(said([kept], workspace, "S005")) == 1
    needed = rule("one", {"when": {"none": [{"age": {"less_than": 18}}]}, "exclude": [
        {"age": {"less_than": 16, "or_missing": "yes"}}]})  # fmt: skip
    assert said([needed], workspace, "S005") == []


def test_two_fields_are_compared_as_far_as_an_example_shows(workspace: Workspace) -> None:
    more = {"age": {"more_than": {"field": "visits"}}}
    less = {"age": {"less_than": {"field": "visits"}}}
    first = rule("first", {"when": {"all": [more, {"visits": {"at_least": 5}}]}})
    second = rule("second", {"when": {"all": [more, {"age": {"at_most": 6}}]}}, priority=2)
    (message,) = said([first, second], workspace, "S003")
    assert message == "this rule and 'first' can both match: age 6, visits 5"
    (unsure,) = said([rule("one", {"when": {"all": [more, less]}})], workspace)
    assert unsure == (
        "cannot decide whether it matches anybody: it depends on how two fields compare:"
        " 'age is more than visits', 'age is less than visits'"
    )
    missing = rule("one", {"when": {"all": [more, {"visits": {"missing": "yes"}}]}})
    (sure,) = said([missing], workspace)
    assert sure.startswith("nobody can match")
    assert said([rule("one", {"when": {"all": [more]}, "exclude": [more]})], workspace, "S001") == [
        "nobody can match: line 1 (age is more than visits) and line 1 (exclude: age is more than"
        " visits) leave nobody"
    ]


def test_too_many_alternatives_are_one_note_and_no_hang(workspace: Workspace) -> None:
    names = ["age", "spend", "visits"]
    numbers = range(14)
    lines: list[dict[str, Any]] = [
        {"any": [{name: {"between": [n / 8, n / 8 + 1]}} for name in names]} for n in numbers
    ]
    lines += [{"any": [{"bought": {"has": "Loyal"}}, {"tags": {"has": f"t{n}"}}]} for n in numbers]
    found = said([rule("one", {"when": {"all": lines}})], workspace)
    assert found == ["cannot decide: too many alternatives"]


def accepted(check: str, other: str | None, until: dt.date, name: str = "b") -> list[Rule]:
    rules = [rule("a", adults(18)), rule("b", adults(18), priority=2)]
    place = rules[0].place
    return [
        replace(one, accept=(Accept(check, other, until, place),)) if one.name == name else one
        for one in rules
    ]


def test_an_acceptance_silences_one_finding_until_its_day(workspace: Workspace) -> None:
    limited = replace(workspace, policy=Policy(channels={}, cooldown=Period(1, "day")))
    assert said(accepted("S003", "a", AS_OF), limited) == []
    assert said(accepted("S003", "b", AS_OF, name="a"), limited) == []
    day_before = AS_OF - dt.timedelta(days=1)
    assert said(accepted("S003", "a", day_before), limited) == [
        "this rule and 'a' can both match: age 18 (accepted until 2026-11-23, which has passed)"
    ]


def test_an_acceptance_that_silences_nothing_is_a_warning(workspace: Workspace) -> None:
    limited = replace(workspace, policy=Policy(channels={}, cooldown=Period(1, "day")))
    both = "this rule and 'a' can both match: age 18"
    assert said(accepted("S002", "a", AS_OF), limited) == [
        both,
        "there is no S002 with 'a' to accept",
    ]
    assert said(accepted("S003", None, AS_OF), limited) == [
        both,
        "an accepted S003 names the other",
    ]
    assert said(accepted("D003", None, AS_OF), limited) == [both]  # judged where data is at hand


def test_an_acceptance_in_a_rule_file_is_obeyed_and_shown_where_it_is_idle(tmp_path: Path) -> None:
    made = shop(tmp_path)
    text = (made.folder / "rules/marketing/hello.yaml").read_text()
    second = text.replace("priority: 1", "priority: 2")
    accepts = (
        "accept:\n"
        "  - {check: S003, with: hello, reason: both are wanted, until: 2026-12-31}\n"
        "  - {check: S005, reason: a habit, until: 2026-12-31}\n"
    )
    made.write("rules/marketing/again.yaml", second + accepts)
    made.write("rules/policy.yaml", "channels: {email: {address: email}}\ncooldown: 7 days\n")
    assert [(p.code, p.place.line, p.message) for p in of_folder(made.folder)] == [
        ("R005", 13, "there is no S005 here to accept")
    ]


def test_the_sample_shops_contact_rules_part_their_customers_but_for_what_they_accept() -> None:
    sample, _ = load(ROOT)
    assert sample is not None
    rules = [one for one in read_rules(sample)[0] if one.kind != "inventory"]
    assert analyse(rules, sample, AS_OF) == []
    (ended,) = analyse(rules, sample, dt.date(2027, 7, 1))
    assert ended.message == (
        "this rule and 'lapsing_vip_call' can both match: segment Lapsing loyalists,"
        " monetary 3000000, recency_days 60, last_contacted_on missing, email_consent yes"
        " (accepted until 2027-06-30, which has passed)"
    )
