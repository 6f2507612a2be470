from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

import polars as pl
import pytest

from targeting.stock.columns import LINES
from targeting.stock.suggest import suggest
from targeting.workspace.literals import Period
from targeting.workspace.settings import Ordering

if TYPE_CHECKING:
    from tests.stock.conftest import SmallShop

AS_OF = dt.date(2026, 11, 24)
STEADY = [4] * 30  # a level of 4 a week without spread: 12 over lead time and review


def test_a_line_is_ordered_up_to_lead_time_and_review_in_whole_packs(shop: SmallShop) -> None:
    shop.sold("p", STEADY).counted("p", 3).listed("p", pack_size=4, unit_cost=250)
    line = shop.suggest().lines.row(0, named=True)
    assert line["order_up_to"] == 12
    assert line["reorder_point"] == 8
    assert (line["quantity"], line["line_cost"]) == (12, 3000)


def test_it_is_ordered_at_every_review_even_above_the_reorder_point(shop: SmallShop) -> None:
    line = shop.sold("p", STEADY).counted("p", 9).suggest().lines.row(0, named=True)
    assert line["available"] > line["reorder_point"]
    assert line["quantity"] == 3


def test_the_columns_are_those_of_the_page_on_stock(shop: SmallShop) -> None:
    lines = shop.sold("p", STEADY).suggest().lines
    assert lines.schema == pl.Schema(LINES)


@pytest.mark.parametrize(("minimum", "quantity"), [(0, 6), (7, 12), (12, 12), (13, 18)])
def test_the_minimum_order_is_rounded_to_packs_too(
    shop: SmallShop, minimum: int, quantity: int
) -> None:
    shop.sold("p", STEADY).counted("p", 8).listed("p", pack_size=6, minimum_order=minimum)
    assert shop.suggest().lines["quantity"].to_list() == [quantity]


def test_a_discontinued_product_is_never_ordered(shop: SmallShop) -> None:
    shop.sold("p", STEADY).counted("p", 0).listed("p", discontinued=True)
    line = shop.suggest().lines.row(0, named=True)
    assert line["quantity"] == 0
    assert line["because"] == "Discontinued: nothing to order. None on hand."


def test_what_has_not_sold_for_26_weeks_is_not_ordered(shop: SmallShop) -> None:
    shop.sold("p", [*STEADY, *[0] * 26]).counted("p", 0).sold("other", [1])
    line = shop.suggest().lines.filter(pl.col("product_id") == "p").row(0, named=True)
    assert line["quantity"] == 0
    assert line["because"].startswith("Not sold since 2026-05-26: nothing to order.")


def test_because_tells_three_facts_and_the_rule(shop: SmallShop) -> None:
    shop.sold("p", STEADY).counted("p", 2, on_order=1).listed("p", pack_size=3, lead_time_days=14)
    rule: dict[str, object] = {
        "product_id": "p",
        "location": None,
        "service_level": 0.98,
        "cover_days": 7,
        "rule": "service level: keep; cover: bundles",
        "notes": ["Check the shelf."],
    }
    line = shop.suggest(rules=[rule]).lines.row(0, named=True)
    assert line["because"] == (
        f"Sells {line['weekly_demand']:.2g} a week; 2 on hand and 1 on order last 5 days; a new delivery takes 14 days: "
        "order 9 (3 packs of 3). 98% service set by keep; cover set by bundles. Check the shelf."
    )


def test_without_a_rule_the_class_sets_the_service_level(shop: SmallShop) -> None:
    because = shop.sold("p", STEADY).counted("p", 99).suggest().lines["because"].item()
    assert because.endswith("enough, order nothing. 98% service (class A).")


def test_a_slow_seller_is_told_in_weeks(shop: SmallShop) -> None:
    shop.sold("p", [1, 0, 0, 0, 0] * 10).counted("p", 9)
    assert shop.suggest().lines["because"].item().startswith("Sells 1 in 5 weeks; 9 on hand")


