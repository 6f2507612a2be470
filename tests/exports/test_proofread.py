"""Written messages are read once more: too long for their channel, a gap, nothing in them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest
from pydantic import ValidationError

from targeting.exports.messages import Messages
from targeting.problems import Problem
from targeting.workspace.catalogue import Field
from targeting.workspace.policy import Channel, Policy
from targeting.workspace.settings import Shop

FIELDS = {
    "customer_id": Field("customer_id", "text", "customers", may_be_missing=False),
    "first_name": Field("first_name", "text", "customers"),
}


def messages(folder: Path, template: str, longest: str = "1 segment") -> Messages:
    path = folder / "templates/messages/m.j2"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(template, "utf-8")
    channels = {"sms": {"longest": longest}, "email": {"address": "email"}, "chat": {}}
    policy = Policy.model_validate({"channels": channels})
    return Messages(folder, Shop(), dt.date(2026, 11, 24), fields=FIELDS, policy=policy)


def named(*names: str | None, channel: str = "sms") -> pl.DataFrame:
    return pl.DataFrame(
        {
            "customer_id": [f"C{number}" for number in range(1, len(names) + 1)],
            "first_name": pl.Series(names, dtype=pl.String),
            "channel": channel, "message": "m.j2", "rule": "r", "offer": "o",
        }
    )  # fmt: skip


def told(problems: list[Problem]) -> list[tuple[str, str, str]]:
    return [(problem.code, problem.severity, problem.message) for problem in problems]


def test_a_name_in_another_script_makes_an_sms_of_three_segments(tmp_path: Path) -> None:
    contacts = named("Ayesha", "علی", "Zoë")
    template = "Subject: not counted here\n{{ first_name }}" + "x" * 140
    tried = messages(tmp_path, template)
    expected = ("M110", "warning", "3 segments, and sms takes 1 segment (customer C2 and 1 more)")
    assert told(tried.rehearse(contacts)) == [expected]
    (problem,) = tried.proofread(contacts, tried.render(contacts))
    assert told([problem]) == [expected]
    assert problem.place.line == 2
    assert "another script" in (problem.help or "")
    assert told(tried.rehearse(contacts[::-1])) == [expected]


def test_what_is_too_long_for_everybody_is_an_error_and_a_warning_at_night(tmp_path: Path) -> None:
    tried = messages(tmp_path, "x" * 161)
    assert [p.severity for p in tried.rehearse(named("Ayesha", "Omar"))] == ["error"]
    contacts = named("Ayesha", "Omar")
    assert [p.severity for p in tried.proofread(contacts, tried.render(contacts))] == ["warning"]


def test_characters_are_counted_without_the_subject(tmp_path: Path) -> None:
    template = "Subject: a long one\n\n{{ first_name }}"
    policy = Policy.model_validate({"channels": {"email": {"longest": "4 characters"}}})
    messages(tmp_path, template)
    tried = Messages(tmp_path, Shop(), dt.date(2026, 11, 24), fields=FIELDS, policy=policy)
    found = tried.rehearse(named("Omar", "Ayesha", channel="email"))
    assert [problem.message for problem in found] == [
        "6 characters, and email takes 4 characters (customer C2)"
    ]


def test_a_channel_without_a_limit_takes_any_length(tmp_path: Path) -> None:
    assert messages(tmp_path, "x" * 5000).rehearse(named("Ayesha", channel="chat")) == []


@pytest.mark.parametrize(
    ("template", "line"),
    [
        ("Hello\nDear {{ first_name | default('') }}, look", 2),
        ("{{ first_name | default('') }}، salam", 1),
        ("Dear {% if first_name is defined %}{{ first_name }}{% endif %}, look", 1),
        ("Subject: {{ first_name | default('') }}, hello\nLook", 1),
    ],
)
def test_nothing_before_a_comma_is_a_warning(tmp_path: Path, template: str, line: int) -> None:
    (problem,) = messages(tmp_path, template).rehearse(named("Ayesha", None, channel="email"))
    assert told([problem]) == [("M111", "warning", "nothing before a comma (customer C2)")]
    assert problem.place.line == line


@pytest.mark.parametrize(
    "template",
    ["Dear {{ first_name | default('you') }}, look", "Vous venez {{ first_name | d('?') }} ?",
     "1,000 things, and more", "Dear {{ first_name | d('you') }},\nlook"],
)  # fmt: skip
def test_a_comma_after_something_is_none(tmp_path: Path, template: str) -> None:
    assert messages(tmp_path, template).rehearse(named("Ayesha", None)) == []


def test_an_empty_message_is_an_error_where_nobody_gets_another(tmp_path: Path) -> None:
    tried = messages(tmp_path, "{% if first_name is defined %}Hello{% endif %}")
    assert [p.severity for p in tried.rehearse(named("Ayesha", None))] == ["warning"]
    assert told(tried.rehearse(named(None, None))) == [
        ("M112", "error", "the message is empty (customer C1 and 1 more)")
    ]


def test_what_cannot_be_written_is_a_warning_and_the_others_are_read(tmp_path: Path) -> None:
    found = messages(tmp_path, "{{ first_name }}" + "x" * 160).rehearse(named(None, "Omar"))
    assert [(problem.code, problem.severity) for problem in found] == [
        ("M201", "warning"), ("M110", "error"),
    ]  # fmt: skip


def test_a_length_is_typed_with_its_unit() -> None:
    assert str(Channel.model_validate({"longest": "600 characters"}).longest) == "600 characters"
    assert str(Channel.model_validate({"longest": "1 segments"}).longest) == "1 segment"
    for wrong in ("2", "0 segments", "two segments", "2 sms", "600 characters ", "٢ segments"):
        with pytest.raises(ValidationError, match="is no length"):
            Channel.model_validate({"longest": wrong})


def test_sms_are_the_channels_that_go_out_in_segments() -> None:
    channels = {"sms": {}, "text": {"longest": "2 segments"}, "chat": {"longest": "9 characters"}}
    assert Policy.model_validate({"channels": channels}).sms_channels == ["sms", "text"]
