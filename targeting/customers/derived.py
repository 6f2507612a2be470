"""Fields computed from other fields by the SQL of targeting.yaml, in any order, no circle."""

from __future__ import annotations

import datetime as dt
import graphlib
from collections.abc import Mapping
from decimal import Decimal

import polars as pl

from targeting.intake.minor import minor_of
from targeting.problems import Problem
from targeting.workspace.catalogue import listed_categories, purchase_columns, slug
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
    """Add the derived fields; a result of another type is converted, what cannot be is missing.

    Raises:
        polars.exceptions.PolarsError: for types that `check_computed` reports.
    """
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
    """Check the SQL of derived fields and measures: names, what is allowed, circles, types.

    And that no two categories share the name of their `share_SLUG` field.
    """
    problems = _check_derived(workspace) + _check_measures(workspace) + _check_shares(workspace)
    return problems or _check_types(workspace)


def _converted(value: pl.Expr, kind: FieldType, minor: Mapping[str, int]) -> pl.Expr:
    if kind not in ("number", "money"):
        return value.cast(DTYPES[kind], strict=False)
    number = value.cast(pl.Float64, strict=False)
    number = pl.when(number.is_finite()).then(number)
    return number if kind == "number" else minor_of(number * next(iter(minor.values()), 100))


def _becomes(result: pl.DataType, kind: FieldType) -> bool:
    """Say whether a result of the SQL can be converted to a field's type."""
    plain = result.is_numeric() or result in (pl.Boolean, pl.Null)
    match kind:
        case "yes/no":
            return plain
        case "date":
            return result in (pl.Date, pl.Null)
        case "list":
            return result in (pl.List(pl.String), pl.Null)
        case _:
            return plain or result in (pl.String, pl.Date)


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


def _check_shares(workspace: Workspace) -> list[Problem]:
    found: dict[str, str] = {}
    problems = []
    for category in listed_categories(workspace.settings):
        first = found.setdefault(slug(category), category)
        if first != category:
            message = f"'{first}' and '{category}' would share the field share_{slug(category)}"
            place = workspace.place("targeting.yaml", "fields", "category", "values")
            problems.append(Problem("P007", message, place, "spell one of them otherwise"))
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
    minor = minor_units(workspace)
    customers = {name: field.type for name, field in workspace.customer_fields.items()}
    settings = workspace.settings
    checks: list[tuple[str, tuple[str, str, str], Mapping[str, FieldType], FieldType]] = [
        (form.sql, ("derived", name, "sql"), customers, form.type)
        for name, form in settings.derived.items()
    ]
    checks += [
        (form.where, ("measures", name, "where"), purchase_columns(settings), "yes/no")
        for name, form in settings.measures.items()
        if form.where is not None
    ]
    problems = []
    for sql, path, types, kind in checks:
        reason = _unfit(sql, types, kind, minor, only=path[0] == "measures")
        if reason:
            place = workspace.place("targeting.yaml", *path)
            problems.append(Problem("Q003", f"cannot be computed: {reason}", place, _COMPARE))
    return problems


_COMPARE = "compare dates with dates (DATE '2026-11-24'), numbers with numbers"


def _unfit(
    sql: str,
    types: Mapping[str, FieldType],
    kind: FieldType,
    minor: Mapping[str, int],
    *,
    only: bool,
) -> str:
    """Say why an expression cannot give a type; with `only` it must not need converting."""
    empty = pl.LazyFrame(schema={name: DTYPES[of] for name, of in types.items()})
    value = expression(sql, as_of=dt.date(2000, 1, 1), minor=minor).alias("_")
    try:
        result = empty.select(value).collect().schema["_"]
    except pl.exceptions.PolarsError as error:
        return str(error).splitlines()[0][:120]
    fits = result == DTYPES[kind] if only else _becomes(result, kind)
    return "" if fits else f"the result is {result}, not {kind}"


def minor_units(workspace: Workspace) -> dict[str, int]:
    """Map each money column, of customers and of purchases, to the minor units in one unit."""
    units = int(Decimal(10) ** workspace.settings.shop.minor_digits)
    columns = {name: field.type for name, field in workspace.customer_fields.items()}
    columns |= purchase_columns(workspace.settings)
    return {name: units for name, kind in columns.items() if kind == "money"}
