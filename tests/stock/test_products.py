from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import polars as pl
import pytest

from targeting.stock.products import product_table
from targeting.workspace.catalogue import product_fields
from targeting.workspace.scores import Segments
from targeting.workspace.settings import Settings

if TYPE_CHECKING:
    from tests.stock.conftest import SmallShop

AS_OF = dt.date(2026, 11, 24)


def test_every_field_that_a_rule_may_name_is_a_column(shop: SmallShop) -> None:
    files = {name: {"file": f"{name}.csv"} for name in ("purchases", "products", "stock")}
    settings = Settings.model_validate({"sources": files})
    segments = Segments.model_validate(
        {"features": {"frequency": {}}, "names": {"Loyal": {"frequency": "high"}}}
    )
    shop.sold("p", [1]).listed("p").counted("p", 3)
    assert set(product_fields(settings, segments)) <= set(shop.table().columns)


def test_a_row_stands_for_what_was_sold_counted_or_listed(shop: SmallShop) -> None:
    shop.sold("sold", [1], location="L").counted("counted", 2, location="M").listed("listed")
    table = shop.table().select("product_id", "location", "listed", "counted", "demand_class")
    assert table.rows() == [
        ("counted", "M", False, True, "none"),
        ("listed", None, True, False, "none"),
        ("sold", "L", False, False, "new"),
    ]


def test_returns_are_netted_and_a_week_is_never_under_zero(shop: SmallShop) -> None:
    shop.sold("p", [3, 5]).sold("p", [-4, -2])
    row = shop.table().row(0, named=True)
    assert row["largest_week"] == 3  # only the last week is left of the two
    assert row["sales_weeks"] == 1


def test_what_comes_back_in_a_later_week_is_taken_off_the_sale_before_it(shop: SmallShop) -> None:
    row = shop.sold("p", [2, 10, 0, -4, 3, 0]).table().row(0, named=True)
    assert (row["largest_week"], row["sales_weeks"]) == (6, 3)
    assert row["usual_week"] == (2 + 3) / 2


def test_a_product_that_always_comes_back_is_not_wanted(shop: SmallShop) -> None:
    shop.sold("p", [10, -10, 0, 0, 0, 0] * 10).sold("kept", [1] * 60)
    row = shop.table().filter(pl.col("product_id") == "p").row(0, named=True)
    assert (row["demand_class"], row["weekly_demand"], row["level_demand"]) == ("none", 0, 0)
    assert row["last_sold_on"] == AS_OF - dt.timedelta(weeks=5)


def test_what_comes_back_of_an_older_sale_leaves_the_later_ones(shop: SmallShop) -> None:
    row = shop.sold("p", [-10, 4, 4]).table().row(0, named=True)
    assert (row["largest_week"], row["sales_weeks"]) == (4, 2)


def test_a_negative_amount_is_a_return_whatever_the_quantity(shop: SmallShop) -> None:
    shop.sold("p", [5])
    shop.sales.append({**shop.sales[0], "amount": -2000, "quantity": 2.0})
    assert shop.table()["largest_week"].to_list() == [3]


def test_sales_after_as_of_and_before_two_years_do_not_count(shop: SmallShop) -> None:
    shop.sold("p", [9] + [0] * 104).sold("p", [2] * 20)
    shop.sales.append({**shop.sales[-1], "purchased_on": AS_OF + dt.timedelta(1)})
    row = shop.table().row(0, named=True)
    assert row["weeks_seen"] == 104
    assert row["history_weeks"] == 20
    assert row["largest_week"] == 2


def test_the_newest_count_is_now(shop: SmallShop) -> None:
    shop.sold("p", [1]).counted("p", 5, counted_on=AS_OF).counted(
        "p", 9, counted_on=AS_OF - dt.timedelta(7)
    ).counted("p", 70, counted_on=AS_OF + dt.timedelta(1))
    assert shop.table()["on_hand"].to_list() == [5]


