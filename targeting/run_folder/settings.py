"""A workspace read for its settings, by commands that look back and obey no rule."""

from __future__ import annotations

from pathlib import Path

from targeting.problems import Refused, errors
from targeting.workspace.load import Workspace, load

_ASKED = ("targeting.yaml", "rules/policy.yaml")


def workspace_of_settings(folder: Path) -> Workspace:
    """Read a workspace whose rules may be broken: what was done before can be told and undone.

    Raises:
        Refused: where there is no workspace, or targeting.yaml or the policy has errors.
    """
    workspace, problems = load(folder)
    if workspace is None:
        raise Refused(problems)
    if wrong := [p for p in errors(problems) if p.place.file in _ASKED]:
        raise Refused(wrong)
    return workspace
