"""What a planner is told to look at before ordering it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from targeting.rules.model import Planning
from targeting.stock.parameters import parameters
from targeting.stock.suggest import suggest
from targeting.workspace.literals import Period
from tests.kit.conditions import rule
from tests.stock.conftest import AS_OF, ORDERING

if TYPE_CHECKING:
    from tests.stock.conftest import SmallShop

WEEK = dt.timedelta(weeks=1)


def flags(shop: SmallShop) -> list[list[str]]:
    return shop.suggest().lines["flags"].to_list()


def test_a_hair_of_demand_buys_no_minimum_order(shop: SmallShop) -> None:
    """Sold once, 21 weeks ago: the level is a twentieth of a unit."""
    shop.sold("tray", [1, *[0] * 21]).listed("tray", pack_size=24, minimum_order=240, unit_cost=400)
    found = shop.sold("p", [4] * 40).counted("tray", 0).suggest()
    tray = dict(zip(found.lines["product_id"], found.lines["quantity"], strict=True))["tray"]
    level = dict(zip(found.lines["product_id"], found.lines["order_up_to"], strict=True))["tray"]
    assert 0 < level < 0.5
    assert tray == 0
    assert "stock-out" not in found.lines.filter(product_id="tray")["flags"].item()


def test_an_order_that_lasts_for_years_is_flagged(shop: SmallShop) -> None:
    shop.sold("slow", [1, 0, 0, 0] * 10).listed("slow", pack_size=100)
    assert "lasts years" in flags(shop)[0]
    assert "lasts years" not in flags(shop.sold("fast", [9] * 40))[0]


def test_an_order_that_outlives_the_product_is_flagged(shop: SmallShop) -> None:
    shop.sold("tea", [20] * 30).listed("tea", shelf_life_days=2).counted("tea", 10)
    shop.sold("tin", [20] * 30).listed("tin", shelf_life_days=400).counted("tin", 10)
    assert ["shelf life" in each for each in flags(shop)] == [True, False]


def test_a_week_that_may_be_a_typing_error_is_flagged_where_it_orders(shop: SmallShop) -> None:
    shop.sold("odd", [3, 2, 1_000_000]).sold("usual", [3] * 20)
    assert ["check" in each for each in flags(shop)] == [True, False]


def test_a_product_out_of_stock_for_half_a_year_is_ordered_again(shop: SmallShop) -> None:
    shop.sold("gone", [8] * 20 + [0] * 28).counted("gone", 0, counted_on=AS_OF)
    shop.sold("dead", [8] * 20 + [0] * 28).counted("dead", 5, counted_on=AS_OF)
    for week in range(1, 29):
        shop.counted("gone", 0, counted_on=AS_OF - week * WEEK)
        shop.counted("dead", 5, counted_on=AS_OF - week * WEEK)
    found = shop.suggest().lines.sort("product_id")
    assert found["flags"].to_list() == [["dead"], ["stock-out"]]
    assert found["quantity"].to_list()[0] == 0
    assert found["quantity"].to_list()[1] >= 8


def test_places_that_differ_by_capitals_and_more_kept_than_there_are_named(
    shop: SmallShop,
) -> None:
    for place in ("Center", "CENTER ", "Mall"):
        shop.sold("p", [4] * 30, location=place).counted("p", 2, location=place, reserved=5)
    told = shop.suggest().data_problems.select("location", "problem").rows()
    assert (None, "locations that differ only by capitals or blanks: 'CENTER ', 'Center'") in told
    assert ("Mall", "3 more reserved than there are and than come") in told


@pytest.mark.parametrize(
    ("then", "words"),
    [
        ({"service_level": 0.97}, "97% service set by x."),
        ({"service_level": 0.97, "cover": Period(3, "week")}, "97% service and cover set by x."),
        ({"order_at_most": ("units", 99)}, "98% service (class A); limit set by x."),
    ],
)
def test_a_line_says_in_plain_words_what_a_rule_set(
    shop: SmallShop, then: dict[str, object], words: str
) -> None:
    table = shop.sold("p", [4] * 30).counted("p", 1).table()
    for_all = replace(
        rule("x", {"when": {"all": [{"age": {"at_least": 1}}]}}, kind="inventory"),
        when=(),
        then=Planning(**{**NOTHING, **then}),  # type: ignore[arg-type]
    )
    settled = parameters(table, [for_all], AS_OF, 100)
    because = suggest(table, settled, ORDERING, AS_OF, digits=2).lines["because"].item()
    assert because.endswith(words)


NOTHING = {"service_level": None, "cover": None, "order_at_most": None, "flag": None, "note": None}
