"""A policy that names what is not there is an error, not an empty list."""

from __future__ import annotations

from pathlib import Path

import pytest

from targeting.campaigns.check import check_policy
from targeting.problems import Problem, errors
from targeting.workspace.load import load
from tests.kit.shop import IMTIAZ, ROOT, shop

POLICY = """\
key: corner
channels:
  email: {address: email, consent: email_consent}
  counter: {}
same_person: [email, city]
contact_limits:
  - {channel: email, at_most: 2, within: 7 days}
  - {channel: any, at_most: 4, within: 30 days}
unsubscribe_line: [email]
after:
  unsubscribed: {channel: same, for: ever}
  complained: {channel: any, for: 180 days}
  bounced: {address: same, for: ever}
"""


def problems(folder: Path) -> list[Problem]:
    workspace, found = load(folder)
    assert workspace is not None, found
    return check_policy(workspace)


@pytest.mark.parametrize("folder", [ROOT, IMTIAZ])
def test_the_policies_of_the_repository_are_sound(folder: Path) -> None:
    assert problems(folder) == []


@pytest.mark.parametrize(
    ("right", "wrong", "message", "line"),
    [
        ("address: email,", "address: emial,", "'emial' is not a text field of the customers", 3),
        ("address: email,", "address: age,", "'age' is not a text field of the customers", 3),
        (
            "consent: email_consent",
            "consent: emial_consent",
            "'emial_consent' is not a yes/no field",
            3,
        ),
        ("consent: email_consent", "consent: city", "'city' is not a yes/no field", 3),
        ("[email, city]", "[email, phone]", "'phone' is not a text field of the customers", 5),
        ("channel: email, at", "channel: mail, at", "'mail' is not a channel of this policy", 7),
        ("unsubscribe_line: [email]", "unsubscribe_line: [sms]", "'sms' is not a channel", 9),
        ("complained: {channel: any", "complained: {channel: all", "'all' is not a channel", 12),
        ("  unsubscribed:", "  unsubscribd:", "'unsubscribd' is no event that comes back", 11),
    ],
)
def test_a_name_that_is_not_there_is_an_error_at_its_place(
    tmp_path: Path, right: str, wrong: str, message: str, line: int
) -> None:
    assert right in POLICY
    made = shop(tmp_path, {"rules/policy.yaml": POLICY.replace(right, wrong)})
    (problem,) = errors(problems(made.folder))
    assert message in problem.message
    assert problem.severity == "error"
    assert problem.place.file == "rules/policy.yaml"
    assert abs(problem.place.line - line) <= 1


def test_a_sound_policy_has_no_problem(tmp_path: Path) -> None:
    assert errors(problems(shop(tmp_path, {"rules/policy.yaml": POLICY}).folder)) == []


def test_what_follows_from_answers_that_never_come_is_said(tmp_path: Path) -> None:
    (warning,) = problems(shop(tmp_path, {"rules/policy.yaml": POLICY}).folder)
    assert (warning.code, warning.severity) == ("W101", "warning")
    assert "names no responses source" in warning.message
