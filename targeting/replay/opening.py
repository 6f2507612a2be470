"""From the shop's frames to the shop on the first evening of the replay."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from targeting.problems import Place, Refused, refuse
from targeting.replay.shop import TERMS, Shop
from targeting.rules.model import Rule
from targeting.stock.demand.classes import NEW_WEEKS
from targeting.stock.demand.forecast import Floats
from targeting.stock.demand.sales import carried_back, sales_lines
from targeting.stock.demand.shelves import Shelves
from targeting.stock.formulas.levels import period_days
from targeting.stock.inputs import UNIT, WEEKS
from targeting.stock.parameters import parameters
from targeting.stock.products import shop_table
from targeting.stock.terms import REVIEW_DAYS, terms
from targeting.workspace.columns import SourceName
from targeting.workspace.settings import Ordering

LEAST_BEFORE: Final = NEW_WEEKS  # weeks to learn from, before the first order
LONGEST_WARM_UP: Final = 12  # weeks


@dataclass(frozen=True)
class Asked:
    """What to replay: `weeks` up to `as_of`, of at most `most_lines` lines."""

    weeks: int
    as_of: dt.date
    most_lines: int
    purchases: str  # where they are read from, for a message


@dataclass(frozen=True)
class Opening:
    """The shop to replay, and how much of the shop that is.

    `lines`: products and locations that could be replayed; `shop` may hold a sample of them.
    `units_share`: the share of all units sold in the measured weeks that those lines sold.
    `sold`: product_id, location, purchased_on, units (thousandths, net): the sales by day.
    """

    shop: Shop
    lines: int
    units_share: float
    sold: pl.DataFrame


def opening(
    frames: Mapping[SourceName, pl.DataFrame],
    rules: Sequence[Rule],
    ordering: Ordering,
    asked: Asked,
    *,
    digits: int,
) -> Opening:
    """Find the lines that had sold before the replay, their terms, and what was asked of them.

    The terms (class, service level, inventory rules) are those of the day before the measured
    weeks: nothing later is looked at. Discontinued products are left out.

    Raises:
        Refused: where the purchases do not reach back far enough, or there are none.
    """
    purchases = frames.get("purchases")
    if purchases is None or "product_id" not in purchases.columns:
        raise _nothing(asked)
    before = asked.as_of - dt.timedelta(weeks=asked.weeks)
    shop = shop_table(
        purchases, frames.get("products"), frames.get("stock"), None, before,
    )  # fmt: skip
    table = shop.table
    sold = _sold(purchases, shop.shelves, asked.as_of, by_location=not table["merged"].any())
    known = _weeks_back(sold, asked.as_of) - asked.weeks
    if known < LEAST_BEFORE:
        raise _too_short(asked, known + asked.weeks)
    by_rule = parameters(table, rules, before, 10**digits)
    settled, _ = terms(table, by_rule, ordering, before, digits=digits)
    lines = settled.filter(pl.col("history_weeks").is_not_null() & ~pl.col("discontinued"))
    warm_up = min(_longest(lines), known - LEAST_BEFORE)
    return _opened(lines.select(TERMS), sold, asked, warm_up, _review_weeks(ordering, before))


def _opened(
    lines: pl.DataFrame, sold: pl.DataFrame, asked: Asked, warm_up: int, review_weeks: int
) -> Opening:
    began = asked.as_of - dt.timedelta(weeks=asked.weeks + warm_up)
    by_then = sold.filter(pl.col("purchased_on") <= began)
    lines = lines.join(by_then, on=["product_id", "location"], how="semi", nulls_equal=True)
    if lines.is_empty():
        raise _nothing(asked)
    measured = sold.filter(pl.col("purchased_on") > asked.as_of - dt.timedelta(weeks=asked.weeks))
    ours = measured.join(lines, on=["product_id", "location"], how="semi", nulls_equal=True)
    some = _sample(lines, asked.most_lines)
    known = min(_weeks_back(by_then, began), WEEKS)
    shop = Shop(
        some,
        _by_week(some, by_then, began, known),
        _by_day(some, sold, began, 7 * (asked.weeks + warm_up)),
        warm_up,
        review_weeks,
    )
    return Opening(shop, lines.height, _share(ours, measured), sold)


def _sold(
    purchases: pl.DataFrame, shelves: Shelves, as_of: dt.date, *, by_location: bool
) -> pl.DataFrame:
    """Sum the net units of each product, location and day."""
    return (
        sales_lines(purchases, as_of, shelves, by_location=by_location)
        .group_by("shelf", "purchased_on")
        .agg(pl.col("units").sum())
        .collect()
        .select(shelves.product_id(), shelves.location(), "purchased_on", "units")
        .sort("product_id", "location", "purchased_on")
    )


def _weeks_back(sold: pl.DataFrame, day: dt.date) -> int:
    """Count the weeks that sales reach back from a day; 0 without any."""
    ago = (pl.lit(day) - pl.col("purchased_on")).dt.total_days().max()
    return 0 if sold.is_empty() else int(sold.select(ago).item()) // 7 + 1


def _longest(lines: pl.DataFrame) -> int:
    """Count the weeks until every first order has arrived, 12 at most."""
    days = (lines["lead_time_days"] + lines["review_days"]).to_numpy().max(initial=0.0)
    return min(int(np.ceil(days / 7)), LONGEST_WARM_UP)


def _review_weeks(ordering: Ordering, day: dt.date) -> int:
    days = period_days(ordering.review, day)
    return max(1, round((REVIEW_DAYS if days is None else days) / 7))


def _sample(lines: pl.DataFrame, most: int) -> pl.DataFrame:
    """Take lines evenly spaced within the order by class, product and location."""
    ranked = lines.sort("abc", "product_id", "location")
    if lines.height > most:
        ranked = ranked[(np.arange(most) * lines.height // most).tolist()]
    return ranked.sort("product_id", "location")


def _by_week(lines: pl.DataFrame, sold: pl.DataFrame, day: dt.date, weeks: int) -> Floats:
    ago = (pl.lit(day) - pl.col("purchased_on")).dt.total_days() // 7
    return _matrix(lines, sold.with_columns((weeks - 1 - ago).alias("row")), weeks)


def _by_day(lines: pl.DataFrame, sold: pl.DataFrame, began: dt.date, days: int) -> Floats:
    day = (pl.col("purchased_on") - pl.lit(began)).dt.total_days() - 1
    return _matrix(lines, sold.with_columns(day.alias("row")), days)


def _matrix(lines: pl.DataFrame, sold: pl.DataFrame, rows: int) -> Floats:
    """Lay net units out, a column a line; what came back is taken off the newest sales before."""
    place = lines.select("product_id", "location").with_row_index("line")
    cells = (
        sold.filter(pl.col("row").is_between(0, rows - 1))
        .join(place, on=["product_id", "location"], nulls_equal=True)
        .group_by("row", "line")
        .agg(pl.col("units").sum())
    )
    matrix = np.zeros((rows, lines.height))
    matrix[cells["row"].to_numpy(), cells["line"].to_numpy()] = cells["units"].to_numpy() / UNIT
    return carried_back(matrix)


def _share(some: pl.DataFrame, every: pl.DataFrame) -> float:
    sums = [int(each["units"].clip(lower_bound=0).sum()) for each in (some, every)]
    return sums[0] / sums[1] if sums[1] else 1.0


def _nothing(asked: Asked) -> Refused:
    message = "there are no purchases of products to replay"
    instead = "give the source purchases a column product_id, and sales from before those weeks"
    return refuse(CODE, message, Place(asked.purchases), instead)


def _too_short(asked: Asked, known: int) -> Refused:
    message = (
        f"the purchases reach back {known} weeks from {asked.as_of}; to replay {asked.weeks} of"
        f" them takes {asked.weeks + LEAST_BEFORE}: {LEAST_BEFORE} come first, to learn from"
    )
    shorter = f"replay fewer: --weeks {known - LEAST_BEFORE}"
    instead = shorter if known > LEAST_BEFORE else "come back when there are more sales"
    return refuse(CODE, message, Place(asked.purchases), instead)


CODE: Final = "W009"
