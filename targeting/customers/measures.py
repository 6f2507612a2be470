"""What targeting.yaml counts from purchases, one column a measure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import polars as pl

from targeting.customers.exact import billionths, from_billionths
from targeting.customers.lines import receipt
from targeting.customers.spending import BOUGHT
from targeting.frames import CUSTOMER
from targeting.workspace.columns import FieldType
from targeting.workspace.settings import Measure
from targeting.workspace.sql import expression

# What `count:` may name besides a column: receipts with a line that was bought, and lines.
COUNTABLE = ("transactions", "lines")

_EXACT = "exact:"  # before a column's name: its billionths; no field's name has a colon


def measures(
    lines: pl.LazyFrame,
    forms: Mapping[str, Measure],
    as_of: dt.date,
    *,
    types: Mapping[str, FieldType],
    minor: Mapping[str, int],
) -> pl.LazyFrame:
    """Count each measure for each customer who has a purchase line; counts of nothing are 0.

    `within_last: p` takes the lines of as_of - p < purchased_on <= as_of. Numbers are added up in
    billionths, so that no digit depends on the order of rows.
    """
    of_receipt = receipt(lines.collect_schema().names())
    summed = {f.of for f in forms.values() if f.way in ("sum", "mean") and types[f.of] != "money"}
    return (
        lines.filter(pl.col(CUSTOMER).is_not_null())
        .with_columns(billionths(pl.col(name)).alias(f"{_EXACT}{name}") for name in sorted(summed))
        .group_by(CUSTOMER)
        .agg(
            _counted(form, as_of, types, minor, of_receipt).alias(name)
            for name, form in forms.items()
        )
    )


def zeroes(forms: Mapping[str, Measure]) -> list[pl.Expr]:
    """Fill what a customer without any line has of each count and sum: nothing."""
    return [
        pl.col(name).fill_null(0)
        for name, form in forms.items()
        if form.way in ("count", "sum", "distinct")
    ]


def _counted(
    form: Measure,
    as_of: dt.date,
    types: Mapping[str, FieldType],
    minor: Mapping[str, int],
    of_receipt: pl.Expr,
) -> pl.Expr:
    taken = pl.lit(True)
    if form.where is not None:
        taken = expression(form.where, as_of=as_of, minor=minor).fill_null(False)
    if form.within_last is not None:
        taken = taken & (pl.col("purchased_on") > form.within_last.before(as_of))
    if form.way == "count" and form.of == "lines":
        return (taken & pl.col("amount").is_not_null()).sum().cast(pl.Int64)
    if form.way == "count" and form.of == "transactions":
        return of_receipt.filter(BOUGHT & taken).n_unique().cast(pl.Int64)
    taken = taken & pl.col(form.of).is_not_null()
    values = pl.col(form.of).filter(taken)
    total = values.sum()
    if form.way in ("sum", "mean") and types[form.of] != "money":
        total = from_billionths(pl.col(f"{_EXACT}{form.of}").filter(taken).sum())
    ways: dict[str, pl.Expr] = {
        "count": values.len().cast(pl.Int64),
        "distinct": values.n_unique().cast(pl.Int64),
        "sum": total,
        "mean": pl.when(values.len() > 0).then(total / values.len()),
        "newest": values.max(),
        "oldest": values.min(),
    }
    return ways[form.way]