def test_available_is_on_hand_less_reserved_plus_on_order(shop: SmallShop) -> None:
    shop.sold("p", [2] * 10).counted("p", 10, reserved=3, on_order=4)
    row = shop.table().row(0, named=True)
    assert row["available"] == 11
    assert row["days_of_cover"] == pytest.approx(11 / row["weekly_demand"] * 7)


def test_a_negative_count_stays_to_be_seen_and_is_available_as_zero(shop: SmallShop) -> None:
    row = shop.sold("p", [2]).counted("p", -3).table().row(0, named=True)
    assert (row["on_hand"], row["available"]) == (-3, 0)


def test_locations_are_told_apart_where_sales_and_stock_name_them(shop: SmallShop) -> None:
    shop.sold("p", [4], location="L").sold("p", [6], location="M").counted("p", 1, location="L")
    table = shop.table().select("location", "largest_week", "on_hand")
    assert table.rows() == [("L", 4, 1), ("M", 6, None)]


def test_else_stock_and_sales_are_added_up(shop: SmallShop) -> None:
    shop.sold("p", [4]).counted("p", 1, location="L").counted("p", 2, location="M")
    table = shop.table().select("location", "largest_week", "on_hand", "merged")
    assert table.rows() == [(None, 4, 3, True)]


def test_who_wants_a_product_more_than_others_do(shop: SmallShop) -> None:
    shop.known("ann", segment="Loyal").known("bob", segment="Cheap").known("cy", segment=None)
    shop.sold("phone", [8], customer="ann").sold("phone", [2], customer="bob")
    shop.sold("cable", [2], customer="ann").sold("cable", [6], customer="bob")
    shop.sold("cable", [5], customer="cy").sold("cover", [1])
    wanted = shop.table().select("product_id", "wanted_by", "top_segment")
    # Loyal bought 10 of 18: 0.56. Of phones it is 0.8; Cheap bought 0.75 of cables
    assert wanted.rows() == [
        ("cable", ["Cheap"], "Cheap"),
        ("cover", [], None),
        ("phone", ["Loyal"], "Loyal"),
    ]


def test_sales_older_than_26_weeks_do_not_say_who_wants_it(shop: SmallShop) -> None:
    shop.known("ann", segment="Loyal").sold("p", [8] + [0] * 26, customer="ann").sold("p", [1])
    assert shop.table()["wanted_by"].to_list() == [[]]


def test_without_customers_or_purchases_the_table_still_stands() -> None:
    sold = pl.DataFrame(schema={"purchased_on": pl.Date, "amount": pl.Int64})
    products = pl.DataFrame({"product_id": ["p"], "price": [100]})
    table = product_table(sold, products, None, None, AS_OF)
    assert table.select("product_id", "weekly_demand", "abc", "demand_class").rows() == [
        ("p", 0.0, None, "none")
    ]


def test_purchases_describe_what_no_list_describes() -> None:
    sold = pl.DataFrame(
        {"purchased_on": [AS_OF], "amount": [100], "product_id": ["p"], "category": ["Audio"]}
    )
    table = product_table(sold, None, None, None, AS_OF)
    assert table.select("category", "largest_week").rows() == [("Audio", 1.0)]


def test_smoothing_begins_with_the_first_sale(shop: SmallShop) -> None:
    shop.sold("old", [1] * 60).sold("launched", [0] * 40 + [6] * 20)
    launched = shop.table().filter(pl.col("product_id") == "launched").row(0, named=True)
    assert launched["level_demand"] == 6
    assert launched["weekly_sd"] == 0
    assert launched["method"] == "discounted SES"
    assert launched["weekly_demand"] == 6  # steady demand is not discounted


def test_a_new_product_s_first_week_counts_by_an_eighth(shop: SmallShop) -> None:
    row = shop.sold("p", [8, 3, 2, 0]).table().row(0, named=True)
    assert row["demand_class"] == "new"
    assert row["weekly_demand"] == row["level_demand"] == (1 + 3 + 2) / 4
