"""rules/shared.yaml: audiences, lists and guardrails, by name."""

from __future__ import annotations

import re
from collections.abc import Mapping as Lookup
from dataclasses import dataclass, field

from targeting.problems import Problem, did_you_mean
from targeting.workspace.words import CONTACT_KINDS
from targeting.workspace.yaml import Mapping, Node, Scalar, Sequence, YamlFile

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


def read_shared(file: YamlFile | None) -> tuple[Shared, list[Problem]]:
    """Read the outline of the file; conditions are read where they are used."""
    if file is None or file.root is None:
        return Shared(), []
    if not isinstance(file.root, Mapping):
        return Shared(), [Problem("T001", "must be 'key: value' lines", file.root.place)]
    problems: list[Problem] = []
    sections = ("audiences", "lists", "guardrails")
    for key, _ in file.root.entries:
        if key.text not in sections:
            message = f"'{key.text}' is not a key here"
            problems.append(Problem("P001", message, key.place, did_you_mean(key.text, sections)))
    audiences = _entries(file.root.get("audiences"), problems)
    lists = _entries(file.root.get("lists"), problems)
    for name, node in lists:
        if not isinstance(node, Sequence) or not node.items:
            message = f"'{name.text}' must be a list of values"
            problems.append(Problem("T001", message, node.place, f"{name.text}: [one, another]"))
    for name, _ in [*audiences, *lists]:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name.text):
            message = f"'{name.text}' is not a name"
            problems.append(
                Problem("P006", message, name.place, "lower case letters, digits and _")
            )
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
    )
    return shared, problems


def unused(shared: Shared, used: set[str]) -> list[Problem]:
    """Warn of definitions that no rule uses."""
    return [
        Problem("R005", f"'{name}' is used nowhere", place.place, "use it or delete it", "warning")
        for name, place in shared.names.items()
        if name not in used
    ]


def _guardrails(node: Node | None, problems: list[Problem]) -> list[GuardrailNode]:
    found = []
    for kind, named in _entries(node, problems):
        if kind.text not in CONTACT_KINDS:
            message = f"'{kind.text}' is not a kind of rule with guardrails"
            help_ = did_you_mean(kind.text, CONTACT_KINDS)
            problems.append(Problem("P001", message, kind.place, help_))
            continue
        for name, body in _entries(named, problems):
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
    if not isinstance(title, Scalar) or "exclude" not in entries:
        message = f"guardrail '{name.text}' needs a title and exclude"
        problems.append(Problem("P002", message, name.place, "title: …, exclude: [- condition]"))
        return None
    return GuardrailNode(kind, name, title.text, entries["exclude"])


def _entries(node: Node | None, problems: list[Problem]) -> list[tuple[Scalar, Node]]:
    if node is None or (isinstance(node, Scalar) and not node.text):
        return []
    if not isinstance(node, Mapping):
        problems.append(Problem("T001", "must be 'name: …' lines", node.place))
        return []
    return list(node.entries)
