from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from targeting.stock.suggest import suggest
from targeting.stock.transfers import transfers, with_moves
from targeting.workspace.settings import Ordering

if TYPE_CHECKING:
    from tests.stock.conftest import SmallShop

STEADY = [4] * 30  # a level of 12 units, without spread
LINES = {
    "product_id": pl.String,
    "location": pl.String,
    "on_hand": pl.Float64,
    "reserved": pl.Float64,
    "available": pl.Float64,
    "order_up_to": pl.Float64,
    "silent": pl.Boolean,
    "expected_lost_margin": pl.Int64,
    "stockout_risk": pl.Float64,
}
Row = tuple[str, str | None, float, float, float, float, bool, int | None, float]
QUARTERS = st.integers(0, 120).map(lambda number: number / 4)
ROW = st.tuples(
    QUARTERS, QUARTERS.map(lambda units: units / 4), QUARTERS, st.integers(-8, 160).map(float),
    st.booleans(), st.one_of(st.none(), st.integers(0, 3)), st.sampled_from([0.0, 0.5, 1.0]),
)  # fmt: skip


@st.composite
def shelves(draw: st.DrawFn) -> list[Row]:
    keys = st.tuples(st.sampled_from("pqr"), st.sampled_from([None, *"ABCDEFGH"]))
    rows = draw(st.dictionaries(keys, ROW, max_size=24))
    return [
        (product, place, hand, kept, hand - kept + due, level, silent, lost, risk)
        for (product, place), (hand, kept, due, level, silent, lost, risk) in rows.items()
    ]


def one_by_one(rows: list[Row]) -> list[tuple[str, str, str, int]]:
    """Serve the neediest from whoever gives first, a unit's worth at a time: the slow way."""
    moves: dict[tuple[str, str, str], int] = {}
    for product in {row[0] for row in rows}:
        placed = [row for row in rows if row[0] == product and row[1] is not None]
        spare = {str(r[1]): math.floor(max(r[2] - r[3] - max(r[5], 0), 0)) for r in placed}
        asked = {str(r[1]): 0 if r[6] else math.ceil(max(r[5] - r[4], 0)) for r in placed}
        by_place = {str(row[1]): row for row in placed}
        givers = sorted(spare, key=lambda place: (not by_place[place][6], -spare[place], place))
        takers = sorted(asked, key=lambda p: (-(by_place[p][7] or 0), -by_place[p][8], p))
        for taker in takers:
            for giver in givers:
                units = min(spare[giver], asked[taker])
                if units:
                    moves[product, giver, taker] = units
                    spare[giver] -= units
                    asked[taker] -= units
    return sorted((*places, units) for places, units in moves.items())


@settings(max_examples=60, deadline=None)
@given(rows=shelves())
def test_it_moves_what_serving_them_one_by_one_would(rows: list[Row]) -> None:
    lines = pl.DataFrame(rows, schema=LINES, orient="row")
    assert transfers(lines).rows() == one_by_one(rows)
    assert_frame_equal(transfers(lines), transfers(lines.reverse()))


@settings(max_examples=50, deadline=None)
@given(rows=shelves())
def test_what_leaves_arrives_and_nobody_falls_under_its_level(rows: list[Row]) -> None:
    lines = pl.DataFrame(rows, schema=LINES, orient="row")
    moves = transfers(lines)
    moved = with_moves(lines, moves)
    assert moved["transfer_in"].sum() == moved["transfer_out"].sum() == moves["quantity"].sum()
    assert (moves["quantity"] > 0).all()
    givers = moved.filter(pl.col("transfer_out") > 0)
    left = givers["on_hand"] - givers["reserved"] - givers["transfer_out"]
    assert (left >= givers["order_up_to"] - 1e-6).all()
    assert (left >= -1e-6).all()
    assert givers["transfer_in"].sum() == 0
    takers = moved.filter(pl.col("transfer_in") > 0)
    gap = takers["order_up_to"] - takers["available"] - takers["transfer_in"]
    assert (gap > -1).all()
    assert not takers["silent"].any()
    nowhere = moved.filter(pl.col("location").is_null())
    assert nowhere["transfer_in"].sum() == nowhere["transfer_out"].sum() == 0


def two_stores(shop: SmallShop, here: float, there: float, **columns: object) -> SmallShop:
    for place, hand in (("Clifton", here), ("Saddar", there)):
        shop.sold("p", STEADY, location=place).counted("p", hand, location=place)
    return shop.listed("p", **columns)


