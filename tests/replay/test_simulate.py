"""One shelf day by day in plain Python, and the vectorised replay beside it."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.replay.backtest import turn
from targeting.replay.policies import (
    POLICIES,
    SUGGESTED,
    Policy,
    lead_cover,
    moving_average,
    suggested,
)
from targeting.replay.shop import Shop
from targeting.replay.simulate import simulate
from targeting.stock.demand.forecast import Floats


def lines_of(*, lead: list[int], pack: list[int], least: list[int]) -> pl.DataFrame:
    count = len(lead)
    return pl.DataFrame(
        {
            "product_id": [f"p{number}" for number in range(count)],
            "location": [None] * count,
            "category": ["Audio"] * count,
            "abc": ["A"] * count,
            "lead_time_days": [float(days) for days in lead],
            "lead_time_sd_days": [0.0] * count,
            "review_days": [7.0] * count,
            "service_level": [0.95] * count,
            "pack_size": pack,
            "smallest_order": least,
            "unit_cost": [100] * count,
        },
        schema_overrides={"location": pl.String},
    )


def one_by_one(shop: Shop, level: float, line: int) -> tuple[float, float, int, float]:
    """Replay one line with a constant level; units served, stock, orders and units ordered."""
    terms = shop.lines.row(line, named=True)
    on_hand, due = float(math.ceil(level)), dict[int, float]()
    served, stock, orders, ordered = 0.0, 0.0, 0, 0.0
    for day, asked in enumerate(shop.asked[:, line]):
        measured = day >= 7 * shop.warm_up
        if day % (7 * shop.review_weeks) == 0:
            short = level - on_hand - sum(due.values())
            if short > 1e-9:
                packs = math.ceil(short / terms["pack_size"] - 1e-9) * terms["pack_size"]
                quantity = max(packs, terms["smallest_order"])
                arrival = day + int(terms["lead_time_days"])
                due[arrival] = due.get(arrival, 0.0) + quantity
                orders, ordered = orders + measured, ordered + measured * quantity
        on_hand += due.pop(day, 0.0)
        sold = min(on_hand, float(asked))
        on_hand -= sold
        served, stock = served + measured * sold, stock + measured * on_hand
    return served, stock / (7 * shop.measured_weeks), orders, ordered


@given(
    st.lists(
        st.tuples(st.integers(0, 20), st.integers(1, 6), st.integers(0, 3), st.integers(0, 30)),
        min_size=1, max_size=4,
    ),
    st.integers(0, 3), st.integers(1, 2), st.integers(0, 2**20),
)  # fmt: skip
@settings(deadline=None, max_examples=40)
def test_the_replay_is_what_a_shopkeeper_would_count(
    drawn: list[tuple[int, int, int, int]], warm_up: int, review_weeks: int, seed: int
) -> None:
    lead, pack, more, level = (list(column) for column in zip(*drawn, strict=True))
    least = [size * (1 + packs) for size, packs in zip(pack, more, strict=True)]
    lines = lines_of(lead=lead, pack=pack, least=least)
    asked = (
        np.random.default_rng(seed).poisson(0.8, (7 * (warm_up + 3), len(drawn))).astype(np.float64)
    )
    shop = Shop(lines, np.ones((9, len(drawn))), asked, warm_up, review_weeks)
    fixed = np.array(level, dtype=np.float64)

    outcome = simulate(shop, lambda weeks, in_stock: fixed)

    for line in range(len(drawn)):
        counted = (outcome.served, outcome.stock, outcome.order_lines, outcome.ordered)
        expected = one_by_one(shop, float(level[line]), line)
        assert [column[line] for column in counted] == pytest.approx(expected)


def busy(weeks: int = 20, lines: int = 12, *, lead: int = 10) -> Shop:
    """Give a seeded shop with Poisson demand, 30 weeks known before."""
    rng = np.random.default_rng(14)
    rate = rng.uniform(0.1, 1.5, lines)
    terms = lines_of(lead=[lead] * lines, pack=[1] * lines, least=[1] * lines)
    before = rng.poisson(rate * 7, (30, lines)).astype(np.float64)
    return Shop(terms, before, rng.poisson(rate, (7 * weeks, lines)).astype(np.float64), 3)


def test_a_policy_sees_only_what_it_sold_itself() -> None:
    shop, told = busy(), list[Floats]()

    def nothing(weeks: Floats, in_stock: Floats) -> Floats:
        told.append(np.concatenate([weeks[30:], in_stock[30:]]))
        return np.zeros(shop.lines.height)

    outcome = simulate(shop, nothing)
    assert outcome.fill_rate == 0
    assert outcome.asked.sum() > 100
    assert not told[-1].any()


@pytest.mark.parametrize("policy", POLICIES, ids=[policy.name for policy in POLICIES])
def test_every_policy_is_turned_to_the_same_fill_rate(policy: Policy) -> None:
    turned = turn(busy(), policy, 0.98)
    assert turned is not None
    assert 0.98 <= turned[1].fill_rate < 0.99


def test_what_nobody_can_reach_is_not_reached() -> None:
    shop = busy(lead=60)
    bare = Shop(shop.lines, np.zeros_like(shop.before), shop.asked, 0)
    assert turn(bare, SUGGESTED, 0.98) is None


def test_more_safety_stock_serves_more_and_lies_on_the_shelf() -> None:
    shop = busy()
    little, much = (simulate(shop, suggested(shop, factor)) for factor in (0.0, 2.0))
    assert little.fill_rate < much.fill_rate
    assert little.stock.sum() < much.stock.sum()


def test_the_rules_of_thumb_are_means_times_weeks() -> None:
    shop = busy()
    covered = (10 + 7) / 7
    weeks, in_stock = shop.before, np.ones_like(shop.before)
    assert lead_cover(shop, 2.0)(weeks, in_stock) == pytest.approx(
        weeks[-26:].mean(axis=0) * (covered + 2)
    )
    assert moving_average(shop, 1.0)(weeks, in_stock) == pytest.approx(
        weeks[-8:].mean(axis=0) * (covered + 1)
    )


def test_what_has_not_sold_for_half_a_year_is_not_suggested() -> None:
    shop = busy(lines=2)
    weeks = np.concatenate([shop.before, np.zeros((26, 2))])
    weeks[-3, 1] = 1.0
    level = suggested(shop, 1.0)(weeks, np.ones_like(weeks))
    assert level[0] == 0
    assert level[1] > 0
