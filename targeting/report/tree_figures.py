"""A likelihood's tree as plain values: what each split asks, and how many customers stand where."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from targeting.customers.held import Chosen, Columns
from targeting.report.speech import Speech
from targeting.scoring.matrix import Floats, tree_matrix
from targeting.scoring.model import LikelihoodModel, chances
from targeting.scoring.phrases import Extent, clause
from targeting.scoring.reasons import Seen, leaf_reasons, seen_in
from targeting.scoring.scored import Entered, Leaves
from targeting.workspace.catalogue import Catalogue
from targeting.workspace.settings import Shop

_MILLION = 1_000_000
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class _Standing:
    """By node of a tree: tonight's scored customers, their likelihoods in millionths, and who of
    them has no value of which input (nodes x inputs)."""

    customers: Integers
    millionths: Integers
    missing: Integers


def tree_figures(
    models: Mapping[str, LikelihoodModel],
    entered: Mapping[str, Entered],
    fields: Catalogue,
    shop: Shop,
) -> dict[str, dict[str, object]]:
    """Give each likelihood's tree as analysis.json shows it; none for a model without one.

    scored_by: tree, cart, or points (the tree is then one of the things that points are given for).
    nodes, the root first: node, parent, answer (yes or no to the parent's question), asks (None: a
    leaf), because (a leaf's path in words), customers (scored tonight) and likelihood (their mean,
    0 to 1; of an empty leaf what it would give, None where points would).
    """
    found: dict[str, dict[str, object]] = {}
    for name, model in models.items():
        if model.tree is None or name not in entered:
            continue
        nodes = _nodes(model, entered[name], fields, shop)
        found[name] = {"scored_by": model.kind, "nodes": nodes}
    return found


def _nodes(
    model: LikelihoodModel, entered: Entered, fields: Catalogue, shop: Shop
) -> list[dict[str, object]]:
    scored = entered.asked & entered.score.is_not_null()
    people = Chosen(entered.people, scored)
    leaves = entered.leaves[scored.to_numpy()]
    seen = seen_in(people, model.inputs, leaves)
    standing = _standing(model, people, entered.score.filter(scored), leaves)
    texts = leaf_reasons(model.tree, model.inputs, model.values, seen, fields, shop)
    parents = _parents(model)
    asks: list[str | None] = []
    for node in range(model.tree.node_count):
        question = _question(model, node, standing, seen, fields, shop)
        above = _said_above(node, parents, asks)
        exact = _threshold(model, node, fields, shop) if question in above else ""
        asks.append(f"{question}: {exact}" if question and exact else question)
    return [
        {
            "node": node,
            "parent": parents[node][0],
            "answer": parents[node][1],
            "asks": asks[node],
            "because": texts[node],
            "customers": int(standing.customers[node]),
            "likelihood": _likelihood(model, node, standing),
        }
        for node in range(model.tree.node_count)
    ]


def _standing(
    model: LikelihoodModel, people: Columns, scores: pl.Series, leaves: Leaves
) -> _Standing:
    """Count by leaf, and add every node to its parent: a child's number is always larger."""
    nodes = model.tree.node_count
    millionths = np.rint(scores.to_numpy() * _MILLION)
    missing = (np.isnan(tree_matrix(people, [entering])[:, 0]) for entering in model.inputs)
    figures = [
        np.bincount(leaves, minlength=nodes),
        np.bincount(leaves, weights=millionths, minlength=nodes),
        *(np.bincount(leaves, weights=column, minlength=nodes) for column in missing),
    ]
    sums = np.column_stack(figures).astype(np.int64)
    for node, (parent, _) in reversed(list(enumerate(_parents(model)))):
        if parent is not None:
            sums[parent] += sums[node]
    return _Standing(sums[:, 0], sums[:, 1], sums[:, 2:])


def _parents(model: LikelihoodModel) -> list[tuple[int | None, str | None]]:
    """Give each node's parent, and its answer to what the parent asks: yes leads to the left."""
    found: list[tuple[int | None, str | None]] = [(None, None)] * model.tree.node_count
    answers = (("yes", model.tree.children_left), ("no", model.tree.children_right))
    for answer, children in answers:
        for parent, child in enumerate(children.tolist()):
            if child >= 0:
                found[child] = (parent, answer)
    return found


def _question(
    model: LikelihoodModel,
    node: int,
    standing: _Standing,
    seen: Sequence[Seen],
    fields: Catalogue,
    shop: Shop,
) -> str | None:
    """Say what leads to the left, as the paths say it."""
    tree = model.tree
    if tree.children_left[node] < 0:
        return None
    at = int(tree.feature[node])
    whole, end = seen[at].whole, float(tree.threshold[node])
    high = float(math.floor(end)) if whole and math.isfinite(end) else end
    missing = bool(tree.missing_go_to_left[node]) and bool(standing.missing[node, at])
    extent = Extent(high=high, missing=missing, whole=whole)
    return clause(model.inputs[at], extent, fields, shop) or model.inputs[at].name


def _said_above(
    node: int, parents: Sequence[tuple[int | None, str | None]], asks: Sequence[str | None]
) -> set[str | None]:
    """Collect what the splits on the way down have asked."""
    found: set[str | None] = set()
    parent = parents[node][0]
    while parent is not None:
        found.add(asks[parent])
        parent = parents[parent][0]
    return found


def _threshold(model: LikelihoodModel, node: int, fields: Catalogue, shop: Shop) -> str:
    """Write a threshold so exactly that it differs from one that is rounded to the same."""
    entering = model.inputs[int(model.tree.feature[node])]
    value = float(model.tree.threshold[node])
    if entering.kind == "category" or not math.isfinite(value):
        return ""
    field = fields.get(entering.name)
    if field is not None and field.type == "money":
        return Speech(shop).money(value)
    return Speech(shop).number(value, 6)


def _likelihood(model: LikelihoodModel, node: int, standing: _Standing) -> float | None:
    customers = int(standing.customers[node])
    if customers:
        return int(standing.millionths[node]) / customers / _MILLION
    is_leaf = model.tree.children_left[node] < 0
    given: Floats = chances(model)
    return float(given[node]) if is_leaf and model.kind != "points" else None
