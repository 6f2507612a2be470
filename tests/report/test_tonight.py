"""The first screen adds up and says why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import polars as pl

from targeting.problems import Place, Problem
from targeting.report.about_rules import rule_cards
from targeting.report.numbers import Night
from targeting.report.outcomes import REASON_WORDS, people_of
from targeting.report.speech import Speech
from targeting.report.tonight import first_screen


def test_every_customer_counts_once_by_the_best_that_happens(full_night: Night) -> None:
    people = people_of(full_night)
    assert (people.contacted, people.held_out, people.refused) == (3, 2, 2)
    assert people.met_by_no_rule == 5
    assert people.all == full_night.customers.height


def test_the_headline_says_how_many_and_why(full_night: Night) -> None:
    said = " ".join(first_screen(full_night, Speech(full_night.shop)).headline)
    assert "3 customers are contacted by 2 rules: 2 by email, 1 by SMS." in said
    assert "2 more are held out" in said
    assert "has not agreed to be contacted this way (2 times)" in said
    assert "2 order lines are suggested: 15 units from 2 suppliers, for Rs3,500." in said


def test_contacts_are_counted_apart_from_customers_where_somebody_has_two(
    full_night: Night,
) -> None:
    twice = full_night.decisions.with_columns(
        outcome=pl.when((pl.col("rule") == "bundle") & (pl.col("reason") == "outranked"))
        .then(pl.lit("selected"))
        .otherwise("outcome")
    )
    screen = first_screen(replace(full_night, decisions=twice), Speech(full_night.shop))
    assert screen.headline[0] == (
        "3 customers are contacted by 2 rules, 1 of them more than once: 4 contacts"
        " (3 by email, 1 by SMS)."
    )
    assert screen.rules.foot[1] == "4"
    assert {t.label: t.meaning for t in screen.tiles}["Cost of contacts"].startswith("4 contacts;")


def test_many_rules_fit_one_screen_and_still_add_up(night_of: Callable[..., Night]) -> None:
    rows = [(f"c{k}", f"rule_{k % 12:02}", "selected", "") for k in range(78)]
    rows += [("d", "rule_11", "held_out", ""), ("e", "rule_00", "refused", "no_consent")]
    schema = ["customer_id", "rule", "outcome", "reason"]
    night = night_of(decisions=pl.DataFrame(rows, orient="row", schema=schema))
    table = first_screen(night, Speech(night.shop)).rules
    assert len(table.rows) == len(table.bars) == 8
    assert table.rows[-1] == ("5 others (see Rules)", "30", "1", "0", "31")
    for k in range(1, 5):
        assert sum(int(row[k]) for row in table.rows) == int(table.foot[k])


def test_the_order_says_why_it_is_needed(full_night: Night) -> None:
    lines = full_night.suggestions["lines"].with_columns(
        flags=pl.Series([["stock-out", "premium"], ["low"], ["low"]])  # the third is not ordered
    )
    night = replace(full_night, suggestions={"lines": lines})
    tiles = {t.label: t for t in first_screen(night, Speech(night.shop)).tiles}
    assert tiles["Suggested orders"].meaning == (
        "2 lines, 15 units; 1 out of stock, 1 at the reorder point"
    )


def test_each_rule_adds_up_to_whom_it_fits(full_night: Night) -> None:
    table = first_screen(full_night, Speech(full_night.shop)).rules
    assert table.rows == (
        ("Perks for the loyal", "2", "1", "2", "5"),
        ("Bundles", "1", "1", "1", "3"),
    )
    assert table.foot == ("All rules", "3", "2", "3", "8")


def test_refusals_are_counted_by_reason_in_words(full_night: Night) -> None:
    table = first_screen(full_night, Speech(full_night.shop)).reasons
    assert table.rows == (
        (REASON_WORDS["no_consent"], "2", "67%"),
        (REASON_WORDS["outranked"], "1", "33%"),
    )


def test_every_fixed_reason_has_its_words() -> None:
    from targeting.frames import REASONS

    assert set(REASONS) == set(REASON_WORDS)


def test_costs_and_rows_stand_on_the_first_screen(full_night: Night) -> None:
    tiles = {t.label: t for t in first_screen(full_night, Speech(full_night.shop)).tiles}
    assert tiles["Cost of contacts"].value == "Rs3"
    assert tiles["Cost of contacts"].meaning == "3 contacts; with those held out Rs3.25"
    assert tiles["Suggested orders"].value == "Rs3,500"
    assert (tiles["Rows refused"].value, tiles["Rows refused"].meaning) == ("3", "13% of 23 read")


def test_used_rows_are_those_read_less_those_refused(full_night: Night) -> None:
    table = first_screen(full_night, Speech(full_night.shop)).data
    assert table.rows[0] == ("Customers", "14", "12", "0", "2")
    assert table.foot == ("All sources", "23", "20", "0", "3")


def test_leakage_is_the_first_warning_of_all(full_night: Night) -> None:
    findings = first_screen(full_night, Speech(full_night.shop)).findings
    assert [finding.text for finding in findings] == [
        "Do not rely on this likelihood yet: frequency says it all.",
        "The feed is old.",
        "One tree cannot follow.",
    ]
    assert [finding.where for finding in findings[:2]] == [
        "segments/likelihood.yaml, likelihood",
        "targeting.yaml, line 6",
    ]


def test_a_rule_says_which_line_takes_most_away(full_night: Night) -> None:
    perks, _, restock = rule_cards(full_night, Speech(full_night.shop))
    assert perks.reading == (
        "Of 12 customers 5 remain. “segment is Loyal” takes away the most: 6,"
        " 1 of them because the value is missing."
    )
    assert perks.summary == "2 contacted, 1 held out, 2 not contacted; costs Rs2.75"
    assert restock.summary == "fits 1 line; 1 to order, Rs1,000"


def test_a_rule_without_decisions_fits_nobody(full_night: Night) -> None:
    quiet = replace(full_night, decisions=full_night.decisions.filter(pl.col("rule") == "perks"))
    assert rule_cards(quiet, Speech(quiet.shop))[1].summary == "fits nobody tonight"


def test_of_a_kind_of_warning_a_few_are_told_and_the_others_counted(full_night: Night) -> None:
    place = Place("rules/marketing/bundle.yaml", 1)
    many = [
        Problem("S003", f"this rule and '{n:03}' can both match", place, None, "warning")
        for n in range(435)
    ]
    night = replace(full_night, problems=[*full_night.problems, *many])
    screen = first_screen(night, Speech(night.shop))
    assert screen.warnings == 438
    assert [finding.text for finding in screen.findings] == [
        "Do not rely on this likelihood yet: frequency says it all.",
        "This rule and '000' can both match.",
        "This rule and '001' can both match.",
        "This rule and '002' can both match.",
        "432 more like these (code S003).",
        "The feed is old.",
        "One tree cannot follow.",
    ]
    four = replace(full_night, problems=many[:4])  # one more takes no more room than to say so
    assert "'003'" in str(first_screen(four, Speech(night.shop)).findings)
