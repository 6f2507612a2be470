"""rules/shared.yaml: audiences, lists and guardrails, by name."""

from __future__ import annotations

import re
from collections.abc import Mapping as Lookup
from dataclasses import dataclass, field

from targeting.problems import Problem, did_you_mean
from targeting.workspace.words import CONTACT_KINDS
from targeting.workspace.yaml import MOST_PROBLEMS, Mapping, Node, Scalar, Sequence, YamlFile

FILE = "rules/shared.yaml"


@dataclass(frozen=True)
class GuardrailNode:
    """A guardrail as it stands in the file."""

    kind: str
    name: Scalar
    title: str
    exclude: Node


@dataclass(frozen=True)
class Shared:
    """The definitions as nodes, read again for the catalogue of each rule that uses them."""

    audiences: Lookup[str, Node] = field(default_factory=dict)
    lists: Lookup[str, Node] = field(default_factory=dict)
    names: Lookup[str, Scalar] = field(default_factory=dict)  # of audiences and lists
    guardrails: tuple[GuardrailNode, ...] = ()
    unsure: bool = False  # the file cannot be read for now: a name that is not here may be there


def read_shared(file: YamlFile | None) -> tuple[Shared, list[Problem]]:
    """Read the outline of the file; conditions are read where they are used."""
    if file is None or file.root is None:
        return Shared(unsure=file is not None and file.broken), []
    if not isinstance(file.root, Mapping):
        help_ = f"begin with one of {', '.join(_SECTIONS)}"
        problem = Problem("T001", "must be 'key: value' lines", file.root.place, help_)
        return Shared(unsure=True), [problem]
    problems: list[Problem] = []
    for key, _ in file.root.entries:
        if key.text not in _SECTIONS and len(problems) < MOST_PROBLEMS:
            message = f"'{key.text}' is not a key here"
            problems.append(Problem("P001", message, key.place, did_you_mean(key.text, _SECTIONS)))
    unsure = bool(problems)
    audiences = _entries(file.root.get("audiences"), problems)
    lists = _entries(file.root.get("lists"), problems)
    for name, node in lists:
        if not isinstance(node, Sequence) or not node.items:
            message = f"'{name.text}' must be a list of values"
            problems.append(Problem("T001", message, node.place, f"{name.text}: [one, another]"))
    _check_names([name for name, _ in [*audiences, *lists]], problems)
    both = {name.text for name, _ in audiences} & {name.text for name, _ in lists}
    for name, _ in lists:
        if name.text in both:
            message = f"'{name.text}' is both an audience and a list"
            problems.append(Problem("R004", message, name.place, "rename one of them"))
    shared = Shared(
        {name.text: node for name, node in audiences},
        {name.text: node for name, node in lists},
        {name.text: name for name, _ in [*audiences, *lists]},
        tuple(_guardrails(file.root.get("guardrails"), problems)),
        unsure,
    )
    return shared, problems


def unused(shared: Shared, used: set[str]) -> list[Problem]:
    """Warn of definitions that no rule uses."""
    return [
        Problem("R005", f"'{name}' is used nowhere", place.place, "use it or delete it", "warning")
        for name, place in shared.names.items()
        if name not in used
    ]


_SECTIONS = ("audiences", "lists", "guardrails")


def _check_names(names: list[Scalar], problems: list[Problem]) -> None:
    for name in names:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name.text):
            help_ = "lower case letters, digits and _, like high_end"
            problems.append(Problem("P006", f"'{name.text}' is not a name", name.place, help_))


def _guardrails(node: Node | None, problems: list[Problem]) -> list[GuardrailNode]:
    found = []
    for kind, named in _entries(node, problems):
        if kind.text not in CONTACT_KINDS:
            message = f"'{kind.text}' is not a kind of rule with guardrails"
            help_ = did_you_mean(kind.text, CONTACT_KINDS)
            problems.append(Problem("P001", message, kind.place, help_))
            continue
        found_names = _entries(named, problems)
        _check_names([name for name, _ in found_names], problems)
        for name, body in found_names:
            guardrail = _guardrail(kind.text, name, body, problems)
            if guardrail is not None:
                found.append(guardrail)
    return found


def _guardrail(
    kind: str, name: Scalar, body: Node, problems: list[Problem]
) -> GuardrailNode | None:
    entries = {key.text: value for key, value in _entries(body, problems)}
    for key, _ in _entries(body, []):
        if key.text not in ("title", "exclude"):
            help_ = did_you_mean(key.text, ("title", "exclude"))
            problems.append(Problem("P001", f"'{key.text}' is not a key here", key.place, help_))
    title = entries.get("title")
    absent = [key for key in ("title", "exclude") if key not in entries]
    misspelled = len(entries) > 2 - len(absent)
    if absent and not misspelled:
        message = f"guardrail '{name.text}' lacks {' and '.join(absent)}"
        problems.append(Problem("P002", message, name.place, f"add a line '{absent[0]}: …'"))
    elif not absent and (not isinstance(title, Scalar) or not title.text):
        place = entries["title"].place
        problems.append(Problem("T001", "a title is one text", place, "title: Nobody under 18"))
    if absent or not isinstance(title, Scalar):
        return None
    return GuardrailNode(kind, name, title.text, entries["exclude"])


def _entries(node: Node | None, problems: list[Problem]) -> list[tuple[Scalar, Node]]:
    if node is None or (isinstance(node, Scalar) and not node.text):
        return []
    if not isinstance(node, Mapping):
        help_ = "write each as  name: …"
        problems.append(Problem("T001", "must be 'name: …' lines", node.place, help_))
        return []
    return list(node.entries)
