"""What came back shuts people out, for as long and as far as the policy says."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tests.kit.people import AS_OF, decide_all, frame, policy, rule

AFTER = {
    "unsubscribed": {"channel": "same", "for": "ever"},
    "complained": {"channel": "any", "for": "180 days"},
    "bounced": {"address": "same", "for": "ever"},
}
ANN = {"customer_id": "a", "email": "ann@example.com", "phone": "+14155552673"}
CAN_BE_REACHED = {"email_consent": True, "sms_consent": True, "wants_1": True}


def barred(response: dict[str, Any], *others: dict[str, Any]) -> dict[str, Any]:
    """Give by customer what bars e-mail and SMS."""
    people = [one | CAN_BE_REACHED for one in (ANN, *others)]
    state = decide_all(
        frame(people),
        [rule("hello", channel=["email"])],
        policy(after=AFTER, same_person=["phone"]),
        responses=[{"happened_on": AS_OF, "channel": None, "email": None, "customer_id": None}
                   | response],
    ).state.collect()  # fmt: skip
    names = ("customer_id", "suppressed_by_email", "suppressed_by_sms")
    return {name: (email, sms) for name, email, sms in state.select(names).iter_rows()}


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        ({"event": "unsubscribed", "channel": "email"}, ("unsubscribed", "")),
        ({"event": "unsubscribed", "channel": "sms"}, ("", "unsubscribed")),
        ({"event": "unsubscribed"}, ("unsubscribed", "unsubscribed")),
        ({"event": "complained", "channel": "email"}, ("complained", "complained")),
        ({"event": "bounced", "channel": "email"}, ("bounced", "")),
        ({"event": "opened", "channel": "email"}, ("", "")),
    ],
)
def test_a_response_bars_the_channels_that_the_policy_says(
    response: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert barred(response | {"customer_id": "a"}) == {"a": expected}
    assert barred(response | {"email": " Ann@Example.COM "}) == {"a": expected}


def test_a_bar_ends_with_its_period_and_begins_with_its_day() -> None:
    def complained(ago: int) -> tuple[str, str]:
        day = AS_OF - dt.timedelta(days=ago)
        response = {"event": "complained", "customer_id": "a", "happened_on": day}
        found: tuple[str, str] = barred(response)["a"]
        return found

    assert complained(179) == ("complained", "complained")
    assert complained(180) == ("", "")
    assert complained(-1) == ("", "")


def test_an_answer_of_one_member_bars_the_person_and_a_bounce_the_address_only() -> None:
    same_phone = {"customer_id": "b", "email": "bob@example.com", "phone": ANN["phone"]}
    left = {"event": "unsubscribed", "channel": "email", "customer_id": "a"}
    assert barred(left, same_phone)["b"] == ("unsubscribed", "")
    bounced = left | {"event": "bounced"}
    assert barred(bounced, same_phone)["b"] == ("", "")
    same_mail = {"customer_id": "c", "email": "ann@example.com", "phone": None}
    assert barred(bounced, same_mail)["c"] == ("bounced", "")
