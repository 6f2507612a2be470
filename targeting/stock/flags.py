"""What a planner should look at first, in a word."""

from __future__ import annotations

import datetime as dt
from typing import Final

import polars as pl

from targeting.stock.alike import as_number, once_for_all_alike
from targeting.stock.inputs import RECENT_WEEKS

SEPARATOR: Final = "\x1f"  # between the rules' flags, where they are compared as one text


def silent(as_of: dt.date) -> pl.Expr:
    """Say which lines have not sold for 26 weeks; a younger shop cannot know."""
    since = as_of - dt.timedelta(weeks=RECENT_WEEKS)
    unsold = pl.col("last_sold_on").fill_null(dt.date.min) <= since
    return unsold & (pl.col("weeks_seen") >= RECENT_WEEKS)


def flags(lines: pl.DataFrame) -> pl.Series:
    """List what a planner should look at, worst first; then the rules' own flags.

    Overstock is what lasts longer than 26 weeks, and longer than the line's own lead time and
    review.
    """
    cover, sells = pl.col("days_of_cover"), pl.col("weekly_demand") > 0
    empty = sells & pl.col("orderable") & (pl.col("on_hand") <= 0)
    short = sells & pl.col("orderable") & (pl.col("available") <= pl.col("reorder_point"))
    held = pl.col("on_hand") > 0
    days_on_hand = pl.when(sells).then(pl.col("on_hand") / pl.col("weekly_demand") * 7)
    own_days = pl.col("lead_time_days") + pl.col("review_days")
    too_long = cover > pl.max_horizontal(pl.lit(RECENT_WEEKS * 7.0), own_days)
    found = {
        "stock-out": empty,
        "low": short & ~empty,
        "dead": held & pl.col("silent"),
        "overstock": held & ~pl.col("silent") & too_long,
        "expiring": held & (days_on_hand > pl.col("shelf_life_days")),
    }
    own = [pl.when(condition).then(pl.lit(word)) for word, condition in found.items()]
    named = pl.concat_list(own).list.drop_nulls()
    listed = named.list.concat("rule_flags").list.unique(maintain_order=True).alias("flags")
    alike = (as_number(found.values()), pl.col("rule_flags").list.join(SEPARATOR))
    return once_for_all_alike(lines, listed, alike)
