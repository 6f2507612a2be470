"""What a planner should look at first, in a word."""

from __future__ import annotations

import datetime as dt
from typing import Final

import polars as pl

from targeting.stock.alike import as_number, once_for_all_alike
from targeting.stock.inputs import RECENT_WEEKS
from targeting.stock.packs import LEAST_LEVEL

OUTLIER: Final = 20  # times the usual week
OUTLIER_UNITS: Final = 100
ALONE_UNITS: Final = 10_000  # of an only week
SEPARATOR: Final = "\x1f"  # between the rules' flags, where they are compared as one text


def silent(as_of: dt.date) -> pl.Expr:
    """Say which lines have not sold for 26 weeks; a younger shop cannot know."""
    since = as_of - dt.timedelta(weeks=RECENT_WEEKS)
    unsold = pl.col("last_sold_on").fill_null(dt.date.min) <= since
    # what was out of stock most of that time could not sell
    could_sell = pl.col("days_out_of_stock").fill_null(0) < RECENT_WEEKS * 7 / 2
    return unsold & could_sell & (pl.col("weeks_seen") >= RECENT_WEEKS)


def burst() -> pl.Expr:
    """Say which lines have one week so far above the others that it may be a typing error."""
    largest, usual = pl.col("largest_week"), pl.col("usual_week")
    among_others = (largest > OUTLIER * usual) & (largest >= OUTLIER_UNITS)
    alone = usual.is_null() & (largest >= ALONE_UNITS)
    return (among_others | alone).fill_null(value=False)


def flags(lines: pl.DataFrame) -> pl.Series:
    """List what a planner should look at, worst first; then the rules' own flags.

    Overstock is what lasts longer than 26 weeks, and longer than the line's own lead time, review
    and smallest order. `shelf life`: less is ordered than needed, the rest would expire; `lasts
    years`: over two; `check`: one week stands out so far that it may be a typing error, or the
    product's row could not be read.
    """
    cover, sells = pl.col("days_of_cover"), pl.col("weekly_demand") > 0
    empty = sells & (pl.col("order_up_to") >= LEAST_LEVEL) & (pl.col("on_hand") <= 0)
    empty &= ~pl.col("discontinued") & ~pl.col("silent")
    short = sells & pl.col("orderable") & (pl.col("available") <= pl.col("reorder_point"))
    held = pl.col("on_hand") > 0
    days_on_hand = pl.when(sells).then(pl.col("on_hand") / pl.col("weekly_demand") * 7)
    ordered_days = pl.col("smallest_order") / pl.col("weekly_demand") * 7
    covered = pl.col("lead_time_days") + pl.col("review_days")
    own_days = covered + ordered_days
    coming_days = (pl.col("available") + pl.col("quantity")) / pl.col("weekly_demand") * 7
    unread = pl.any_horizontal("listed_refused", "counted_refused")
    too_long = cover > pl.max_horizontal(pl.lit(RECENT_WEEKS * 7.0), own_days)
    found = {
        "stock-out": empty,
        "low": short & ~empty,
        "dead": held & pl.col("silent"),
        "overstock": held & ~pl.col("silent") & too_long,
        "expiring": held & (days_on_hand > pl.col("shelf_life_days")),
        "shelf life": pl.col("would_expire"),
        "lasts years": (pl.col("quantity") > 0) & sells & (coming_days > 2 * 365 + covered),
        "check": (burst() & (pl.col("quantity") > 0)) | unread,
    }
    own = [pl.when(condition).then(pl.lit(word)) for word, condition in found.items()]
    named = pl.concat_list(own).list.drop_nulls()
    listed = named.list.concat("rule_flags").list.unique(maintain_order=True).alias("flags")
    alike = (as_number(found.values()), pl.col("rule_flags").list.join(SEPARATOR))
    return once_for_all_alike(lines, listed, alike)
