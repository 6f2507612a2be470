"""YAML files that stand where nobody reads them: a rule so misplaced would silently do nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from targeting.problems import Place, Problem, nearest
from targeting.workspace.words import RULE_KINDS

_FOLDERS = ("rules", "segments", "exports")
_BELOW_RULES = (*RULE_KINDS, "tests")


def visible(folder: Path) -> Iterator[Path]:
    """Give the .yaml files of a folder; those that begin with a dot are an editor's."""
    return (path for path in folder.glob("*.yaml") if not path.name.startswith("."))


def strays(folder: Path, known: Collection[str]) -> list[Problem]:
    """Find YAML files that are in no place where a workspace keeps one."""
    inside = [path for name in _FOLDERS for path in (folder / name).rglob("*")]
    found = []
    for path in sorted([*folder.glob("targeting.*"), *inside]):
        name = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in name.parts)
        is_yaml = path.suffix.lower() in (".yaml", ".yml")
        if is_yaml and not hidden and path.is_file() and name.as_posix() not in known:
            found.append(_stray(name))
    return found


def _stray(name: Path) -> Problem:
    if name.suffix != ".yaml":
        message = "nobody reads a file with this ending"
        return Problem("P006", message, Place(name.as_posix()), f"rename it to {name.stem}.yaml")
    message = "nobody reads a file in this place"
    return Problem("P006", message, Place(name.as_posix()), f"move it to {_proper(name)}")


def _proper(name: Path) -> str:
    below = "" if len(name.parts) < 3 else name.parts[1]
    if name.parts[0] != "rules":
        return f"{name.parts[0]}/" if name.parts[0] == "exports" else "no place: delete it"
    if len(name.parts) == 2 and (near := nearest(name.stem, ("shared", "policy"))) is not None:
        return f"rules/{near}.yaml"
    kind = nearest(below, _BELOW_RULES) if below else None
    return f"rules/{kind or ', rules/'.join(_BELOW_RULES)}/"
