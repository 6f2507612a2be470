"""The files of templates/messages, read once, and what can be wrong with one by itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jinja2 import TemplateSyntaxError, meta, nodes

from targeting.exports.grammar import count_parts
from targeting.problems import Place, Problem, did_you_mean

if TYPE_CHECKING:
    from targeting.exports.sandbox import MessageEnvironment

FOLDER: Final = "templates/messages"
LARGEST_TEMPLATE: Final = 100_000  # bytes
MOST_PARTS: Final = 5_000  # texts, values, filters and tags a template; compiling takes time

_TAGS: Final = ("if", "elif", "else", "endif", "for", "endfor", "set", "include", "raw", "endraw")


@dataclass(frozen=True)
class Template:
    """One file: its name below templates/messages, its text, its tree where it can be read."""

    name: str
    text: str
    tree: nodes.Template | None = None

    def place(self, line: int, word: str = "") -> Place:
        """Find a word on a line, for a problem."""
        return place(self.name, self.text, line, word)


def place(name: str, text: str, line: int, word: str = "") -> Place:
    """Give the place of a word on a line of a template; the whole line where it is not there."""
    lines = text.splitlines() or [""]
    line = max(1, min(line, len(lines)))
    excerpt = lines[line - 1]
    found = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", excerpt) if word else None
    start, end = found.span() if found else (0, len(excerpt.rstrip()))
    if word and not found and (at := excerpt.find(word)) >= 0:
        start, end = at, at + len(word)
    return Place(f"{FOLDER}/{name}", line, start + 1, max(end + 1, start + 2), excerpt)


def read_templates(folder: Path) -> tuple[dict[str, str], dict[str, Problem]]:
    """Read every file below a workspace's templates/messages; a problem for each that cannot be."""
    root = folder / FOLDER
    texts: dict[str, str] = {}
    unread: dict[str, Problem] = {}
    for path in sorted(root.rglob("*")):
        if not path.is_file():
            continue
        name = path.relative_to(root).as_posix()
        text = _read(path, root)
        if isinstance(text, str):
            texts[name] = text
        else:
            unread[name] = Problem("M102", text[0], Place(f"{FOLDER}/{name}"), text[1])
    return texts, unread


def parse(name: str, text: str, environment: MessageEnvironment) -> tuple[Template, list[Problem]]:
    """Read one template's tree; without a tree where a problem stands in the way."""
    try:
        tree = environment.parse(text, name)
        if count_parts(tree.body) > MOST_PARTS:
            message = f"more than {MOST_PARTS:,} values, filters and tags"
            problem = Problem("M103", message, place(name, text, 1), "make it simpler")
            return Template(name, text), [problem]
        faults = environment.faults(tree)
        if not faults:
            environment.compile(text, name)
    except TemplateSyntaxError as error:
        message, instead, word = _in_plain_words(str(error.message))
        where = place(name, text, error.lineno, word)
        return Template(name, text), [Problem("M103", message, where, instead)]
    except (RecursionError, MemoryError, SyntaxError, ValueError):
        where = place(name, text, 1)
        message = "nested too deep, or a number too long, to be read"
        return Template(name, text), [Problem("M103", message, where, "make it simpler")]
    problems = [
        Problem("M104", f.message, place(name, text, f.line, f.word), f.instead) for f in faults
    ]
    return Template(name, text, None if problems else tree), problems


def includes(template: Template) -> list[tuple[str, int]]:
    """List the files that a template includes, and on which line."""
    if template.tree is None:
        return []
    found = template.tree.find_all(nodes.Include)
    return [
        (str(node.template.value), node.lineno)
        for node in found
        if isinstance(node.template, nodes.Const)
    ]


def names_used(template: Template) -> set[str]:
    """Give the names that a template takes from the customer or the night; includes apart."""
    if template.tree is None:
        return set()
    return meta.find_undeclared_variables(template.tree) - {"range"}


def _read(path: Path, root: Path) -> str | tuple[str, str]:
    """Give the text of a file, or why not and what to do."""
    if not path.resolve().is_relative_to(root.resolve()):
        return "leads out of templates/messages", "copy the file there"
    try:
        if path.stat().st_size > LARGEST_TEMPLATE:
            return "larger than 100 kB", "is this the right file?"
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError:
        return "is not UTF-8", "save it as UTF-8"
    except OSError as error:
        return f"cannot be read: {error.strerror or error}", "check the file"


def _in_plain_words(said: str) -> tuple[str, str | None, str]:
    """Say Jinja's complaint as a message, what to do instead, and the word that it is about."""
    for pattern, answer in _COMPLAINTS:
        if found := re.search(pattern, said, re.DOTALL | re.IGNORECASE):
            return answer(*(_sign(word) for word in found.groups()))
    return said[:1].lower() + said[1:].rstrip("."), None, ""


_Answer = tuple[str, str | None, str]
_COMPLAINTS: Final[tuple[tuple[str, Callable[..., _Answer]], ...]] = (
    (
        r"unknown tag '([^']*)'.*needs to be closed is '(\w+)'",
        lambda tag, opened: (
            f"'{tag}' cannot stand inside {opened}",
            f"close it first: {{% end{opened} %}}",
            tag,
        ),
    ),
    (
        r"unknown tag '([^']*)'",
        lambda tag: (f"'{tag}' is not a tag", did_you_mean(tag, _TAGS, what="tags"), tag),
    ),
    (
        r"needs to be closed is '(\w+)'",
        lambda opened: (f"{opened} is not closed", f"write {{% end{opened} %}} behind it", ""),
    ),
    (
        r"expected token '([^']+)', got '([^']*)'",
        lambda wanted, got: (f"'{got}' cannot stand here", f"{wanted} is expected", got),
    ),
    (
        r"unexpected (?:char )?'([^']*)'",
        lambda got: (f"'{got}' cannot stand here", "compare with the lines around it", got),
    ),
    (
        r"end of comment",
        lambda: ("a comment is not closed", "close it with #}", "{#"),
    ),
    (
        r"unexpected end of template",
        lambda: ("something opened here is not closed", "close it with }} or %}", ""),
    ),
)


def _sign(token: str) -> str:
    signs = {"end of print statement": "}}", "end of statement block": "%}"}
    return signs.get(token, token)