def test_what_one_store_can_spare_is_not_bought_for_the_other(shop: SmallShop) -> None:
    found = two_stores(shop, 20, 2, unit_cost=250).suggest()
    assert found.transfers.rows() == [("p", "Clifton", "Saddar", 8)]
    assert found.lines["transfer_in"].to_list() == [0, 8]
    assert found.workings["needed"].to_list() == [0, 10]
    assert found.lines["quantity"].to_list() == [0, 2]
    assert found.notes == (
        "Before anything is bought, 8 units go from one location to another in 1 transfer: "
        "20 less to buy, at cost.",
    )
    giver, taker = found.lines["because"]
    assert giver.split(": ")[1].startswith("more than enough, 8 go to Saddar.")
    assert taker.split(": ")[1].startswith("8 come from Clifton, order 2.")


def test_transfers_can_be_switched_off(shop: SmallShop) -> None:
    found = two_stores(shop, 20, 2).suggest(Ordering(transfers=False))
    assert found.transfers.is_empty()
    assert found.lines["quantity"].to_list() == [0, 10]


def test_what_is_on_order_or_reserved_is_not_given(shop: SmallShop) -> None:
    for place in ("Clifton", "Saddar"):
        shop.sold("p", STEADY, location=place)
    shop.counted("p", 20, reserved=5, on_order=50, location="Clifton")
    shop.counted("p", 0, location="Saddar")
    assert shop.suggest().transfers["quantity"].to_list() == [3]


def test_a_discontinued_line_that_sells_gets_what_another_store_has(shop: SmallShop) -> None:
    found = two_stores(shop, 15, 0, discontinued=True).suggest()
    assert found.transfers["quantity"].to_list() == [3]
    assert found.lines["quantity"].to_list() == [0, 0]
    assert found.lines["because"].to_list()[1] == (
        "Discontinued: nothing to order. None on hand; 3 come from Clifton."
    )


def test_what_lies_dead_in_one_store_goes_first(shop: SmallShop) -> None:
    for place in ("A", "B"):
        shop.sold("p", STEADY, location=place)
    shop.sold("p", [1, *[0] * 29], location="dead")
    for place, hand in (("A", 20), ("B", 0), ("dead", 5)):
        shop.counted("p", hand, location=place)
    moves = shop.suggest().transfers
    assert moves.rows() == [("p", "A", "B", 8), ("p", "dead", "B", 4)]  # its level keeps one


@pytest.mark.parametrize(("minimum", "pack", "quantity"), [(0, 1, 2), (6, 1, 6), (0, 5, 5)])
def test_what_a_transfer_leaves_is_bought_in_packs_and_at_least_the_minimum(
    shop: SmallShop, minimum: int, pack: int, quantity: int
) -> None:
    shop = two_stores(shop, 20, 2, minimum_order=minimum, pack_size=pack)
    assert shop.suggest().lines["quantity"].to_list() == [0, quantity]


def test_a_single_unit_and_many_givers_are_told_in_words(shop: SmallShop) -> None:
    for number in range(4):
        shop.sold("p", STEADY, location=f"S{number}").counted("p", 13, location=f"S{number}")
    shop.sold("p", STEADY, location="Z").counted("p", 8, location="Z")
    told = shop.suggest().lines["because"].to_list()
    assert "more than enough, 1 goes to Z." in told[0]
    assert "4 come from 4 locations, nothing to order." in told[4]


def test_the_budget_goes_by_what_is_still_at_stake_after_a_transfer(shop: SmallShop) -> None:
    shop = two_stores(shop, 22, 0, unit_cost=1000, price=3000)  # 10 of the 12 come
    shop.sold("q", STEADY, location="Saddar").counted("q", 10, location="Saddar")
    shop.listed("q", unit_cost=1000, price=4000)
    lines = shop.suggest(Ordering(budget=Decimal(20))).lines
    assert dict(lines.filter(pl.col("location") == "Saddar")["product_id", "quantity"].rows()) == {
        "p": 0,
        "q": 2,
    }


def test_a_sum_of_money_names_its_currency(shop: SmallShop) -> None:
    table = two_stores(shop, 20, 2, unit_cost=275).table()
    found = suggest(table, pl.DataFrame(), Ordering(), shop.as_of, digits=2, currency="PKR")
    assert found.notes[0].endswith("in 1 transfer: PKR 22 less to buy, at cost.")
