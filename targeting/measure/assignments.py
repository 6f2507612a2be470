"""Any experiment in a file: one row a customer, the arm in one column, outcomes in others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from targeting.frames import RULE, SEGMENT
from targeting.intake.clean import as_text
from targeting.measure.file import read_columns
from targeting.measure.outcomes import read_outcome
from targeting.measure.tally import ARM, SEEN
from targeting.problems import Place, Problem, Refused, did_you_mean, refuse

NO_SEGMENT = "no segment"
MOST_ARMS = 50
MOST_SEGMENTS = 1_000

_ARM, _SEGMENT, _OUTCOME = "arm", "segment", "outcome_"


@dataclass(frozen=True)
class Columns:
    """Which columns of the file say what, under the file's names; outcomes each once."""

    arm: str
    control: str  # a value of the arm
    outcomes: tuple[str, ...]
    segment: str | None = None


@dataclass(frozen=True)
class Experiment:
    """One row a customer with an arm, as `compare` takes it, and what was left out of it."""

    frame: pl.DataFrame
    arms: tuple[str, ...]  # all but the control, in the order of their names
    rows: int
    without_arm: int
    missing: dict[str, int]  # by outcome, of the rows with an arm: those not known


def read_experiment(path: Path, columns: Columns) -> Experiment:
    """Read an experiment from CSV, Parquet, XLSX or JSON.

    Raises:
        Refused: for a file that cannot be read, a column or control that is not there, an outcome
            that is neither yes/no nor numbers, and a column of too many values to be arms.
    """
    cells = _cells(path, columns)
    outcomes: list[pl.Series] = []
    problems: list[Problem] = []
    for at, name in enumerate(columns.outcomes):
        try:
            outcomes.append(read_outcome(cells[f"{_OUTCOME}{at}"].alias(name), str(path)))
        except Refused as refused:
            problems += refused.problems
    if problems:
        raise Refused(problems)
    named = [pl.lit(None, pl.String).alias(RULE), _words(cells, _ARM).alias(ARM)]
    if columns.segment is not None:
        named.append(_words(cells, _SEGMENT).fill_null(NO_SEGMENT).alias(SEGMENT))
    frame = cells.select(named).with_columns(each.alias(SEEN + each.name) for each in outcomes)
    known = frame.filter(pl.col(ARM).is_not_null())
    return Experiment(
        known,
        _arms(known, path, columns),
        frame.height,
        frame.height - known.height,
        {name: known[SEEN + name].null_count() for name in columns.outcomes},
    )


def _cells(path: Path, columns: Columns) -> pl.DataFrame:
    theirs = {_ARM: columns.arm}
    theirs |= {f"{_OUTCOME}{at}": name for at, name in enumerate(columns.outcomes)}
    if columns.segment is not None:
        theirs[_SEGMENT] = columns.segment
    return read_columns(path, theirs)


def _words(cells: pl.DataFrame, name: str) -> pl.Expr:
    text = as_text(pl.col(name), cells.schema[name]).str.strip_chars()
    return pl.when(text != "").then(text)


def _arms(known: pl.DataFrame, path: Path, columns: Columns) -> tuple[str, ...]:
    arms = _few(known[ARM], MOST_ARMS, columns.arm, "arms", path)
    if columns.segment is not None:
        _few(known[SEGMENT], MOST_SEGMENTS, columns.segment, "segments", path)
    if columns.control not in arms:
        message = f"'{columns.arm}' has no value '{columns.control}' to be the control"
        help_ = did_you_mean(columns.control, arms, what="it has")
        raise refuse("I040", message, Place(str(path)), help_)
    others = tuple(arm for arm in arms if arm != columns.control)
    if not others:
        message = f"'{columns.arm}' has no other value than '{columns.control}'"
        raise refuse("I040", message, Place(str(path)), "an experiment has two arms at least")
    return others


def _few(values: pl.Series, most: int, column: str, what: str, path: Path) -> Sequence[str]:
    distinct = values.unique().sort()
    if distinct.len() > most:
        message = f"'{column}' has {distinct.len():,} values: too many to be {what}"
        help_ = f"name a column of at most {most:,} values"
        raise refuse("I042", message, Place(str(path)), help_)
    return distinct.to_list()
