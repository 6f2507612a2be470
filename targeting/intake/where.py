"""`where` on a source: rows that are not meant are set aside, counted, not rejected."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from targeting.intake.opened import Origin
from targeting.intake.wanted import Wanted
from targeting.problems import Problem, refuse
from targeting.workspace.sql import AS_OF, check_sql, expression, fields_in


def where_problems(origin: Origin, names: Sequence[str]) -> list[Problem]:
    """Check a source's condition against the columns that are read."""
    sql = origin.form.where
    if sql is None:
        return []
    place = origin.place("where")
    used, problems = check_sql(sql, names, place)
    if AS_OF in used:
        message = "as_of is not known yet where rows are read"
        help_ = "compare with a date, or use within_last in a measure"
        problems.append(Problem("Q003", message, place, help_))
    return problems


def where_reads(origin: Origin) -> set[str]:
    """Name the columns that the condition needs."""
    sql = origin.form.where
    return set() if sql is None else fields_in(sql)


def meant(origin: Origin, clean: pl.DataFrame, columns: Sequence[Wanted], digits: int) -> pl.Series:
    """Say of each row whether the condition is true of it; missing values make it not true.

    Raises:
        Refused: where the condition does not fit the types of its columns.
    """
    sql = origin.form.where
    assert sql is not None
    types = {wanted.name: wanted.type for wanted in columns}
    minor = {name: 10**digits for name, kind in types.items() if kind == "money"}
    try:
        answer = clean.lazy().select(meant=expression(sql, as_of=None, minor=minor)).collect()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        message = "this cannot be computed from columns of these types"
        help_ = ", ".join(
            f"{name} is {types[name]}" for name in sorted(fields_in(sql)) if name in types
        )
        raise refuse("Q004", message, origin.place("where"), help_) from None
    verdict = answer["meant"]
    if verdict.dtype != pl.Boolean:
        message = "this is not a condition"
        raise refuse("Q004", message, origin.place("where"), "compare: quantity > 0")
    if verdict.len() != clean.height:  # it reads no column
        verdict = verdict.new_from_index(0, clean.height)
    return verdict.fill_null(value=False)