def test_rules_set_parameters_one_by_one(shop: SmallShop) -> None:
    shop.sold("p", STEADY).counted("p", 0)
    rule: dict[str, object] = {
        "product_id": "p",
        "location": None,
        "cover_days": 28,
        "flags": ["premium"],
    }
    line = shop.suggest(rules=[rule]).lines.row(0, named=True)
    assert (line["review_days"], line["service_level"]) == (28, 0.98)
    assert line["order_up_to"] == 24
    assert line["flags"] == ["stock-out", "premium"]


@pytest.mark.parametrize(
    ("limit", "quantity"),
    [
        ({"order_at_most_units": 11}, 9),
        ({"order_at_most_packs": 2}, 6),
        ({"order_at_most_money": 1000}, 9),
        ({"order_at_most_weeks": 2}, 6),
        ({"order_at_most_weeks": 2, "order_at_most_packs": 1}, 0),  # 3 is under the minimum
    ],
)
def test_a_limit_leaves_whole_packs_and_never_less_than_the_minimum(
    shop: SmallShop, limit: dict[str, object], quantity: int
) -> None:
    shop.sold("p", STEADY).counted("p", 0)
    shop.listed("p", pack_size=3, minimum_order=4, unit_cost=100)
    rule = {"product_id": "p", "location": None, **limit}
    line = shop.suggest(rules=[rule]).lines.row(0, named=True)
    assert line["quantity"] == quantity
    said = "under the smallest order of 6" if quantity == 0 else "not the 12 needed: a rule's limit"
    assert said in line["because"]


def test_the_budget_cuts_where_the_least_margin_is_lost_for_its_money(shop: SmallShop) -> None:
    for product, price in (("rich", 3000), ("poor", 1100)):
        shop.sold(product, STEADY, price=price).counted(product, 8)
        shop.listed(product, unit_cost=1000, price=price, pack_size=2)
    ordering = Ordering(budget=Decimal("60.00"))
    suggestions = shop.suggest(ordering)
    quantities = dict(suggestions.lines.select("product_id", "quantity").iter_rows())
    assert quantities == {"rich": 4, "poor": 2}
    assert suggestions.notes == ("The budget cut 1 of the 2 lines that need an order.",)
    assert "not the 4 needed: that is what the budget allows" in suggestions.lines["because"][0]


def test_what_a_dear_line_leaves_of_the_budget_goes_further_down(shop: SmallShop) -> None:
    for product, cost in (("dear", 5000), ("cheap", 100)):
        shop.sold(product, STEADY).counted(product, 10)
        shop.listed(product, unit_cost=cost, price=cost * (3 if product == "dear" else 2))
    quantities = shop.suggest(Ordering(budget=Decimal(52))).lines
    assert dict(quantities.select("product_id", "quantity").iter_rows()) == {"dear": 1, "cheap": 2}


def test_an_empty_shelf_under_a_limit_comes_before_one_that_hardly_needs_anything(
    shop: SmallShop,
) -> None:
    """Four units of the empty one save four margins, though it runs out before they arrive."""
    shop.sold("empty", STEADY).counted("empty", 0).listed("empty", unit_cost=1000, price=3000)
    shop.sold("full", STEADY).counted("full", 8).listed("full", unit_cost=1000, price=1100)
    rule: dict[str, object] = {"product_id": "empty", "location": None, "order_at_most_units": 4}
    found = shop.suggest(Ordering(budget=Decimal(40)), rules=[rule]).lines
    assert dict(found.select("product_id", "quantity").iter_rows()) == {"empty": 4, "full": 0}


def test_the_budget_counts_only_what_a_limit_lets_an_order_save(shop: SmallShop) -> None:
    """The first would lose more without an order, but the few units it may have save less."""
    shop.sold("capped", [30] * 30).counted("capped", 60).listed(
        "capped", unit_cost=500, price=700, lead_time_days=14
    )
    shop.sold("free", STEADY).counted("free", 8).listed("free", unit_cost=500, price=1000)
    rule: dict[str, object] = {"product_id": "capped", "location": None, "order_at_most_units": 4}
    found = shop.suggest(Ordering(budget=Decimal(20)), rules=[rule]).lines
    assert dict(found.select("product_id", "quantity").iter_rows()) == {"capped": 0, "free": 4}


