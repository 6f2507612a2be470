"""How much to order up to: these suggestions, and the rules of thumb they are compared with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from targeting.replay.shop import Shop
from targeting.stock.demand.describe import described
from targeting.stock.demand.forecast import Floats
from targeting.stock.demand.newcomers import with_newcomers
from targeting.stock.formulas import levels
from targeting.stock.inputs import RECENT_WEEKS, WEEKS
from targeting.stock.packs import LEAST_LEVEL

MEAN_WEEKS: Final = 26  # whose mean a fixed cover is of
AVERAGED_WEEKS: Final = 8  # of the moving average
SAFETY_WEEKS: Final = 2.0  # that a buyer would add to the lead time

# Takes the weeks that a policy has seen (units it sold, oldest first, a column a line) and the
# share of their days on which it had stock; gives the level to order up to, 0 for no order.
Level = Callable[[Floats, Floats], Floats]


@dataclass(frozen=True)
class Policy:
    """A way of ordering with one setting: as it is set, and how far it can be turned."""

    name: str
    title: str
    level: Callable[[Shop, float], Level]
    setting: Callable[[Shop], float]
    lowest: Callable[[Shop], float]
    highest: float


def suggested(shop: Shop, factor: float) -> Level:
    """Order up to the program's own level, with `factor` times its safety stock (1: as suggested).

    What has not sold for 26 weeks, or has next to no demand, is not ordered.
    """
    lead_sd = shop.lines["lead_time_sd_days"].to_numpy() / 7
    service, covered = shop.lines["service_level"].to_numpy(), shop.covered

    def level(weeks: Floats, in_stock: Floats) -> Floats:
        alone = described(weeks[-WEEKS:], in_stock[-WEEKS:])
        told = with_newcomers(alone.with_columns(shop.lines["category"]))
        demand, sd = told["level_demand"].to_numpy(), told["weekly_sd"].fill_null(0).to_numpy()
        spread = levels.spread(sd, demand, covered, lead_sd)
        up_to = demand * covered + factor * levels.safety_stock(service, spread)
        ordered: Floats = np.where(_sold_lately(weeks) & (up_to >= LEAST_LEVEL), up_to, 0.0)
        return ordered

    return level


def same_cover(shop: Shop, cover: float) -> Level:
    """Order up to so many weeks of the mean sales before the replay, every line alike."""
    return _fixed(shop, np.full(shop.lines.height, cover))


def lead_cover(shop: Shop, safety: float) -> Level:
    """Order up to lead time + review + so many weeks of the mean sales before the replay."""
    return _fixed(shop, shop.covered + safety)


def moving_average(shop: Shop, safety: float) -> Level:
    """Order up to lead time + review + so many weeks of the mean of the last 8 weeks."""
    cover = np.maximum(shop.covered + safety, 0.0)
    return lambda weeks, in_stock: weeks[-AVERAGED_WEEKS:].mean(axis=0) * cover


def _fixed(shop: Shop, cover: Floats) -> Level:
    fixed = shop.before[-MEAN_WEEKS:].mean(axis=0) * np.maximum(cover, 0.0)
    return lambda weeks, in_stock: fixed


def _sold_lately(weeks: Floats) -> npt.NDArray[np.bool_]:
    """Say which lines have sold within 26 weeks; a younger shop cannot know."""
    if len(weeks) < RECENT_WEEKS:
        return np.ones(weeks.shape[1], dtype=np.bool_)
    return np.asarray((weeks[-RECENT_WEEKS:] > 0).any(axis=0))


def _usual_cover(shop: Shop) -> float:
    return float(np.rint(shop.covered.mean() + SAFETY_WEEKS))


def _no_cover(shop: Shop) -> float:
    return -float(shop.covered.max())


SUGGESTED: Final = Policy(
    "suggestions", "these suggestions", suggested, lambda _: 1.0, lambda _: -4.0, 12.0
)
POLICIES: Final = (
    SUGGESTED,
    Policy("cover", "same weeks of cover", same_cover, _usual_cover, lambda _: 0.0, 104.0),
    Policy(
        "lead_cover", "lead time + weeks", lead_cover, lambda _: SAFETY_WEEKS, _no_cover, 104.0
    ),
    Policy(
        "moving_average", "8-week average", moving_average, lambda _: SAFETY_WEEKS, _no_cover,
        104.0,
    ),
)  # fmt: skip
