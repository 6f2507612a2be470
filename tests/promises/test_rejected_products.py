"""A product whose row could not be read is not ordered by defaults, and is named."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from tests.kit.shop import shop

SETTINGS = """\
shop: {name: Corner shop, currency: USD, region: US, locale: en_US}
as_of: 2026-11-24
stop_if: {rejected_over: 100%}
sources:
  purchases: {file: purchases.csv}
  products: {file: products.csv}
  stock: {file: stock.csv}
"""
PRODUCTS = """\
product_id,unit_cost,pack_size,lead_time_days,discontinued
ended,4,12,7 days,yes
twice,4,12,7,yes
twice,5,12,7,yes
good,4,12,7,no
counted,4,12,7,no
"""
STOCK = """\
product_id,on_hand,counted_on
good,2,2026-11-24
counted,many,2026-11-24
ended,3,2026-11-24
ahead,300,2026-12-03
"""


def test_a_product_whose_row_was_rejected_is_named_and_not_ordered(tmp_path: Path) -> None:
    days = [f"2026-{month:02}-{day:02}" for month in range(6, 12) for day in (3, 10, 17, 24)]
    names = ("ended", "twice", "good", "counted", "ahead")
    lines = [f"c1,{day},{name},2,9.00" for day in days for name in names]
    unnamed = [f"c1,{day},,1,1.00" for day in days]
    bought = "customer_id,purchased_on,product_id,quantity,amount\n"
    made = shop(
        tmp_path,
        {
            "targeting.yaml": SETTINGS,
            "purchases.csv": bought + "\n".join([*lines, *unnamed]) + "\n",
            "products.csv": PRODUCTS,
            "stock.csv": STOCK,
            "rules/policy.yaml": "key: k\nchannels: {}\n",
        },
        bare=True,
    )
    ran = made.run_here("run")
    assert ran.code == 0, ran.err
    stock = made.runs[0] / "stock"
    found = pl.read_csv(stock / "suggestions.csv").rows_by_key("product_id", named=True)
    ordered = {name: rows[0]["quantity"] for name, rows in found.items()}
    assert ordered["ended"] == ordered["twice"] == 0
    assert ordered["good"] > 0
    assert "was rejected" in found["ended"][0]["because"]
    assert found["counted"][0]["flags"] == "stock-out; check"
    told = pl.read_csv(stock / "data_problems.csv").select("source", "product_id", "problem").rows()
    rejected = "its row was rejected: rejects.csv says why"
    assert {
        ("products", "ended", rejected),
        ("products", "twice", rejected),
        ("stock", "counted", rejected),
        ("stock", "ahead", "counted on 2026-12-03, after the run's day"),
        (
            "purchases",
            None,
            f"{len(unnamed)} of {len(lines) + len(unnamed)} purchases name no product",
        ),
    } <= set(told)
    assert not {name for _, name, said in told if said.startswith("sold, but")} & {"ended", "twice"}
