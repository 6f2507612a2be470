"""Holdouts: the stated hash, nested, stable, of the right size, counted as contacts."""

from __future__ import annotations

import itertools
import math
from typing import Any

import polars as pl
import pytest
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.frames import stable_hash
from tests.kit.people import MATCHES, decide_all, frame, policy, rule

MANY = 20_000
FREE: dict[str, Any] = {"channels": {"counter": {}}, "each_customer_gets": "all"}


@pytest.fixture(scope="module")
def crowd() -> pl.DataFrame:
    nobody = frame([{"customer_id": "0"}]).drop("customer_id", *MATCHES)
    ids = pl.DataFrame({"customer_id": [f"c{n}" for n in range(MANY)]})
    wants = ids.with_columns(pl.lit(value=True).alias(name) for name in MATCHES)
    return pl.concat([nobody, wants], how="diagonal").tail(MANY)


def held(crowd: pl.DataFrame, share: str, name: str = "group", key: str = "k") -> set[str]:
    told = rule("r", holdout={"share": share, "name": name})
    made = decide_all(crowd, [told], policy(key=key, **FREE)).decisions
    assert made.height == crowd.height
    return set(made.filter(pl.col("outcome") == "held_out")["customer_id"])


texts = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(
    ["", "\x1f", "😀", "e\u0301"]
)


@settings(max_examples=100, deadline=None)
@given(texts, texts, texts, st.lists(texts, max_size=4))
def test_the_hash_is_xxh3_of_the_stated_text(
    key: str, purpose: str, name: str, people: list[str]
) -> None:
    frame = pl.DataFrame({"person": people}, schema={"person": pl.String})
    found = frame.select(stable_hash(key, purpose, name, pl.col("person")))
    expected = [
        xxhash.xxh3_64_intdigest("\x1f".join([key, purpose, name, p]).encode()) for p in people
    ]
    assert found.to_series().to_list() == expected


def test_a_larger_share_holds_out_the_same_people_and_more(crowd: pl.DataFrame) -> None:
    shares = ["0%", "0.01%", "5%", "10%", "33.33%", "50%"]
    groups = [held(crowd, share) for share in shares]
    assert groups[0] == set()
    assert all(small < large for small, large in itertools.pairwise(groups))


@pytest.mark.parametrize("share", [0.05, 0.1, 0.5])
@pytest.mark.parametrize("key", ["k", "sample-shop"])
def test_a_share_is_as_large_as_it_says(crowd: pl.DataFrame, share: float, key: str) -> None:
    found = len(held(crowd, f"{share * 100:.0f}%", key=key))
    assert abs(found - share * MANY) < 4 * math.sqrt(MANY * share * (1 - share))


def test_rules_draw_apart_and_a_common_name_together(crowd: pl.DataFrame) -> None:
    one, other = held(crowd, "10%", "one"), held(crowd, "10%", "other")
    both = len(one & other)
    assert abs(both - MANY / 100) < 4 * math.sqrt(MANY / 100)
    assert held(crowd, "10%", "one") == one
    assert held(crowd, "10%", "one", key="another") != one


def test_the_universal_holdout_is_drawn_apart_and_is_contacted_by_no_rule(
    crowd: pl.DataFrame,
) -> None:
    rules = [rule(f"r{n}", priority=str(n), when=MATCHES[n]) for n in range(3)]
    made = decide_all(crowd, rules, policy(universal_holdout="5%", **FREE)).decisions
    out = made.filter(pl.col("reason") == "universal_holdout")
    groups = [set(out.filter(pl.col("rule") == f"r{n}")["customer_id"]) for n in range(3)]
    assert groups[0] == groups[1] == groups[2]
    assert abs(len(groups[0]) - 1000) < 4 * math.sqrt(950)
    assert set(out["outcome"]) == {"held_out"}
    assert out["cost"].sum() == 0
    rest = made.filter(pl.col("reason") != "universal_holdout")
    assert set(rest["outcome"]) == {"selected"}


def test_a_share_between_two_buckets_holds_out_the_bucket_it_reaches_into() -> None:
    bucket = xxhash.xxh3_64_intdigest(b"k\x1funiversal\x1f\x1fc7") % 10_000
    share = f"{bucket / 100 + 0.005:.3f}%"
    person = frame([{"customer_id": "c7", "wants_1": True}])
    made = decide_all(person, [rule("r")], policy(universal_holdout=share)).decisions
    assert made["reason"].to_list() == ["universal_holdout"]


def test_the_universal_holdout_uses_up_nothing() -> None:
    people = frame([{"customer_id": f"c{n}", "wants_1": True} for n in range(200)])
    told = rule("r", pick={"at_most": "50"})
    keys: dict[str, Any] = {"channels": {"counter": {"cost": "1", "at_most": "60"}}, "budget": "50"}
    made = decide_all(people, [told], policy(universal_holdout="50%", **keys)).decisions
    assert made.filter(pl.col("reason") == "").height == 50


def test_the_held_out_use_up_limits_and_turns_like_the_contacted() -> None:
    people = frame([{"customer_id": f"c{n}", "wants_1": True} for n in range(200)])
    first = rule("r1", priority="1", pick={"at_most": "50"}, holdout={"share": "50%"})
    made = decide_all(
        people, [first, rule("r2", priority="2")], policy(channels={"counter": {"cost": "2"}})
    )
    one = made.decisions.filter(pl.col("rule") == "r1")
    assert set(one.filter(pl.col("reason") == "")["outcome"]) == {"selected", "held_out"}
    assert one.filter(pl.col("reason") == "").height == 50
    assert one.filter(pl.col("outcome") == "held_out")["cost"].unique().to_list() == [2.0]
    held_out = one.filter(pl.col("outcome") == "held_out")["customer_id"]
    later = made.decisions.filter(
        (pl.col("rule") == "r2") & pl.col("customer_id").is_in(held_out.implode())
    )
    assert set(later["reason"]) == {"outranked"}


def test_all_members_of_a_person_are_held_out_together() -> None:
    pairs = [
        {"customer_id": f"c{n}{m}", "wants_1": m == "a", "wants_2": m == "b", "household": f"h{n}"}
        for n in range(100)
        for m in "ab"
    ]
    rules = [
        rule(name, priority=str(n), when=f"wants_{n}", holdout={"share": "50%", "name": "both"})
        for n, name in ((1, "r1"), (2, "r2"))
    ]
    made = decide_all(frame(pairs), rules, policy(same_person=["household"], **FREE)).decisions
    by_rule = [made.filter(pl.col("rule") == name)["outcome"].to_list() for name in ("r1", "r2")]
    assert by_rule[0] == by_rule[1]
    assert set(by_rule[0]) == {"selected", "held_out"}
