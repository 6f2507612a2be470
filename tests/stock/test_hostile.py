"""What a shop gets wrong is named: its product, and its location where it is one location's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from targeting.workspace.settings import Ordering

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.stock.conftest import SmallShop

STEADY = [4] * 30
ODD = "odd"


@pytest.fixture
def two_stores(shop: SmallShop) -> SmallShop:
    for place in ("Clifton", "Saddar"):
        shop.sold("p", STEADY, location=place).counted("p", 9, location=place)
    return shop.listed("p")


@pytest.mark.parametrize(
    ("make", "location", "problem"),
    [
        (
            lambda s: s.listed(ODD).sold(ODD, STEADY, location="Saddar").counted(
                ODD, -4, location="Saddar"
            ),
            "Saddar",
            "-4 on hand",
        ),
        (
            lambda s: s.sold(ODD, STEADY, location="Saddar"),
            None,
            "sold, but not in the list of products",
        ),
        (
            lambda s: s.listed(ODD, lead_time_days=0).sold(ODD, STEADY, location="Saddar"),
            None,
            "lead time of 0 days",
        ),
        (
            lambda s: s.listed(ODD).sold(ODD, [5, *[0] * 520], location="Saddar"),
            "Saddar",
            "not sold for 520 weeks",
        ),
        (
            lambda s: s.listed(ODD).sold(ODD, [1], location="Saddar"),
            "Saddar",
            "sold in a single week ever",
        ),
        (
            lambda s: s.listed(ODD).sold(ODD, [3, 2, 1_000_000], location="Saddar"),
            "Saddar",
            "one week of 1000000 against a usual 2.5 in weeks with a sale",
        ),
        (
            lambda s: s.listed(ODD).sold(ODD, [3, 1_000_000], location="Saddar"),
            "Saddar",
            "one week of 1000000 against a usual 3 in weeks with a sale",
        ),
        (
            lambda s: s.listed(ODD).sold(ODD, [1_000_000], location="Saddar"),
            "Saddar",
            "1000000 units in the only week with a sale",
        ),
        (
            lambda s: s.listed(ODD).sold(ODD, [1, *[0] * 200, 1_000_000], location="Saddar"),
            "Saddar",
            "1000000 units in the only week with a sale",
        ),
    ],
)  # fmt: skip
def test_it_is_named_and_the_sheet_is_made_all_the_same(
    two_stores: SmallShop, make: Callable[[SmallShop], object], location: str | None, problem: str
) -> None:
    make(two_stores)
    found = two_stores.suggest(Ordering())
    named = found.data_problems.select("product_id", "location", "problem").rows()
    assert (ODD, location, problem) in named
    assert (found.lines["quantity"] >= 0).all()
