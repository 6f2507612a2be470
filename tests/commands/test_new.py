from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from targeting.plan import examine
from targeting.problems import errors
from targeting.rules.try_examples import evaluate
from targeting.workspace.starter import copy_starter
from tests.kit.shop import IMTIAZ, JOURNEY, ShopFolder, shop

KINDS = ("marketing", "retention", "inventory")


@pytest.fixture
def sample(tmp_path: Path) -> ShopFolder:
    copy_starter(tmp_path)
    return ShopFolder(tmp_path)


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_rule_brings_no_error_and_its_examples_pass(sample: ShopFolder, kind: str) -> None:
    assert sample.run_here("new", kind, "brand_new").code == 0
    _assert_sound(sample.folder, "brand_new")


@pytest.mark.parametrize("workspace", [IMTIAZ, JOURNEY])
@pytest.mark.parametrize("kind", KINDS[:2])
def test_it_is_made_of_whatever_the_shop_has(tmp_path: Path, workspace: Path, kind: str) -> None:
    ours = ShopFolder(tmp_path)
    for part in workspace.rglob("*"):
        wanted = part.suffix in (".yaml", ".j2") and ".schema" not in part.parts
        if part.is_file() and wanted:
            ours.write(part.relative_to(workspace).as_posix(), part.read_bytes())
    ran = ours.run_here("new", kind, "brand_new")
    assert ran.code == 0, ran.err
    _assert_sound(tmp_path, "brand_new")


@pytest.mark.parametrize(
    "field",
    [
        "{type: yes/no}", "{type: date}", "{type: text}", "{type: category, values: ['yes', 'a: b']}", "{type: number}",
        "{type: number, range: [0, 1]}", "{type: money, range: [5000, 9000]}",
        "{type: category}", "{type: number, range: [-5, -5]}", "{type: text, personal: yes}",
    ],
)  # fmt: skip
def test_one_field_of_any_type_is_enough(tmp_path: Path, field: str) -> None:
    settings = f"""\
sources: {{customers: {{file: c.csv, columns: {{customer_id: id, thing: t}}}}}}
fields: {{thing: {field}}}
"""
    files = {
        "targeting.yaml": settings,
        "rules/policy.yaml": "key: k\nchannels: {post: {}}\n",
        "rules/marketing/hello.yaml": None,
    }
    ran = shop(tmp_path, files).run_here("new", "marketing", "brand_new")
    assert ran.code == 0, ran.err
    _assert_sound(tmp_path, "brand_new")


def test_what_stands_in_a_new_rule(tmp_path: Path) -> None:
    ours = shop(tmp_path, {"rules/shared.yaml": None})
    ran = ours.run_here("new", "marketing", "second_hello")
    assert ran.code == 0
    assert (
        (tmp_path / "rules/marketing/second_hello.yaml").read_text("utf-8")
        == """\
# yaml-language-server: $schema=../../.schema/marketing.schema.json
title: Second hello
priority: 10    # 1 wins over 2, among marketing rules

when:
  all:
    - city: Lahore
    - age: {at_least: 30}

exclude:
  - last_contacted_on: {within_last: 30 days}

then:
  offer: second_hello
  channel: email
  message: second_hello.j2

examples:
  - case: just in
    given: {city: Lahore, age: 30, last_contacted_on: missing}
    expect: in
  - case: just out
    given: {city: Lahore, age: 29, last_contacted_on: missing}
    expect: out
"""
    )
    assert (
        ran.out
        == """\
a rule stands in rules/marketing/second_hello.yaml
its words stand in templates/messages/second_hello.j2
change it, then: targeting check && targeting test
"""
    )


def test_an_existing_message_is_kept_and_used(tmp_path: Path) -> None:
    words = "Subject: Mine\nMine.\n"
    ours = shop(tmp_path, {"templates/messages/again.j2": words})
    ran = ours.run_here("new", "retention", "again", "--json")
    assert ran.json == {"rule": "rules/retention/again.yaml", "template": None}
    assert (tmp_path / "templates/messages/again.j2").read_text("utf-8") == words


def test_the_schemas_know_the_new_message_and_rule(tmp_path: Path) -> None:
    assert shop(tmp_path).run_here("new", "marketing", "again").code == 0
    assert '"again.j2"' in (tmp_path / ".schema/retention.schema.json").read_text("utf-8")
    assert '"again"' in (tmp_path / ".schema/tests.schema.json").read_text("utf-8")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Early-Access", "'Early-Access' is not a name for a rule; type early_access"),
        ("2 for 1", "'2 for 1' is not a name for a rule; type for_1"),
        ("../../x", "'../../x' is not a name for a rule; type x"),
        ("سلام", "'سلام' is not a name for a rule; type a name like early_access"),
        ("hello", "a rule named 'hello' stands in rules/marketing/hello.yaml; names are unique"),
    ],
)
def test_a_name_that_cannot_be_is_refused(tmp_path: Path, name: str, said: str) -> None:
    ours = shop(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    ran = ours.run_here("new", "retention", name)
    assert ran.code == 2
    assert said in ran.err
    assert sorted(tmp_path.rglob("*")) == before


def test_a_kind_that_is_none_is_refused(tmp_path: Path) -> None:
    ran = shop(tmp_path).run_here("new", "markting", "x")
    assert ran.code == 2
    assert "'marketing', 'retention', 'inventory'" in ran.err


def test_without_a_channel_there_is_nothing_to_send(tmp_path: Path) -> None:
    ran = shop(tmp_path, {"rules/policy.yaml": None}).run_here("new", "marketing", "x")
    assert ran.code == 2
    assert "rules/policy.yaml names no channel yet" in ran.err


def test_a_policy_with_errors_is_shown(tmp_path: Path) -> None:
    ran = shop(tmp_path, {"rules/policy.yaml": "channels: 5\n"}).run_here("new", "marketing", "x")
    assert ran.code == 1
    assert "rules/policy.yaml:1:11: error T001" in ran.err


def _assert_sound(folder: Path, name: str) -> None:
    plan, problems = examine(folder)
    assert plan is not None, [str(problem) for problem in errors(problems)]
    rule = next(rule for rule in plan.rules if rule.name == name)
    tried = evaluate(rule, dt.date(2026, 11, 24))
    assert [(example.expect, met) for example, met in tried] == [(True, True), (False, False)]
