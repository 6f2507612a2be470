"""What would expire before it sells is not ordered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.stock.shelf_life import sells_in_time
from targeting.stock.suggest import Suggestions

if TYPE_CHECKING:
    from tests.stock.conftest import SmallShop

STEADY = [7] * 30  # one a day; lead time 14 days, review 7
DAYS = st.integers(0, 60).map(float)
LINE = st.fixed_dictionaries(
    {
        "weekly_demand": st.integers(0, 40).map(lambda sevenths: sevenths * 0.7),
        "lead_time_days": DAYS,
        "shelf_life_days": st.one_of(st.none(), st.integers(1, 90).map(float)),
        "pack_size": st.integers(1, 12),
        "campaign_units": st.sampled_from([0.0, 5.0, 40.0]),
        "campaign_lead_units": st.sampled_from([0.0, 2.0]),
        "available": st.integers(-5, 200).map(float),
    }
)
Line = dict[str, float]


def by_hand(line: Line) -> int | None:
    """Order one pack more as long as it all sells before it expires."""
    if line["shelf_life_days"] is None:
        return None
    daily = line["weekly_demand"] / 7
    at_delivery = line["available"] - daily * line["lead_time_days"] - line["campaign_lead_units"]
    sold = daily * line["shelf_life_days"] + line["campaign_units"] - line["campaign_lead_units"]
    packs = 0
    while max(at_delivery, 0) + (packs + 1) * line["pack_size"] <= sold + 1e-9:
        packs += 1
    return int(packs * line["pack_size"])


@settings(deadline=None, max_examples=100)
@given(st.lists(LINE, min_size=1, max_size=8))
def test_no_pack_too_many_and_none_too_few(lines: list[Line]) -> None:
    schema = {"shelf_life_days": pl.Float64, "pack_size": pl.Int64}
    frame = pl.DataFrame(lines, schema_overrides=schema)
    found = frame.select(sells_in_time(pl.col("available")).alias("units"))["units"]
    assert found.to_list() == [by_hand(line) for line in lines]


def ordered(new_shop: type[SmallShop], on_hand: float, **listed: object) -> Suggestions:
    return new_shop().sold("tea", STEADY).counted("tea", on_hand).listed("tea", **listed).suggest()


@pytest.mark.parametrize(
    ("on_hand", "listed", "quantity"),
    [
        (0, {}, 21),
        (0, {"shelf_life_days": 40}, 21),
        (0, {"shelf_life_days": 10}, 10),
        (17, {"shelf_life_days": 3}, 0),  # 3 are left at the delivery, and that is all that sells
        (15, {"shelf_life_days": 3}, 2),
        (0, {"shelf_life_days": 10, "pack_size": 4}, 8),
        (0, {"shelf_life_days": 3, "pack_size": 4}, 0),
        (0, {"shelf_life_days": 10, "minimum_order": 11}, 0),
        (0, {"shelf_life_days": 0}, 21),
        (0, {"shelf_life_days": -5}, 21),
    ],
)
def test_an_order_sells_within_the_shelf_life(
    new_shop: type[SmallShop], on_hand: float, listed: dict[str, object], quantity: int
) -> None:
    assert ordered(new_shop, on_hand, **listed).lines["quantity"].item() == quantity


def test_the_line_says_what_the_shelf_life_took(new_shop: type[SmallShop]) -> None:
    less = ordered(new_shop, 0, shelf_life_days=10, pack_size=4).lines.row(0, named=True)
    text = (
        "order 8 (2 packs of 4), not the 24 needed: no more sells within its shelf life of 10 days."
    )
    assert text in less["because"]
    assert "shelf life" in less["flags"]
    none = ordered(new_shop, 0, shelf_life_days=1, pack_size=4).lines.row(0, named=True)
    text = "24 needed, but no order of 4 or more sells within its shelf life of 1 day."
    assert text in none["because"]
    assert "shelf life" in none["flags"]
    assert "shelf life" not in ordered(new_shop, 0, shelf_life_days=40).lines["flags"].item()


def test_a_shelf_life_that_cannot_be_is_told_and_taken_as_missing(
    new_shop: type[SmallShop],
) -> None:
    problems = ordered(new_shop, 0, shelf_life_days=0).data_problems
    found = problems.filter(pl.col("problem").str.contains("shelf life"))
    assert found.select("problem", "assumed").rows() == [
        ("shelf life of 0 days or under", "as if missing")
    ]


def test_what_comes_from_another_location_is_sold_first(new_shop: type[SmallShop]) -> None:
    shop = new_shop().listed("tea", shelf_life_days=6)
    for place, on_hand in (("L", 0), ("M", 38)):
        shop.sold("tea", STEADY, location=place).counted("tea", on_hand, location=place)
    line = shop.suggest().lines.filter(location="L").row(0, named=True)
    assert line["transfer_in"] == 17
    assert line["quantity"] == 3  # 3 of the 17 are left when it comes, and 6 sell
