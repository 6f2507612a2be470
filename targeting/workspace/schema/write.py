"""`.schema/`: one JSON Schema (draft-07) for each kind of file of a workspace."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from pathlib import PurePosixPath
from typing import Final

from targeting.problems import Problem, errors
from targeting.workspace.load import Workspace
from targeting.workspace.schema import rules, settings
from targeting.workspace.schema.names import Named, read_names
from targeting.workspace.schema.parts import Schema

FOLDER: Final = ".schema"
_MODELINE: Final = re.compile(r"#\s*yaml-language-server:\s*\$schema=")
_DRAFT: Final = "http://json-schema.org/draft-07/schema#"

_MAKERS: Final[dict[str, Callable[[Workspace, Named], Schema]]] = {
    "marketing": rules.marketing,
    "retention": rules.retention,
    "inventory": rules.inventory,
    "shared": rules.shared,
    "policy": settings.policy,
    "targeting": settings.targeting_yaml,
    "segments": settings.segments,
    "likelihood": settings.likelihood,
    "export": settings.export,
    "tests": rules.whole_set_test,
}
_OF_FILE: Final = {
    "targeting.yaml": "targeting",
    "segments/customers.yaml": "segments",
    "segments/likelihood.yaml": "likelihood",
    "rules/policy.yaml": "policy",
    "rules/shared.yaml": "shared",
}
# Without what these say, the schemas would underline names that are right.
_NEEDED: Final = ("targeting.yaml", "segments/customers.yaml", "segments/likelihood.yaml")


def needs(problems: Iterable[Problem], *also: str) -> list[Problem]:
    """Keep the errors that must be mended before a schema can be true; rules may have any."""
    return [p for p in errors(problems) if p.place.file in (*_NEEDED, *also)]


def schemas(workspace: Workspace) -> dict[str, Schema]:
    """Make every schema, by the name of its file."""
    names = read_names(workspace)
    return {
        f"{FOLDER}/{name}.schema.json": {"$schema": _DRAFT, **make(workspace, names)}
        for name, make in _MAKERS.items()
    }


def write_schemas(workspace: Workspace) -> list[str]:
    """Write every schema; equal workspaces give equal bytes. Gives the names of the files."""
    (workspace.folder / FOLDER).mkdir(exist_ok=True)
    made = schemas(workspace)
    for name, schema in made.items():
        text = json.dumps(schema, indent=1, ensure_ascii=False) + "\n"
        (workspace.folder / name).write_text(text, encoding="utf-8", newline="\n")
    return list(made)


def first_line(file: str) -> str | None:
    """Give the line that tells an editor the schema of a workspace's file."""
    path = PurePosixPath(file)
    kind = _OF_FILE.get(file)
    if kind is None and path.parts[0] == "exports":
        kind = "export"
    elif kind is None and path.parts[0] == "rules" and len(path.parts) == 3:
        kind = path.parts[1]
    if kind is None:
        return None
    up = "../" * (len(path.parts) - 1)
    return f"# yaml-language-server: $schema={up}{FOLDER}/{kind}.schema.json"


def needing_a_first_line(workspace: Workspace) -> dict[str, str]:
    """Find the files whose first line does not name their schema, each with the line to add."""
    found = {}
    for file in sorted(workspace.files):
        line = first_line(file)
        if line is None:
            continue
        with (workspace.folder / file).open(encoding="utf-8-sig", errors="replace") as text:
            head = text.readline(400)
        if not _MODELINE.match(head):
            found[file] = line
    return found
