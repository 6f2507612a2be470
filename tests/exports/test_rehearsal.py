"""Templates are tried on the examples that a rule takes, before any customer is there."""

from __future__ import annotations

from pathlib import Path

from targeting.exports.messages import Messages
from targeting.exports.rehearsal import EXAMPLE_DAY, rehearse_examples
from targeting.plan import prepare
from targeting.problems import Problem, errors
from tests.kit.shop import SMALL, shop

SETTINGS = SMALL["targeting.yaml"].replace(
    "city: city,", "city: city, first_name: name,"
).replace("  city: {", "  first_name: {type: text}\n  city: {")  # fmt: skip
POLICY = (
    "key: corner\nchannels: {email: {address: email}, sms: {address: email, longest: 1 segment}}\n"
)
RULE = SMALL["rules/marketing/hello.yaml"]


def found(folder: Path, template: str, rule: str = RULE) -> list[Problem]:
    """Rehearse the small shop's rule with another template."""
    files = {"targeting.yaml": SETTINGS, "rules/policy.yaml": POLICY}
    files["rules/marketing/hello.yaml"] = rule.replace("channel: email", "channel: [email, sms]")
    shop(folder, {**files, "customers.csv": SMALL["customers.csv"].replace("id,", "id,name,")})
    workspace_plan = prepare(folder)
    (folder / "templates/messages/hello.j2").write_text(template, "utf-8")
    workspace = workspace_plan.workspace
    messages = Messages(
        folder,
        workspace.settings.shop,
        EXAMPLE_DAY,
        fields=workspace.customer_fields,
        policy=workspace.policy,
    )
    known = messages.check({"hello.j2": ["email", "sms"]})
    assert not errors(known)
    return rehearse_examples(messages, workspace_plan.rules, workspace.customer_fields, known)


def told(problems: list[Problem]) -> list[tuple[str, str, str]]:
    return [(problem.code, problem.severity, problem.message) for problem in problems]


def test_a_good_template_has_nothing_against_it(tmp_path: Path) -> None:
    good = "Subject: {{ city }}\nDear {{ first_name | default('you') }}, you are {{ age }}."
    assert found(tmp_path, good) == []


def test_the_values_of_an_example_that_is_in_are_filled_in(tmp_path: Path) -> None:
    template = "Subject: x\n{{ 10 / (age - 18) }}"
    assert told(found(tmp_path, template)) == [
        ("M203", "warning", "divides by zero (example 'just adult' of hello)")
    ]
    # Nobody whom the rule takes is 17.
    assert found(tmp_path, "Subject: x\n{{ 10 / (age - 17) }}") == []


def test_a_default_that_is_empty_leaves_a_gap(tmp_path: Path) -> None:
    template = "Subject: x\nDear {{ first_name | default('') }}, hello"
    (problem,) = {p.message: p for p in found(tmp_path, template)}.values()
    assert (problem.code, problem.severity, problem.place.line) == ("M111", "warning", 2)


def test_a_field_without_default_is_said_once_by_m109(tmp_path: Path) -> None:
    assert found(tmp_path, "Subject: x\nDear {{ first_name }}, hello") == []


def test_a_message_too_long_for_every_example_is_an_error(tmp_path: Path) -> None:
    (problem,) = found(tmp_path, "Subject: x\n" + "x" * 161)
    assert (problem.code, problem.severity) == ("M110", "error")
    assert "2 segments, and sms takes 1 segment" in problem.message
    long_name = "Subject: x\n" + "x" * 155 + "{{ first_name | default('you') }}"
    (problem,) = found(tmp_path, long_name)
    assert (problem.code, problem.severity) == ("M110", "warning")


def test_a_message_that_is_always_empty_is_an_error(tmp_path: Path) -> None:
    problems = found(tmp_path, "Subject: x\n{% if age < 18 %}Hello{% endif %}")
    assert {(p.code, p.severity) for p in problems} == {("M112", "error")}


def test_every_variant_is_tried(tmp_path: Path) -> None:
    (tmp_path / "templates/messages").mkdir(parents=True)
    (tmp_path / "templates/messages/other.j2").write_text("Subject: x\n{{ 1 / (age - 18) }}")
    rule = RULE.replace("message: hello.j2", "message: {a: hello.j2, b: other.j2}")
    assert told(found(tmp_path, "Subject: x\nHello", rule))[0][0] == "M203"
