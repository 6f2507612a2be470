"""What holds of every shop, however odd."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from targeting.stock.columns import CAMPAIGNS, empty
from targeting.stock.coming import COMING, Coming
from targeting.stock.suggest import Suggestions, suggest
from targeting.workspace.settings import Ordering

if TYPE_CHECKING:
    from tests.stock.conftest import SmallShop

PRODUCTS = st.sampled_from(["p", "q", "r", "=cmd"])
PLACES = st.sampled_from([None, "L", "M"])
UNITS = st.one_of(
    st.integers(-5, 40).map(float), st.sampled_from([0.0, 0.25, 1_000_000.0, -3.5])
)  # fmt: skip
NUMBER = st.one_of(st.none(), st.integers(-3, 30).map(float), st.just(1e9))
MONEY = st.one_of(st.none(), st.integers(-100, 100_000), st.sampled_from([10**10, 10**15]))
SALE = st.tuples(PRODUCTS, st.lists(UNITS, min_size=1, max_size=40), PLACES, st.sampled_from("ab"))
LISTED = st.fixed_dictionaries(
    {
        "unit_cost": MONEY,
        "price": MONEY,
        "pack_size": NUMBER,
        "minimum_order": NUMBER,
        "shelf_life_days": NUMBER,
        "lead_time_days": NUMBER,
        "lead_time_sd_days": NUMBER,
        "discontinued": st.sampled_from([None, False, True]),
    }
)
COUNTED = st.fixed_dictionaries({"on_hand": NUMBER, "on_order": NUMBER, "reserved": NUMBER})
LIMITS = st.fixed_dictionaries(
    {
        "service_level": st.one_of(st.none(), st.floats(0, 1)),
        "cover_days": st.one_of(st.none(), st.integers(0, 60).map(float)),
        "order_at_most_units": NUMBER,
        "order_at_most_packs": NUMBER,
        "order_at_most_money": NUMBER,
        "order_at_most_weeks": NUMBER,
    }
)
BUDGET = st.one_of(st.none(), st.integers(0, 100_000).map(Decimal))
COST = st.sampled_from([None, Decimal("0.01"), Decimal(50), Decimal(10**9)])
SHARE = st.sampled_from([None, Decimal("0.001"), Decimal("0.25"), Decimal(5)])
ORDERINGS = st.builds(
    Ordering, budget=BUDGET, transfers=st.booleans(), order_cost=COST, holding_cost=SHARE
)
CAMPAIGNED = st.dictionaries(
    st.tuples(PRODUCTS, PLACES), st.sampled_from([0.25, 3.0, 40.0, 1e6]), max_size=4
)
Rows = dict[str, list[object]]
Rules = list[dict[str, object]]
Units = dict[tuple[str, str | None], float]


@st.composite
def anything(draw: st.DrawFn) -> tuple[Rows, Rules, Units]:
    sales = draw(st.lists(SALE, min_size=1, max_size=6))
    listed = draw(st.dictionaries(PRODUCTS, LISTED, max_size=4))
    counted = draw(st.dictionaries(st.tuples(PRODUCTS, PLACES), COUNTED, max_size=6))
    rules = draw(st.dictionaries(st.tuples(PRODUCTS, PLACES), LIMITS, max_size=3))
    rows: Rows = {
        "sales": list(sales),
        "listed": [{"product_id": p, **row} for p, row in listed.items()],
        "counted": [{"product_id": p, "location": m, **row} for (p, m), row in counted.items()],
    }
    settled: Rules = [{"product_id": p, "location": m, **row} for (p, m), row in rules.items()]
    return rows, settled, draw(CAMPAIGNED)


def opened(new_shop: type[SmallShop], rows: Rows) -> SmallShop:
    shop = new_shop()
    for product, weeks, place, customer in rows["sales"]:  # type: ignore[misc]
        shop.sold(product, weeks, location=place, customer=customer)  # type: ignore[has-type]
    shop.products = rows["listed"] or None  # type: ignore[assignment]
    shop.stock = rows["counted"] or None  # type: ignore[assignment]
    return shop.known("a", segment="Loyal", likelihood=0.5).known("b", segment=None)


def suggested(shop: SmallShop, rules: Rules, units: Units, ordering: Ordering) -> Suggestions:
    added = [(product, place, extra) for (product, place), extra in units.items()]
    coming = Coming(pl.DataFrame(added, schema=COMING, orient="row"), empty(CAMPAIGNS))
    parameters = pl.DataFrame(rules, infer_schema_length=None)
    table = shop.table()
    return suggest(table, parameters, ordering, shop.as_of, digits=2, coming=coming)


def settled(
    new_shop: type[SmallShop], shop: tuple[Rows, Rules, Units], ordering: Ordering
) -> Suggestions:
    rows, rules, units = shop
    return suggested(opened(new_shop, rows), rules, units, ordering)


@settings(max_examples=30, deadline=None)
@given(shop=anything(), ordering=ORDERINGS)
def test_orders_are_whole_packs_at_least_the_minimum_and_within_the_budget(
    new_shop: type[SmallShop],
    shop: tuple[Rows, Rules, Units],
    ordering: Ordering,
) -> None:
    found = settled(new_shop, shop, ordering)
    lines = found.lines.hstack(found.workings.drop("product_id", "location"))
    ordered = lines.filter(pl.col("quantity") != 0)
    assert (ordered["quantity"] > 0).all()
    assert (ordered["quantity"] % ordered["pack_size"] == 0).all()
    assert (ordered["quantity"] >= ordered["minimum_order"]).all()
    assert (ordered["quantity"] <= ordered["needed"]).all()
    assert (ordered["quantity"] <= ordered["limit"].fill_null(2**62)).all()
    assert (ordered["quantity"] <= ordered["sells_in_time"].fill_null(2**62)).all()
    assert lines["line_cost"].sum() == (lines["quantity"] * lines["unit_cost"]).sum()
    if ordering.budget is not None:
        assert lines["line_cost"].sum() <= ordering.budget * 100
    stopped = {str(row["product_id"]) for row in shop[0]["listed"] if row["discontinued"]}  # type: ignore[index]
    assert not stopped & set(ordered["product_id"])


@settings(max_examples=30, deadline=None)
@given(shop=anything(), ordering=ORDERINGS)
def test_what_leaves_a_location_arrives_at_another(
    new_shop: type[SmallShop],
    shop: tuple[Rows, Rules, Units],
    ordering: Ordering,
) -> None:
    found = settled(new_shop, shop, ordering)
    lines, moves = found.lines, found.transfers
    key = ["product_id", "location"]
    arrives = moves.group_by("product_id", pl.col("to_location").alias("location")).agg(
        pl.col("quantity").sum().alias("arrives")
    )
    leaves = moves.group_by("product_id", pl.col("from_location").alias("location")).agg(
        pl.col("quantity").sum().alias("leaves")
    )
    told = lines.join(arrives, on=key, how="left").join(leaves, on=key, how="left")
    told = told.with_columns(pl.col("arrives", "leaves").fill_null(0))
    assert (told["arrives"] == told["transfer_in"]).all()
    assert told["arrives"].sum() == told["leaves"].sum() == moves["quantity"].sum()
    assert told.filter((pl.col("arrives") > 0) & (pl.col("leaves") > 0)).is_empty()
    givers = told.filter(pl.col("leaves") > 0)
    left = givers["on_hand"] - givers["reserved"] - givers["leaves"]
    assert (left >= givers["order_up_to"].clip(lower_bound=0) - 1e-6).all()
    assert ordering.transfers or moves.is_empty()


@settings(max_examples=20, deadline=None)
@given(shop=anything(), ordering=ORDERINGS)
def test_totals_are_the_sums_of_the_lines(
    new_shop: type[SmallShop],
    shop: tuple[Rows, Rules, Units],
    ordering: Ordering,
) -> None:
    found = settled(new_shop, shop, ordering)
    by_category, lines = found.by_category, found.lines
    assert by_category["lines"].sum() == lines.height
    assert by_category["quantity"].sum() == lines["quantity"].sum()
    assert sum(by_category["cost"]) == sum(lines["line_cost"].drop_nulls())
    parts = found.segment_demand.group_by("product_id", "location").agg(
        pl.col("expected_units").sum()
    )
    joined = lines.join(parts, on=["product_id", "location"], how="left", nulls_equal=True)
    gap = (joined["expected_units"].fill_null(0) - joined["weekly_demand"]).abs()
    assert (gap < 1e-6).all()
    assert (found.segment_demand["expected_units"] >= 0).all()
    total = found.by_segment["expected_units"].to_list()
    assert sum(total) == pytest.approx(sum(lines["weekly_demand"].to_list()), abs=1e-4)


@settings(max_examples=20, deadline=None)
@given(shop=anything(), ordering=ORDERINGS)
def test_every_number_is_finite_and_every_line_says_why(
    new_shop: type[SmallShop],
    shop: tuple[Rows, Rules, Units],
    ordering: Ordering,
) -> None:
    found = settled(new_shop, shop, ordering)
    for frame in (found.lines, found.workings):
        for column in frame.select(pl.col(pl.Float64)):
            assert column.drop_nulls().is_finite().all(), column.name
    assert found.lines["because"].null_count() == 0
    assert found.lines["stockout_risk"].is_between(0, 1).all()
    assert (found.lines["weekly_demand"] >= 0).all()


@settings(max_examples=20, deadline=None)
@given(shop=anything(), ordering=ORDERINGS, seed=st.integers(0, 99))
def test_the_order_of_rows_does_not_matter(
    new_shop: type[SmallShop],
    shop: tuple[Rows, Rules, Units],
    ordering: Ordering,
    seed: int,
) -> None:
    rows, rules, units = shop
    mixed = random.Random(seed)  # noqa: S311  # a shuffle, no secret
    first, second = opened(new_shop, rows), opened(new_shop, rows)
    for part in (second.sales, second.products, second.stock, second.customers):
        mixed.shuffle(part or [])
    turned = dict(reversed(units.items()))
    here = suggested(first, rules, units, ordering)
    there = suggested(second, rules[::-1], turned, ordering)
    names = ("lines", "workings", "by_category", "by_segment", "segment_demand", "transfers")
    for name in names:
        assert_frame_equal(getattr(here, name), getattr(there, name), check_exact=True)
    assert_frame_equal(here.data_problems, there.data_problems)
    assert here.notes == there.notes
