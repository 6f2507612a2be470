"""A YAML file as nodes that remember where they stand; constructs that mislead are refused."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml

from targeting.problems import Place, Problem
from targeting.workspace.breaks import explain, misread_block
from targeting.workspace.spot import place_at
from targeting.workspace.text import lines_of, read_text, unprintable

DEEPEST = 40
MOST_NODES = 50_000  # 1 MB of `a, a, a, …` takes seconds; no rule file comes near
MOST_PROBLEMS = 100

# libyaml, where it is built in, reads ten times as fast; the two mark errors at the same places.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Scalar:
    """One value, as it was typed."""

    text: str
    place: Place
    quoted: bool = False
    block: bool = False  # a | or > text
    last_line: int = 0  # of a text that goes on over several lines; 0: it does not


@dataclass(frozen=True)
class Mapping:
    """`key: value` lines, in the order of the file, each key once."""

    entries: tuple[tuple[Scalar, Node], ...]
    place: Place

    @cached_property
    def _by_name(self) -> dict[str, tuple[Scalar, Node]]:
        return {key.text: (key, value) for key, value in self.entries}

    def get(self, key: str) -> Node | None:
        """Give the value under a key."""
        return self._by_name[key][1] if key in self._by_name else None

    def key(self, key: str) -> Scalar | None:
        """Give the key itself, for its place."""
        return self._by_name[key][0] if key in self._by_name else None

    @property
    def first(self) -> Place:
        """The place where something missing from this mapping is reported."""
        return self.entries[0][0].place if self.entries else self.place


@dataclass(frozen=True)
class Sequence:
    """`- item` lines or a [list]."""

    items: tuple[Node, ...]
    place: Place


Node = Scalar | Mapping | Sequence


@dataclass(frozen=True)
class YamlFile:
    """One file of the workspace: its name from the workspace's folder on, and what stands in it."""

    name: str
    root: Node | None
    broken: bool = False  # it could not be read, and a problem says why

    @property
    def whole(self) -> Place:
        """The place for a problem of the whole file."""
        return Place(self.name)


def read_yaml(path: Path, name: str) -> tuple[YamlFile, list[Problem]]:
    """Read one file; on any problem the root is None and the problems say why."""
    text, problem = read_text(path, name)
    if problem is not None:
        return YamlFile(name, None, broken=True), [problem]
    return parse_yaml(text, name)


def parse_yaml(text: str, name: str) -> tuple[YamlFile, list[Problem]]:
    """Read YAML from text; see `read_yaml`."""
    lines = lines_of(text)
    problem = unprintable(text, name, lines)
    if problem is not None:
        return YamlFile(name, None, broken=True), [problem]
    reader = _Reader(name, lines)
    try:
        root = reader.read(text)
    except yaml.MarkedYAMLError as error:
        reader.problems.append(explain(error, name, lines, reader.long_quotes))
    except _Stop as stop:
        reader.problems.append(stop.problem)
    if reader.problems:
        return YamlFile(name, None, broken=True), reader.problems[:MOST_PROBLEMS]
    return YamlFile(name, root), []