def test_a_line_without_a_cost_is_not_in_the_budget_and_said_so(shop: SmallShop) -> None:
    shop.sold("p", STEADY).counted("p", 0)
    suggestions = shop.suggest(Ordering(budget=Decimal(0)))
    line = suggestions.lines.row(0, named=True)
    assert (line["quantity"], line["line_cost"]) == (12, None)
    assert "unit cost: not counted in the budget" in line["defaults"]
    assert suggestions.notes == ("Lines to order without a unit cost, in no total: 1.",)


def test_every_default_is_named_in_the_line(shop: SmallShop) -> None:
    line = shop.sold("p", STEADY).suggest(Ordering()).lines.row(0, named=True)
    assert line["defaults"] == [
        "count of stock: 0 on hand",
        "lead time: 14 days (nothing said anywhere)",
        "spread of the lead time: 0 days (always on time)",
        "pack size: 1",
        "minimum order: none",
        "unit cost: not counted in the budget",
        "price: the average paid in 52 weeks",
        "review: 7 days",
        "service level of class A: 98%",
    ]


def test_the_shop_s_lead_time_and_review_come_before_the_defaults(shop: SmallShop) -> None:
    ordering = Ordering(lead_time=Period(3, "week"), review=Period(2, "week"))
    line = shop.sold("p", STEADY).suggest(ordering).lines.row(0, named=True)
    assert (line["lead_time_days"], line["review_days"]) == (21, 14)


def test_flags_say_what_lies_too_long(shop: SmallShop) -> None:
    shop.sold("slow", [1] * 30).counted("slow", 40).sold("gone", [1] + [0] * 29).counted("gone", 5)
    shop.sold("fresh", STEADY).counted("fresh", 10).listed("fresh", shelf_life_days=14)
    shop.sold("empty", STEADY).counted("empty", 0).sold("thin", STEADY).counted("thin", 7)
    flags = dict(shop.suggest().lines.select("product_id", "flags").iter_rows())
    assert flags == {
        "slow": ["overstock"],
        "gone": ["dead"],
        "fresh": ["expiring"],
        "empty": ["stock-out"],
        "thin": ["low"],
    }


def problems(shop: SmallShop) -> list[tuple[str, str | None, str, str]]:
    found = shop.suggest().data_problems
    columns = found.select("source", "product_id", "problem", "assumed").rows()
    return [(s, p, problem, assumed) for s, p, problem, assumed in columns]


def test_what_every_product_lacks_is_said_once(shop: SmallShop) -> None:
    shop.sold("p", STEADY).sold("q", STEADY)
    for product in "pq":
        shop.listed(product, pack_size=1, minimum_order=1, unit_cost=1, price=2)
    lead_time = "14 days (the shop's lead_time), for all 2 lines"
    on_time = "0 days (always on time), for all 2 lines"
    assert problems(shop) == [
        ("products", None, "no lead time, of any product", lead_time),
        ("products", None, "no spread of the lead time, of any product", on_time),
        (
            "stock",
            None,
            "no column on_hand: there is no source stock",
            "0 on hand, for all 2 lines",
        ),
    ]


def test_what_a_single_product_lacks_is_said_of_it(shop: SmallShop) -> None:
    shop.sold("p", STEADY).sold("q", STEADY).counted("p", 3).counted("q", 3)
    shop.listed("p", unit_cost=1).listed("q", unit_cost=None)
    found = [(product, what) for _, product, what, _ in problems(shop) if "unit cost" in what]
    assert found == [("q", "no unit cost")]


def test_what_is_odd_on_most_of_many_lines_is_said_once(shop: SmallShop) -> None:
    for number in range(1001):
        shop.sold(f"once {number:04d}", [1])
    shop.sold("p", STEADY)
    found = [(product, what) for _, product, what, _ in problems(shop) if "single week" in what]
    assert found == [(None, "sold in a single week ever: 1,001 of 1,002 lines")]


