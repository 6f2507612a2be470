"""What the files of a workspace name, for completion: audiences, lists, channels, templates."""

from __future__ import annotations

from collections.abc import Mapping as Lookup
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from targeting.workspace.load import Workspace
from targeting.workspace.words import CONTACT_KINDS, RULE_KINDS
from targeting.workspace.yaml import Mapping, Node, Scalar, Sequence

SHARED = "rules/shared.yaml"
POLICY = "rules/policy.yaml"

Names = tuple[str, ...]


@dataclass(frozen=True)
class Named:
    """Names by what they stand for; None where the file that defines them cannot be read."""

    audiences: Names | None
    lists: Lookup[str, Names]  # name -> values
    guardrails: Lookup[str, Names | None]  # kind of rule -> names
    channels: Names | None
    templates: Names
    rules: Lookup[str, Names]  # kind of rule -> names

    @property
    def all_rules(self) -> Names:
        """Every rule's name."""
        return tuple(name for kind in RULE_KINDS for name in self.rules[kind])


def read_names(workspace: Workspace) -> Named:
    """Collect the names; files with errors give what they can."""
    shared = workspace.files.get(SHARED)
    root = shared.root if shared is not None else None
    unsure = SHARED in workspace.unsure
    policy_unsure = POLICY in workspace.unsure
    return Named(
        audiences=None if unsure else _keys(_below(root, "audiences")),
        lists=_lists(_below(root, "lists")),
        guardrails={
            kind: None if unsure else _keys(_below(root, "guardrails", kind))
            for kind in CONTACT_KINDS
        },
        channels=None if policy_unsure else tuple(workspace.policy.channels),
        templates=_templates(workspace.folder),
        rules={kind: _rules(workspace, kind) for kind in RULE_KINDS},
    )


def _templates(folder: Path) -> Names:
    found = (folder / "templates" / "messages").glob("*")
    return tuple(sorted(p.name for p in found if p.is_file() and not p.name.startswith(".")))


def _rules(workspace: Workspace, kind: str) -> Names:
    return tuple(PurePosixPath(file.name).stem for file in workspace.rule_files(kind))


def _lists(node: Node | None) -> dict[str, Names]:
    if not isinstance(node, Mapping):
        return {}
    return {
        key.text: tuple(item.text for item in value.items if isinstance(item, Scalar))
        for key, value in node.entries
        if isinstance(value, Sequence)
    }


def _below(node: Node | None, *path: str) -> Node | None:
    for key in path:
        node = node.get(key) if isinstance(node, Mapping) else None
    return node


def _keys(node: Node | None) -> Names:
    return tuple(key.text for key, _ in node.entries) if isinstance(node, Mapping) else ()
