"""Live the weeks once more: review, delivery, sales, one day after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from targeting.replay.policies import Level
from targeting.replay.shop import Shop
from targeting.stock.demand.forecast import Floats
from targeting.stock.packs import lot

_NOTHING: Final = 1e-9  # of a unit: a float's error is not a customer sent away


@dataclass(frozen=True)
class Outcome:
    """What a policy did in the measured weeks, a value a line.

    `asked`, `served` and `ordered` in units; `short_weeks`: weeks in which somebody was sent away;
    `stock`: units on the shelf in the evening, on average; `order_lines`: orders placed.
    """

    asked: Floats
    served: Floats
    short_weeks: Floats
    stock: Floats
    order_lines: Floats
    ordered: Floats

    @property
    def fill_rate(self) -> float:
        """Give the share of the units asked for that were served, all lines together."""
        asked = float(self.asked.sum())
        return float(self.served.sum()) / asked if asked else 1.0


class _Shelves:
    """What is on the shelves and on its way to them, day by day."""

    def __init__(self, shop: Shop, on_hand: Floats) -> None:
        self.on_hand = on_hand
        self.lead = shop.lead_days
        self.due = np.zeros((int(self.lead.max(initial=0)) + 1, len(on_hand)))
        self.packs = shop.lines.select("pack_size", "smallest_order")
        self.day = 0

    def order(self, up_to: Floats) -> Floats:
        """Order what is short of the level, in whole packs and at least the smallest order."""
        short = up_to - self.on_hand - self.due.sum(axis=0)
        units = self.packs.select(lot(pl.lit(pl.Series(short))).cast(pl.Float64))
        quantity = units.to_series().to_numpy()
        arrival = (self.day + self.lead) % len(self.due)
        self.due[arrival, np.arange(len(quantity))] += quantity
        return quantity

    def sell(self, asked: Floats) -> tuple[Floats, Floats]:
        """Receive what is due today and sell; give the units sold, and 1 where there was stock."""
        today = self.day % len(self.due)
        on_hand = self.on_hand + self.due[today]
        self.due[today] = 0.0
        self.day += 1
        sold = np.minimum(on_hand, asked)
        self.on_hand = on_hand - sold
        return sold, (on_hand > 0).astype(np.float64)


def simulate(shop: Shop, level: Level) -> Outcome:
    """Order by a policy at each review and serve each day's demand from the shelf.

    What is missing is lost, not asked for again. Deliveries take the line's lead time to the day.
    The policy begins with shelves filled to its own level, and sees only what it sold itself and
    on which days it had stock.
    """
    lines, known = shop.lines.height, len(shop.before)
    seen = np.concatenate([shop.before, np.zeros((shop.weeks, lines))])
    in_stock = np.ones_like(seen)
    shelves = _Shelves(shop, np.ceil(np.maximum(level(shop.before, in_stock[:known]), 0)))
    tally = np.zeros((6, lines))
    for week, asked in enumerate(shop.asked.reshape(shop.weeks, 7, lines)):
        now, quantity = known + week, np.zeros(lines)
        if week % shop.review_weeks == 0:
            quantity = shelves.order(level(seen[:now], in_stock[:now]))
        seen[now], in_stock[now], stock = _lived(shelves, asked)
        if week >= shop.warm_up:
            total = asked.sum(axis=0)
            away = total - seen[now] > _NOTHING
            tally += (total, seen[now], away, stock, quantity > 0, quantity)
    tally[3] /= shop.measured_weeks
    return Outcome(*tally)


def _lived(shelves: _Shelves, asked: Floats) -> tuple[Floats, Floats, Floats]:
    """Sell for a week: units sold, the share of days with stock, the mean stock in the evening."""
    days = [(*shelves.sell(day), shelves.on_hand) for day in asked]
    sold, open_, stock = (np.stack(column) for column in zip(*days, strict=True))
    return sold.sum(axis=0), open_.mean(axis=0), stock.mean(axis=0)
