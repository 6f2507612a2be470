"""targeting test: examples and whole-set tests, and what a failure shows."""

from __future__ import annotations

from pathlib import Path

from tests.kit.shop import ROOT, SMALL, run_targeting, shop

HELLO = SMALL["rules/marketing/hello.yaml"]
WHOLE = """\
title: A small town
as_of: 2026-11-24
customers:
  - {customer_id: a, age: 30, city: Lahore, email: a@example.com, email_consent: yes}
  - {customer_id: b, age: 30, city: Lahore, email: b@example.com, email_consent: no}
  - {customer_id: c, age: 30, city: Karachi}
expect:
  hello: [EXPECTED]
nobody_else: yes
"""


def test_the_samples_rules_pass_their_own_tests() -> None:
    ran = run_targeting("test", cwd=ROOT)
    assert (ran.code, ran.out) == (0, "")
    assert "22 rules and 1 whole-set tests; 0 failed" in ran.err


def test_a_failing_example_shows_what_each_line_said(tmp_path: Path) -> None:
    wrong = HELLO.replace(
        "age: 17, city: Lahore}, expect: out", "age: 17, city: Lahore}, expect: in"
    )
    wrong += "  - {case: elsewhere, given: {age: 40, city: Quetta}, expect: out}\n"
    ran = shop(tmp_path, {"rules/marketing/hello.yaml": wrong}).run("test")
    assert ran.code == 1
    assert (
        "rules/marketing/hello.yaml:10:5: error E005: 'too young' should be in and is out"
        in ran.out
    )
    assert "fails   age is at least 18" in ran.out
    assert "passes  city is Lahore" in ran.out


def test_a_run_refuses_rules_whose_examples_fail(tmp_path: Path) -> None:
    wrong = HELLO.replace("at_least: 18", "at_least: 16")
    made = shop(tmp_path, {"rules/marketing/hello.yaml": wrong})
    ran = made.run("run")
    assert ran.code == 1
    assert "error E005: 'too young' should be out and is in" in ran.err
    assert not (tmp_path / "out").exists()


def test_a_whole_set_test_says_who_lacks_what_and_why(tmp_path: Path) -> None:
    right = shop(tmp_path / "right", {"rules/tests/town.yaml": WHOLE.replace("EXPECTED", "a")})
    assert right.run("test").code == 0
    wrong = shop(tmp_path / "wrong", {"rules/tests/town.yaml": WHOLE.replace("EXPECTED", "b, c")})
    ran = wrong.run("test")
    assert ran.code == 1
    assert (
        "rules/tests/town.yaml:8:3: error E004: A small town: hello does not get b (no consent), c (not eligible) and gets a too"
        in ran.out
    )


def test_a_whole_set_test_that_names_no_rule_or_customer_is_told(tmp_path: Path) -> None:
    text = WHOLE.replace("EXPECTED", "z").replace("  hello:", "  helo:")
    ran = shop(tmp_path, {"rules/tests/town.yaml": text}).run("check", "--json")
    messages = [(row["code"], row["line"], row["message"]) for row in ran.json]
    assert ("R001", 8, "'helo' is no contact rule") in messages
    assert ("R001", 8, "'z' is not among the customers of this test") in messages


def test_suggested_cases_stand_on_the_boundaries_and_pass(tmp_path: Path) -> None:
    made = shop(tmp_path)
    suggested = made.run("test", "--suggest", "hello").out
    assert "case: age missing" in suggested
    assert "age: 19" in suggested
    made.write("rules/marketing/hello.yaml", HELLO + suggested)
    assert made.run("test").code == 0
    assert made.run("test", "--suggest", "hello").out == ""


def test_coverage_names_a_line_that_no_two_examples_tell(tmp_path: Path) -> None:
    ran = shop(tmp_path).run("test", "--coverage")
    assert ran.code == 0
    assert ran.out == "hello: no two examples differ in: city is Lahore\n"


def test_an_example_that_hangs_on_the_day_is_refused(tmp_path: Path) -> None:
    rule = HELLO.replace("city: Lahore\n", "visited_on: {older_than: 1 month}\n", 1)
    rule = rule.replace("age: 18, city: Lahore", "age: 18, visited_on: 30 days ago")
    rule = rule.replace("age: 17, city: Lahore", "age: 17, visited_on: 40 days ago")
    ran = shop(tmp_path, {"rules/marketing/hello.yaml": rule}).run("test")
    assert ran.code == 1
    assert "error E005: 'just adult' should be in and is out" in ran.out
    assert "error E007: 'just adult' is out on 2026-11-24 and in on 2027-03-15" in ran.out
