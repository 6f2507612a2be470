"""A YAML file as nodes that remember where they stand; constructs that mislead are refused."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from targeting.problems import Place, Problem

LARGEST_FILE = 1_000_000
DEEPEST = 40


@dataclass(frozen=True)
class Scalar:
    """One value, as it was typed."""

    text: str
    place: Place
    quoted: bool = False
    block: bool = False  # a | or > text


@dataclass(frozen=True)
class Mapping:
    """`key: value` lines, in the order of the file, each key once."""

    entries: tuple[tuple[Scalar, Node], ...]
    place: Place

    def get(self, key: str) -> Node | None:
        """Give the value under a key."""
        return next((node for name, node in self.entries if name.text == key), None)

    def key(self, key: str) -> Scalar | None:
        """Give the key itself, for its place."""
        return next((name for name, _ in self.entries if name.text == key), None)

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

    @property
    def whole(self) -> Place:
        """The place for a problem of the whole file."""
        return Place(self.name)


def read_yaml(path: Path, name: str) -> tuple[YamlFile, list[Problem]]:
    """Read one file; on any problem the root is None and the problems say why."""
    text, problem = _read_text(path, name)
    if problem is not None:
        return YamlFile(name, None), [problem]
    return parse_yaml(text, name)


def parse_yaml(text: str, name: str) -> tuple[YamlFile, list[Problem]]:
    """Read YAML from text; see `read_yaml`."""
    lines = tuple(re.split(r"\r\n|\r|\n|\x85|\u2028|\u2029", text))
    trap = _look_for_traps(name, lines)
    try:
        reader = _Reader(name, lines)
        root = reader.read(text)
    except yaml.MarkedYAMLError as error:
        return YamlFile(name, None), [trap or _syntax_problem(name, lines, error)]
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        column = error.position - (text.rfind("\n", 0, error.position) + 1) + 1
        where = _place(name, lines, line, column, column + 1)
        sign = error.character if isinstance(error.character, int) else ord(error.character[:1])
        shown = f"the character U+{sign:04X} cannot stand in YAML"
        return YamlFile(name, None), [Problem("Y001", shown, where, "delete it")]
    except _TooDeep as error:
        message = f"nested deeper than {DEEPEST} levels"
        return YamlFile(name, None), [Problem("Y003", message, error.place, "flatten it")]
    except RecursionError:
        message = f"nested deeper than {DEEPEST} levels"
        return YamlFile(name, None), [Problem("Y003", message, Place(name), "flatten it")]
    if trap is not None and trap.place.line not in {p.place.line for p in reader.problems}:
        reader.problems.append(trap)
    if reader.problems:
        return YamlFile(name, None), reader.problems
    return YamlFile(name, root), []


def plain(node: Node | None) -> object:
    """Strip the places: texts, lists and dicts, every scalar as it was typed."""
    match node:
        case Scalar(text=text):
            return text
        case Mapping(entries=entries):
            return {key.text: plain(value) for key, value in entries}
        case Sequence(items=items):
            return [plain(item) for item in items]
        case None:
            return None


class _TooDeep(Exception):
    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place


class _Reader:
    """Builds nodes from PyYAML's events, so that nothing is resolved or expanded on the way."""

    def __init__(self, name: str, lines: tuple[str, ...]) -> None:
        self.name = name
        self.lines = lines
        self.problems: list[Problem] = []

    def read(self, text: str) -> Node | None:
        events = iter(yaml.parse(text, Loader=yaml.SafeLoader))
        root: Node | None = None
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._refuse("Y005", "a second document starts here", event, "delete the ---")
            elif isinstance(event, yaml.NodeEvent):
                node = self._node(event, events, 0)
                root = node if root is None else root
        return root

    def _node(self, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> Node:
        place = self._at(event)
        if depth > DEEPEST:
            raise _TooDeep(place)
        self._refuse_traps(event)
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            while not isinstance(inner := next(events), yaml.SequenceEndEvent):
                items.append(self._node(inner, events, depth + 1))
            return Sequence(tuple(items), place)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(place, events, depth)
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(
                unicodedata.normalize("NFC", str(event.value)),
                place,
                quoted=event.style in ("'", '"'),
                block=event.style in ("|", ">"),
            )
        return Scalar("", place)  # an alias: refused already

    def _mapping(self, place: Place, events: Iterator[yaml.Event], depth: int) -> Mapping:
        entries: list[tuple[Scalar, Node]] = []
        seen: dict[str, Scalar] = {}
        while not isinstance(inner := next(events), yaml.MappingEndEvent):
            key = self._node(inner, events, depth + 1)
            value = self._node(next(events), events, depth + 1)
            if not isinstance(key, Scalar):
                self.problems.append(
                    Problem("Y006", "a key must be a word", key.place, "one word and a colon")
                )
                continue
            if key.text == "<<" and not key.quoted:
                message = "merge keys (<<) are not used here"
                self.problems.append(
                    Problem("Y004", message, key.place, "write the lines out, or name an audience")
                )
            if key.text in seen:
                first = seen[key.text].place.line
                message = f"'{key.text}' stands twice: here and on line {first}"
                self.problems.append(Problem("Y002", message, key.place, "keep one of the two"))
                continue
            seen[key.text] = key
            entries.append((key, value))
        return Mapping(tuple(entries), place)

    def _refuse_traps(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.AliasEvent):
            self._refuse("Y004", "aliases (*) are not used here", event, _NAME_IT)
        elif getattr(event, "anchor", None):
            self._refuse("Y004", "anchors (&) are not used here", event, _NAME_IT)
        if getattr(event, "tag", None):
            self._refuse("Y004", "tags (!) are not used here", event, 'quote the text: "!text"')

    def _refuse(self, code: str, message: str, event: yaml.Event, instead: str) -> None:
        self.problems.append(Problem(code, message, self._at(event), instead))

    def _at(self, event: yaml.Event) -> Place:
        start, end = event.start_mark, event.end_mark
        assert start is not None
        assert end is not None
        line, column = start.line + 1, start.column + 1
        one_line = end.line == start.line and end.column > start.column
        if one_line and isinstance(event, yaml.ScalarEvent):
            return _place(self.name, self.lines, line, column, end.column + 1)
        text = self.lines[start.line] if start.line < len(self.lines) else ""
        return _place(self.name, self.lines, line, column, max(column + 1, len(text.rstrip()) + 1))


_NAME_IT = 'shared things get a name in rules/shared.yaml; a text that starts so is quoted: "*text"'

_TRAPS = (
    (re.compile(r"^\s*(\t)"), "a tab at the start of a line", "indent with spaces"),
    (
        re.compile(r"^[^#'\"]*?:\s+([>|]-?\s*-?\d[\d.]*%?)\s*(#.*)?$"),
        "a text block to YAML, not a comparison",
        "compare in words: {more_than: 2}",
    ),
    (
        re.compile(r"^[^#'\"]*?(?::|-)\s+([%@`][^\s#]*)"),
        "no way to begin a value",
        "put the text in quotes",
    ),
)


def _look_for_traps(name: str, lines: tuple[str, ...]) -> Problem | None:
    for number, line in enumerate(lines, start=1):
        for pattern, what, instead in _TRAPS:
            found = pattern.match(line)
            if found:
                where = _place(name, lines, number, found.start(1) + 1, found.end(1) + 1)
                return Problem("Y001", f"{found[1].strip() or 'this'!s} is {what}", where, instead)
    return None


def _syntax_problem(name: str, lines: tuple[str, ...], error: yaml.MarkedYAMLError) -> Problem:
    problem = str(error.problem or error.context or "cannot be read")
    mark = error.problem_mark or error.context_mark
    instead = "compare with the lines around it: indentation, colons, quotes, brackets"
    if error.context_mark is not None and "flow" in str(error.context or ""):
        mark = error.context_mark
        opened = lines[mark.line][mark.column : mark.column + 1] if mark.line < len(lines) else ""
        problem = f"the {opened or 'bracket'} opened here is not closed"
        instead = "close it with " + {"[": "]", "{": "}"}.get(opened, "its bracket")
    elif "quoted scalar" in str(error.context or "") and error.context_mark is not None:
        mark = error.context_mark
        problem, instead = "the quotation mark opened here is not closed", "close it on the line"
    elif "mapping values are not allowed" in problem:
        problem = "a second colon on one line"
        instead = "put a text that holds ': ' in quotes, or begin a new line"
    elif "could not find expected ':'" in problem and error.context_mark is not None:
        mark = error.context_mark
        problem, instead = "a key without its colon", "write key: value"
    elif "expected <block end>" in problem:
        problem, instead = "this line is indented unlike its neighbours", "line it up with them"
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    return Problem("Y001", problem, _place(name, lines, line, column, column + 1), instead)


def _place(name: str, lines: tuple[str, ...], line: int, column: int, end: int) -> Place:
    line = min(line, max(1, len(lines)))
    excerpt = lines[line - 1] if lines else ""
    column = max(1, min(column, len(excerpt) + 1))
    return Place(name, line, column, max(end, column + 1), excerpt)


def _read_text(path: Path, name: str) -> tuple[str, Problem | None]:
    try:
        if path.stat().st_size > LARGEST_FILE:
            message = "larger than 1 MB"
            return "", Problem("Y007", message, Place(name), "is this the right file?")
        raw = path.read_bytes()
    except OSError as error:
        return "", Problem(
            "Y008", f"cannot be read: {error.strerror or error}", Place(name), "check the file"
        )
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "", Problem("Y009", "is UTF-16", Place(name), "save it as UTF-8")
    try:
        return raw.decode("utf-8-sig"), None
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        where = Place(name, line, error.start - (raw.rfind(b"\n", 0, error.start) + 1) + 1)
        return "", Problem("Y009", "is not UTF-8", where, "save it as UTF-8")
