"""What may stand in a message template: a small part of Jinja2, and no way to Python."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from jinja2 import nodes

from targeting.problems import did_you_mean

SHOP_PARTS: Final = ("name", "currency", "region", "locale")
TESTS: Final = ("defined", "undefined", "number", "string", "even", "odd", "divisibleby", "none")

_LOOP_PARTS: Final = ("index", "index0", "revindex", "first", "last", "length")
_KEPT: Final = ("loop", "shop", "range", "offer", "rule", "as_of")

_ALLOWED: Final = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.Assign,
    nodes.Scope, nodes.Include, nodes.Name, nodes.Const, nodes.List, nodes.Tuple, nodes.CondExpr,
    nodes.Filter, nodes.Test, nodes.Keyword, nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.Call,
    nodes.Concat, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Neg,
    nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Pow,
)  # fmt: skip
_SAID: Final = {
    "Macro": "a macro", "CallBlock": "a call block", "Import": "an import", "With": "with",
    "FromImport": "an import", "Extends": "extends", "Block": "a block", "Dict": "a { : } table",
    "FilterBlock": "a filter block", "AssignBlock": "a set block", "NSRef": "a namespace",
    "ScopedEvalContextModifier": "autoescape", "Pos": "a sign +",
}  # fmt: skip
_MAY: Final = "if, for, set, include, fields, filters, comparisons and arithmetic may"


@dataclass(frozen=True)
class Fault:
    """Something that may not stand in a template."""

    line: int
    message: str
    instead: str
    word: str = ""  # where in the line


def list_faults(
    tree: nodes.Template, filters: Collection[str], tests: Collection[str]
) -> list[Fault]:
    """List what may not stand in a template, in the order of its lines."""
    found = [fault for node in _all(tree) for fault in _faults(node, filters, tests)]
    return sorted(found, key=lambda fault: fault.line)


def count_parts(found: Iterable[nodes.Node]) -> int:
    """Count the parts of some nodes, all that is inside them too."""
    return sum(1 + count_parts(node.iter_child_nodes()) for node in found)


def _faults(node: nodes.Node, filters: Collection[str], tests: Collection[str]) -> Iterator[Fault]:
    line = _line(node)
    match node:
        case nodes.Filter() | nodes.Test():
            yield from _filter_faults(node, filters, tests)
        case nodes.Getattr():
            yield from _part_faults(node, filters)
        case nodes.Call():
            yield from _call_faults(node, filters)
        case nodes.Getitem(arg=arg) if not _is_position(arg):
            yield Fault(line, "only a position may stand in [ ]", "like [0]", "[")
        case nodes.Name(name=name, ctx="store") if name in _KEPT:
            yield Fault(line, f"'{name}' is taken", "choose another name", name)
        case nodes.Include(template=template) if not _is_text(template):
            message = "include names its file in quotes"
            yield Fault(line, message, '{% include "footer.j2" %}', "include")
        case nodes.For(recursive=True):
            yield Fault(line, "a loop cannot be recursive", "a plain loop", "recursive")
        case nodes.List(items=items) | nodes.Tuple(items=items, ctx="load"):
            # Lists of lists could grow without end.
            if not all(isinstance(item, nodes.Const | nodes.Neg) for item in items):
                message = "a list in a template holds plain values"
                yield Fault(line, message, 'like ["Laptops", "Audio"]', "[")
        case _ if not isinstance(node, _ALLOWED):
            kind = type(node).__name__
            yield Fault(line, f"{_SAID.get(kind, kind.lower())} may not stand in a message", _MAY)


def _filter_faults(
    node: nodes.Filter | nodes.Test, filters: Collection[str], tests: Collection[str]
) -> Iterator[Fault]:
    is_filter = isinstance(node, nodes.Filter)
    what, known = ("filter", filters) if is_filter else ("test", tests)
    if node.name not in known:
        instead = did_you_mean(node.name, known, what=f"{what}s")
        yield Fault(node.lineno, f"'{node.name}' is not a {what}", instead, node.name)
    if node.dyn_args is not None or node.dyn_kwargs is not None:
        yield Fault(node.lineno, "* cannot stand here", "write the values out", "*")


def _part_faults(node: nodes.Getattr, filters: Collection[str]) -> Iterator[Fault]:
    part = node.attr
    match node.node:
        case nodes.Name(name="loop" | "shop" as owner):
            known = _LOOP_PARTS if owner == "loop" else SHOP_PARTS
            if part not in known:
                instead = did_you_mean(part, known)
                yield Fault(node.lineno, f"{owner} has no '{part}'", instead, part)
        case _:
            instead = f"use a filter: | {part}" if part in filters else _listed(filters)
            yield Fault(node.lineno, f"a field has no parts, such as '.{part}'", instead, part)


def _call_faults(node: nodes.Call, filters: Collection[str]) -> Iterator[Fault]:
    match node:
        case nodes.Call(node=nodes.Name(name="range"), kwargs=[], dyn_args=None, dyn_kwargs=None):
            return
        case nodes.Call(node=nodes.Name(name=called)):
            message = f"'{called}(…)' cannot be called"
            yield Fault(node.lineno, message, _listed(filters), called)
        case nodes.Call(node=nodes.Getattr()):
            return  # its part is a fault already
        case _:
            yield Fault(node.lineno, "nothing can be called here", _listed(filters), "(")


def _all(tree: nodes.Node) -> Iterator[nodes.Node]:
    yield tree
    for child in tree.iter_child_nodes():
        yield from _all(child)


def _line(node: nodes.Node) -> int:
    """Give a node's line; a few nodes have none and take that of what they hold."""
    lines = (inner.lineno for inner in _all(node))
    return next((line for line in lines if line is not None), 1)


def _is_text(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Const) and isinstance(node.value, str)


def _is_position(arg: nodes.Node) -> bool:
    match arg:
        case nodes.Const(value=int()) | nodes.Neg(node=nodes.Const(value=int())):
            return True
        case nodes.Slice(start=start, stop=stop, step=step):
            return all(end is None or _is_position(end) for end in (start, stop, step))
    return False


def _listed(filters: Collection[str]) -> str:
    return f"filters: {', '.join(filters)}"
