"""Who is in another segment than before."""

from __future__ import annotations

import polars as pl

from targeting.evidence.read_run import RunFolder
from targeting.frames import CUSTOMER, SEGMENT

BEFORE, NOW, WHY = "before", "now", "cause"
_SIDE = {BEFORE: "/was", NOW: "/is"}


def moved(before: RunFolder, after: RunFolder) -> pl.DataFrame:
    """List who changed segment: customer_id, before, now (missing: none), cause.

    `cause` is `new` and `gone` for who is in one run only; `data` where both runs used the same
    models, so that only the customer's own history can have moved them; else `scores`: the models
    were made anew, whatever else changed.
    """
    if not all(SEGMENT in run.customers.collect_schema().names() for run in (before, after)):
        schema = dict.fromkeys((CUSTOMER, BEFORE, NOW, WHY), pl.String)
        return pl.DataFrame(schema=schema)
    was, is_now = (
        run.customers.select(
            CUSTOMER, pl.col(SEGMENT).cast(pl.String).alias(name), pl.lit(value=True).alias(flag)
        )
        for run, (name, flag) in zip((before, after), _SIDE.items(), strict=True)
    )
    both = was.join(is_now, on=CUSTOMER, how="full", coalesce=True)
    differs = ~pl.col(BEFORE).eq_missing(pl.col(NOW))
    one_only = pl.any_horizontal(pl.col(list(_SIDE.values())).is_null())
    same = before.manifest.get("models") == after.manifest.get("models")
    cause = (
        pl.when(pl.col(_SIDE[BEFORE]).is_null())
        .then(pl.lit("new"))
        .when(pl.col(_SIDE[NOW]).is_null())
        .then(pl.lit("gone"))
        .otherwise(pl.lit("data" if same else "scores"))
    )
    rows = both.filter(differs | one_only).with_columns(cause.alias(WHY))
    return rows.select(CUSTOMER, BEFORE, NOW, WHY).sort(CUSTOMER).collect()


def counted(rows: pl.DataFrame) -> pl.DataFrame:
    """Count who moved: before, now, cause, customers; the largest move first."""
    counts = rows.group_by(BEFORE, NOW, WHY).agg(pl.len().alias("customers"))
    keys = ["customers", BEFORE, NOW, WHY]
    return counts.sort(keys, descending=[True, False, False, False])
