"""First contacts, windows and what fell into them."""

from __future__ import annotations

import datetime as dt

import polars as pl

from targeting.measure.answers import what_they_answered, who_answered
from targeting.measure.exposures import first_exposures, what_they_bought
from targeting.workspace.literals import Period

MONTH = Period(30, "day")
DAY = dt.date(2026, 3, 1)
DECIDED = ["customer_id", "rule", "segment", "outcome", "reason", "as_of"]


def _day(after: int) -> dt.date:
    return DAY + dt.timedelta(days=after)


def _decided(*rows: tuple[str, str, str, str, int]) -> pl.DataFrame:
    """Give decisions: customer, rule, outcome, reason, day."""
    full = [(who, rule, "s", outcome, reason, _day(on)) for who, rule, outcome, reason, on in rows]
    return pl.DataFrame(full, schema=DECIDED, orient="row")


def _exposed(*rows: tuple[str, str | None, str, int]) -> pl.DataFrame:
    full = [(who, rule, "s", arm, _day(on)) for who, rule, arm, on in rows]
    names = ["customer_id", "rule", "segment", "arm", "exposed_on"]
    return pl.DataFrame(full, schema=names, orient="row", schema_overrides={"rule": pl.String})


def _purchases(*rows: tuple[str, int, int]) -> pl.DataFrame:
    full = [(who, _day(on), amount) for who, on, amount in rows]
    return pl.DataFrame(full, schema=["customer_id", "purchased_on", "amount"], orient="row")


def test_the_first_night_of_a_customer_and_rule_counts() -> None:
    found = first_exposures(
        _decided(
            ("a", "news", "selected", "", 7),
            ("a", "news", "selected", "", 0),
            ("a", "deal", "held_out", "", 7),
            ("b", "news", "refused", "no_consent", 0),
            ("b", "news", "held_out", "", 9),
        )
    )
    assert set(found.select("customer_id", "rule", "arm", "exposed_on").iter_rows()) == {
        ("a", "news", "selected", _day(0)),
        ("a", "deal", "held_out", _day(7)),
        ("b", "news", "held_out", _day(9)),
    }


def test_a_customer_stays_in_the_first_arm() -> None:
    """Intention to treat: a share that changed moves nobody."""
    found = first_exposures(
        _decided(("a", "news", "held_out", "", 0), ("a", "news", "selected", "", 5))
    )
    assert found["arm"].to_list() == ["held_out"]


def test_the_universal_holdout_is_the_control_of_all_rules_and_of_none() -> None:
    found = first_exposures(
        _decided(
            ("a", "news", "selected", "", 0),
            ("b", "news", "held_out", "universal_holdout", 0),
            ("b", "deal", "held_out", "universal_holdout", 3),
            ("c", "news", "refused", "outranked", 0),  # came past the draw, so it is treated
            ("d", "news", "refused", "no_consent", 0),  # never came to it
            ("e", "news", "held_out", "", 0),
        )
    )
    overall = found.filter(pl.col("rule").is_null()).select("customer_id", "arm", "exposed_on")
    assert set(overall.iter_rows()) == {
        ("a", "selected", _day(0)),
        ("b", "held_out", _day(0)),
        ("c", "selected", _day(0)),
        ("e", "selected", _day(0)),
    }
    by_rule = found.drop_nulls("rule").select("customer_id", "arm")
    assert set(by_rule.iter_rows()) == {("a", "selected"), ("e", "held_out")}


def test_a_customer_without_a_segment_is_named_so() -> None:
    decided = _decided(("a", "news", "selected", "", 0)).with_columns(
        pl.lit(None, pl.String).alias("segment")
    )
    assert first_exposures(decided)["segment"].to_list() == ["no segment"]


def test_the_window_is_after_the_day_and_up_to_the_last() -> None:
    exposed = _exposed(("a", "r", "selected", 0), ("b", "r", "held_out", 0))
    purchases = _purchases(("a", 0, 100), ("a", 1, 1000), ("a", 30, 205), ("a", 31, 9), ("z", 3, 7))
    found = what_they_bought(exposed, purchases, MONTH, 2)
    columns = ["customer_id", "outcome:bought", "outcome:spend", "window_ends_on"]
    assert found.select(columns).rows() == [
        ("a", True, 12.05, _day(30)),
        ("b", False, 0.0, _day(30)),
    ]


def test_a_return_is_no_purchase_and_lowers_spend() -> None:
    exposed = _exposed(("a", "r", "selected", 0), ("b", "r", "selected", 0))
    purchases = _purchases(("a", 2, -500), ("b", 2, 800), ("b", 3, -300))
    found = what_they_bought(exposed, purchases, MONTH, 2)
    assert found["outcome:bought"].to_list() == [False, True]
    assert found["outcome:spend"].to_list() == [-5.0, 5.0]


def test_each_rule_has_its_own_window_on_one_purchase() -> None:
    exposed = _exposed(("a", "r", "selected", 0), ("a", "s", "selected", 10), ("a", None, "x", 0))
    found = what_they_bought(exposed, _purchases(("a", 5, 100)), MONTH, 2)
    assert found["outcome:bought"].to_list() == [True, False, True]


def test_answers_are_of_the_selected_and_of_the_rule() -> None:
    exposed = _exposed(
        ("a", "r", "selected", 0),
        ("b", "r", "selected", 0),
        ("c", "r", "held_out", 0),
        ("a", None, "selected", 0),
    )
    responses = pl.DataFrame(
        [
            ("a", "opened", _day(0), "r"),
            ("b", "opened", _day(0), "another"),
            ("b", "clicked", _day(31), None),
            ("c", "opened", _day(1), None),
        ],
        schema=["customer_id", "event", "happened_on", "rule"],
        orient="row",
    )
    found = what_they_answered(exposed, responses, MONTH)
    assert found["outcome:opened"].to_list() == [True, False, None, None]
    assert "outcome:clicked" not in found.columns


def test_an_email_answers_for_the_one_customer_who_has_it() -> None:
    responses = pl.DataFrame(
        {
            "customer_id": ["a", None, None, None],
            "email": [None, "B@Example.com ", "shared@example.com", "nobody@example.com"],
            "event": ["opened"] * 4,
            "happened_on": [DAY] * 4,
        }
    )
    customers = pl.DataFrame(
        {
            "customer_id": ["a", "b", "c", "d"],
            "email": ["a@example.com", "b@example.com", "shared@example.com", "shared@example.com"],
        }
    )
    assert who_answered(responses, customers)["customer_id"].to_list() == ["a", "b"]
    assert who_answered(responses, None)["customer_id"].to_list() == ["a"]
