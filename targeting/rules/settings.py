"""A rule's settings, and which of two spellings is the misspelled one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from targeting.problems import nearest
from targeting.rules.scope import Scope
from targeting.workspace.yaml import Mapping, Node, Scalar, Sequence


def named_settings(root: Mapping) -> dict[str, Scalar]:
    """Give the settings of a rule by name; one that is no value is there, and empty."""
    node = root.get("settings")
    entries = node.entries if isinstance(node, Mapping) else ()
    return {
        key.text: value if isinstance(value, Scalar) else Scalar("", value.place)
        for key, value in entries
    }


def is_setting(key: Scalar, value: Node) -> bool:
    """Say whether a line under `settings` has the form of one."""
    filled = isinstance(value, Scalar) and value.text != ""
    return filled and re.fullmatch(r"[a-z][a-z0-9_]*", key.text) is not None


def mend_names(root: Mapping, scope: Scope) -> None:
    """Report a setting whose own name is misspelled, and read the rule as if it were not.

    `min_afinity` beside `$min_affinity`: either may be the slip. The name that is used twice, or
    whose words stand elsewhere in the rule or among the fields, is taken for the right one.
    """
    uses = [name for part in ("when", "exclude") for name in _uses(root.get(part))]
    unused = [name for name in scope.settings if name not in uses]
    settings = dict(scope.settings)
    for name in dict.fromkeys(uses):
        meant = nearest(name, unused)
        if name in settings or name in scope.shared.lists or meant is None:
            continue
        familiar = _familiar(name, root, scope) > _familiar(meant, root, scope)
        if uses.count(name) > 1 or familiar:
            settings[name] = settings[meant]
            scope.settings = settings
            message = f"setting '{meant}' is used nowhere, and '${name}' is no setting"
            place = _key(root, meant)
            scope.report("R006", message, place.place, f"did you mean '{name}'?")
            scope.used.add(f"${meant}")


def _uses(node: Node | None) -> Iterator[str]:
    match node:
        case Scalar(text=text, quoted=False) if text.startswith("$"):
            yield text[1:]
        case Mapping(entries=entries):
            for _, value in entries:
                yield from _uses(value)
        case Sequence(items=items):
            for item in items:
                yield from _uses(item)


def _familiar(name: str, root: Mapping, scope: Scope) -> int:
    known = {word for field in scope.catalogue for word in field.split("_")}
    for key, value in root.entries:
        if key.text != "settings":
            known |= set(_words(value))
    return sum(part in known for part in name.split("_"))


def _words(node: Node) -> Iterator[str]:
    match node:
        case Scalar(text=text):
            if not text.startswith("$"):
                yield from re.findall(r"\w+", text.casefold().replace("_", " "))
        case Mapping(entries=entries):
            for _, value in entries:
                yield from _words(value)
        case Sequence(items=items):
            for item in items:
                yield from _words(item)


def _key(root: Mapping, name: str) -> Scalar:
    node = root.get("settings")
    key = node.key(name) if isinstance(node, Mapping) else None
    assert key is not None
    return key
