"""The shop as it stood when the replay begins: its lines, their terms, what was asked for since."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from targeting.stock.demand.forecast import Floats, Ints

# What a line brings along, settled as the program settles it; quantities in units, cost in minor
# units of money.
TERMS: Final = (
    "product_id", "location", "category", "abc", "lead_time_days", "lead_time_sd_days",
    "review_days", "service_level", "pack_size", "smallest_order", "unit_cost",
)  # fmt: skip


@dataclass(frozen=True)
class Shop:
    """Lines to replay; a column of each matrix is a line, a row a week or a day, oldest first.

    `lines` has the columns of TERMS. `before`: units sold in each week before the replay. `asked`:
    units sold on each day of the replay, in whole weeks of 7, the first `warm_up` weeks of them
    lived but not measured. Nothing is ordered in other weeks than every `review_weeks`-th.
    """

    lines: pl.DataFrame
    before: Floats
    asked: Floats
    warm_up: int
    review_weeks: int = 1

    @property
    def weeks(self) -> int:
        """Count the weeks that are lived, those of the warm-up included."""
        return len(self.asked) // 7

    @property
    def measured_weeks(self) -> int:
        """Count the weeks that are measured."""
        return self.weeks - self.warm_up

    @property
    def lead_days(self) -> Ints:
        """Give the whole days from an order to its delivery."""
        days: Ints = np.rint(self.lines["lead_time_days"].to_numpy()).astype(np.int64)
        return days

    @property
    def covered(self) -> Floats:
        """Give the weeks that an order has to last: lead time + review."""
        days = self.lines["lead_time_days"].to_numpy() + self.lines["review_days"].to_numpy()
        weeks: Floats = days / 7
        return weeks

    @property
    def cost(self) -> Floats:
        """Give what a unit costs, in minor units of money; 0 where nobody says."""
        money: Floats = self.lines["unit_cost"].fill_null(0).cast(pl.Float64).to_numpy()
        return money
