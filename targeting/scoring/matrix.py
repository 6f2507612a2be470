"""From columns of a frame to the numbers that models take: missing is NaN, so is infinity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from targeting.customers.held import Columns
from targeting.frames import CUSTOMER, stable_hash
from targeting.workspace.catalogue import Catalogue
from targeting.workspace.columns import FieldType

LARGEST = float(np.finfo(np.float32).max)

Floats: TypeAlias = npt.NDArray[np.float64]

NUMERIC: tuple[FieldType, ...] = ("number", "money", "yes/no")
ENTERS_A_TREE: tuple[FieldType, ...] = (*NUMERIC, "category")


@dataclass(frozen=True)
class Input:
    """How a field enters a tree: as it is (yes/no 1/0), or as its place among sorted values."""

    name: str
    kind: Literal["number", "category"]
    categories: tuple[str, ...] = ()  # those seen in the fit; any other is missing


def numbers(column: pl.Series) -> Floats:
    """Give a numeric or yes/no column as floats."""
    floats = column.cast(pl.Float64)
    finite = floats.is_finite()
    if finite.all() and not floats.null_count():
        return floats.to_numpy()
    return pl.select(pl.when(finite).then(floats)).to_series().fill_null(np.nan).to_numpy()


def inputs_of(rows: pl.DataFrame, names: Sequence[str], field_types: Catalogue) -> list[Input]:
    """Decide how each field enters; a category's values are numbered in alphabetical order."""
    return [_input_of(rows[name], field_types) for name in names]


def _input_of(column: pl.Series, field_types: Catalogue) -> Input:
    known = field_types.get(column.name)
    words = known.type == "category" if known is not None else column.dtype == pl.String
    if not words:
        return Input(column.name, "number")
    seen = column.cast(pl.String).drop_nulls().unique().sort()
    return Input(column.name, "category", tuple(seen))


def tree_matrix(rows: Columns, inputs: Sequence[Input]) -> npt.NDArray[np.float32]:
    """Lay the inputs side by side in single precision, which is what scikit-learn's trees read."""
    matrix = np.empty((rows.height, len(inputs)), dtype=np.float32)
    for at, entering in enumerate(inputs):
        column = _entered(rows[entering.name], entering)
        matrix[:, at] = np.clip(column, -LARGEST, LARGEST)
    return matrix


def _entered(column: pl.Series, entering: Input) -> Floats:
    if entering.kind == "number":
        return numbers(column)
    places = {word: float(place) for place, word in enumerate(entering.categories)}
    coded = column.cast(pl.String).replace_strict(places, default=None, return_dtype=pl.Float64)
    return numbers(coded)


def in_hash_order(rows: pl.DataFrame, key: str, purpose: str, name: str) -> pl.DataFrame:
    """Sort by each customer's keyed hash, so that a head of any length is a fair, stable sample."""
    then = [column for column in (CUSTOMER, "cut_off") if column in rows.columns]
    hashed = stable_hash(key, purpose, name, pl.col(CUSTOMER))
    return rows.sort([hashed, *(pl.col(column) for column in then)])


def share_by_hash(key: str, name: str, share: float) -> pl.Expr:
    """Say which customers judge (true): a share of them, the same ones on every run."""
    part = stable_hash(key, "judge", name, pl.col(CUSTOMER)) % 10_000
    return part < round(share * 10_000)


def equals(column: pl.Expr, kind: pl.DataType, value: str) -> pl.Expr:
    """Compare a column with a value as it is typed in YAML; missing stays missing."""
    if kind == pl.Boolean:
        return column == (value == "yes")
    if kind.is_numeric():
        return column.cast(pl.Float64) == float(value)
    return column.cast(pl.String) == value
