"""What holds for each line: from rules, else the product, else the shop, else a stated default."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from targeting.stock.alike import as_number, once_for_all_alike
from targeting.stock.formulas.levels import HIGHEST_SERVICE, LOWEST_SERVICE, period_days
from targeting.stock.inputs import HIGHEST_COST, KEY, MOST_UNITS, PARAMETERS, shaped
from targeting.stock.packs import available, least_order
from targeting.stock.review import economic_lot
from targeting.workspace.settings import Ordering

LEAD_TIME_DAYS: Final = 14
REVIEW_DAYS: Final = 7
SERVICE_LEVELS: Final = {"A": 0.98, "B": 0.95, "C": 0.90}
LONGEST_DAYS: Final = 3650


@dataclass(frozen=True)
class Gap:
    """Something the shop does not say of a line, and what is taken for it."""

    source: str
    what: str
    missing: pl.Expr
    assumed: pl.Expr
    applies: pl.Expr = field(default_factory=lambda: pl.lit(value=True))
    of_location: bool = False

    @property
    def text(self) -> pl.Expr:
        """What stands in the line's `defaults`."""
        gap = self.applies & self.missing
        return pl.when(gap).then(pl.concat_str(pl.lit(f"{self.what}: "), self.assumed))


def terms(
    table: pl.DataFrame,
    parameters: pl.DataFrame,
    ordering: Ordering,
    as_of: dt.date,
    *,
    digits: int,
) -> tuple[pl.DataFrame, list[Gap]]:
    """Settle every input of a line; gives the product table's rows, in its order.

    Quantities are units; `pack_size`, `least_order` (the supplier's minimum in whole packs) and
    `smallest_order` (that, or the economic lot) whole numbers; `defaults` lists what was assumed.
    The gaps that were filled come along; their expressions read the `was_` columns and the filled
    ones.
    """
    by_rule = shaped(parameters, PARAMETERS).unique(KEY, keep="first", maintain_order=True)
    renamed = by_rule.rename({name: f"rule_{name}" for name in PARAMETERS if name not in KEY})
    joined = table.join(renamed, on=KEY, how="left", nulls_equal=True, maintain_order="left")
    was = [pl.col(name).alias(f"was_{name}") for name in _FILLED]
    settled = joined.with_columns(was).with_columns(_settled(ordering, as_of))
    settled = economic_lot(settled, ordering, digits).with_columns(
        least_order().alias("least_order"), available()
    )
    settled = settled.with_columns(
        pl.max_horizontal("least_order", "economic_lot").alias("smallest_order")
    )
    gaps = list(_gaps(ordering))
    named = pl.concat_list([_BORROWED, *(gap.text for gap in gaps)]).list.drop_nulls()
    open_gaps = as_number(gap.applies & gap.missing for gap in gaps)
    # all that the texts tell
    alike = (open_gaps, "lead_time_days", pl.col("price").is_null(), "borrowed")
    return settled.with_columns(once_for_all_alike(settled, named.alias("defaults"), alike)), gaps


_BORROWED: Final = pl.format("under 8 weeks of sales: {} count as half a week", "borrowed")
_FILLED = (
    "lead_time_days",
    "lead_time_sd_days",
    "pack_size",
    "minimum_order",
    "shelf_life_days",
    "unit_cost",
    "price",
    "on_hand",
    "on_order",
    "reserved",
)


