"""Conditions: from YAML nodes to groups, audiences and tests of fields."""

from __future__ import annotations

import re
from collections.abc import Iterator

from targeting.problems import Place
from targeting.rules.comparisons import read_test
from targeting.rules.model import Audience, Condition, Group
from targeting.rules.scope import KnownAudience, Scope
from targeting.rules.values import unknown_field
from targeting.workspace.settings import RESERVED_NAMES
from targeting.workspace.yaml import Mapping, Node, Scalar, Sequence

GROUPS = ("all", "any", "none")
MOST_TESTS = 1_000  # in a rule, audiences counted as often as they are used
DEEPEST_AUDIENCE = 10

_SHAPE = "- age: {at_least: 18}"


def read_when(node: Node, scope: Scope) -> tuple[Group, ...]:
    """Read `all:`, `any:`, `none:` blocks, joined by and."""
    if not isinstance(node, Mapping) or not node.entries:
        _no_groups(node, scope)
        return ()
    groups = []
    for key, value in node.entries:
        if key.text in GROUPS:
            groups.append(_group(key, value, scope))
        else:
            _no_group(key, value, scope)
    return tuple(groups)


def read_conditions(node: Node, scope: Scope) -> tuple[Condition, ...]:
    """Read `- condition` lines."""
    if isinstance(node, Scalar) and not node.text and not node.quoted:
        scope.report("P005", "no condition stands here", node.place, f"add one below: {_SHAPE}")
        return ()
    if not isinstance(node, Sequence):
        _no_list(node, scope)
        return ()
    if not node.items:
        scope.report("P005", "an empty list of conditions", node.place, "add one: " + _SHAPE)
    found = (read_condition(item, scope) for item in node.items)
    return tuple(condition for condition in found if condition is not None)


def read_condition(node: Node, scope: Scope) -> Condition | None:
    """Read one line: a field and its test, an audience, or a nested group."""
    if not isinstance(node, Mapping):
        scope.report("T001", "a condition is written  field: test", *_no_condition(node))
        return None
    if len(node.entries) != 1:
        _not_one_key(node, scope)
        return None
    key, value = node.entries[0]
    if key.text in GROUPS:
        return _group(key, value, scope)
    if key.text == "audience":
        return read_audience(value, scope)
    known = scope.catalogue.get(key.text)
    if known is None:
        _no_field(key, scope)
        return None
    scope.size += 1
    if scope.size == MOST_TESTS + 1:
        scope.report("P009", f"more than {MOST_TESTS:,} conditions", key.place, "use a list")
    return read_test(known, key, value, scope)


def fields_named(node: Node) -> Iterator[str]:
    """List the words that stand where a field's name would, audiences left closed."""
    if isinstance(node, Sequence):
        for item in node.items:
            yield from fields_named(item)
    elif isinstance(node, Mapping):
        for key, value in node.entries:
            if key.text in GROUPS:
                yield from fields_named(value)
            elif key.text != "audience":
                yield key.text


def _group(key: Scalar, node: Node, scope: Scope) -> Group:
    conditions = read_conditions(node, scope)
    match key.text:
        case "all":
            return Group("all", conditions, key.place)
        case "any":
            return Group("any", conditions, key.place)
        case _:
            return Group("none", conditions, key.place)


def _no_groups(node: Node, scope: Scope) -> None:
    message, instead = "needs at least one of all, any, none", "write  all:  above the conditions"
    if isinstance(node, Scalar) and node.text:
        message = f"'{node.text}' is not a condition"
        instead = "write  all:  and conditions below it, each after '- '"
    scope.report("P005", message, node.place, instead)


def _no_group(key: Scalar, value: Node, scope: Scope) -> None:
    if key.text in scope.catalogue or key.text == "audience":
        instead = f"write it below all:, as  - {key.text}: …"
    else:
        instead = scope.suggest(key.text, GROUPS) or ""
    scope.report("P001", f"'{key.text}' is not all, any or none", key.place, instead)
    if isinstance(value, Sequence):  # a misspelled all: its lines are read all the same
        read_conditions(value, scope)


