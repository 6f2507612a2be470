"""A folder becomes what its owner wrote: the one door to a workspace's files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from targeting.problems import Place, Problem
from targeting.workspace.catalogue import Catalogue, customer_fields, product_fields
from targeting.workspace.databases import DeliverForm
from targeting.workspace.destinations import Destination
from targeting.workspace.forms import F, read_form
from targeting.workspace.policy import Policy
from targeting.workspace.scores import Scores, Segments
from targeting.workspace.settings import Settings
from targeting.workspace.strays import strays, visible
from targeting.workspace.words import RULE_KINDS
from targeting.workspace.yaml import YamlFile, read_yaml


@dataclass(frozen=True)
class Workspace:
    """What the owner of a folder wrote, read once; rules are still nodes."""

    folder: Path
    settings: Settings
    segments: Segments | None
    scores: Scores | None
    policy: Policy
    destinations: Mapping[str, Destination]
    customer_fields: Catalogue
    product_fields: Catalogue
    files: Mapping[str, YamlFile]  # every YAML file by its name, for places
    unsure: frozenset[str] = frozenset()  # files whose problems hide what they say

    def rule_files(self, kind: str) -> list[YamlFile]:
        """Give the rule files of a kind, by name."""
        start = f"rules/{kind}/"
        return [file for name, file in sorted(self.files.items()) if name.startswith(start)]

    @property
    def deliveries(self) -> dict[str, DeliverForm]:
        """Give the tables that active destinations of contacts deliver to, by destination."""
        return {
            name: form.deliver
            for name, form in sorted(self.destinations.items())
            if form.active and form.of == "contacts" and form.deliver is not None
        }

    def place(self, file: str, *path: str) -> Place:
        """Find the place of a setting, for a problem that shows only with the data."""
        from targeting.workspace.yaml import Mapping as YamlMapping

        read = self.files.get(file)
        if read is None or read.root is None:
            return Place(file)
        node, place = read.root, read.whole
        for key in path:
            if not isinstance(node, YamlMapping) or (inner := node.get(key)) is None:
                break
            node, place = inner, inner.place
        return place


def load(folder: Path) -> tuple[Workspace | None, list[Problem]]:
    """Read every file of a workspace; with errors in the settings there is none."""
    if not (folder / "targeting.yaml").is_file():
        message = "no workspace here: targeting.yaml is not in this folder"
        help_ = "go to the workspace's folder, name it with -w DIR, or make one: targeting init DIR"
        return None, [Problem("W001", message, Place(str(folder)), help_)]
    reader = _Reader(folder)
    settings = reader.form("targeting.yaml", Settings)
    segments = reader.form("segments/customers.yaml", Segments)
    scores = reader.form("segments/likelihood.yaml", Scores)
    policy = reader.form("rules/policy.yaml", Policy)
    destinations = {
        path.stem: form
        for path in sorted(visible(folder / "exports"))
        if (form := reader.form(f"exports/{path.name}", Destination)) is not None
    }
    reader.files_only(["rules/shared.yaml"], *(f"rules/{kind}" for kind in (*RULE_KINDS, "tests")))
    reader.problems += strays(folder, reader.files)
    if settings is None:
        return None, reader.problems
    workspace = Workspace(
        folder=folder,
        settings=settings,
        segments=segments,
        scores=scores,
        policy=policy or Policy(channels={}),
        destinations=destinations,
        customer_fields=customer_fields(settings, segments, scores),
        product_fields=product_fields(settings, segments),
        files=reader.files,
        unsure=frozenset(p.place.file for p in reader.problems if p.severity == "error"),
    )
    return workspace, reader.problems


class _Reader:
    """Collects files and problems on the way through the folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: dict[str, YamlFile] = {}
        self.problems: list[Problem] = []

    def form(self, name: str, form: type[F]) -> F | None:
        """Read one file as a form; None where it is absent or has problems."""
        if not (self.folder / name).exists():
            return None
        file = self._file(name)
        if file.broken:
            return None
        value, problems = read_form(file, form)
        self.problems += problems
        return value

    def files_only(self, names: list[str], *folders: str) -> None:
        """Read the files that other packages make sense of."""
        for name in names:
            if (self.folder / name).exists():
                self._file(name)
        for below in folders:
            for path in sorted(visible(self.folder / below)):
                self._file(f"{below}/{path.name}")

    def _file(self, name: str) -> YamlFile:
        file, problems = read_yaml(self.folder / name, name)
        self.files[name] = file
        self.problems += problems
        return file
