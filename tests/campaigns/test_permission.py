"""Who may be contacted, channel by channel, each refusal with its first reason."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl
import pytest

from targeting.campaigns.contacts import with_addresses
from targeting.customers.taken import taken
from tests.kit.people import decide_all, frame, policy, rule

ANN: dict[str, Any] = {
    "customer_id": "ann",
    "wants_1": True,
    "email": "ann@example.com",
    "phone": "415 555 2671",
    "email_consent": True,
    "sms_consent": True,
}
BOTH = rule("hello", channel=["email", "sms"])


def decided(
    *people: dict[str, Any],
    told: dict[str, Any] = BOTH,
    suppressions: list[dict[str, str]] | None = None,
    as_of: dt.date = dt.date(2026, 11, 24),
    **policy_keys: Any,
) -> list[tuple[str, str, str]]:
    """Give channel, outcome and reason of each customer."""
    made = decide_all(frame(people), [told], policy(**policy_keys), suppressions, as_of)
    return made.decisions.select("channel", "outcome", "reason").rows()


def test_the_first_permitted_channel_is_taken() -> None:
    assert decided(ANN) == [("email", "selected", "")]
    assert decided(ANN | {"email_consent": False}) == [("sms", "selected", "")]
    assert decided(ANN | {"email": "ann"}) == [("sms", "selected", "")]


def test_where_no_channel_is_permitted_the_reason_is_that_of_the_first() -> None:
    silent = ANN | {"email": None, "sms_consent": False}
    assert decided(silent) == [("email", "refused", "no_address")]
    other_way = rule("hello", channel=["sms", "email"])
    assert decided(silent, told=other_way) == [("sms", "refused", "no_consent")]


def test_missing_consent_is_no_consent() -> None:
    nobody_asked = ANN | {"email_consent": None, "sms_consent": None}
    assert decided(nobody_asked) == [("email", "refused", "no_consent")]


def test_a_consent_field_that_is_not_there_or_not_yes_or_no_is_no_consent() -> None:
    people = frame([ANN])
    texts = people.with_columns(email_consent=pl.lit("yes"))
    for customers in (people.drop("email_consent"), texts):
        made = decide_all(customers, [rule("hello", channel=["email"])], policy())
        assert made.decisions["reason"].to_list() == ["no_consent"]


def test_a_channel_without_consent_and_address_needs_neither() -> None:
    stranger = {"customer_id": "x", "wants_1": True}
    assert decided(stranger, told=rule("hello")) == [("counter", "selected", "")]


def test_on_a_quiet_date_nobody_is_contacted() -> None:
    quiet = ["2026-12-25"]
    christmas = dt.date(2026, 12, 25)
    assert decided(ANN, quiet_dates=quiet) == [("email", "selected", "")]
    refused = decided(ANN, quiet_dates=quiet, as_of=christmas)
    assert refused == [("email", "refused", "quiet_date")]


def test_the_first_reason_stays() -> None:
    quiet: dict[str, Any] = {
        "quiet_dates": ["2026-11-24"],
        "suppressions": [{"customer_id": "ann"}],
    }
    nothing = ANN | {"email": None, "email_consent": None, "sms_consent": None}
    assert decided(nothing, **quiet)[0][2] == "suppressed"
    del quiet["suppressions"]
    assert decided(nothing, **quiet)[0][2] == "no_consent"
    assert decided(nothing | {"email_consent": True}, **quiet)[0][2] == "no_address"


@pytest.mark.parametrize(
    "entry",
    [
        {"customer_id": "ann"},
        {"email": " ANN@Example.com"},
        {"phone": "+1 (415) 555-2671"},
        {"domain": "Example.com"},
        {"domain": "@example.com"},
        {"email": "somebody@example.net", "phone": "4155552671"},
    ],
)
def test_a_suppression_names_by_any_of_its_cells(entry: dict[str, str]) -> None:
    assert decided(ANN, suppressions=[entry]) == [("email", "refused", "suppressed")]


@pytest.mark.parametrize(
    "entry", [{"customer_id": "Ann"}, {"email": "an@example.com"}, {"domain": "ample.com"}, {"domain": "com"}]
)  # fmt: skip
def test_a_suppression_of_another_names_nobody_here(entry: dict[str, str]) -> None:
    assert decided(ANN, suppressions=[entry]) == [("email", "selected", "")]


def test_a_domain_is_compared_in_one_spelling() -> None:
    ours = ANN | {"email": "ann@xn--bcher-kva.de"}
    theirs = ANN | {"email": "ann@Bücher.de"}
    for person in (ours, theirs):
        for domain in ("bücher.de", "xn--bcher-kva.de", "BÜCHER.DE"):
            assert decided(person, suppressions=[{"domain": domain}])[0][2] == "suppressed", domain


def test_a_suppressed_address_that_cannot_be_one_is_compared_as_typed() -> None:
    odd = ANN | {"email": "Ann at home"}
    assert decided(odd, suppressions=[{"email": "ann at home "}])[0][2] == "suppressed"
    assert decided(odd) == [("sms", "selected", "")]


def test_an_email_on_the_list_keeps_out_where_the_policy_has_no_email_channel() -> None:
    counter: dict[str, Any] = {"channels": {"counter": {}}}
    for entry in (
        {"email": "ann@example.com"},
        {"phone": "415 555 2671"},
        {"domain": "example.com"},
    ):
        found = decided(ANN, told=rule("hello"), suppressions=[entry], **counter)
        assert found == [("counter", "refused", "suppressed")]


def test_a_suppression_of_any_member_refuses_the_person() -> None:
    other = {"customer_id": "ben", "phone": "4155552671", "email": "ben@example.com"}
    third = {
        "customer_id": "cat",
        "email": "ben@example.com",
        "wants_1": True,
        "email_consent": True,
    }
    free = {
        "customer_id": "dan",
        "email": "dan@example.com",
        "wants_1": True,
        "email_consent": True,
    }
    people = (ANN, other, third, free)
    found = decided(*people, suppressions=[{"customer_id": "ben"}], same_person=["email", "phone"])
    assert [reason for _, _, reason in found] == ["suppressed", "suppressed", ""]


def test_the_contact_is_at_the_normal_form_of_the_address() -> None:
    made = decide_all(frame([ANN | {"email": " Ann@Example.COM "}]), [BOTH], policy())
    (addresses,) = taken(made.identifiers.addresses(), [made.decisions["place"]])
    found = with_addresses(made.decisions, addresses, made.identifiers.policy)
    assert found["address"].to_list() == ["ann@example.com"]
