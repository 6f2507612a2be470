"""Every source's file found and opened, and our columns found in it; all problems at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from targeting.intake.headers import Sought
from targeting.intake.opened import Elsewhere, Opened, Origin
from targeting.intake.source_rows import AMOUNT, QUANTITY
from targeting.intake.sources import open_source
from targeting.intake.where import where_problems
from targeting.problems import Problem, Refused, did_you_mean, errors
from targeting.workspace.columns import SOURCE_COLUMNS, SourceName
from targeting.workspace.load import Workspace
from targeting.workspace.sql import fields_in


@dataclass(frozen=True)
class Found:
    """A source's file, opened, and the position of each of our columns in it."""

    origin: Origin
    opened: Opened
    positions: dict[str, int]


def origins(workspace: Workspace, files: Mapping[str, Path]) -> tuple[list[Origin], list[Problem]]:
    """Say which file each source is read from, in one order whatever the YAML's."""
    sources = workspace.settings.sources
    found = []
    for name in SOURCE_COLUMNS:
        if name in files and name in sources:
            found.append(Origin(workspace, name, files[name], str(files[name]), replaced=True))
        elif name in sources:
            file = sources[name].file
            found.append(Origin(workspace, name, workspace.folder / file, file, replaced=False))
    unknown = [
        Problem(
            "I015",
            f"'{name}' is not a source of this workspace",
            workspace.place("targeting.yaml", "sources"),
            did_you_mean(name, sources, what="its sources"),
        )
        for name in files
        if name not in sources
    ]
    return found, unknown


def open_all(
    workspace: Workspace, origins: Sequence[Origin], elsewhere: Elsewhere | None = None
) -> tuple[dict[SourceName, Found], list[Problem]]:
    """Open each file; give those that can be read, and every problem of the others."""
    found: dict[SourceName, Found] = {}
    problems: list[Problem] = []
    for origin in origins:
        sought = Sought(workspace, origin.source)
        try:
            opened = open_source(origin, sought, elsewhere)
        except Refused as refused:
            problems += refused.problems
            continue
        positions, faults = sought.find(opened.headers)
        problems += faults
        if not errors(faults):
            problems += _setting_problems(origin, positions)
            found[origin.source] = Found(origin, opened, positions)
    if len(found) == len(origins):
        problems += _nowhere(workspace, found)
    return found, problems


def _nowhere(workspace: Workspace, found: Mapping[SourceName, Found]) -> list[Problem]:
    """Name the declared fields that no source has.

    One that derived fields or channels stand on is an error, unless a map of the customers' columns
    leaves it out; where only rules, messages or nobody reads it, a warning.
    """
    there = {name for each in found.values() for name in each.positions}
    made = {AMOUNT, QUANTITY}  # of unit prices, or one each
    source = workspace.settings.sources.get("customers")
    needed = set[str]() if source is None or source.columns is not None else _stood_on(workspace)
    unread = [
        header
        for each in found.values()
        for at, header in enumerate(each.opened.headers)
        if at not in each.positions.values()
    ]

    def problem(name: str) -> Problem:
        message = f"no source has a column '{name}'"
        place = workspace.place("targeting.yaml", "fields", name)
        help_ = f"{did_you_mean(name, unread, what='not read are')}; or take it out of fields"
        if name in needed:
            return Problem("I011", message, place, help_)
        return Problem("I108", f"{message}: it is missing for everybody", place, help_, "warning")

    return [problem(name) for name in workspace.settings.fields if name not in there | made]


def _stood_on(workspace: Workspace) -> set[str]:
    needed = {name for form in workspace.settings.derived.values() for name in fields_in(form.sql)}
    for channel in workspace.policy.channels.values():
        needed |= {name for name in (channel.address, channel.consent) if name is not None}
    return needed


def _setting_problems(origin: Origin, positions: Mapping[str, int]) -> list[Problem]:
    """Check what names columns of a source: `key`, `newest_by`, `where`."""
    form = origin.form
    names = list(positions)
    if origin.source == "purchases":
        names += [name for name in (AMOUNT, QUANTITY) if name not in names]
    named = {"newest_by": [form.newest_by] if form.newest_by else [], "key": form.key or ()}
    problems = [
        Problem(
            "I027",
            f"'{name}' is not a column that is read",
            origin.place(key),
            did_you_mean(name, names),
        )
        for key, mentioned in named.items()
        for name in mentioned
        if name not in names
    ]
    return problems + where_problems(origin, names)
