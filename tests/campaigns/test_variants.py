"""Variants: the same person gets the same one every night, whoever else comes or goes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import polars as pl
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from targeting.campaigns.addressees import addressees, varied
from targeting.campaigns.variants import template_of, variant_of
from targeting.rules.model import Rule
from targeting.workspace.policy import Channel, Policy
from tests.kit.people import as_rule, rule

POLICY = Policy(key="k", channels={"email": Channel(), "sms": Channel()})


def with_messages(*variants: str, name: str = "hello") -> Rule:
    plain = as_rule(rule(name, channel=["email", "sms"]))
    files = {variant: f"{variant or 'only'}.j2" for variant in variants}
    return replace(plain, then=replace(plain.contact, messages=files))


def drawn(asked: Rule, people: list[str], key: str = "k") -> list[str]:
    frame = pl.DataFrame({"person": people}, schema={"person": pl.String})
    return frame.select(variant_of(asked, key, pl.col("person")).alias("v"), "person")[
        "v"
    ].to_list()


@given(st.lists(st.text(min_size=1), unique=True), st.lists(st.text(min_size=1), unique=True))
def test_who_else_is_a_customer_changes_nobodys_variant(some: list[str], more: list[str]) -> None:
    asked = with_messages("b", "a", "c")
    before = dict(zip(some, drawn(asked, some), strict=True))
    everybody = [*more, *reversed(some)]
    after = dict(zip(everybody, drawn(asked, everybody), strict=True))
    assert {person: after[person] for person in some} == before


def test_the_variant_is_the_hash_of_key_rule_and_person() -> None:
    people = [f"C{number}" for number in range(500)]
    found = drawn(with_messages("b", "a", "c"), people)
    hashed = [xxhash.xxh3_64_intdigest(f"k\x1fvariant\x1fhello\x1f{p}".encode()) for p in people]
    expected = ["abc"[number % 3] for number in hashed]
    assert found == expected
    assert all(130 < count < 205 for count in Counter(found).values())


def test_rules_and_keys_draw_apart() -> None:
    people = [f"C{number}" for number in range(400)]
    first = drawn(with_messages("a", "b"), people)
    for other in (
        drawn(with_messages("a", "b", name="bye"), people),
        drawn(with_messages("a", "b"), people, key="other"),
    ):
        alike = sum(one == two for one, two in zip(first, other, strict=True))
        assert 150 < alike < 250


def test_a_rule_with_one_message_sends_it_to_all() -> None:
    one = with_messages("")
    frame = pl.DataFrame({"person": ["p", "q"]})
    template = template_of(one, variant_of(one, "k", pl.col("person"))).alias("message")
    assert frame.with_columns(template)["message"].to_list() == ["only.j2", "only.j2"]


# -- whom a message could reach --------------------------------------------------------------------

STATE = pl.DataFrame(
    {
        "customer_id": ["a", "b", "c", "d", "e"],
        "person": ["a", "a", "c", "d", "e"],
        "permission_email": ["", "no_consent", "suppressed", "", ""],
        "permission_sms": ["", "", "no_address", "no_consent", ""],
    }
)
MET = pl.DataFrame({"customer_id": ["a", "b", "c", "d"], "segment": ["x", None, "x", "y"]})


def test_each_is_reached_on_the_first_open_channel_of_the_rule() -> None:
    found = addressees(MET, STATE, with_messages("a", "b"), POLICY)
    channels = dict(found.select("customer_id", "channel").iter_rows())
    assert channels == {"a": "email", "b": "sms", "d": "email"}
    of_person = found.filter(pl.col("customer_id").is_in(["a", "b"]))["variant"]
    assert of_person.n_unique() == 1
    assert found["message"].to_list() == [f"{variant}.j2" for variant in found["variant"]]
    assert addressees(MET[::-1], STATE[::-1], with_messages("a", "b"), POLICY).equals(found)


def test_a_channel_that_the_last_run_did_not_know_reaches_nobody() -> None:
    state = STATE.drop("permission_email", "permission_sms")
    assert addressees(MET.drop("segment"), state, with_messages(""), POLICY).is_empty()


def test_every_mix_is_shown_once_before_any_is_shown_twice() -> None:
    people = [f"C{number}" for number in range(60)]
    met = pl.DataFrame({"customer_id": people, "segment": ["x", "y", "x"] * 20})
    state = pl.DataFrame(
        {
            "customer_id": people,
            "person": people,
            "permission_email": ["", "", "no_consent"] * 20,
            "permission_sms": [""] * 60,
        }
    )
    found = varied(addressees(met, state, with_messages("a", "b"), POLICY), 7)
    mixes = found.select("variant", "channel", "segment").rows()
    assert found.height == 7
    assert len(set(mixes[:6])) == 6 == len(set(mixes))