def _settled(ordering: Ordering, as_of: dt.date) -> Iterable[pl.Expr]:
    lead = period_days(ordering.lead_time, as_of)
    review = period_days(ordering.review, as_of)
    default = LEAD_TIME_DAYS if lead is None else min(lead, LONGEST_DAYS)
    yield _at_least(_possible_days("lead_time_days"), 0, default)
    yield _at_least(_possible_days("lead_time_sd_days"), 0, 0)
    yield (
        pl.coalesce("rule_cover_days", pl.lit(REVIEW_DAYS if review is None else review))
        .cast(pl.Float64)
        .clip(0, LONGEST_DAYS)
        .alias("review_days")
    )
    yield _service_level(ordering).alias("service_level")
    yield _at_least(pl.col("pack_size"), 1e-9, 1).ceil().clip(1, MOST_UNITS).cast(pl.Int64)
    minimum = pl.when(pl.col("minimum_order") <= MOST_UNITS).then("minimum_order")
    yield _at_least(minimum, 0, 0).ceil().cast(pl.Int64)
    yield pl.when(pl.col("shelf_life_days") > 0).then("shelf_life_days").alias("shelf_life_days")
    yield (
        pl.when(pl.col("unit_cost").is_between(0, HIGHEST_COST))
        .then("unit_cost")
        .alias("unit_cost")
    )
    yield pl.coalesce("price", "average_paid").alias("price")
    for name in ("on_hand", "on_order", "reserved"):
        yield pl.col(name).fill_null(0).clip(lower_bound=0)
    yield pl.col("weekly_sd").fill_null(0)
    yield pl.col("discontinued").fill_null(value=False)
    yield pl.col("rule_rule").fill_null("").alias("rule")
    for name in ("rule_flags", "rule_notes"):
        yield pl.col(name).fill_null(pl.lit([], dtype=pl.List(pl.String)))


def _at_least(column: pl.Expr, least: float, default: float) -> pl.Expr:
    return pl.when(column >= least).then(column).otherwise(pl.lit(float(default))).name.keep()


def _possible_days(column: str) -> pl.Expr:
    """Take more than ten years as missing."""
    return pl.when(pl.col(column) <= LONGEST_DAYS).then(column)


def _service_level(ordering: Ordering) -> pl.Expr:
    by_class = {k: float(v) for k, v in ordering.service_level.items()}
    level = pl.col("abc").fill_null("C").replace_strict(SERVICE_LEVELS | by_class, default=None)
    return pl.coalesce("rule_service_level", level).clip(LOWEST_SERVICE, HIGHEST_SERVICE)


def _gaps(ordering: Ordering) -> Iterable[Gap]:
    """List what may be missing, in the order in which a planner reads it."""
    counted = pl.col("was_on_hand").is_not_null()
    wanted = (pl.col("weekly_demand") > 0) & ~pl.col("discontinued")
    yield Gap("stock", "count of stock", ~counted, pl.lit("0 on hand"), wanted, of_location=True)
    for name, what in (("on_order", "quantity on order"), ("reserved", "quantity reserved")):
        unsaid = pl.col(f"was_{name}").is_null()
        yield Gap("stock", what, unsaid, pl.lit("0"), counted, of_location=True)
    lead = "the shop's lead_time" if ordering.lead_time is not None else "nothing said anywhere"
    days = pl.format("{} days (" + lead + ")", pl.col("lead_time_days").round().cast(pl.Int64))
    yield Gap("products", "lead time", _impossible("lead_time_days"), days)
    always = pl.lit("0 days (always on time)")
    yield Gap("products", "spread of the lead time", _impossible("lead_time_sd_days"), always)
    yield Gap(
        "products", "pack size", ~(pl.col("was_pack_size") > 0).fill_null(value=False), pl.lit("1")
    )
    yield Gap("products", "minimum order", _impossible("minimum_order"), pl.lit("none"))
    uncosted = pl.lit("not counted in the budget")
    yield Gap("products", "unit cost", pl.col("unit_cost").is_null(), uncosted)
    paid = pl.when(pl.col("price").is_null()).then(pl.lit("unknown, so no lost margin"))
    yield Gap(
        "products",
        "price",
        pl.col("was_price").is_null(),
        paid.otherwise(pl.lit("the average paid in 52 weeks")),
    )
    if ordering.review is None:
        unruled = pl.col("rule_cover_days").is_null()
        yield Gap("targeting.yaml", "review", unruled, pl.lit(f"{REVIEW_DAYS} days"))
    for letter, level in SERVICE_LEVELS.items():
        if letter not in ordering.service_level:
            chosen = pl.col("abc").fill_null("C") == letter
            unset = chosen & pl.col("rule_service_level").is_null()
            name = f"service level of class {letter}"
            yield Gap("targeting.yaml", name, unset, pl.lit(f"{level:.0%}"))


def _impossible(column: str) -> pl.Expr:
    value = pl.col(f"was_{column}")
    most = MOST_UNITS if column == "minimum_order" else LONGEST_DAYS
    return ~value.is_between(0, most).fill_null(value=False)
