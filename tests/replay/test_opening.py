"""Which lines are replayed, with which terms and demand; and what old counts tell."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from targeting.problems import Refused
from targeting.replay.backtest import Result, backtest
from targeting.replay.counts import done
from targeting.replay.opening import Asked, Opening, opening
from targeting.workspace.columns import SourceName
from targeting.workspace.settings import Ordering

AS_OF = dt.date(2026, 11, 24)
WEEK = dt.timedelta(weeks=1)
SALES = {
    "purchased_on": pl.Date,
    "product_id": pl.String,
    "quantity": pl.Float64,
    "amount": pl.Int64,
}


def sales(*rows: tuple[int, str, float]) -> pl.DataFrame:
    """Sell on a day so many days ago."""
    sold = [(AS_OF - dt.timedelta(days=ago), name, units, 1000) for ago, name, units in rows]
    return pl.DataFrame(sold, schema=SALES, orient="row")


def weekly(product: str, weeks: int, *, until: int = 0) -> list[tuple[int, str, float]]:
    return [(7 * week, product, 3.0) for week in range(until, weeks)]


def opened(
    purchases: pl.DataFrame, weeks: int = 4, most: int = 100, **frames: pl.DataFrame
) -> Opening:
    named: dict[SourceName, pl.DataFrame] = {"purchases": purchases}
    for name in ("products", "stock"):
        if name in frames:
            named[name] = frames[name]
    asked = Asked(weeks, AS_OF, most, "sales.csv")
    return opening(named, [], Ordering(), asked, digits=2)


def test_each_day_asks_for_what_was_sold_that_day() -> None:
    found = opened(sales(*weekly("mug", 30), (3, "mug", 2.0), (3, "mug", -5.0)))
    asked = found.shop.asked[7 * found.shop.warm_up :, 0]
    # what came back three days ago is taken off the newest sales before: those of a week ago
    assert asked.tolist() == [3.0 if day in (6, 13, 27) else 0.0 for day in range(28)]
    assert found.shop.warm_up == 3  # two weeks of lead time, one of review
    assert found.shop.before[-1, 0] == 3


def test_what_comes_back_on_a_later_day_was_not_asked_for() -> None:
    week = [(0, 5.0), (-3, -4.0)]
    rows = [(7 * ago + 3 + day, "mug", units) for ago in range(30) for day, units in week]
    found = opened(sales(*rows))
    assert found.shop.asked.sum() == found.shop.weeks
    assert found.shop.before[1:].tolist() == [[1.0]] * (len(found.shop.before) - 1)


def test_new_and_discontinued_products_are_left_out() -> None:
    products = pl.DataFrame({"product_id": ["mug", "jug"], "discontinued": [False, True]})
    purchases = sales(*weekly("mug", 30), *weekly("jug", 30), *weekly("new", 3))
    found = opened(purchases, products=products)
    assert found.shop.lines["product_id"].to_list() == ["mug"]
    assert found.units_share == pytest.approx(4 / 11)


def test_many_lines_are_sampled_evenly_and_always_alike() -> None:
    rows = [row for number in range(20) for row in weekly(f"p{number:02}", 20)]
    some = opened(sales(*rows), most=5)
    again = opened(sales(*reversed(rows)), most=5)
    assert some.lines == 20
    assert some.shop.lines.height == 5
    assert some.shop.lines.equals(again.shop.lines)


def test_weeks_that_the_purchases_do_not_reach_are_refused() -> None:
    with pytest.raises(
        Refused, match=r"reach back 20 weeks .* replay 26 of them takes 34"
    ) as error:
        opened(sales(*weekly("mug", 20)), weeks=26)
    assert error.value.problems[0].help == "replay fewer: --weeks 12"


@pytest.mark.parametrize(
    "purchases",
    [
        sales(),
        sales((3, "mug", 1.0)),
        sales(*weekly("mug", 3)),
        sales(*weekly("mug", 30)).drop("product_id"),
        sales(*weekly("mug", 2), (400, "old", -1.0)),
    ],
    ids=["no sales", "one sale", "three weeks", "no products", "only a return before"],
)
def test_a_shop_that_has_nothing_to_replay_is_told_so(purchases: pl.DataFrame) -> None:
    with pytest.raises(Refused):
        opened(purchases)


def replayed(found: Opening, stock: pl.DataFrame | None = None) -> list[Result]:
    return backtest(found, stock, AS_OF)


def test_a_line_that_asks_for_nothing_in_those_weeks_is_no_trouble() -> None:
    results = replayed(opened(sales(*weekly("mug", 30, until=10))))
    assert {each.fill_rate for each in results} == {1.0}


def test_the_order_of_rows_changes_nothing() -> None:
    rows = [*weekly("mug", 30), (11, "mug", 2.5), *weekly("jug", 30, until=2), (9, "jug", 1.1)]
    stock = pl.DataFrame(
        {
            "product_id": ["mug", "mug", "jug"],
            "on_hand": [4.0, 9.0, 2.0],
            "counted_on": [AS_OF - 4 * WEEK, AS_OF, AS_OF],
        }
    )
    found = replayed(opened(sales(*rows), stock=stock), stock)
    turned = stock.reverse()
    assert replayed(opened(sales(*reversed(rows)), stock=turned), turned) == found
    assert found[-1].policy == "done"


def test_old_counts_tell_what_was_done() -> None:
    counts = [8.0, 5.0, 2.0, 0.0, 9.0]  # 3 sold a week: 2 less than that came, then 12
    stock = pl.DataFrame(
        {
            "product_id": ["mug"] * 5,
            "on_hand": counts,
            "counted_on": [AS_OF - dt.timedelta(weeks=ago) for ago in (4, 3, 2, 1, 0)],
        }
    )
    products = pl.DataFrame({"product_id": ["mug"], "unit_cost": [200]})
    found = done(opened(sales(*weekly("mug", 30)), products=products, stock=stock), stock, AS_OF)
    assert found is not None
    assert (found.lines, found.deliveries, found.delivered) == (1, 2, 13)
    assert found.stock == pytest.approx(sum(counts) / 5)
    assert found.stock_money == pytest.approx(200 * sum(counts) / 5)
    assert found.empty_weeks == pytest.approx(4 / 5)


def test_two_counts_a_week_apart_tell_nothing_of_half_a_year() -> None:
    stock = pl.DataFrame(
        {"product_id": ["mug"] * 2, "on_hand": [1.0, 2.0], "counted_on": [AS_OF, AS_OF - WEEK]}
    )
    found = opened(sales(*weekly("mug", 60)), weeks=26, stock=stock)
    assert done(found, stock, AS_OF) is None
    assert done(found, None, AS_OF) is None
