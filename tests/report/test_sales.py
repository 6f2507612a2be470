"""Sales, repeat purchases and cohorts, month by month."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import Any

import numpy as np
import polars as pl
import pytest

from targeting.report.sales import cohorts, trends
from tests.report.traded import traded

AS_OF = dt.date(2026, 4, 10)
SCHEMA = ["customer_id", "transaction_id", "purchased_on", "amount"]
Line = tuple[str | None, str | None, dt.date, int]


def lines(*rows: Line) -> pl.DataFrame:
    return pl.DataFrame(rows, orient="row", schema=SCHEMA)


def months(purchases: pl.DataFrame, as_of: dt.date = AS_OF) -> list[dict[str, Any]]:
    found: Any = trends(traded(purchases, as_of), as_of, 2)["months"]
    return list(found)


ASIF_TWICE_BELA_ONCE = lines(
    ("asif", "t1", dt.date(2026, 1, 5), 100_00),
    ("asif", "t1", dt.date(2026, 1, 5), 50_00),
    ("bela", "t2", dt.date(2026, 3, 1), 70_00),
    ("asif", "t3", dt.date(2026, 3, 9), 30_00),
    ("bela", "t4", dt.date(2026, 4, 2), -70_00),
    (None, "t5", dt.date(2026, 4, 3), 9_50),
)


def test_a_month_without_purchases_is_a_month_of_nothing() -> None:
    february = months(ASIF_TWICE_BELA_ONCE)[1]
    assert february == {
        "month": "2026-02",
        "sales": 0.0,
        "orders": 0,
        "active_customers": 0,
        "repeat_share": None,
        "complete": True,
    }


def test_lines_of_one_transaction_are_one_order() -> None:
    january = months(ASIF_TWICE_BELA_ONCE)[0]
    assert (january["sales"], january["orders"], january["active_customers"]) == (150.0, 1, 1)


def test_the_repeat_share_counts_who_had_bought_in_an_earlier_month() -> None:
    assert [month["repeat_share"] for month in months(ASIF_TWICE_BELA_ONCE)] == [0, None, 0.5, None]


def test_returns_lower_sales_but_make_nobody_active() -> None:
    april = months(ASIF_TWICE_BELA_ONCE)[3]
    assert (april["sales"], april["orders"], april["active_customers"]) == (-60.5, 0, 0)


def test_a_month_is_complete_on_its_last_day() -> None:
    assert not months(ASIF_TWICE_BELA_ONCE)[-1]["complete"]
    assert months(ASIF_TWICE_BELA_ONCE, dt.date(2026, 4, 30))[-1]["complete"]


def test_without_transactions_a_day_is_an_order() -> None:
    days = ASIF_TWICE_BELA_ONCE.drop("transaction_id")
    assert [month["orders"] for month in months(days)] == [1, 0, 2, 0]
    unknown = ASIF_TWICE_BELA_ONCE.with_columns(transaction_id=pl.lit(None, pl.String))
    assert months(unknown) == months(days)


def test_repeat_buyers_ordered_twice() -> None:
    found = trends(traded(ASIF_TWICE_BELA_ONCE, AS_OF), AS_OF, 2)
    assert (found["buyers"], found["repeat_buyers"]) == (2, 1)


def test_a_cohort_is_followed_to_the_month_of_the_run() -> None:
    assert cohorts(traded(ASIF_TWICE_BELA_ONCE, AS_OF), AS_OF) == [
        {"cohort": "2026-01", "customers": 1, "shares": [1.0, 0.0, 1.0, 0.0]},
        {"cohort": "2026-03", "customers": 1, "shares": [1.0, 0.0]},
    ]


@pytest.mark.parametrize("purchases", [None, pl.DataFrame(), lines()], ids=["none", "no", "empty"])
def test_no_purchases_give_no_months(purchases: pl.DataFrame | None) -> None:
    trade = traded(purchases, AS_OF)
    assert trends(trade, AS_OF, 2) == {"months": [], "buyers": 0, "repeat_buyers": 0}
    assert cohorts(trade, AS_OF) == []


def test_many_purchases_give_what_plain_python_gives() -> None:
    chance = np.random.default_rng(11)
    start = dt.date(2025, 1, 1)
    rows: list[Line] = [
        (
            f"c{chance.integers(60)}",
            f"t{chance.integers(300)}",
            start + dt.timedelta(days=int(chance.integers(460))),
            int(chance.integers(-2_000, 20_000)),
        )
        for _ in range(800)
    ]
    bought: dict[str, set[str]] = defaultdict(set)
    orders: dict[str, set[tuple[str | None, str | None]]] = defaultdict(set)
    sales: dict[str, int] = defaultdict(int)
    for customer, transaction, day, amount in rows:
        name = f"{day:%Y-%m}"
        sales[name] += amount
        if amount > 0:
            bought[str(customer)].add(name)
            orders[name].add((customer, transaction))
    for month in months(lines(*rows)):
        name = month["month"]
        active = [who for who, when in bought.items() if name in when]
        assert month["sales"] == sales[name] / 100
        assert month["orders"] == len(orders[name])
        assert month["active_customers"] == len(active)
        again = sum(min(bought[who]) < name for who in active)
        assert month["repeat_share"] == (again / len(active) if active else None)
