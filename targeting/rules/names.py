"""Names and priorities of rules: proper, and taken by one rule each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from targeting.problems import Place, Problem
from targeting.rules.model import Kind
from targeting.workspace.yaml import YamlFile


def clashes(
    priorities: Sequence[tuple[Kind, int, str, Place]], files: Sequence[YamlFile]
) -> list[Problem]:
    """Find names that two kinds share and priorities that two rules of a kind share."""
    problems = []
    taken: dict[tuple[Kind, int], str] = {}
    numbers = {(kind, number) for kind, number, _, _ in priorities}
    for kind, number, name, place in sorted(priorities, key=lambda p: p[3]):
        first = taken.setdefault((kind, number), name)
        if first != name:
            free = next(
                n for n in range(number + 1, number + 2 + len(numbers)) if (kind, n) not in numbers
            )
            message = f"priority {number} is {first}'s already"
            problems.append(Problem("P008", message, place, f"type {free}, which is free"))
    by_name: dict[str, str] = {}
    for file in sorted(files, key=lambda file: file.name):
        first = by_name.setdefault(PurePosixPath(file.name).stem, file.name)
        if first != file.name:
            message = f"a rule of this name stands in {first} too"
            problems.append(Problem("P007", message, file.whole, "rename one of the files"))
    return problems


def proper_name(name: str) -> str:
    """Propose a name for a rule whose file has none."""
    words = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    return words if re.match(r"[a-z]", words) else f"rule_{words}".rstrip("_")