class _Stop(Exception):
    """The rest of the file is not worth reading."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.problem = problem


class _Reader:
    """Builds nodes from PyYAML's events, so that nothing is resolved or expanded on the way."""

    def __init__(self, name: str, lines: tuple[str, ...]) -> None:
        self.name = name
        self.lines = lines
        self.problems: list[Problem] = []
        self.long_quotes: list[tuple[Place, int]] = []  # quoted texts over lines, and their last
        self.count = 0

    def read(self, text: str) -> Node | None:
        events = iter(yaml.parse(text, Loader=_Loader))
        root: Node | None = None
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    where = self._at(event)
                    raise _Stop(
                        Problem("Y005", "a second document starts here", where, "delete the ---")
                    )
                if event.version or event.tags:
                    where = place_at(self.name, self.lines, 1, 1)
                    self._note("Y004", "a % line is not used here", where, "delete the line")
            elif isinstance(event, yaml.NodeEvent):
                node = self._node(event, events, 0)
                root = node if root is None else root
        return root

    def _node(self, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> Node:
        self.count += 1
        if self.count > MOST_NODES:
            message = f"holds more than {MOST_NODES:,} words"
            raise _Stop(Problem("Y007", message, Place(self.name), "is this the right file?"))
        if len(self.problems) >= MOST_PROBLEMS:
            raise _Stop(self.problems[-1])
        place = self._at(event)
        if depth > DEEPEST:
            message = f"nested deeper than {DEEPEST} levels"
            raise _Stop(Problem("Y003", message, place, "flatten it"))
        self._refuse_traps(event, place)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(place, events, depth)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(place, events, depth)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, place)
        return Scalar("", place)  # an alias: refused already

    def _scalar(self, event: yaml.ScalarEvent, place: Place) -> Scalar:
        quoted = event.style in ("'", '"')
        block = event.style in ("|", ">")
        assert event.end_mark is not None
        last = 0 if block or event.end_mark.line < place.line else event.end_mark.line + 1
        if quoted and last:
            self.long_quotes.append((place, last))
        if block and (problem := misread_block(place)) is not None:
            self.problems.append(problem)
        return Scalar(unicodedata.normalize("NFC", str(event.value)), place, quoted, block, last)

    def _sequence(self, place: Place, events: Iterator[yaml.Event], depth: int) -> Sequence:
        items = []
        while not isinstance(inner := next(events), yaml.SequenceEndEvent):
            items.append(self._node(inner, events, depth + 1))
        return Sequence(tuple(items), self._closed(place, inner))

    def _mapping(self, place: Place, events: Iterator[yaml.Event], depth: int) -> Mapping:
        entries: list[tuple[Scalar, Node]] = []
        seen: dict[str, Scalar] = {}
        while not isinstance(inner := next(events), yaml.MappingEndEvent):
            key = self._node(inner, events, depth + 1)
            value = self._node(next(events), events, depth + 1)
            if not isinstance(key, Scalar):
                self._note("Y006", "a key must be a word", key.place, "one word and a colon")
            elif key.text == "<<" and not key.quoted:
                instead = "write the lines out, or name an audience"
                self._note("Y004", "merge keys (<<) are not used here", key.place, instead)
            elif key.text in seen:
                first = seen[key.text].place.line
                message = f"'{key.text}' stands twice: here and on line {first}"
                self._note("Y002", message, key.place, "keep one of the two")
            else:
                seen[key.text] = key
                entries.append((key, value))
        return Mapping(tuple(entries), self._closed(place, inner))

    def _refuse_traps(self, event: yaml.Event, place: Place) -> None:
        if isinstance(event, yaml.AliasEvent):
            self._note("Y004", "aliases (*) are not used here", place, _NAME_IT)
        elif getattr(event, "anchor", None):
            self._note("Y004", "anchors (&) are not used here", place, _NAME_IT)
        elif getattr(event, "tag", None):
            self._note("Y004", "tags (!) are not used here", place, 'quote the text: "!text"')

    def _note(self, code: str, message: str, place: Place, instead: str) -> None:
        self.problems.append(Problem(code, message, place, instead))

    def _at(self, event: yaml.Event) -> Place:
        start, end = event.start_mark, event.end_mark
        assert start is not None
        assert end is not None
        line, column = start.line + 1, start.column + 1
        if isinstance(event, yaml.ScalarEvent) and end.line == start.line:
            return place_at(self.name, self.lines, line, column, end.column + 1)
        text = self.lines[start.line] if start.line < len(self.lines) else ""
        return place_at(self.name, self.lines, line, column, len(text.rstrip()) + 1)

    def _closed(self, place: Place, end: yaml.Event) -> Place:
        """End the place of a [list] or {mapping} at its closing sign."""
        mark = end.end_mark
        signed = place.excerpt[place.column - 1 : place.column] in ("[", "{")
        if mark is None or not signed:
            return place
        self._refuse_comma(mark.line + 1, mark.column)
        if mark.line + 1 != place.line:
            return place
        return place_at(self.name, self.lines, place.line, place.column, mark.column + 1)

    def _refuse_comma(self, line: int, closed: int) -> None:
        """Refuse `[A, ]`: something was there, or the comma is one too many."""
        before = self.lines[line - 1][: closed - 1].rstrip()
        if before.endswith(","):
            where = place_at(self.name, self.lines, line, len(before))
            self._note("Y010", "nothing follows this comma", where, "delete it, or add a value")


_NAME_IT = 'give it a name in rules/shared.yaml; a text that starts so is put in quotes: "*text"'
