"""The story of a replay: each policy as it is set, then all at the same fill rate."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Final

import polars as pl

from targeting.replay.counts import Done, done
from targeting.replay.opening import Opening
from targeting.replay.policies import POLICIES, Policy
from targeting.replay.shop import Shop
from targeting.replay.simulate import Outcome, simulate

SAME_FILL_RATE: Final = 0.98
AS_SET, SAME_FILL, DONE = "as set", "same fill rate", "done"
_ROUNDS: Final = 12


@dataclass(frozen=True)
class Result:
    """What one policy did in the measured weeks, all lines together; missing is not known.

    Quantities in units, `average_stock_money` in minor units at cost; `stock_outs`: weeks in which
    a line sent somebody away (for what was done: found empty), summed over lines; `setting`: the
    one number of the policy (a factor on safety stock, or weeks).
    """

    policy: str
    title: str
    at: str
    setting: float | None
    lines: int
    fill_rate: float | None
    units_asked: float | None
    units_served: float | None
    stock_outs: float
    average_stock: float
    average_stock_money: float | None
    order_lines: float
    lines_a_week: float
    units_ordered: float

    def as_row(self, digits: int) -> dict[str, object]:
        """Give the row for machines: numbers to 6 decimals, money in major units."""
        row = {k: round(v, 6) if isinstance(v, float) else v for k, v in asdict(self).items()}
        money = self.average_stock_money
        shown = None if money is None else round(money / 10**digits, digits)
        return row | {"average_stock_money": shown}


def backtest(
    opened: Opening,
    stock: pl.DataFrame | None,
    as_of: dt.date,
    tell: Callable[[str], None] = lambda _: None,
) -> list[Result]:
    """Replay each policy as it is set, then at a fill rate of 0.98; last, what was done.

    A policy that reaches 0.98 with no setting has no second row; without old counts there is
    nothing to say of what was done.
    """
    results = []
    for policy in POLICIES:
        tell(f"replaying {policy.title}")
        setting = policy.setting(opened.shop)
        outcome = simulate(opened.shop, policy.level(opened.shop, setting))
        results.append(_result(policy, AS_SET, setting, opened.shop, outcome))
    for policy in POLICIES:
        tell(f"turning {policy.title} to a fill rate of {SAME_FILL_RATE:.0%}")
        turned = turn(opened.shop, policy, SAME_FILL_RATE)
        if turned is not None:
            setting, outcome = turned
            results.append(_result(policy, SAME_FILL, setting, opened.shop, outcome))
    found = done(opened, stock, as_of)
    return results if found is None else [*results, _as_done(found, opened.shop)]


def turn(shop: Shop, policy: Policy, fill_rate: float) -> tuple[float, Outcome] | None:
    """Find the lowest setting, to 1/4096 of its range, that serves this share; None if none does.

    By bisection: more stock serves more, but for accidents of single orders.
    """
    low, high = policy.lowest(shop), policy.highest
    best = simulate(shop, policy.level(shop, high))
    if best.fill_rate < fill_rate:
        return None
    for _ in range(_ROUNDS):
        middle = (low + high) / 2
        outcome = simulate(shop, policy.level(shop, middle))
        if outcome.fill_rate >= fill_rate:
            high, best = middle, outcome
        else:
            low = middle
    return high, best


def at_same_fill(results: Sequence[Result], policy: str) -> Result | None:
    """Find a policy's row at the same fill rate."""
    return next((each for each in results if (each.policy, each.at) == (policy, SAME_FILL)), None)


def _result(policy: Policy, at: str, setting: float, shop: Shop, outcome: Outcome) -> Result:
    lines = float(outcome.order_lines.sum())
    return Result(
        policy.name,
        policy.title,
        at,
        setting,
        shop.lines.height,
        outcome.fill_rate,
        float(outcome.asked.sum()),
        float(outcome.served.sum()),
        float(outcome.short_weeks.sum()),
        float(outcome.stock.sum()),
        float((outcome.stock * shop.cost).sum()) if shop.cost.any() else None,
        lines,
        lines / shop.measured_weeks,
        float(outcome.ordered.sum()),
    )


def _as_done(found: Done, shop: Shop) -> Result:
    return Result(
        "done",
        "what was done",
        DONE,
        None,
        found.lines,
        None,
        None,
        None,
        found.empty_weeks,
        found.stock,
        found.stock_money if shop.cost.any() else None,
        found.deliveries,
        found.deliveries / shop.measured_weeks,
        found.delivered,
    )
