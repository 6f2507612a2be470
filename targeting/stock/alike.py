"""Texts and lists are dear to make: make them once for all the lines that are alike."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl


def once_for_all_alike(
    lines: pl.DataFrame, value: pl.Expr, alike: Iterable[pl.Expr | str]
) -> pl.Series:
    """Give `value` of each line, worked out on the first of those that agree in all of `alike`.

    So `value` may depend on nothing else; it keeps its name.
    """
    marks = lines.select(_named(mark).alias(f"mark_{number}") for number, mark in enumerate(alike))
    names = marks.columns
    groups = marks.with_row_index("line").group_by(names).agg(pl.col("line").min())
    made = groups.select(names).hstack(lines[groups["line"]].select(value))
    kept = made.columns[-1]
    return marks.join(made, on=names, how="left", nulls_equal=True, maintain_order="left")[kept]


def _named(mark: pl.Expr | str) -> pl.Expr:
    return pl.col(mark) if isinstance(mark, str) else mark


def as_number(conditions: Iterable[pl.Expr]) -> pl.Expr:
    """Pack conditions into one whole number, a bit each; missing is not met."""
    bits = [
        condition.fill_null(value=False).cast(pl.Int64) * (1 << place)
        for place, condition in enumerate(conditions)
    ]
    return pl.sum_horizontal(bits)
