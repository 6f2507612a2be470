"""The files of templates/messages, read once, and what can be wrong with one by itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jinja2 import TemplateSyntaxError, meta, nodes

from targeting.problems import Place, Problem, did_you_mean
from targeting.workspace.catalogue import Catalogue

if TYPE_CHECKING:
    from targeting.exports.sandbox import MessageEnvironment

FOLDER: Final = "templates/messages"
LARGEST_TEMPLATE: Final = 100_000  # bytes
OTHER_NAMES: Final = ("offer", "rule", "as_of", "shop")
SUBJECT: Final = "Subject:"

_UNSUBSCRIBE: Final = "unsubscrib"
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


def unknown_names(template: Template, fields: Catalogue) -> list[Problem]:
    """Report each name that is no field, where it stands first."""
    known = (*fields, *OTHER_NAMES)
    problems = []
    for name in sorted(names_used(template) - set(known)):
        where = template.place(_first_line(template, name), name)
        message = f"'{name}' is not a field"
        problems.append(Problem("M105", message, where, did_you_mean(name, known)))
    return problems


def unguarded_names(template: Template, fields: Catalogue) -> list[Problem]:
    """Warn of each field that may be missing and stands without default(...)."""
    if template.tree is None:
        return []
    first: dict[str, int] = {}
    for name, line in _unguarded(template.tree, frozenset()):
        if name in fields and fields[name].may_be_missing:
            first.setdefault(name, line)
    return [
        Problem(
            "M109",
            f"'{name}' may be missing, and the run stops at a customer without it",
            template.place(line, name),
            f'say what stands instead: {{{{ {name} | default("…") }}}}',
            "warning",
        )
        for name, line in first.items()
    ]


def subject_problems(template: Template, known: Mapping[str, Template]) -> list[Problem]:
    """Check the first line of an e-mail: `Subject: ` and something after it."""
    if template.tree is None:
        return []
    late = [
        (line, text)
        for line, text in enumerate(template.text.splitlines(), start=1)
        if text.lstrip().lower().startswith(SUBJECT.lower())
    ]
    if _begins_with_subject(template.tree.body, known, (template.name,)):
        empty = [line for line, text in late if not text.lstrip()[len(SUBJECT) :].strip()]
        if empty:
            where = template.place(empty[0], SUBJECT)
            return [Problem("M107", "the subject is empty", where, _SUBJECT_FORM)]
        return []
    if late:
        where = template.place(late[0][0], late[0][1].strip()[: len(SUBJECT)])
        spelled = late[0][1].lstrip().startswith(SUBJECT)
        message = (
            "the subject is not the first line"
            if spelled
            else f"'{late[0][1].strip()[: len(SUBJECT)]}' is spelled 'Subject:'"
        )
        return [Problem("M107", message, where, _SUBJECT_FORM)]
    return [Problem("M107", "an e-mail without a subject", template.place(1), _SUBJECT_FORM)]


def mentions_unsubscribing(template: Template, known: Mapping[str, Template]) -> bool:
    """Tell whether every message of a template has words or a link for unsubscribing.

    Words: `unsubscrib` in any case; a link: a name that begins with `unsubscribe`. Either stands
    outside of if and for, in the template or in one that it includes.
    """
    if template.tree is None:
        return True  # its own problem comes first
    return _unsubscribes(template.tree.body, known, (template.name,))


_SUBJECT_FORM: Final = "the first line: Subject: {{ shop.name }} has something for you"


def _unsubscribes(
    body: Iterable[nodes.Node], known: Mapping[str, Template], path: tuple[str, ...]
) -> bool:
    for node in body:
        match node:
            case nodes.Output():
                for part in node.find_all((nodes.TemplateData, nodes.Const, nodes.Name)):
                    if _UNSUBSCRIBE in str(getattr(part, "data", "")).lower():
                        return True
                    if isinstance(part, nodes.Const) and _UNSUBSCRIBE in str(part.value).lower():
                        return True
                    if isinstance(part, nodes.Name) and part.name.startswith("unsubscribe"):
                        return True
            case nodes.If(body=then, elif_=others, else_=last) if last:
                branches = [then, *(other.body for other in others), last]
                if all(_unsubscribes(branch, known, path) for branch in branches):
                    return True
            case nodes.Include(template=nodes.Const(value=name)):
                inner = _inner(name, known, path)
                if _unsubscribes(inner, known, (*path, name)):
                    return True
    return False


def _inner(name: str, known: Mapping[str, Template], path: tuple[str, ...]) -> Iterable[nodes.Node]:
    """Give what an included template holds; nothing where it is absent or includes itself."""
    template = known.get(name)
    return template.tree.body if template and template.tree and name not in path else []


def _begins_with_subject(
    body: Iterable[nodes.Node], known: Mapping[str, Template], path: tuple[str, ...]
) -> bool:
    for node in body:
        match node:
            case nodes.Assign():
                continue
            case nodes.Output(nodes=[nodes.TemplateData(data=data)]) if not data.strip():
                continue
            case nodes.Output(nodes=[nodes.TemplateData(data=data), *_]):
                return bool(data.lstrip().startswith(SUBJECT))
            case nodes.If(body=then, elif_=others, else_=last):
                branches = [then, *(other.body for other in others), last]
                return all(_begins_with_subject(branch, known, path) for branch in branches)
            case nodes.Include(template=nodes.Const(value=name)):
                return _begins_with_subject(_inner(name, known, path), known, (*path, name))
            case _:
                return False
    return False


def _unguarded(node: nodes.Node, sure: frozenset[str]) -> Iterator[tuple[str, int]]:
    """Walk to names that are read where nothing says what happens when they are missing."""
    match node:
        case nodes.Name(name=name, ctx="load"):
            if name not in sure:
                yield name, node.lineno
        case nodes.Filter(name="default" | "d", node=nodes.Node() as value, args=args):
            yield from _inside(args, sure | {n.name for n in _names(value)})
        case nodes.Test(name="defined" | "undefined"):
            return
        case nodes.If(test=test, body=body, elif_=others, else_=last):
            yield from _unguarded(test, sure)
            yield from _inside(body, sure | _defined_if(test))
            yield from _inside([*others, *last], sure | _defined_unless(test))
        case nodes.CondExpr(test=test, expr1=one, expr2=other):
            yield from _unguarded(test, sure)
            yield from _unguarded(one, sure | _defined_if(test))
            if other is not None:
                yield from _unguarded(other, sure | _defined_unless(test))
        case nodes.And(left=left, right=right):
            yield from _unguarded(left, sure)
            yield from _unguarded(right, sure | _defined_if(left))
        case nodes.Or(left=left, right=right):
            yield from _unguarded(left, sure)
            yield from _unguarded(right, sure | _defined_unless(left))
        case _:
            yield from _inside(node.iter_child_nodes(), sure)


def _inside(parts: Iterable[nodes.Node], sure: frozenset[str]) -> Iterator[tuple[str, int]]:
    for part in parts:
        yield from _unguarded(part, sure)


def _defined_if(test: nodes.Node) -> frozenset[str]:
    """Give the names that have a value wherever a test is met."""
    match test:
        case nodes.Test(name="defined", node=nodes.Name(name=name)):
            return frozenset([name])
        case nodes.And(left=left, right=right):
            return _defined_if(left) | _defined_if(right)
        case nodes.Not(node=inner):
            return _defined_unless(inner)
    return frozenset()


def _defined_unless(test: nodes.Node) -> frozenset[str]:
    """Give the names that have a value wherever a test is not met."""
    match test:
        case nodes.Test(name="undefined", node=nodes.Name(name=name)):
            return frozenset([name])
        case nodes.Or(left=left, right=right):
            return _defined_unless(left) | _defined_unless(right)
        case nodes.Not(node=inner):
            return _defined_if(inner)
    return frozenset()


def _names(node: nodes.Node) -> list[nodes.Name]:
    own = [node] if isinstance(node, nodes.Name) else []
    return [*own, *node.find_all(nodes.Name)]


def _first_line(template: Template, name: str) -> int:
    assert template.tree is not None
    lines = [node.lineno for node in template.tree.find_all(nodes.Name) if node.name == name]
    return min(lines, default=1)


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
