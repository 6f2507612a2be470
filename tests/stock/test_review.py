from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from targeting.workspace.literals import Period
from targeting.workspace.settings import Ordering

if TYPE_CHECKING:
    from tests.stock.conftest import SmallShop

STEADY = [4] * 30
COSTLY = Ordering(order_cost=Decimal(5), holding_cost=Decimal("0.20"), review=Period(1, "week"))


def test_the_cover_is_what_an_economic_order_lasts(shop: SmallShop) -> None:
    shop.sold("p", STEADY).counted("p", 0).listed("p", unit_cost=1000)
    line = shop.suggest(COSTLY).lines.row(0, named=True)
    yearly = line["weekly_demand"] * 365 / 7
    quantity = math.sqrt(2 * yearly * 5 / (0.20 * 10))
    assert line["review_days"] == round(quantity / line["weekly_demand"] * 7) == 57
    assert line["order_up_to"] == pytest.approx(4 * (14 + 57) / 7)
    assert "cover of 57 days set by the cost of an order." in line["because"]


@pytest.mark.parametrize(
    ("listed", "days"),
    [
        ({"unit_cost": 10**8}, 7),
        ({"unit_cost": 1}, 365),
        ({"unit_cost": 1000, "shelf_life_days": 20}, 20),
        ({"unit_cost": 1000, "shelf_life_days": 3}, 7),
        ({"unit_cost": None}, 7),
        ({"unit_cost": 0}, 7),
    ],
)
def test_it_is_between_the_shop_s_review_and_a_year_or_the_shelf_life(
    shop: SmallShop, listed: dict[str, object], days: int
) -> None:
    line = shop.sold("p", STEADY).listed("p", **listed).suggest(COSTLY).lines.row(0, named=True)
    assert line["review_days"] == days
    assert ("the cost of an order" in line["because"]) == (days > 7)


def test_a_rule_s_cover_stands(shop: SmallShop) -> None:
    shop.sold("p", STEADY).listed("p", unit_cost=1000)
    rule: dict[str, object] = {"product_id": "p", "location": None, "cover_days": 10}
    line = shop.suggest(COSTLY, rules=[rule]).lines.row(0, named=True)
    assert line["review_days"] == 10


def test_a_cover_that_costs_set_is_no_default(shop: SmallShop) -> None:
    shop.sold("p", STEADY).listed("p", unit_cost=1000)
    costly = Ordering(order_cost=Decimal(5), holding_cost=Decimal("0.20"))
    assert "review: 7 days" not in shop.suggest(costly).lines["defaults"][0]
    assert "review: 7 days" in shop.suggest(Ordering()).lines["defaults"][0]


def test_one_cost_without_the_other_changes_nothing_and_says_so(shop: SmallShop) -> None:
    shop.sold("p", STEADY).counted("p", 3).listed("p", unit_cost=1000)
    found = shop.suggest(Ordering(order_cost=Decimal(5)))
    assert found.lines["review_days"].to_list() == [7]
    assert found.notes == (
        "An order's cost sets no cover: order_cost and holding_cost are needed together.",
    )


def test_a_long_cover_is_not_called_overstock_for_what_it_ordered(shop: SmallShop) -> None:
    shop.sold("p", [1] * 30).counted("p", 40).listed("p", unit_cost=1)
    assert shop.suggest().lines["flags"].to_list() == [["overstock"]]
    assert shop.suggest(COSTLY).lines["flags"].to_list() == [[]]
