"""targeting preview: whom a rule would take, before anything is sent."""

from __future__ import annotations

from pathlib import Path

from tests.kit.shop import shop


def test_the_funnel_is_shown_line_by_line(tmp_path: Path) -> None:
    made = shop(tmp_path)
    assert made.run("run").code == 0
    ran = made.run("preview", "hello", "--json")
    (hello,) = ran.json
    steps = [(s["line"], s["left"], s["lost"], s["lost_missing"]) for s in hello["funnel"]]
    assert steps == [
        ("everybody", 6, 0, 0),
        ("age is at least 18", 4, 2, 1),
        ("city is Lahore", 3, 1, 0),
    ]
    assert "and city is Lahore" in made.run("preview").out


def test_a_changed_rule_is_tried_on_the_last_runs_customers(tmp_path: Path) -> None:
    made = shop(tmp_path)
    assert made.run("run").code == 0
    rule = (tmp_path / "rules/marketing/hello.yaml").read_text(encoding="utf-8")
    made.write("rules/marketing/hello.yaml", rule.replace("18", "41").replace("age: 17", "age: 40"))
    (hello,) = made.run("preview", "hello", "--json").json
    assert hello["funnel"][-1]["left"] == 0


def test_customers_whom_two_rules_want_are_counted(tmp_path: Path) -> None:
    made = shop(tmp_path)
    rule = (tmp_path / "rules/marketing/hello.yaml").read_text(encoding="utf-8")
    made.write("rules/marketing/again.yaml", rule.replace("priority: 1", "priority: 2"))
    assert made.run("run").code == 0
    (hello,) = made.run("preview", "hello", "--json").json
    assert hello["overlaps"] == [{"rule": "again", "customers": 3}]


def test_without_a_run_it_says_what_to_do(tmp_path: Path) -> None:
    ran = shop(tmp_path).run("preview", "hello")
    assert ran.code == 1
    assert "there is no run to look at yet" in ran.err
    assert "targeting run" in ran.err


def test_a_rule_that_is_not_there_is_wrong_use(tmp_path: Path) -> None:
    ran = shop(tmp_path).run("preview", "helo")
    assert ran.code == 2
    assert "did you mean 'hello'?" in ran.err
