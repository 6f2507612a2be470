"""What a customer's purchases say: one row a customer, by the formulas of docs/formulas.md."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import polars as pl

from targeting.customers.exact import billionths
from targeting.customers.lines import receipt
from targeting.frames import CUSTOMER
from targeting.workspace.catalogue import slug

# A line that was bought: a negative amount or quantity is a return, an amount of 0 is no purchase.
BOUGHT = (pl.col("amount") > 0) & (pl.col("quantity") >= 0)
_RETURNED = (pl.col("amount") < 0) | (pl.col("quantity") < 0)


def purchase_lines(purchases: pl.LazyFrame, products: pl.LazyFrame | None) -> pl.LazyFrame:
    """Give each line the attributes of its product; the line's own columns win."""
    if products is None:
        return purchases
    own = set(purchases.collect_schema().names()) - {"product_id"}
    if "product_id" not in purchases.collect_schema():
        return purchases
    attributes = products.drop(own, strict=False)
    return purchases.join(attributes, on="product_id", how="left", maintain_order="left")


def spending(
    lines: pl.LazyFrame, as_of: dt.date, *, categories: Sequence[str] = ()
) -> pl.LazyFrame:
    """Sum up each customer's lines to `as_of`, one row a customer who has any.

    Money is in minor units: sums Int64, the average Float64 (an exact sum over a count). Counts
    and sums of nothing are 0, all else is missing. A share that returns of earlier purchases would
    push past 0 or 1 stops there.
    """
    known = lines.collect_schema().names()
    people = lines.filter(pl.col(CUSTOMER).is_not_null()).with_columns(
        _units=billionths(pl.col("quantity").abs())
    )
    table = people.group_by(CUSTOMER).agg(*_totals(as_of, receipt(known)))
    table = table.with_columns(*_rates(as_of)).drop(
        "_first", "_last", "_before", "_bought", "_returned"
    )
    if "brand" in known:
        table = _join(table, _favourite(people, "brand"))
        share = (pl.col("_favourite_spend") / _positive("monetary")).clip(0, 1)
        table = table.with_columns(brand_affinity=10 * share).drop("_favourite_spend")
    if "category" in known:
        table = _join(table, _favourite(people, "category")).drop("_favourite_spend")
        table = _join(table, _categories(people, categories))
        shares = [f"share_{slug(category)}" for category in categories]
        table = table.with_columns(
            (pl.col(name).fill_null(0) / _positive("monetary")).clip(0, 1) for name in shares
        )
    return table


def without_purchases(names: Sequence[str]) -> dict[str, pl.Expr]:
    """Say what stands for a customer who never bought: counts and sums are 0, the list is empty."""
    zero = {"frequency": 0, "monetary": 0, "spend_90_days": 0}
    filled = {name: pl.col(name).fill_null(value) for name, value in zero.items() if name in names}
    if "categories_bought" in names:
        empty = pl.lit([], dtype=pl.List(pl.String))
        filled["categories_bought"] = pl.col("categories_bought").fill_null(empty)
    return filled


def windowed_spending(
    lines: pl.LazyFrame, as_of: dt.date, since: dt.date, *, categories: Sequence[str] = ()
) -> pl.LazyFrame:
    """Sum up the lines after `since` only; recency and tenure stay those of the whole history."""
    recent = spending(lines.filter(pl.col("purchased_on") > since), as_of, categories=categories)
    whole = spending(lines, as_of).select(CUSTOMER, "recency_days", "tenure_days")
    table = whole.join(recent.drop("recency_days", "tenure_days"), on=CUSTOMER, how="left")
    return table.with_columns(**without_purchases(table.collect_schema().names()))


def _totals(as_of: dt.date, of_receipt: pl.Expr) -> list[pl.Expr]:
    day = pl.col("purchased_on")
    bought_on = day.filter(BOUGHT)
    units = pl.col("_units")
    ninety, before = as_of - dt.timedelta(days=90), as_of - dt.timedelta(days=180)
    amount = pl.col("amount")
    return [
        amount.sum().alias("monetary"),
        of_receipt.filter(BOUGHT).n_unique().cast(pl.Int64).alias("frequency"),
        bought_on.min().alias("_first"),
        bought_on.max().alias("_last"),
        amount.filter(day > ninety).sum().alias("spend_90_days"),
        amount.filter((day > before) & (day <= ninety)).sum().alias("_before"),
        units.filter(BOUGHT).sum().cast(pl.Float64).alias("_bought"),
        units.filter(_RETURNED).sum().cast(pl.Float64).alias("_returned"),
    ]


def _rates(as_of: dt.date) -> list[pl.Expr]:
    """Give what follows from the totals."""
    orders, today = pl.col("frequency"), pl.lit(as_of)
    several = pl.when(orders >= 2)
    return [
        (today - pl.col("_last")).dt.total_days().alias("recency_days"),
        (today - pl.col("_first")).dt.total_days().alias("tenure_days"),
        several.then((pl.col("_last") - pl.col("_first")).dt.total_days() / (orders - 1)).alias(
            "days_between_purchases"
        ),
        (pl.col("monetary") / _positive("frequency")).alias("average_order_value"),
        (pl.col("_returned") / _positive("_bought")).alias("return_rate"),
        (pl.col("spend_90_days") / _positive("_before") - 1).alias("spend_trend"),
    ]


def _positive(name: str) -> pl.Expr:
    return pl.when(pl.col(name) > 0).then(pl.col(name))


def _join(left: pl.LazyFrame, right: pl.LazyFrame) -> pl.LazyFrame:
    return left.join(right, on=CUSTOMER, how="left")


def _favourite(lines: pl.LazyFrame, column: str) -> pl.LazyFrame:
    """Find where each customer spends most, returns netted; ties go to the first name."""
    spent = (
        lines.filter(pl.col(column).is_not_null())
        .group_by(CUSTOMER, column)
        .agg(pl.col("amount").sum().alias("_favourite_spend"))
        .filter(pl.col("_favourite_spend") > 0)
    )
    most = spent.group_by(CUSTOMER).agg(pl.col("_favourite_spend").max())
    return (
        spent.join(most, on=[CUSTOMER, "_favourite_spend"])
        .group_by(CUSTOMER)
        .agg(pl.col(column).min().alias(f"favourite_{column}"), pl.col("_favourite_spend").first())
    )


def _categories(lines: pl.LazyFrame, categories: Sequence[str]) -> pl.LazyFrame:
    by_category = (
        lines.filter(pl.col("category").is_not_null())
        .group_by(CUSTOMER, "category")
        .agg(pl.col("amount").sum(), BOUGHT.any().alias("_bought"))
    )
    name = pl.col("category")
    return by_category.group_by(CUSTOMER).agg(
        name.filter(pl.col("_bought")).sort().alias("categories_bought"),
        *(
            pl.col("amount").filter(name == category).sum().alias(f"share_{slug(category)}")
            for category in categories
        ),
    )
