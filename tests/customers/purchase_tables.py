"""Small shops for the tests of customers: a workspace, frames as intake leaves them, strategies."""

from __future__ import annotations

import datetime as dt
import functools
import tempfile
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import polars as pl
import pytest

from targeting.customers.table import CustomerData
from targeting.workspace.columns import SourceName
from targeting.workspace.load import Workspace, load
from tests.kit.shop import shop

AS_OF = dt.date(2026, 11, 24)
CATEGORIES = ("Audio", "Phones")
Line = dict[str, Any]

LINES: dict[str, Any] = {
    "customer_id": pl.String,
    "transaction_id": pl.String,
    "purchased_on": pl.Date,
    "amount": pl.Int64,
    "quantity": pl.Float64,
    "category": pl.String,
    "brand": pl.String,
    "location": pl.String,
}
SETTINGS = """\
shop: {name: Corner shop, currency: USD, region: US, locale: en_US}
as_of: 2026-11-24
sources:
  customers:
    file: customers.csv
    columns: {customer_id: id, age: age}
  purchases:
    file: purchases.csv
    columns: {customer_id: c, transaction_id: t, purchased_on: d, amount: a, quantity: q, category: k, brand: b, location: l}
fields:
  age: {type: number}
  category: {type: category, values: [Audio, Phones]}
"""


def workspace(text: str = SETTINGS) -> Workspace:
    """Load a workspace that holds one targeting.yaml and nothing else."""
    return _loaded(text)


@functools.cache
def _loaded(text: str) -> Workspace:
    with tempfile.TemporaryDirectory() as folder:
        made = shop(Path(folder), {"targeting.yaml": text}, bare=True)
        found, problems = load(made.folder)
    assert found is not None, problems
    assert not problems
    return found


def purchases(lines: Sequence[Mapping[str, Any]], *without: str) -> pl.DataFrame:
    """Make the frame that intake would hand on; what a line does not say is its plain default."""
    plain = dict.fromkeys(LINES) | {"customer_id": "a", "quantity": 1.0, "amount": 100}
    return pl.DataFrame([{**plain, **line} for line in lines], schema=LINES).drop(without)


def data(
    lines: pl.DataFrame | None, attributes: pl.DataFrame | None = None, text: str = SETTINGS
) -> CustomerData:
    frames: dict[SourceName, pl.DataFrame] = {}
    if lines is not None:
        frames["purchases"] = lines
    if attributes is not None:
        frames["customers"] = attributes
    return CustomerData.of(workspace(text), frames)


def rows_by_id(table: pl.LazyFrame | pl.DataFrame) -> dict[str, dict[str, Any]]:
    rows = table.lazy().collect().to_dicts()
    return {row["customer_id"]: row for row in rows}


def row_of(
    lines: Sequence[Mapping[str, Any]], *without: str, text: str = SETTINGS
) -> dict[str, Any]:
    """Give customer a's row."""
    return rows_by_id(data(purchases(lines, *without), text=text).table(AS_OF))["a"]


def assert_same(found: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    """Compare value by value: whole numbers, words and dates exactly, fractions to 12 digits."""
    for name, value in expected.items():
        if isinstance(value, Fraction):
            assert found[name] == pytest.approx(float(value), rel=1e-12, abs=1e-12), name
        else:
            assert found[name] == value, name
            assert (found[name] is None) == (value is None), name


def day(ago: int) -> dt.date:
    return AS_OF - dt.timedelta(days=ago)


# Days around every edge, a day after as_of among them.
days = st.sampled_from([-1, 0, 1, 2, 30, 89, 90, 91, 179, 180, 181, 364, 365, 366, 800]).map(day)
amounts = st.one_of(st.integers(-300, 300), st.sampled_from([0, 100, 100, -100, 10**15]))
one_line = st.fixed_dictionaries(
    {
        "customer_id": st.sampled_from(["a", "b", "c", None]),
        "transaction_id": st.sampled_from([None, "1", "2", "3"]),
        "purchased_on": days,
        "amount": amounts,
        "quantity": st.sampled_from([1.0, 2.0, -1.0, 0.0, 0.1, 0.7]),
        "category": st.sampled_from([None, "Audio", "Phones", "Other"]),
        "brand": st.sampled_from([None, "Acme", "Best", "Zenith"]),
        "location": st.sampled_from([None, "Clifton", "Saddar"]),
    }
)
tables = st.lists(one_line, min_size=1, max_size=14)


def of_customer(lines: Sequence[Line], customer: str) -> list[Line]:
    return [line for line in lines if line["customer_id"] == customer]


def buyers_of(lines: Sequence[Line]) -> list[str]:
    """Name who stands in the purchases up to as_of."""
    return sorted(
        {
            line["customer_id"]
            for line in lines
            if line["customer_id"] is not None and line["purchased_on"] <= AS_OF
        }
    )
