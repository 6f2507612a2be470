"""Purchase lines stand by customer, whoever comes first in the file and whatever ids hash to."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest

from targeting.customers.lines import Lines, parted
from targeting.frames import text_hash

DAY = dt.date(2026, 11, 1)


def bought(rows: int, seed: int) -> pl.DataFrame:
    """Lines of 40 customers and nobody, in the order of their amounts."""
    drawn = np.random.default_rng(seed)
    customers = [None, *(f"c{n}" for n in range(40))]
    return pl.DataFrame(
        {
            "customer_id": [customers[at] for at in drawn.integers(0, 41, rows)],
            "transaction_id": [(None, "a", "b")[at] for at in drawn.integers(0, 3, rows)],
            "purchased_on": [DAY + dt.timedelta(int(at)) for at in drawn.integers(0, 3, rows)],
            "amount": list(range(rows)),
        },
        schema={
            "customer_id": pl.String,
            "transaction_id": pl.String,
            "purchased_on": pl.Date,
            "amount": pl.Int64,
        },
    )


def by_hand(lines: pl.DataFrame) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for customer, _, _, amount in lines.iter_rows():
        if customer is not None:
            found.setdefault(customer, []).append(amount)
    return dict(sorted(found.items()))


def together(lines: pl.DataFrame) -> dict[str, list[int]]:
    found = Lines.of(lines.lazy(), {"amount", "customer_id"}).together()
    grouped = found.group_by("customer_id", maintain_order=True).agg("amount")
    return dict(grouped.select("customer_id", "amount").iter_rows())


@pytest.mark.parametrize("rows", [0, 1, 400])
def test_lines_of_a_customer_stand_together_in_the_files_order(rows: int) -> None:
    lines = bought(rows, seed=rows)
    assert together(lines) == by_hand(lines)
    assert list(together(lines)) == sorted(together(lines))


@pytest.mark.parametrize("hashes", [1, 5, 30])
def test_ids_that_share_a_hash_are_kept_apart(monkeypatch: pytest.MonkeyPatch, hashes: int) -> None:
    lines = bought(400, seed=5)

    def alike(name: str, seed: int = 0) -> pl.Expr:
        hashed = text_hash(name, seed)
        return hashed if seed else hashed % hashes * 2**59

    monkeypatch.setattr("targeting.customers.lines.text_hash", alike)
    assert together(lines) == by_hand(lines)


def test_a_line_without_a_transaction_is_one_receipt_a_day() -> None:
    lines = bought(400, seed=9)
    part = parted(lines.lazy(), {"purchased_on"})
    counted = part.named(
        part.lines.group_by("customer_id").agg(pl.col("receipt:").n_unique().alias("receipts"))
    )
    receipts: dict[str, set[str]] = {}
    for customer, receipt, day, _ in lines.drop_nulls("customer_id").iter_rows():
        receipts.setdefault(customer, set()).add(receipt or str(day))
    assert dict(counted.iter_rows()) == {c: len(own) for c, own in receipts.items()}
