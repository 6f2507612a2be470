from __future__ import annotations

import polars as pl
from polars.testing import assert_frame_equal

from targeting.stock.demand.shelves import Shelves

PLACES = pl.DataFrame(
    {"product_id": ["a", "a", "a", "b", "b"], "location": [None, "L", "M", None, "L"]}
)


def test_numbers_stand_in_the_order_of_the_names_no_location_first() -> None:
    numbers = PLACES.select(Shelves.of([PLACES.reverse()]).number).to_series()
    assert numbers.is_sorted()
    assert numbers.n_unique() == PLACES.height


def test_a_number_leads_back_to_product_and_location() -> None:
    shelves = Shelves.of([PLACES.head(2), PLACES.tail(4)])
    numbered = PLACES.select(shelves.number)
    assert_frame_equal(numbered.select(shelves.product_id(), shelves.location()), PLACES)


def test_a_frame_without_locations_or_rows_is_no_hindrance() -> None:
    shelves = Shelves.of([pl.DataFrame({"product_id": ["a"]}), PLACES.clear()])
    nowhere = pl.DataFrame({"product_id": ["a"], "location": [None]}, schema=PLACES.schema)
    assert nowhere.select(shelves.number).to_series().to_list() == [0]
