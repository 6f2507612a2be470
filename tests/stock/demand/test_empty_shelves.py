"""Which days a shelf was empty: the newest count was nothing, and nothing was sold."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from targeting.stock.demand.empty_shelves import COUNT_HOLDS_DAYS, count_history, days_out
from targeting.stock.demand.sales import sales_lines
from targeting.stock.demand.shelves import Shelves

if TYPE_CHECKING:
    from tests.stock.conftest import SmallShop

AS_OF = dt.date(2026, 11, 24)


def ago(days: int) -> dt.date:
    return AS_OF - dt.timedelta(days=days)


def out(shop: SmallShop) -> list[int | None]:
    return shop.table()["days_out_of_stock"].to_list()


def test_a_count_of_nothing_speaks_until_the_next_count(shop: SmallShop) -> None:
    shop.sold("p", [1] * 10).counted("p", 5, counted_on=AS_OF)
    shop.counted("p", 0, counted_on=ago(13)).counted("p", 4, counted_on=ago(10))
    assert out(shop) == [3]


def test_a_sale_after_a_count_of_nothing_proves_that_stock_has_come(shop: SmallShop) -> None:
    shop.sold("p", [1] * 10).counted("p", 5, counted_on=AS_OF)
    shop.counted("p", -2, counted_on=ago(13))  # sales on days 7 and 0 ago
    assert out(shop) == [6]


def test_a_sale_from_before_the_weeks_that_are_seen_refutes_as_well(shop: SmallShop) -> None:
    oldest = 104 * 7
    shop.sold("p", [1] + [0] * 130).counted("p", 5, counted_on=AS_OF)
    shop.counted("p", 0, counted_on=ago(oldest + 9))
    assert days_of(shop) == 31 - 9 - 1
    shop.sales.append({**shop.sales[0], "purchased_on": ago(oldest + 4)})
    assert days_of(shop) == 0


def days_of(shop: SmallShop) -> int:
    """Count the days out of stock, however long ago."""
    sold, stock = pl.DataFrame(shop.sales), pl.DataFrame(shop.stock)
    shelves = Shelves.of([sold, stock])
    history = count_history(stock, AS_OF, shelves, by_location=False)
    lines = sales_lines(sold, AS_OF, shelves, by_location=False)
    return days_out(history, lines, AS_OF, by_location=False).height


def test_counts_of_nothing_that_sales_refute_leave_the_rate_as_it_is(
    new_shop: type[SmallShop],
) -> None:
    """Four a week, counted once a month, each time on an evening when all was sold."""
    weeks = [4] * 60
    plain, counted = new_shop().sold("p", weeks), new_shop().sold("p", weeks)
    for month in range(1, 14):
        counted.counted("p", 0, counted_on=ago(28 * month))
    counted.counted("p", 6, counted_on=AS_OF)
    rate = "weekly_demand"
    assert counted.table()[rate].item() == pytest.approx(plain.table()[rate].item(), rel=0.05)


def test_a_count_is_silent_after_a_month(shop: SmallShop) -> None:
    shop.sold("p", [1] + [0] * 20).counted("p", 5, counted_on=AS_OF)
    shop.counted("p", 0, counted_on=ago(100))
    assert out(shop) == [COUNT_HOLDS_DAYS]


def test_a_single_count_is_no_history(shop: SmallShop) -> None:
    shop.sold("p", [1] * 10).counted("p", 0).sold("q", [1])
    assert out(shop) == [None, None]


def test_the_demand_of_weeks_in_stock_alone_is_the_rate(shop: SmallShop) -> None:
    shop.sold("p", [4] * 20 + [0] * 4 + [4] * 2).counted("p", 9, counted_on=AS_OF)
    shop.counted("p", 0, counted_on=ago(6 * 7 - 1)).counted("p", 9, counted_on=ago(13))
    row = shop.table().row(0, named=True)
    assert row["days_out_of_stock"] == 28
    assert (row["weekly_demand"], row["weekly_sd"]) == (4, 0)
    assert row["history_weeks"] == 26


def test_merged_locations_are_empty_when_all_of_them_are(shop: SmallShop) -> None:
    shop.sold("p", [1] + [0] * 20)
    for place, empty_from in (("L", 20), ("M", 12)):
        shop.counted("p", 3, location=place, counted_on=ago(30))
        shop.counted("p", 0, location=place, counted_on=ago(empty_from))
        shop.counted("p", 3, location=place, counted_on=ago(5))
    assert out(shop) == [7]


@settings(deadline=None, max_examples=50)
@given(
    counts=st.lists(
        st.tuples(
            st.sampled_from("pq"), st.sampled_from("LM"), st.integers(-5, 90), st.integers(0, 2)
        ),
        max_size=12,
    ),
    sales=st.lists(st.tuples(st.sampled_from("pq"), st.integers(0, 90)), max_size=12),
    by_location=st.booleans(),
)
def test_it_is_what_looking_at_each_day_gives(
    counts: list[tuple[str, str, int, int]], sales: list[tuple[str, int]], by_location: bool
) -> None:
    stock = pl.DataFrame(
        [(p, place, ago(days), float(n)) for p, place, days, n in counts],
        schema={"product_id": pl.String, "location": pl.String, "counted_on": pl.Date, "on_hand": pl.Float64},
        orient="row",
    )  # fmt: skip
    sold = pl.DataFrame(
        [(p, "L", ago(days), 100) for p, days in sales],
        schema={"product_id": pl.String, "location": pl.String, "purchased_on": pl.Date, "amount": pl.Int64},
        orient="row",
    )  # fmt: skip
    places = ["L", "M"] if by_location else [None]
    keys = [(p, place) for p in "pq" for place in places]
    nowhere = pl.DataFrame(
        keys, schema={"product_id": pl.String, "location": pl.String}, orient="row"
    )
    shelves = Shelves.of([nowhere, stock])
    lines = sales_lines(sold, AS_OF, shelves, by_location=by_location)
    history = count_history(stock, AS_OF, shelves, by_location=by_location)
    found = days_out(history, lines, AS_OF, by_location=by_location).select(
        shelves.product_id(), shelves.location(), "day"
    )
    expected = [
        (p, place, ago(days))
        for p, place in keys
        for days in range(130)
        if looked_at(p, place, days, counts, sales)
    ]
    wanted = pl.DataFrame(expected, schema=found.schema, orient="row")
    assert_frame_equal(found, wanted, check_row_order=False)


def looked_at(
    product: str,
    place: str | None,
    days: int,
    counts: list[tuple[str, str, int, int]],
    sales: list[tuple[str, int]],
) -> bool:
    if place in (None, "L") and (product, days) in sales:
        return False
    newest = []
    for location in ("L", "M") if place is None else (place,):
        known = [(d, n) for p, at, d, n in counts if (p, at) == (product, location) and d >= 0]
        before = [d for d, _ in known if d >= days]
        if len({d for d, _ in known}) < 2 or not before or min(before) - days >= COUNT_HOLDS_DAYS:
            continue
        counted = min(before)
        sold_since = any((product, d) in sales for d in range(days, counted))
        some = any(n > 0 for d, n in known if d == counted)
        if not some and sold_since and place in (None, "L"):
            continue  # a sale after it has refuted the count
        newest.append(some)
    return bool(newest) and not any(newest)


def test_rows_in_any_order_give_the_same_table(new_shop: type[SmallShop]) -> None:
    shop = new_shop().sold("p", [2, 0, 1] * 9).counted("p", 1, counted_on=AS_OF)
    shop.counted("p", 0, counted_on=ago(40)).counted("p", 0, counted_on=ago(20))
    table = shop.table()
    assert shop.stock is not None
    shop.stock.reverse()
    shop.sales.reverse()
    assert_frame_equal(shop.table(), table)
    # sales are on days 0, 14, 21, 35, 42 ... ago: 40 to 36 and 20 to 15 ago
    assert table["days_out_of_stock"].item() == 11
