"""What is wrong with a template before any customer: its names, its subject, its way out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from jinja2 import nodes

from targeting.exports.templates import Template, names_used
from targeting.problems import Problem, did_you_mean
from targeting.workspace.catalogue import Catalogue

OTHER_NAMES: Final = ("offer", "rule", "as_of", "shop")
SUBJECT: Final = "Subject:"

_UNSUBSCRIBE: Final = "unsubscrib"
_SUBJECT_FORM: Final = "the first line: Subject: {{ shop.name }} has something for you"


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
