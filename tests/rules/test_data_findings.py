"""What only the data tells of a rule: nobody, nearly all, out of range, several, missing, changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kit.shop import ShopFolder, shop

RULE = """\
title: {title}
priority: {priority}
when:
  all:
{lines}
then: {{offer: hello, channel: email, message: hello.j2}}
{more}examples:
  - {{case: in, given: {{{inside}}}, expect: in}}
  - {{case: out, given: {{{outside}}}, expect: out}}
"""


def rule(priority: int, line: str, inside: str, outside: str, more: str = "") -> str:
    lines = f"    - {line}"
    return RULE.format(
        title=f"Rule {priority}",
        priority=priority,
        lines=lines,
        inside=inside,
        outside=outside,
        more=more,
    )


RULES = {
    "rules/marketing/hello.yaml": None,
    "rules/marketing/nobody.yaml": rule(1, "age: {between: [60, 70]}", "age: 60", "age: 71"),
    "rules/marketing/too_old.yaml": rule(2, "age: {at_least: 119}", "age: 119", "age: 118"),
    "rules/marketing/all.yaml": rule(
        3, "customer_id: {missing: no}", "customer_id: a", "customer_id: missing"
    ),
    "rules/marketing/karachi.yaml": rule(4, "city: Karachi", "city: Karachi", "city: Lahore"),
    "rules/marketing/adults.yaml": rule(5, "age: {at_least: 18}", "age: 18", "age: 17"),
}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> ShopFolder:
    made = shop(tmp_path_factory.mktemp("data") / "shop", RULES)
    done = made.run("run")
    assert done.code == 0, done.err
    return made


def found(made: ShopFolder, code: str) -> list[str]:
    rows = made.run("check", "--json").json
    return [f"{row['file']}: {row['message']}" for row in rows if row["code"] == code]


def test_a_rule_that_matches_nobody_is_told_its_fatal_line(ran: ShopFolder) -> None:
    assert found(ran, "D001") == [
        "rules/marketing/nobody.yaml: matches nobody: of 6 left, none passes 'age is between 60 and 70'",
        "rules/marketing/too_old.yaml: matches nobody: of 6 left, none passes 'age is at least 119'",
    ]


def test_a_threshold_outside_everything_seen_is_told_the_range(ran: ShopFolder) -> None:
    rows = [row for row in ran.run("check", "--json").json if row["code"] == "D002"]
    assert [row["help"] for row in rows] == ["seen: 17 to 50"] * 2
    assert {row["file"] for row in rows} == {
        "rules/marketing/nobody.yaml",
        "rules/marketing/too_old.yaml",
    }


def test_a_rule_that_matches_nearly_everybody_is_told(ran: ShopFolder) -> None:
    assert found(ran, "D003") == ["rules/marketing/all.yaml: matches 6 of 6 customers"]


def test_people_in_several_campaigns_are_counted(ran: ShopFolder) -> None:
    assert (
        "rules/marketing/adults.yaml: some of its 4 customers match all (4), karachi (1) too"
        in found(ran, "D004")
    )


def test_customers_whom_only_a_missing_value_keeps_out_are_counted(ran: ShopFolder) -> None:
    assert (
        "rules/marketing/adults.yaml: only a missing value keeps 1 customers out: age is at least 18"
        in found(ran, "N001")
    )


def test_a_finding_that_a_rule_accepts_is_silent_until_its_day(
    ran: ShopFolder, tmp_path: Path
) -> None:
    accept = "accept: [{check: N001, reason: we know, until: 2099-12-31}]\n"
    made = shop(
        tmp_path / "shop",
        {
            **RULES,
            "rules/marketing/adults.yaml": rule(
                5, "age: {at_least: 18}", "age: 18", "age: 17", accept
            ),
        },
    )
    assert made.run("run").code == 0
    assert not [row for row in found(made, "N001") if "adults" in row]


def test_what_no_example_can_see_is_told_against_the_last_run(tmp_path: Path) -> None:
    made = shop(tmp_path / "shop", RULES)
    assert made.run("run").code == 0
    made.write(
        "rules/marketing/karachi.yaml",
        rule(9, "city: Karachi", "city: Karachi", "city: Lahore", "holdout: 10%\n"),
    )
    changed = [row.split(" since ")[0] for row in found(made, "C001")]
    assert changed == [
        "rules/marketing/karachi.yaml: holdout changed",
        "rules/marketing/karachi.yaml: priority changed",
    ]


def test_a_rule_that_changed_by_more_than_half_is_told(tmp_path: Path) -> None:
    made = shop(tmp_path / "shop", RULES)
    assert made.run("run").code == 0
    made.write("rules/marketing/adults.yaml", rule(5, "age: {at_least: 45}", "age: 45", "age: 44"))
    (told,) = [row for row in found(made, "D003") if "adults" in row]
    assert told.startswith("rules/marketing/adults.yaml: matches 1 of the customers of ")
    assert told.endswith(", and matched 4 then")


def test_rules_that_can_both_match_are_told_with_the_count_in_the_data(ran: ShopFolder) -> None:
    told = [row for row in found(ran, "S003") if "adults" in row or "karachi" in row]
    assert any("'karachi'" in row and "; 1 customers of 2026-11-24-" in row for row in told)


def test_a_run_says_how_a_change_that_no_example_sees_moved_the_list(tmp_path: Path) -> None:
    made = shop(tmp_path / "shop")
    assert made.run("run").code == 0
    hello = (tmp_path / "shop/rules/marketing/hello.yaml").read_text(encoding="utf-8")
    made.write(
        "rules/marketing/hello.yaml",
        hello.replace("priority: 1", "priority: 1\nactive: {until: 2026-11-01}"),
    )
    said = made.run("run").err
    assert "warning C001: active changed since" in said
    assert "0 customers are new on the list, 1 gone" in said
