"""Fields that are alike: one type, the same values, and so the same tests."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from targeting.workspace.catalogue import Catalogue, Field
from targeting.workspace.columns import FieldType
from targeting.workspace.schema.names import Named, Names
from targeting.workspace.schema.parts import DATE, NUMBER, YES_NO, Typed, in_snippet, spelled

_VALUE: dict[str, Typed] = {"number": NUMBER, "date": DATE, "yes/no": YES_NO}
_EXAMPLE = {"number": "5", "date": "2026-11-24", "yes/no": "yes", "word": "…", "list": "…"}


@dataclass(frozen=True)
class Alike:
    """Fields that may stand in for one another in the schema: one type, the same values."""

    family: str  # number (money too), word (category, text), date, yes/no, list
    type: FieldType
    values: Names | None
    names: Names
    others: Names  # every field that these may be compared with
    lists: Names  # shared lists that fit, with the $

    @property
    def definition(self) -> str:
        """The name of the definition that holds the operators."""
        return f"test_of_{self.names[0]}"

    @property
    def value(self) -> Typed | None:
        """How one value is typed; None for words."""
        return _VALUE.get(self.family)

    @property
    def example(self) -> str:
        """A value to begin with."""
        return in_snippet(spelled(self.values[0])) if self.values else _EXAMPLE[self.family]


def groups(catalogue: Catalogue, named: Named) -> list[Alike]:
    """Sort the fields into groups, so that a schema names each test once."""
    by_kind: dict[tuple[FieldType, Names | None], list[str]] = {}
    for field in catalogue.values():
        kind: FieldType = "number" if field.type == "money" else field.type
        by_kind.setdefault((kind, field.values), []).append(field.name)
    found = []
    for (kind, values), names in by_kind.items():
        like = family(catalogue[names[0]])
        others = tuple(name for name, field in catalogue.items() if family(field) == like)
        lists = _lists(named, like, values)
        found.append(Alike(like, kind, values, tuple(names), others, lists))
    return found


def _lists(named: Named, like: str, values: Names | None) -> Names:
    """Name the shared lists of which at least one value fits."""
    if like not in ("word", "list"):
        return ()
    return tuple(
        f"${name}"
        for name, held in named.lists.items()
        if values is None or set(values) & set(held)
    )


def family(field: Field) -> str:
    """Name what a field can be compared with: numbers and money alike, words alike."""
    if field.type in ("number", "money"):
        return "number"
    return "word" if field.type in ("category", "text") else field.type


def json_types(values: Iterable[str]) -> list[str]:
    """Say which types YAML makes of words as they are typed: `1` is a number to it."""
    kinds = {type(twin) for value in values for twin in [_twin(value)] if twin is not None}
    found = ["number"] if kinds & {int, float} else []
    return ["string", *found, *(["boolean"] if bool in kinds else [])]


def as_yaml_reads(values: Iterable[str]) -> list[object]:
    """List words, each with what YAML makes of it where that is no text."""
    return [one for value in values for one in (value, _twin(value)) if one is not None]


def _twin(value: str) -> bool | int | float | None:
    if value in ("true", "True", "TRUE", "false", "False", "FALSE"):
        return value.lower() == "true"
    if re.fullmatch(r"[-+]?\d{1,15}", value, re.ASCII):
        return int(value)
    if re.fullmatch(r"[-+]?(\d+\.\d*|\.\d+)", value, re.ASCII):
        return float(value)
    return None