def _no_list(node: Node, scope: Scope) -> None:
    if isinstance(node, Scalar):
        message, instead = "conditions stand on lines below", f"such as  {_SHAPE}"
        scope.report("T001", message, node.place, instead)
        return
    place = node.first if isinstance(node, Mapping) else node.place
    word = place.excerpt[place.column - 1 :].strip()
    instead = "begin the line with '- '"
    if isinstance(node, Mapping) and re.match(r"[^\w\s]", word):
        instead = f"begin the line with '- ' instead of '{word[0]}'"
    scope.report("T001", "conditions are lines that begin with '- '", place, instead)


def _no_condition(node: Node) -> tuple[Place, str]:
    """Say what to type where a line is no `field: test`."""
    if isinstance(node, Sequence):
        return node.place, "delete one '- '"
    text = node.text if isinstance(node, Scalar) else ""
    joined = re.match(r"([a-z][a-z0-9_]*):(\s?)(\S.*)", text)
    if joined is None:
        return node.place, f"type {text}: and its test, such as  {_SHAPE}" if text else _SHAPE
    if joined[2]:
        space = f"the space after the colon is U+{ord(joined[2]):04X}: type a plain space"
        return node.place, space
    return node.place, f"put a space after the colon: {joined[1]}: {joined[3]}"


def _not_one_key(node: Mapping, scope: Scope) -> None:
    if not node.entries:
        scope.report("P004", "an empty condition", node.place, _SHAPE)
        return
    (first, _), (second, _) = node.entries[:2]
    message = f"a condition has one key, this one has {len(node.entries)}"
    instead = f"begin a new line with '- {second.text}: '"
    if first.place.line == second.place.line:
        instead = f"write '- {second.text}: ' on a line of its own"
    scope.report("P004", message, second.place, instead)


def _no_field(key: Scalar, scope: Scope) -> None:
    if key.text in RESERVED_NAMES:
        message = f"'{key.text}' does not begin a condition"
        scope.report("P001", message, key.place, f"begin with a field, such as  {_SHAPE}")
        return
    unknown_field(key, scope, also=("audience", *GROUPS))


def read_audience(node: Node, scope: Scope) -> Audience | None:
    """Read an audience by its name."""
    if not isinstance(node, Scalar) or not node.text:
        message, instead = "an audience is named by one word", "- audience: reachable"
        scope.report("T001", message, node.place, instead)
        return None
    name = node.text
    if name not in scope.shared.audiences:
        _unknown_audience(node, scope)
        return None
    scope.used.add(name)
    if name in scope.inside:
        circle = " uses ".join((*scope.inside[scope.inside.index(name) :], name))
        instead = "let one of them name its conditions"
        scope.report("R002", f"a circle: {circle}", node.place, instead)
        return None
    if len(scope.inside) >= DEEPEST_AUDIENCE:
        message = f"audiences inside audiences, deeper than {DEEPEST_AUDIENCE}"
        scope.report("R002", message, node.place, "name the conditions themselves")
        return None
    known = scope.audiences.get(name) or _read_audience(node, scope)
    scope.used |= known.uses
    scope.size += known.size
    if scope.size > MOST_TESTS >= scope.size - known.size:
        scope.report("P009", f"more than {MOST_TESTS:,} conditions", node.place, "use a list")
    if known.when is None:
        scope.sound = False
        return None
    return Audience(name, known.when, node.place)


def _unknown_audience(node: Scalar, scope: Scope) -> None:
    if scope.shared.unsure:
        scope.sound = False
        return
    names = list(scope.shared.audiences)
    instead = scope.suggest(node.text, names) if names else f"define it there: {node.text}: …"
    message = f"'{node.text}' is not an audience of rules/shared.yaml"
    scope.report("R001", message, node.place, instead)


def _read_audience(use: Scalar, scope: Scope) -> KnownAudience:
    """Read an audience for these rows, once; its problems are reported where it is defined."""
    definition = scope.shared.audiences[use.text]
    named = set(fields_named(definition))
    if len(named & set(scope.elsewhere)) > len(named & set(scope.catalogue)):
        word = min(named & set(scope.elsewhere) - set(scope.catalogue))
        message = f"audience '{use.text}' tests '{word}', which these rows do not have"
        scope.report("R007", message, use.place, "name conditions of this kind of rule")
        return KnownAudience(None, frozenset(), 0)
    inner = scope.within(use.text)
    when = read_when(definition, inner)
    scope.problems += inner.problems
    whole = inner.sound and inner.size <= MOST_TESTS
    known = KnownAudience(when if whole else None, frozenset(inner.used), inner.size)
    scope.audiences[use.text] = known
    return known
