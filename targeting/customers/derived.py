"""Fields computed from other fields by the SQL of targeting.yaml, in any order, no circle."""

from __future__ import annotations

import datetime as dt
import graphlib
from collections.abc import Mapping
from decimal import Decimal

import polars as pl

from targeting.problems import Problem
from targeting.workspace.catalogue import purchase_columns
from targeting.workspace.columns import FieldType
from targeting.workspace.load import Workspace
from targeting.workspace.settings import Derived
from targeting.workspace.sql import check_sql, expression, fields_in

DTYPES: Mapping[FieldType, type[pl.DataType] | pl.DataType] = {
    "number": pl.Float64,
    "money": pl.Int64,
    "category": pl.String,
    "text": pl.String,
    "list": pl.List(pl.String),
    "date": pl.Date,
    "yes/no": pl.Boolean,
}


def derived(
    customers: pl.LazyFrame,
    forms: Mapping[str, Derived],
    as_of: dt.date,
    *,
    minor: Mapping[str, int],
) -> pl.LazyFrame:
    """Add the derived fields; a result of another type is converted, what cannot be is missing."""
    for name in order_of(forms):
        form = forms[name]
        value = expression(form.sql, as_of=as_of, minor=minor)
        customers = customers.with_columns(_converted(value, form.type, minor).alias(name))
    return customers


def order_of(forms: Mapping[str, Derived]) -> tuple[str, ...]:
    """Order the fields so that each stands behind what it reads.

    Raises:
        graphlib.CycleError: if they read each other in a circle.
    """
    reads = {name: fields_in(form.sql) & set(forms) for name, form in forms.items()}
    return tuple(graphlib.TopologicalSorter(reads).static_order())


def check_computed(workspace: Workspace) -> list[Problem]:
    """Check the SQL of derived fields and measures: names, what is allowed, circles, types."""
    problems = _check_derived(workspace) + _check_measures(workspace)
    return problems or _check_types(workspace)


def _converted(value: pl.Expr, kind: FieldType, minor: Mapping[str, int]) -> pl.Expr:
    if kind == "number":
        number = value.cast(pl.Float64)
        return pl.when(number.is_finite()).then(number)
    if kind == "money":
        units = next(iter(minor.values()), 100)
        number = value.cast(pl.Float64) * units
        return pl.when(number.is_finite()).then(number.round(0)).cast(pl.Int64)
    return value.cast(DTYPES[kind], strict=False)


def _check_derived(workspace: Workspace) -> list[Problem]:
    forms = workspace.settings.derived
    known = [
        name for name, field in workspace.customer_fields.items() if field.origin not in _LATER
    ]
    problems = []
    for name, form in forms.items():
        place = workspace.place("targeting.yaml", "derived", name, "sql")
        problems += check_sql(form.sql, known, place)[1]
    if problems:
        return problems
    try:
        order_of(forms)
    except graphlib.CycleError as error:
        circle = " reads ".join(error.args[1])
        place = workspace.place("targeting.yaml", "derived", error.args[1][0])
        return [Problem("R001", f"a circle: {circle}", place, "let one of them read other fields")]
    return []


_LATER = ("segments", "likelihood", "ledger")  # known only after the derived fields


def _check_measures(workspace: Workspace) -> list[Problem]:
    settings = workspace.settings
    columns = purchase_columns(settings)
    problems = []
    for name, form in settings.measures.items():
        place = workspace.place("targeting.yaml", "measures", name)
        if "purchases" not in settings.sources:
            problems.append(
                Problem("F001", "there is no purchases source", place, "add one under sources")
            )
            continue
        problems += _check_counted(workspace, name, columns)
        if form.where is not None:
            place = workspace.place("targeting.yaml", "measures", name, "where")
            problems += check_sql(form.where, columns, place)[1]
    return problems


def _check_counted(
    workspace: Workspace, name: str, columns: Mapping[str, FieldType]
) -> list[Problem]:
    from targeting.customers.measures import COUNTABLE
    from targeting.problems import did_you_mean

    form = workspace.settings.measures[name]
    place = workspace.place("targeting.yaml", "measures", name, form.way)
    allowed = {
        "sum": ("number", "money"),
        "mean": ("number", "money"),
        "newest": ("date", "number", "money"),
        "oldest": ("date", "number", "money"),
    }.get(form.way)
    fitting = [c for c, kind in columns.items() if allowed is None or kind in allowed]
    known = [*fitting, *(COUNTABLE if form.way == "count" else ())]
    if form.of in known:
        return []
    if form.of in columns:
        message = (
            f"{form.way} needs {' or '.join(allowed or ())}, '{form.of}' is {columns[form.of]}"
        )
        return [Problem("T002", message, place, did_you_mean(form.of, known))]
    message = f"'{form.of}' is not a column of the purchases"
    return [Problem("F001", message, place, did_you_mean(form.of, known))]


def _check_types(workspace: Workspace) -> list[Problem]:
    """Let Polars resolve each expression on an empty frame, so that no run fails on its types."""
    problems: list[Problem] = []
    any_day = dt.date(2000, 1, 1)
    minor = minor_units(workspace)
    kinds = {name: field.type for name, field in workspace.customer_fields.items()}
    checks = [
        (form.sql, ("derived", name, "sql"), kinds, DTYPES[form.type])
        for name, form in workspace.settings.derived.items()
    ]
    checks += [
        (form.where, ("measures", name, "where"), purchase_columns(workspace.settings), pl.Boolean)
        for name, form in workspace.settings.measures.items()
        if form.where is not None
    ]
    for sql, path, types, wanted in checks:
        empty = pl.DataFrame(schema={name: DTYPES[kind] for name, kind in types.items()})
        try:
            result = empty.select(expression(sql, as_of=any_day, minor=minor).alias("_")).schema[
                "_"
            ]
            if wanted == pl.Boolean and result != pl.Boolean:
                raise pl.exceptions.SchemaError("it is not yes or no")
        except pl.exceptions.PolarsError as error:
            reason = str(error).splitlines()[0][:120]
            place = workspace.place("targeting.yaml", *path)
            help_ = "compare dates with dates (DATE '2026-11-24'), numbers with numbers"
            problems.append(Problem("Q003", f"cannot be computed: {reason}", place, help_))
    return problems


def minor_units(workspace: Workspace) -> dict[str, int]:
    """Map each money column, of customers and of purchases, to the minor units in one unit."""
    units = int(Decimal(10) ** workspace.settings.shop.minor_digits)
    columns = {name: field.type for name, field in workspace.customer_fields.items()}
    columns |= purchase_columns(workspace.settings)
    return {name: units for name, kind in columns.items() if kind == "money"}
