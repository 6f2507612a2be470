"""What to do next: each piece of advice appears where its figures say so, and only there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace
from math import sqrt
from typing import Any

import polars as pl
import pytest

from targeting.report.advice.collect import advice
from targeting.report.advice.piece import Advice
from targeting.report.numbers import Night, analysis
from targeting.report.sales import Trade
from targeting.report.speech import Speech
from targeting.workspace.catalogue import Field
from tests.report.placed import placed
from tests.report.traded import traded

NightOf = Callable[..., Night]
AS_OF = dt.date(2026, 11, 24)
FIELDS = {
    name: Field(name, "money" if name == "average_order_value" else "number", "purchases")
    for name in ("recency_days", "frequency", "average_order_value", "brand_affinity")
}


def told(night: Night) -> dict[str, Advice]:
    return {piece.do: piece for piece in advice(night, analysis(night), Speech(night.shop))}


def people(**segments: Mapping[str, int]) -> pl.DataFrame:
    """Twenty customers a segment, all of it with the same values."""
    rows = [
        {"customer_id": f"{segment}-{k:02}", "segment": segment, **values}
        for segment, values in segments.items()
        for k in range(20)
    ]
    return pl.DataFrame(rows).sort("customer_id")


def bought(*rows: tuple[str, int, int]) -> Trade:
    """Purchases: customer, days ago, minor units."""
    lines = pl.DataFrame(
        [(c, AS_OF - dt.timedelta(days=ago), paid) for c, ago, paid in rows],
        orient="row",
        schema={"customer_id": pl.String, "purchased_on": pl.Date, "amount": pl.Int64},
    )
    return traded(lines, AS_OF)


def decided(*rows: tuple[str, str, str, str]) -> pl.DataFrame:
    """Decisions: customer, rule, outcome, reason; all by email."""
    schema = ["customer_id", "rule", "outcome", "reason"]
    return pl.DataFrame(rows, orient="row", schema=schema).with_columns(channel=pl.lit("email"))


def rule(name: str, *segments: str, **more: Any) -> dict[str, object]:
    facts = {"name": name, "kind": "marketing", "title": name.title(), "active": True}
    return facts | {"file": f"rules/{name}.yaml", "segments": list(segments) or None} | more


MIDDLE = {"recency_days": 30, "frequency": 5, "average_order_value": 500, "brand_affinity": 5}
HIGH, LOW = 900, 1


@pytest.mark.parametrize(
    ("profile", "offer"),
    [
        ({"average_order_value": HIGH, "brand_affinity": HIGH}, "loyalty rewards and early access"),
        ({"frequency": HIGH, "average_order_value": LOW}, "bundles of what goes together"),
        ({"brand_affinity": LOW}, "a guide that helps to choose between brands"),
        ({"average_order_value": HIGH, "frequency": LOW}, "what goes with a large purchase"),
        ({}, "a first offer of their own"),
    ],
)
def test_a_segment_without_a_rule_is_offered_what_suits_its_profile(
    night_of: NightOf, profile: dict[str, int], offer: str
) -> None:
    customers = people(Odd=MIDDLE | profile, One=MIDDLE, Two=MIDDLE)
    night = night_of(
        customers=customers,
        catalogue=FIELDS,
        trade=bought(("Odd-01", 5, 700_00), ("Odd-02", 89, 100_00), ("One-01", 91, 900_00)),
        rules=[rule("ones", "One"), rule("twos", "Two"), rule("gone", "Odd", active=False)],
    )
    (do,) = [do for do in told(night) if do.startswith("Write a rule")]
    assert do.startswith(f"Write a rule for Odd: {offer}")
    assert told(night)[do].because == (
        "No active rule is for them. They are 20 customers and spent Rs800 in the last 90 days."
    )
    named = replace(night, rules=[*night.rules, rule("odd", "Odd")])
    everybody = [(f"Odd-{k:02}", "all", "selected", "") for k in range(20)]
    taken = placed(decided(*everybody), night.customers.lazy().collect())
    for_any = replace(night, rules=[*night.rules, rule("all")], decisions=taken)
    for ruled in (named, for_any):
        assert not [do for do in told(ruled) if do.startswith("Write a rule for Odd")]


def test_a_segment_that_no_rule_names_and_few_rules_fit_is_told(night_of: NightOf) -> None:
    customers = people(Odd=MIDDLE, One=MIDDLE)
    taken = [
        (f"{s}-{k:02}", "all", "selected", "")
        for s, n in (("Odd", 4), ("One", 20))
        for k in range(n)
    ]
    night = night_of(customers=customers, decisions=decided(*taken), rules=[rule("all")])
    (piece,) = [p for do, p in told(night).items() if do.startswith("Write a rule for")]
    assert piece.do.startswith("Write a rule for Odd")
    assert piece.because.startswith("No active rule names them, and 16 of them are met by none.")


def test_good_customers_who_stay_away_are_offered_perks(night_of: NightOf) -> None:
    fields = FIELDS | {"monetary": Field("monetary", "money", "purchases")}
    away = MIDDLE | {"recency_days": HIGH, "monetary": HIGH}
    common = MIDDLE | {"monetary": 5}
    customers = people(Away=away, One=common, Two=common)
    rules = [rule("others", "One", "Two")]
    night = night_of(customers=customers, catalogue=fields, rules=rules)
    assert "Write a rule for Away: VIP perks that bring good customers back." in told(night)


def test_those_whom_no_rule_fits_are_counted_with_what_they_spent(night_of: NightOf) -> None:
    customers = people(Big=MIDDLE, One=MIDDLE).with_columns(
        last_contacted_on=pl.when(pl.col("customer_id") == "Big-19").then(pl.lit(AS_OF))
    )
    fitted = [(f"Big-{k:02}", "warranty", "selected", "") for k in range(5)]
    fitted += [(f"One-{k:02}", "ones", "selected", "") for k in range(20)]
    night = night_of(
        customers=customers,
        decisions=decided(*fitted),
        trade=bought(
            ("Big-00", 3, 100_00),
            ("Big-07", 3, 300_00),
            ("Big-19", 3, 50_00),
            ("One-00", 3, 550_00),
        ),
        rules=[rule("warranty", "Big"), rule("ones", "One")],
        funnel=pl.DataFrame(
            [
                ("warranty", "all", "everybody", 40, 0),
                ("warranty", "when", "segment is Big", 20, 20),
                ("warranty", "when", "warranty ends soon", 12, 8),
                ("warranty", "exclude", "last contacted on is within the last 9 days", 2, 10),
            ],
            orient="row",
            schema=["rule", "step", "line", "left", "lost"],
        ),
    )
    (piece,) = [p for do, p in told(night).items() if do.startswith("Find something for the")]
    assert piece.because == (
        "14 of 20 customers are met by no rule tonight and have not been contacted in the last 90"
        " days; they spent Rs300 in that time, 30% of sales. Of the rules for them “Warranty” loses"
        " most at “warranty ends soon”: 8 of the 20 who came so far."
    )
    assert piece.where == "rules/warranty.yaml"


def test_spending_that_falls_faster_than_the_shops_is_told(night_of: NightOf) -> None:
    customers = people(Falls=MIDDLE, Holds=MIDDLE)
    lines = [("Falls-01", 5, 600_00), ("Falls-01", 100, 1000_00)]
    lines += [("Holds-01", 5, 1000_00), ("Holds-01", 100, 1000_00)]
    night = night_of(customers=customers, trade=bought(*lines), rules=[rule("x", "Falls", "Holds")])
    falls = [p for do, p in told(night).items() if "falls faster" in do]
    assert [p.because for p in falls] == [
        "They spent Rs600 in the last 90 days and Rs1,000 in the 90 before, 40% less; the shop as a"
        " whole falls by 20%. 0 of their 20 are contacted tonight."
    ]


def test_a_rule_that_reaches_nobody_names_the_line(night_of: NightOf) -> None:
    steps = [
        ("empty", "all", "everybody", 40, 0, 0),
        ("empty", "when", "age is at least 130", 0, 40, 3),
    ]
    schema = ["rule", "step", "line", "left", "lost", "lost_missing"]
    night = night_of(
        customers=people(One=MIDDLE, Two=MIDDLE),
        rules=[rule("empty")],
        funnel=pl.DataFrame(steps, orient="row", schema=schema),
    )
    piece = told(night)["Loosen or end “Empty”: it fits nobody."]
    assert "“age is at least 130” takes away the last 40 customers who were left" in piece.because
    assert "3 of them for want of a value" in piece.because
    asleep = replace(night, rules=[rule("empty", active=False)])
    assert not [do for do in told(asleep) if do.startswith("Loosen")]


def test_missing_consent_is_counted_where_it_costs_most(night_of: NightOf) -> None:
    rows = [(f"One-{k:02}", "call", "refused", "no_consent") for k in range(7)]
    rows += [(f"One-{k:02}", "mail", "refused", "no_consent") for k in range(2)]
    rows += [(f"One-{k:02}", "mail", "refused", "suppressed") for k in range(8, 20)]
    night = night_of(
        customers=people(One=MIDDLE), decisions=decided(*rows), rules=[rule("call"), rule("mail")]
    )
    piece = told(night)["Ask for consent to be contacted by email."]
    assert piece.because == (
        "9 times a rule fits and the customer has not agreed (email); 7 of them for “Call”, which"
        " fits 7."
    )


def test_a_holdout_too_small_says_what_one_night_can_show(night_of: NightOf) -> None:
    rows = [(f"c{k}", "bundle", "selected", "") for k in range(90)]
    rows += [(f"h{k}", "bundle", "held_out", "") for k in range(10)]
    night = night_of(
        decisions=decided(*rows),
        rules=[rule("bundle", uplift=0.2)],
        manifest={"scores": {"likelihood": {"base_rate": 0.5}}},
    )
    shows = (1.959964 + 0.841621) * sqrt(0.25 * (1 / 90 + 1 / 10))
    (piece,) = [p for do, p in told(night).items() if do.startswith("Judge “Bundle” over")]
    assert f"a difference of {100 * shows:.0f} or more buyers in a hundred" in piece.because
    needed = -(-10 * (shows / 0.2) ** 2 // 1)
    assert f"To see 20 (the rule counts on it), about {needed:.0f} would" in piece.because
    sure = replace(night, rules=[rule("bundle", uplift=0.6)])
    assert not [do for do in told(sure) if do.startswith("Judge")]


@pytest.mark.parametrize(("low", "is_told"), [(-0.01, True), (0.02, False)])
def test_a_likelihood_no_better_than_rfm_is_not_to_be_picked_by(
    night_of: NightOf, low: float, is_told: bool
) -> None:
    beside = {"auc": 0.7, "differences": {"auc": [0.01, low, 0.05]}}
    model = {"scored_by": "tree", "auc": 0.71, "baselines": {"rfm": beside}}
    night = night_of(
        customers=people(One=MIDDLE),
        decisions=decided(*((f"One-{k:02}", "picks", "selected", "") for k in range(6))),
        rules=[rule("picks", picks_by="likelihood"), rule("other", picks_by="monetary")],
        manifest={"scores": {"likelihood": model}},
    )
    piece = told(night).get("Do not let “Picks” pick by likelihood yet.")
    assert (piece is not None) is is_told
    if piece is not None:
        assert "AUC 0.710 beside 0.700" in piece.because
        assert "6 contacts of tonight" in piece.because


def test_stock_that_lies_names_the_category_with_most_money(night_of: NightOf) -> None:
    lines = pl.DataFrame(
        {
            "product_id": ["p1", "p2", "p3"],
            "location": ["x", "x", "x"],
            "product": ["Radio", "Lamp", "Phone"],
            "category": ["Audio", "Home", "Phones"],
            "quantity": [0, 0, 0],
            "stockout_risk": [0.0, 0.0, 0.0],
            "flags": [["dead"], ["overstock"], []],
            "on_hand": [10.0, 30.0, 900.0],
            "weekly_demand": [0.0, 1.0, 1.0],
            "unit_cost": [100_00, 50_00, 10_00],
        }
    )
    piece = told(night_of(suggestions={"lines": lines}))[
        "Mark down or move what lies too long, Audio first."
    ]
    # ten radios at 100, and of the lamps the four beyond 26 weeks at 50
    assert piece.because == (
        "Rs1,200 lies beyond 26 weeks of demand, on 2 lines; Audio holds 83% of it, the largest is"
        " Radio (Rs1,000)."
    )


def stock_night(night_of: NightOf) -> Night:
    keys = {"product_id": ["p1", "p2", "p3"], "location": ["x", "y", "x"]}
    lines = pl.DataFrame(
        {
            **keys,
            "product": ["Radio", "Lamp", "Phone"],
            "quantity": [0, 4, 0],
            "transfer_in": [0, 0, 2],
            "stockout_risk": [0.9, 0.8, 0.1],
            "expected_lost_margin": [70_00, 20_00, 0],
        }
    )
    workings = pl.DataFrame({**keys, "needed": [6, 4, 2], "campaign_units": [0.0, 3.0, 1.5]})
    demand = pl.DataFrame(
        {**keys, "segment": ["One", "One", "Two"], "expected_units": [3.0, 1.0, 9.0]}
    )
    frames = {"lines": lines, "workings": workings, "segment_demand": demand}
    return night_of(customers=people(One=MIDDLE, Two=MIDDLE), suggestions=frames)


def test_shelves_that_campaigns_empty_are_told(night_of: NightOf) -> None:
    piece = told(stock_night(night_of))[
        "Fill the shelves that tonight’s campaigns sell from before the lists go out."
    ]
    assert piece.because == (
        "Of 4.5 units that the campaigns are expected to sell more in 30 days 3 fall on 1 line"
        " likely to run out before an order arrives, most on Lamp at y; tonight’s order has 1"
        " of these lines."
    )


def test_what_is_needed_and_not_ordered_is_told(night_of: NightOf) -> None:
    piece = told(stock_night(night_of))["Decide on what is needed and left out of the order."]
    assert piece.because.startswith("1 line needs an order")
    assert "Rs70 of margin is expected to be lost, most on Radio at x." in piece.because


def test_what_a_segment_wants_and_will_lack_is_told(night_of: NightOf) -> None:
    piece = told(stock_night(night_of))[
        "Keep in stock what One want: a higher service level, or an order at once."
    ]
    assert "Of 4 units a week that are expected of them 4 (100%)" in piece.because
    assert "most on Radio at x." in piece.because


def month(number: int, buyers: int, share: float) -> dict[str, object]:
    name = f"{2025 + number // 12}-{number % 12 + 1:02}"
    return {"month": name, "complete": True, "active_customers": buyers, "repeat_share": share}


@pytest.mark.parametrize(
    ("before", "now", "is_told"),
    [
        ((100, 0.9), (100, 0.8), True),  # fewer came back
        ((100, 0.9), (200, 0.8), False),  # more newcomers, and more who came back
        ((100, 0.9), (100, 0.89), False),  # by one point
    ],
)
def test_fewer_who_come_back_are_told(
    night_of: NightOf, before: tuple[int, float], now: tuple[int, float], is_told: bool
) -> None:
    night = night_of(customers=people(One=MIDDLE))
    months = [month(k, *(now if k >= 12 else before)) for k in range(15)]
    found = advice(night, {"trends": {"months": months}}, Speech(night.shop))
    said = [p.because for p in found if p.do.startswith("Bring more customers back")]
    assert bool(said) is is_told
    if is_told:
        assert said[0].startswith("In the last three whole months 80% of a month’s customers")
        assert "a year before 90%; their number fell from 90 to 80 a month" in said[0]


def test_rows_refused_above_one_in_a_hundred_are_told(night_of: NightOf) -> None:
    night = night_of(
        manifest={
            "inputs": [{"name": "purchases", "rows": 1000}, {"name": "customers", "rows": 1000}],
            "rejected": {
                "purchases": {"after_as_of": 12, "missing": 3},
                "customers": {"missing": 10},
            },
        }
    )
    (piece,) = told(night).values()
    assert piece.do == "Mend what is refused of purchases, most often for: after as of."
    assert piece.because == (
        "15 rows of 1,000 (1.5%) were refused and count for nothing; 12 for this reason."
    )


def test_at_most_eight_stand_in_the_order_of_what_they_touch(
    full_night: Night, night_of: NightOf
) -> None:
    segments = {f"S{k:02}": MIDDLE for k in range(20)}
    night = replace(stock_night(night_of), customers=people(**segments), rules=[rule("x", "S00")])
    found = advice(night, analysis(night), Speech(night.shop))
    assert len(found) <= 8
    about_segments = ("Write a rule", "Find something")
    assert len([p for p in found if p.do.startswith(about_segments)]) == 3
    assert [p.touches for p in found] == sorted((p.touches for p in found), reverse=True)
    assert all(0 <= p.touches <= 1 for p in found)
    assert not advice(night_of(), analysis(night_of()), Speech(night_of().shop))
    assert advice(full_night, analysis(full_night), Speech(full_night.shop))
