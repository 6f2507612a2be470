"""Who is one person: chains of shared identifiers, numbers of the shop's own, representatives."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.campaigns.persons import find_persons
from tests.kit import decisions_oracle as oracle


def persons(*people: tuple[str, str | None, str | None], key: str = "k") -> dict[str, str]:
    """Find the person of (id, e-mail, household) rows."""
    schema = {"customer_id": pl.String, "email": pl.String, "household": pl.String}
    customers = pl.DataFrame(people, schema=schema, orient="row")
    columns = {name: customers[name] for name in ("email", "household")}
    found = find_persons(customers, columns, key)
    return dict(zip(customers["customer_id"], found.of, strict=True))


def test_a_chain_of_identifiers_makes_one_person() -> None:
    found = persons(("a", "x", None), ("b", "x", "h"), ("c", None, "h"), ("d", "y", None))
    assert found["a"] == found["b"] == found["c"]
    assert found["d"] == "d"


def test_missing_identifiers_join_nobody() -> None:
    assert persons(("a", None, None), ("b", None, None)) == {"a": "a", "b": "b"}


@pytest.mark.parametrize(("sharing", "one"), [(5, True), (6, False)])
def test_an_identifier_shared_by_more_than_five_is_the_shops_own(sharing: int, one: bool) -> None:
    rows = [(f"c{n}", "shop@example.com", None) for n in range(sharing)]
    found = persons(*rows)
    assert (len(set(found.values())) == 1) is one
    assert len(set(found.values())) in (1, sharing)


def test_an_identifier_that_is_the_shops_own_leaves_the_other_ones() -> None:
    rows = [(f"c{n}", "shop@example.com", "h" if n < 2 else None) for n in range(6)]
    found = persons(*rows)
    assert found["c0"] == found["c1"]
    assert len(set(found.values())) == 5


def test_a_person_may_have_more_than_five_members_by_several_identifiers() -> None:
    rows = [(f"c{n}", f"e{n // 2}", f"h{(n + 1) // 2}") for n in range(12)]
    assert len(set(persons(*rows).values())) == 1


def test_identifiers_shared_too_widely_are_counted_by_field() -> None:
    values = pl.Series(["shop"] * 6 + ["two"] * 7 + ["mine"] * 2)
    customers = pl.DataFrame({"customer_id": [f"c{n}" for n in range(15)]})
    assert find_persons(customers, {"phone": values}, "k").ignored == {"phone": 2}


def test_the_representative_has_the_lowest_own_hash() -> None:
    for key in ("k", "another", ""):
        found = persons(*[(name, "x", None) for name in "abcde"], key=key)
        hashes = {name: oracle.bucket(key, "person", "", name) for name in "abcde"}
        assert set(found.values()) == {min(hashes, key=hashes.__getitem__)}


maybe = st.none() | st.sampled_from("uvwxyz")
rows = st.lists(st.tuples(maybe, maybe), max_size=30)


@settings(max_examples=80, deadline=None)
@given(rows)
def test_persons_agree_with_a_walk_over_the_graph(
    drawn: list[tuple[str | None, str | None]],
) -> None:
    people = [(f"c{n}", email, household) for n, (email, household) in enumerate(drawn)]
    customers = [{"customer_id": i, "email": e, "household": h} for i, e, h in people]
    policy = {"key": "k", "same_person": ["email", "household"]}
    assert persons(*people) == oracle.persons(customers, policy, lambda _, value: value)
