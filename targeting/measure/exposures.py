"""Who was first contacted or held out when, and what each of them did after that.

Intention to treat: a customer stays in the arm of the first night, whatever happened to the
message. The held out of a rule are drawn after all else (decisions.md 2), so they differ from the
selected by chance alone.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

import polars as pl

from targeting.frames import (
    CUSTOMER,
    HELD_OUT,
    OUTCOME,
    REASON,
    REFUSED,
    RULE,
    SEGMENT,
    SELECTED,
)
from targeting.measure.tally import ARM, ENDS_ON, SEEN
from targeting.workspace.literals import Period

AS_OF: Final = "as_of"
EXPOSED_ON: Final = "exposed_on"
BOUGHT: Final = SEEN + "bought"
SPEND: Final = SEEN + "spend"
UNIVERSAL: Final = "universal_holdout"
NO_SEGMENT: Final = "no segment"

# Refused when the night was settled: after the universal holdout was drawn, by which they passed.
_SETTLED: Final = ("outranked", "over_limit", "over_capacity", "over_budget", "not_worth_it")
_AT: Final = "exposure"


def first_exposures(decided: pl.DataFrame) -> pl.DataFrame:
    """Give customer_id, rule, segment, arm (selected, held_out), exposed_on: each pair's first.

    `decided` has the decisions of all nights: customer_id, rule, segment, outcome, reason, as_of.
    Rows without a rule are all rules together, where there is a universal holdout: it against
    everybody who came past it, contacted or not.
    """
    reason = pl.col(REASON).fill_null("")
    universal = reason == UNIVERSAL
    by_rule = decided.filter((pl.col(OUTCOME) != REFUSED) & ~universal)
    passed = (pl.col(OUTCOME) != REFUSED) | reason.is_in(_SETTLED)
    overall = decided.filter(passed).with_columns(
        pl.when(universal).then(pl.lit(HELD_OUT)).otherwise(pl.lit(SELECTED)).alias(OUTCOME)
    )
    parts = [_first(by_rule, [CUSTOMER, RULE])]
    if decided.select(universal.any()).item():
        first = _first(overall, [CUSTOMER])
        parts.append(first.with_columns(pl.lit(None, pl.String).alias(RULE)))
    return pl.concat(parts)


def what_they_bought(
    exposures: pl.DataFrame, purchases: pl.DataFrame, within: Period, digits: int
) -> pl.DataFrame:
    """Add window_ends_on, and the outcomes bought (any line above 0) and spend (returns off).

    The window is exposed_on < day <= exposed_on + within. `purchases` has customer_id,
    purchased_on and amount in minor units, of which `digits` are decimals; spend is in whole
    units. A customer without a purchase bought nothing.
    """
    numbered = with_windows(exposures, within).with_row_index(_AT)
    day = pl.col("purchased_on")
    known = purchases.lazy().filter(
        day.is_between(numbered[EXPOSED_ON].min(), numbered[ENDS_ON].max())
    )
    sums = (
        numbered.lazy()
        .select(_AT, CUSTOMER, EXPOSED_ON, ENDS_ON)
        .join(known.select(CUSTOMER, "purchased_on", "amount"), on=CUSTOMER)
        .filter((day > pl.col(EXPOSED_ON)) & (day <= pl.col(ENDS_ON)))
        .group_by(_AT)
        .agg((pl.col("amount") > 0).any().alias(BOUGHT), pl.col("amount").sum().alias(SPEND))
        .collect()
    )
    spend = pl.col(SPEND).fill_null(0).cast(pl.Float64) / 10**digits
    return (
        numbered.join(sums, on=_AT, how="left", maintain_order="left")
        .with_columns(pl.col(BOUGHT).fill_null(value=False), spend)
        .drop(_AT)
    )


def with_windows(exposures: pl.DataFrame, within: Period) -> pl.DataFrame:
    """Add window_ends_on: the last day that counts."""
    days: list[dt.date] = exposures[EXPOSED_ON].unique().to_list()
    ends = pl.DataFrame(
        {EXPOSED_ON: days, ENDS_ON: [within.after(day) for day in days]},
        schema={EXPOSED_ON: pl.Date, ENDS_ON: pl.Date},
    )
    return exposures.drop(ENDS_ON, strict=False).join(
        ends, on=EXPOSED_ON, how="left", maintain_order="left"
    )


def _first(decided: pl.DataFrame, pair: list[str]) -> pl.DataFrame:
    """Keep the first night of each; where one night has several runs, one order for all."""
    ordered = decided.sort(AS_OF, OUTCOME, RULE, SEGMENT)
    return ordered.unique(pair, keep="first", maintain_order=True).select(
        CUSTOMER,
        RULE,
        pl.col(SEGMENT).cast(pl.String).fill_null(NO_SEGMENT),
        pl.col(OUTCOME).alias(ARM),
        pl.col(AS_OF).alias(EXPOSED_ON),
    )
