"""Some columns of any file, opened as intake opens a source, without a workspace around it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from targeting.intake.headers import Sought, tidy
from targeting.intake.opened import Origin
from targeting.intake.sources import open_source, read_cells
from targeting.problems import Place, Problem, Refused, did_you_mean, refuse
from targeting.workspace.load import Workspace
from targeting.workspace.policy import Policy
from targeting.workspace.settings import Settings, Source

# What intake proposes is a line of targeting.yaml, and there is none here.
_INSTEAD = {
    "I004": "save it as UTF-8",
    "I008": "name it by what it is: .csv, .tsv, .json, .ndjson, .parquet or .xlsx",
}


def read_columns(path: Path, theirs: Mapping[str, str]) -> pl.DataFrame:
    """Read a CSV, Parquet, XLSX or JSON file: `row`, and each column under our name for it.

    `theirs` is the file's name of each; a second column of one name is `name (2)`. Our names are
    small letters, digits and _. Cells are typed as the file has them: text, but for Parquet, JSON.

    Raises:
        Refused: for a file that cannot be read, lines that are no records, and a column that is
            not there, or there twice.
    """
    origin, sought = _origin(path, theirs)
    try:
        opened = open_source(origin, sought)
        positions, _ = sought.find(opened.headers)
        cells = read_cells(origin, opened, _complete(theirs, positions, opened.headers, path))
    except Refused as refused:
        raise Refused(_here(problem, path) for problem in refused.problems) from None
    if cells.bad_lines.height:
        row, _, reason = cells.bad_lines.row(0)
        message = f"{cells.bad_lines.height:,} lines are no records, the first row {row}: {reason}"
        raise refuse("I007", message, Place(str(path)), "mend the file, or save it anew")
    return cells.frame


def _complete(
    theirs: Mapping[str, str], positions: dict[str, int], headers: Sequence[str], path: Path
) -> dict[str, int]:
    """Refuse a column that is not in the file, or there twice."""
    problems = []
    for name in dict.fromkeys(theirs[ours] for ours in theirs if ours not in positions):
        twice = headers.count(tidy(name)) > 1
        message = f"{headers.count(tidy(name))} columns are called '{name}'"
        help_ = f"say which: '{name} (2)' is the second of them"
        if not twice:
            message = f"the file has no column '{name}'"
            help_ = did_you_mean(name, headers, what="the file has")
        problems.append(Problem("I012" if twice else "I011", message, Place(str(path)), help_))
    if problems:
        raise Refused(problems)
    return positions


def _origin(path: Path, theirs: Mapping[str, str]) -> tuple[Origin, Sought]:
    """Give the file to intake as the one source of a workspace that has nothing else."""
    settings = Settings(sources={"customers": Source(file="experiment", columns=dict(theirs))})
    workspace = Workspace(
        folder=path.parent,
        settings=settings,
        segments=None,
        scores=None,
        policy=Policy(channels={}),
        destinations={},
        customer_fields={},
        product_fields={},
        files={},
    )
    origin = Origin(workspace, "customers", path, str(path), replaced=True)
    return origin, Sought(workspace, "customers")


def _here(problem: Problem, path: Path) -> Problem:
    """Point at the file, not at settings that nobody wrote."""
    here = problem.place.file == str(path)
    place = problem.place if here else Place(str(path))
    return replace(problem, place=place, help=_INSTEAD.get(problem.code, problem.help))