def test_what_only_came_back_is_not_said_to_be_counted(shop: SmallShop) -> None:
    shop.sold("p", STEADY).sold("coupon", [-1]).listed("p")
    found = [what for _, product, what, _ in problems(shop) if product == "coupon"]
    assert found[0] == "only returns or lines of 0 units, and not in the list of products"


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda s: s.counted("p", -4), ("stock", "p", "-4 on hand", "0")),
        (
            lambda s: s.listed("x", pack_size=1),
            ("purchases", "p", "sold, but not in the list of products", "no cost, packs or lead time"),
        ),
        (
            lambda s: s.listed("p", lead_time_days=0),
            ("products", "p", "lead time of 0 days", "delivered the same day"),
        ),
        (
            lambda s: s.listed("p", pack_size=2.5),
            ("products", "p", "pack size of 2.5", "the next whole number"),
        ),
        (
            lambda s: s.listed("p", unit_cost=900, price=800),
            ("products", "p", "costs no less than its price", "no margin"),
        ),
        (
            lambda s: s.sold("once", [3]),
            ("purchases", "once", "sold in a single week ever", "it may sell so again"),
        ),
        (
            lambda s: s.sold("p", [1_000_000, 0, 0]),
            (
                "purchases",
                "p",
                "one week of 1000004 against a usual 4 in weeks with a sale",
                "true, so the spread is wide: check the line",
            ),
        ),
        (
            lambda s: s.sold("old", [5] + [0] * 520),
            ("purchases", "old", "not sold for 520 weeks", "no demand"),
        ),
        (
            lambda s: s.counted("p", 1, counted_on=AS_OF - dt.timedelta(40)),
            ("stock", "p", "counted 40 days ago", "as if counted today"),
        ),
        (
            lambda s: s.counted("p", 1, location="L"),
            (
                "stock",
                None,
                "locations are not in both purchases and stock",
                "stock and sales of all locations together",
            ),
        ),
    ],
)  # fmt: skip
def test_what_is_odd_is_named(shop: SmallShop, make: object, problem: tuple[str, ...]) -> None:
    shop.sold("p", STEADY)
    assert callable(make)
    make(shop)
    assert problem in problems(shop)


def test_without_purchases_there_are_no_lines_and_it_says_why(shop: SmallShop) -> None:
    suggestions = shop.listed("p").counted("p", 3).suggest()
    assert suggestions.lines.is_empty()
    assert suggestions.notes == (
        "There are no purchases of products up to this day, so nothing is known of demand.",
    )
    assert problems(shop) == [("purchases", None, "no purchases of products", "no suggestions")]


def test_segments_share_the_demand_by_units_and_likelihood(shop: SmallShop) -> None:
    shop.known("ann", segment="Loyal", likelihood=0.6).known("bob", segment="Cheap", likelihood=0.2)
    shop.sold("p", [3] * 10, customer="ann").sold("p", [1] * 10, customer="bob")
    suggestions = shop.suggest()
    shares = dict(suggestions.segment_demand.select("segment", "expected_units").iter_rows())
    rate = suggestions.lines["weekly_demand"].item()
    assert shares == pytest.approx({"Loyal": rate * 0.9, "Cheap": rate * 0.1})


def test_demand_of_nobody_known_is_no_segment_s(shop: SmallShop) -> None:
    suggestions = shop.sold("p", STEADY).suggest()
    rate = suggestions.lines["weekly_demand"].item()
    assert suggestions.by_segment.rows() == [("no_segment", rate)]


def test_days_out_of_stock_are_told_where_they_were_taken_out(shop: SmallShop) -> None:
    shop.sold("p", STEADY).counted("p", 99)
    days = pl.lit(9, dtype=pl.Int64).alias("days_out_of_stock")
    table = shop.table().with_columns(days)
    line = suggest(table, pl.DataFrame(), Ordering(), AS_OF, digits=2).lines.row(0, named=True)
    assert (
        " a week (out of stock 9 of the last 182 days, taken out of the rate); 99 on hand"
        in line["because"]
    )
