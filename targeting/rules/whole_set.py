"""Whole-set tests: rules/tests/*.yaml, a few customers and who gets what of all the rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from targeting.frames import CUSTOMER
from targeting.problems import Place, Problem
from targeting.rules.examples import Stated, read_stated
from targeting.rules.scope import Scope
from targeting.rules.try_examples import dtype_of, stated_value
from targeting.rules.values import unknown_field
from targeting.workspace.catalogue import Catalogue
from targeting.workspace.forms import Date, Form, YesNo, read_form
from targeting.workspace.yaml import Mapping as YamlMapping
from targeting.workspace.yaml import Node, Scalar, YamlFile
from targeting.workspace.yaml import Sequence as YamlSequence


class _Outline(Form):
    title: str
    as_of: Date
    customers: Any
    expect: dict[str, tuple[str, ...]]
    nobody_else: YesNo = False


@dataclass(frozen=True)
class WholeSet:
    """One test: customers, and the ids that each rule must select (holdouts off)."""

    file: str
    title: str
    as_of: dt.date
    customers: tuple[Mapping[str, Stated], ...]
    expect: Mapping[str, tuple[str, ...]]
    nobody_else: bool
    places: Mapping[str, Place]  # of each rule's expectation, and "" of the first


def read_whole_set(
    file: YamlFile, catalogue: Catalogue, rules: Collection[str]
) -> tuple[WholeSet | None, list[Problem]]:
    """Read one file of rules/tests/."""
    if file.broken:
        return None, []
    outline, problems = read_form(file, _Outline)
    if outline is None or not isinstance(file.root, YamlMapping):
        return None, problems
    scope = Scope(catalogue, problems=problems)
    customers = _customers(file.root, scope)
    known = {str(_id(row)) for row in customers}
    places = {"": file.root.first}
    expect = file.root.get("expect")
    for key, node in expect.entries if isinstance(expect, YamlMapping) else ():
        places[key.text] = key.place
        if key.text not in rules:
            scope.report(
                "R001",
                f"'{key.text}' is no contact rule",
                key.place,
                scope.suggest(key.text, rules),
            )
        for item in node.items if isinstance(node, YamlSequence) else ():
            if isinstance(item, Scalar) and item.text not in known:
                message = f"'{item.text}' is not among the customers of this test"
                scope.report("R001", message, item.place, scope.suggest(item.text, known))
    if not scope.sound:
        return None, scope.problems
    made = WholeSet(
        file.name,
        outline.title,
        outline.as_of,
        customers,
        outline.expect,
        outline.nobody_else,
        places,
    )
    return made, scope.problems


def customers_of(test: WholeSet, catalogue: Catalogue, minor: int) -> pl.DataFrame:
    """Make the test's customers as a run would see them; fields not stated are missing."""
    columns = [
        pl.Series(
            name,
            [_plain(row.get(name), name, catalogue, test.as_of, minor) for row in test.customers],
            dtype=dtype_of(field),
        )
        for name, field in catalogue.items()
    ]
    return pl.DataFrame(columns).sort(CUSTOMER)


def _plain(
    stated: Stated | None, name: str, catalogue: Catalogue, as_of: dt.date, minor: int
) -> Any:
    if stated is None or stated.value is None:
        return None
    return stated_value(catalogue[name], stated.value, stated.ahead, as_of, minor)


def _customers(root: YamlMapping, scope: Scope) -> tuple[Mapping[str, Stated], ...]:
    node = root.get("customers")
    if not isinstance(node, YamlSequence) or not node.items:
        place = node.place if node is not None else root.first
        scope.report("T001", "must be a list of customers", place, "- {customer_id: a, age: 30}")
        return ()
    rows = [_customer(item, scope) for item in node.items]
    seen: set[str] = set()
    for item, row in zip(node.items, rows, strict=True):
        name = _id(row)
        if name is None:
            scope.report("P002", "this customer has no customer_id", item.place, "customer_id: a")
        elif name in seen:
            scope.report("E006", f"customer '{name}' stands twice", item.place, "another id")
        seen.add(str(name))
    return tuple(rows)


def _customer(node: Node, scope: Scope) -> Mapping[str, Stated]:
    if not isinstance(node, YamlMapping):
        scope.report(
            "T001", "a customer is 'field: value'", node.place, "{customer_id: a, age: 30}"
        )
        return {}
    row: dict[str, Stated] = {}
    for key, value in node.entries:
        field = scope.catalogue.get(key.text)
        if field is None:
            unknown_field(key, scope)
        elif (stated := read_stated(field, value, scope)) is not None:
            row[key.text] = stated
    return row


def _id(row: Mapping[str, Stated]) -> str | None:
    stated = row.get(CUSTOMER)
    return None if stated is None or stated.value is None else str(stated.value.value)


def whole_sets(
    files: Sequence[YamlFile], catalogue: Catalogue, rules: Collection[str]
) -> tuple[tuple[WholeSet, ...], list[Problem]]:
    """Read every whole-set test."""
    found, problems = [], []
    for file in files:
        test, more = read_whole_set(file, catalogue, rules)
        problems += more
        found += [] if test is None else [test]
    return tuple(found), problems
