"""Customers taken by their places: the same whether held whole or in pages on disk."""

from __future__ import annotations

import tempfile
from pathlib import Path

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.customers.held import Shelf, Table
from targeting.customers.taken import taken

ROWS = 23
CUSTOMERS = pl.DataFrame({"customer_id": [f"c{k:02}" for k in range(ROWS)], "age": range(ROWS)})
PLACES = st.lists(st.integers(0, ROWS - 1), max_size=40)


@settings(max_examples=40, deadline=None)
@given(st.lists(PLACES, max_size=4), st.integers(1, ROWS))
def test_each_use_gets_the_customers_at_its_places(uses: list[list[int]], rows: int) -> None:
    wanted = [pl.Series(use, dtype=pl.UInt32) for use in uses]
    pages = tuple(page.lazy() for page in CUSTOMERS.iter_slices(rows))
    paged = Table(pages, CUSTOMERS.schema, ROWS)
    with tempfile.TemporaryDirectory() as folder:
        on_disk = [*taken(paged, wanted, Shelf(Path(folder)))]
        whole = [*taken(CUSTOMERS, wanted)]
        assert len(on_disk) == len(whole) == len(uses)
        for use, places, some, all_ in zip(uses, wanted, on_disk, whole, strict=True):
            assert some.of(places)["age"].to_list() == all_.of(places)["age"].to_list() == use
            assert some.rows.collect()["age"].to_list() == sorted(set(use))
