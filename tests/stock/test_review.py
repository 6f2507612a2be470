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


def test_an_order_is_at_least_the_economic_quantity(shop: SmallShop) -> None:
    shop.sold("p", STEADY).counted("p", 0).listed("p", unit_cost=1000)
    line = shop.suggest(COSTLY).lines.row(0, named=True)
    yearly = line["weekly_demand"] * 365 / 7
    assert line["review_days"] == 7
    assert line["order_up_to"] == pytest.approx(4 * (14 + 7) / 7)
    assert line["quantity"] == round(math.sqrt(2 * yearly * 5 / (0.20 * 10))) == 32
    assert "32 or more at a time, by the cost of an order." in line["because"]


def test_after_an_economic_order_nothing_is_ordered_for_weeks(new_shop: type[SmallShop]) -> None:
    """Week after week, with what was ordered delivered at once: rare and large instead of weekly."""
    on_hand, orders = 0.0, []
    for _ in range(16):
        shop = new_shop().sold("p", STEADY).counted("p", on_hand).listed("p", unit_cost=1000)
        orders.append(shop.suggest(COSTLY).lines["quantity"].item())
        on_hand += orders[-1] - 4
    assert orders[0] == 32
    assert [week for week, order in enumerate(orders) if order] == [0, 6, 14]
    assert set(orders) == {0, 32}


@pytest.mark.parametrize(
    ("listed", "lot"),
    [
        ({"unit_cost": 10**8}, 12),  # too dear to hold: what is needed
        ({"unit_cost": 1}, 208),  # 208.6 sell in a year
        ({"unit_cost": 1, "shelf_life_days": 35}, 20),
        ({"unit_cost": 1000, "pack_size": 10}, 30),
        ({"unit_cost": 1, "shelf_life_days": 70, "pack_size": 15}, 30),  # 40 sell: not three packs
        ({"unit_cost": None}, 12),
        ({"unit_cost": 0}, 12),
    ],
)
def test_it_is_at_most_what_sells_in_a_year_or_within_the_shelf_life(
    shop: SmallShop, listed: dict[str, object], lot: int
) -> None:
    line = shop.sold("p", STEADY).listed("p", **listed).suggest(COSTLY).lines.row(0, named=True)
    assert line["quantity"] == lot


def test_a_rule_s_limit_and_the_budget_cut_it_down_to_the_supplier_s_minimum(
    new_shop: type[SmallShop],
) -> None:
    listed = {"unit_cost": 1000, "minimum_order": 6}
    rule: dict[str, object] = {"product_id": "p", "location": None, "order_at_most_units": 8}
    capped = new_shop().sold("p", STEADY).listed("p", **listed).suggest(COSTLY, rules=[rule])
    assert capped.lines["quantity"].to_list() == [8]
    poor = COSTLY.model_copy(update={"budget": Decimal(70)})
    cut = new_shop().sold("p", STEADY).listed("p", **listed).suggest(poor)
    assert cut.lines["quantity"].to_list() == [7]


def test_a_rule_s_cover_holds_it_back(shop: SmallShop) -> None:
    for product in ("p", "q"):
        shop.sold(product, STEADY).counted(product, 0).listed(product, unit_cost=1000)
    rule: dict[str, object] = {"product_id": "p", "location": None, "cover_days": 14.0}
    covered, other = shop.suggest(COSTLY, rules=[rule]).lines.rows(named=True)
    assert (covered["quantity"], other["quantity"]) == (4 * (14 + 14) / 7, 32)
    assert "by the cost of an order" not in covered["because"]


def test_one_cost_without_the_other_changes_nothing_and_says_so(shop: SmallShop) -> None:
    shop.sold("p", STEADY).counted("p", 3).listed("p", unit_cost=1000)
    found = shop.suggest(Ordering(order_cost=Decimal(5)))
    assert found.lines["quantity"].to_list() == [9]
    assert found.notes == (
        "An order's cost changes nothing: order_cost and holding_cost are needed together.",
    )


def test_a_large_lot_is_not_called_overstock_for_what_it_ordered(shop: SmallShop) -> None:
    shop.sold("p", [1] * 30).counted("p", 40).listed("p", unit_cost=1)
    assert shop.suggest().lines["flags"].to_list() == [["overstock"]]
    assert shop.suggest(COSTLY).lines["flags"].to_list() == [[]]
