"""The data contract: what `fields` allows, as a pandera schema, and its verdict on a frame."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import polars as pl

from targeting.intake.clean import BAD, TYPES
from targeting.intake.wanted import Wanted

if TYPE_CHECKING:
    from pandera.polars import Check, DataFrameSchema

MISSING = "missing"
OUT_OF_RANGE = "out_of_range"
NOT_ALLOWED = "not_allowed"

# What a cell is that could not be read, by its column's type.
UNREAD = {
    "number": "not_a_number",
    "money": "not_a_number",
    "date": "not_a_date",
    "yes/no": "not_yes_or_no",
}
REASONS = (
    MISSING,
    "not_a_number",
    "not_a_date",
    "not_yes_or_no",
    NOT_ALLOWED,
    OUT_OF_RANGE,
    "ragged_line",
    "unreadable_line",
    "duplicate",
    "conflicting_id",
    "older_version",
    "after_as_of",
)
Reason = pl.Enum(REASONS)

WHY = "why:"


def contract(fields: Iterable[Wanted]) -> DataFrameSchema:
    """Generate the schema: types, what must be there, ranges (money in minor units), values."""
    import pandera.polars as pa

    return pa.DataFrameSchema(
        {
            field.name: pa.Column(
                TYPES[field.type], checks=_checks(field), nullable=not field.required
            )
            for field in fields
        }
    )


def judge(typed: pl.DataFrame, fields: Sequence[Wanted]) -> pl.DataFrame:
    """Add a `why:NAME` column (a Reason, null where the cell is good) for each field with faults.

    A cell that could not be read is that; all else is pandera's verdict. Grain: unchanged.
    """
    why = _verdicts(typed, fields)
    found = []
    for field in fields:
        faults = [pl.lit(mask).alias(reason) for reason, mask in why.get(field.name, [])]
        if BAD + field.name in typed.columns:
            faults.insert(0, pl.col(BAD + field.name).alias(UNREAD[field.type]))
        if faults:
            found.append(_first(faults).alias(WHY + field.name))
    flags = [name for name in typed.columns if name.startswith(BAD)]
    return typed.with_columns(found).drop(flags)


def _first(faults: Sequence[pl.Expr]) -> pl.Expr:
    return pl.coalesce(
        pl.when(fault).then(pl.lit(fault.meta.output_name(), dtype=Reason)) for fault in faults
    )


def _verdicts(
    typed: pl.DataFrame, fields: Sequence[Wanted]
) -> dict[str, list[tuple[str, pl.Series]]]:
    """Let pandera judge; give, by column, each failed check's reason and the rows that failed it.

    pandera's own table of failure cases is never built: with every row bad it would hold a text
    for each of them.
    """
    from pandera.errors import SchemaErrors

    found: dict[str, list[tuple[str, pl.Series]]] = {}
    try:
        contract(fields).validate(typed, lazy=True)
    except SchemaErrors as errors:
        for error in errors.schema_errors:
            output = error.check_output
            assert isinstance(output, pl.DataFrame), error  # a type: ours are always right
            reason = MISSING if error.check == "not_nullable" else str(error.check.name)
            failed = ~output.to_series().fill_null(value=True)
            found.setdefault(str(error.schema.name), []).append((reason, failed))
    return found


def _checks(field: Wanted) -> list[Check]:
    from pandera.polars import Check

    checks = []
    if field.low is not None:
        checks.append(Check.in_range(field.low, field.high, name=OUT_OF_RANGE))
    if field.values is not None:
        checks.append(Check.isin(list(field.values), name=NOT_ALLOWED))
    return checks
