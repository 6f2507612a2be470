"""The planted segments: how customers of each really behave. This is the truth to be found."""

from typing import NamedTuple, TypeAlias

import numpy as np
import polars as pl

from targeting.sample.days import FIRST_WINDOW_DAY, LAST_DAY, WINDOW_DAYS, Floats, Ints
from targeting.sample.products import BRAND_LOVE, BRANDS, HIGH, MIDDLE, SMALL, TOP

Range: TypeAlias = tuple[float, float]


class Habit(NamedTuple):
    """How one planted group buys. Ranges include both ends; each customer draws a value from each.

    `orders` counts orders in the trailing 180 days, `usual_orders` those of 180 earlier days,
    `lines` the lines of an order; `brand_share` is the loved brand's share of the lines;
    `extra` the chance that an order also holds something small. Newcomers have bought
    for six weeks at most.
    """

    group: str
    share: float
    recency_days: Range
    orders: Range
    usual_orders: Range
    lines: Range
    tier: int
    brand_share: Range
    extra: float
    newcomers: bool = False


HABITS = (
    Habit("Premium loyalists", 0.14, (1, 16), (6, 9), (5, 8), (1, 1), HIGH, (0.66, 0.98), 0.35),
    Habit("Frequent low spenders", 0.17, (0, 6), (11, 16), (9, 13), (1, 3), SMALL, (0.5, 0.65), 0),
    Habit("Uncommitted", 0.16, (24, 56), (3, 5), (3, 5), (2, 3), MIDDLE, (0.2, 0.28), 0.1),
    Habit("Lapsing loyalists", 0.13, (105, 165), (2, 3), (5, 8), (1, 2), HIGH, (0.7, 0.9), 0.1),
    Habit("Lapsing loyalists", 0.02, (200, 900), (0, 0), (5, 8), (1, 2), HIGH, (0.7, 0.9), 0.1),
    Habit("New and small", 0.12, (3, 24), (1, 1), (0, 0), (2, 3), SMALL, (0.3, 0.4), 0, True),
    Habit("Big rare baskets", 0.11, (32, 70), (2, 3), (0.8, 1.6), (2, 2), TOP, (0.4, 0.6), 0.3),
    Habit("Steady middle", 0.15, (12, 36), (4, 5), (3, 5), (1, 2), MIDDLE, (0.55, 0.75), 0.2),
)  # fmt: skip
NEVER_BOUGHT_SHARE = 0.01  # registered for the newsletter only; their planted group is empty
_NEVER_BOUGHT = -1
_ALREADY_CUSTOMERS_AT_FIRST = 0.8
STORES = ("Clifton", "Gulshan", "Saddar")


def plant(customers: int, rng: np.random.Generator) -> pl.DataFrame:
    """Give each customer a planted group and habits of its own: one row a customer.

    `first_day` and `last_day` of buying are day numbers; `usual_orders` is per 180 days.
    Those who never bought have an empty group and no orders; their other habits mean nothing.
    """
    habit = _shuffled_habits(customers, rng)
    buys = habit != _NEVER_BOUGHT
    last_day = LAST_DAY - _draw_whole("recency_days", habit, rng)
    return pl.DataFrame(
        {
            "customer_id": [f"C{number}" for number in range(10001, 10001 + customers)],
            "group": np.array([*(planted.group for planted in HABITS), ""])[habit],
            "first_day": _first_days(habit, last_day, rng),
            "last_day": last_day,
            "orders": np.where(buys, _draw_whole("orders", habit, rng), 0),
            "usual_orders": np.where(buys, _draw("usual_orders", habit, rng), 0.0),
            "fewest_lines": _ends("lines", habit)[0].astype(np.int64),
            "most_lines": _ends("lines", habit)[1].astype(np.int64),
            "tier": np.array([planted.tier for planted in HABITS])[habit],
            "brand_number": rng.choice(len(BRANDS), customers, p=BRAND_LOVE),
            "brand_share": _draw("brand_share", habit, rng),
            "extra": np.array([planted.extra for planted in HABITS])[habit],
            "store": rng.choice(len(STORES), customers, p=[0.45, 0.33, 0.22]),
            "buys": buys,
        }
    )


def _shuffled_habits(customers: int, rng: np.random.Generator) -> Ints:
    buyers = customers - round(customers * NEVER_BOUGHT_SHARE)
    ends = np.round(np.cumsum([planted.share for planted in HABITS]) * buyers)
    habit = np.searchsorted(ends, np.arange(customers), side="right")
    return rng.permutation(np.where(habit < len(HABITS), habit, _NEVER_BOUGHT))


def _ends(name: str, habit: Ints) -> tuple[Floats, Floats]:
    low, high = np.array([getattr(planted, name) for planted in HABITS], dtype=np.float64)[habit].T
    return low, high


def _draw(name: str, habit: Ints, rng: np.random.Generator) -> Floats:
    low, high = _ends(name, habit)
    return rng.uniform(low, high)


def _draw_whole(name: str, habit: Ints, rng: np.random.Generator) -> Ints:
    low, high = _ends(name, habit)
    return rng.integers(low.astype(np.int64), high.astype(np.int64) + 1)


def _first_days(habit: Ints, last_day: Ints, rng: np.random.Generator) -> Ints:
    """Most were customers before the three years; others joined later, newcomers lately."""
    latest = np.minimum(FIRST_WINDOW_DAY - WINDOW_DAYS // 2, last_day)
    joined = (rng.random(len(habit)) * latest).astype(np.int64)
    joined[rng.random(len(habit)) < _ALREADY_CUSTOMERS_AT_FIRST] = 0
    new = np.array([planted.newcomers for planted in HABITS])[habit]
    return np.where(new, last_day - rng.integers(0, 41, len(habit)), joined)
