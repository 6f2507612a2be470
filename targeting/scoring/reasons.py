"""Why a customer has a score, in words: the path to a leaf, or the points that moved it most."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from targeting.customers.held import Columns
from targeting.scoring.matrix import Floats, Input
from targeting.scoring.phrases import Extent, Side, clause, trait
from targeting.scoring.tree import Tree
from targeting.workspace.catalogue import Catalogue
from targeting.workspace.settings import Shop

AVERAGE = "much like the average customer"
SEPARATOR = "; "


@dataclass(frozen=True)
class Seen:
    """What the customers who are spoken of have of one input.

    known, missing: the leaves in which somebody has a value, and in which somebody has none (of a
    category: none that the fit knew). whole: all values are whole numbers. least, next_least: the
    two smallest values (NaN: there is none).
    """

    known: frozenset[int] = frozenset()
    missing: frozenset[int] = frozenset()
    whole: bool = False
    least: float = math.nan
    next_least: float = math.nan


@dataclass(frozen=True)
class _Step:
    """One test on a path: whether it was passed to the left, and how far it moved the score."""

    feature: int
    threshold: float
    left: bool
    missing: bool
    moved: float


_Path: TypeAlias = tuple[_Step, ...]


def seen_in(
    customers: Columns, inputs: Sequence[Input], nodes: npt.NDArray[np.signedinteger]
) -> tuple[Seen, ...]:
    """Look at each input's column (minor units, yes/no 1/0) once, in the order of the inputs.

    `nodes` holds each customer's leaf, as `tree.apply` gives it.
    """
    return tuple(_seen(customers[entering.name], entering, nodes) for entering in inputs)


def leaf_reasons(
    tree: Tree,
    inputs: Sequence[Input],
    values: Sequence[float],
    seen: Sequence[Seen],
    fields: Catalogue,
    shop: Shop,
    *,
    most: int | None = None,
) -> tuple[str, ...]:
    """Give each leaf's path in words, by node number; an inner node has an empty text.

    `values` are scores by node; only those of leaves are read: an inner node counts as the mean of
    its leaves, weighted by fitted customers. Fields stand in the order of how far their tests moved
    the score, then by name; `most` keeps the first ones. Each clause is true of every customer of
    the leaf whom `seen` describes: only where somebody has no value is it said to be missing.
    """
    means = _means(tree, values)
    texts = [""] * tree.node_count
    for leaf, path in _paths(tree, means):
        clauses = [
            clause(inputs[at], _as_seen(extent, seen[at], leaf), fields, shop)
            for at, extent in _extents(path, inputs).items()
        ]
        texts[leaf] = SEPARATOR.join([text for text in clauses if text][:most])
    return tuple(texts)


def reasons_of(nodes: npt.NDArray[np.signedinteger], texts: Sequence[str], name: str) -> pl.Series:
    """Give each customer the text of his leaf; `nodes` is what `tree.apply` gives."""
    return pl.Series(name, texts, dtype=pl.String).gather(nodes)


def point_reasons(
    points: npt.NDArray[np.floating],
    values: npt.NDArray[np.floating],
    inputs: Sequence[Input],
    fields: Catalogue,
    *,
    most: int = 3,
) -> pl.Series:
    """Give the largest points in words: `buys often (+0.8); is a new customer (-0.2)`.

    Both arrays are customers x inputs. `points` are added log odds relative to the average customer
    (NaN: none), `values` say where he stands (0 the average, below or above it; NaN missing). Equal
    points stand by field name; what rounds to 0.0 is left out.
    """
    by_name = sorted(range(len(inputs)), key=lambda at: inputs[at].name)
    sizes = np.abs(np.nan_to_num(np.round(points[:, by_name], 6)))
    parts = []
    for _ in range(min(most, len(inputs))):
        found = sizes.argmax(axis=1) if len(sizes) else np.zeros(0, dtype=np.intp)
        np.put_along_axis(sizes, found[:, None], -1.0, axis=1)
        parts.append(_part(np.asarray(by_name)[found], points, values, inputs, fields))
    if not parts:
        return pl.Series("reason", [AVERAGE], dtype=pl.String).new_from_index(0, len(points))
    joined = pl.concat_str(parts, separator=SEPARATOR, ignore_nulls=True)
    return pl.select(pl.when(joined == "").then(pl.lit(AVERAGE)).otherwise(joined)).to_series()


def _seen(column: pl.Series, entering: Input, nodes: npt.NDArray[np.signedinteger]) -> Seen:
    if entering.kind == "category":
        among = column.cast(pl.String).is_in(entering.categories).fill_null(False)
        return Seen(*_leaves_by(among, nodes))
    floats = column.cast(pl.Float64)
    known = floats.is_finite().fill_null(False)
    values = floats if known.all() else floats.filter(known)
    whole = column.dtype.is_integer() or bool((values == values.floor()).all())
    least, following = _two_smallest(values)
    return Seen(*_leaves_by(known, nodes), whole, least, following)


def _leaves_by(
    known: pl.Series, nodes: npt.NDArray[np.signedinteger]
) -> tuple[frozenset[int], frozenset[int]]:
    """Give the leaves of those who have a value, and of those who have none."""
    has = known.to_numpy()
    first, second = np.bincount(nodes[has]), np.bincount(nodes[~has])
    return frozenset(np.flatnonzero(first).tolist()), frozenset(np.flatnonzero(second).tolist())


def _two_smallest(values: pl.Series) -> tuple[float, float]:
    least = values.min()
    if not isinstance(least, float):
        return math.nan, math.nan
    after = values.filter(values > least).min()
    return least, after if isinstance(after, float) else math.nan


def _means(tree: Tree, values: Sequence[float]) -> Floats:
    """Give an inner node the mean of its leaves; a child's number is always larger than its own."""
    means = np.asarray(values, dtype=np.float64).copy()
    left, right, weights = tree.children_left, tree.children_right, tree.weighted_n_node_samples
    for node in reversed(range(tree.node_count)):
        if left[node] >= 0:
            both = [left[node], right[node]]
            means[node] = np.average(means[both], weights=weights[both])
    return means


def _paths(tree: Tree, means: Floats) -> Iterator[tuple[int, _Path]]:
    open_nodes: list[tuple[int, _Path]] = [(0, ())]
    while open_nodes:
        node, path = open_nodes.pop()
        if tree.children_left[node] < 0:
            yield node, path
            continue
        for left, children in ((True, tree.children_left), (False, tree.children_right)):
            child = int(children[node])
            step = _Step(
                feature=int(tree.feature[node]),
                threshold=float(tree.threshold[node]),
                left=left,
                missing=bool(tree.missing_go_to_left[node]) == left,
                moved=abs(float(means[child] - means[node])),
            )
            open_nodes.append((child, (*path, step)))


def _extents(path: _Path, inputs: Sequence[Input]) -> Mapping[int, Extent]:
    """Merge the tests on each input, those that moved the score most first."""
    merged: dict[int, Extent] = {}
    moved: dict[int, float] = {}
    for step in path:
        merged[step.feature] = _narrowed(merged.get(step.feature, Extent()), step)
        moved[step.feature] = moved.get(step.feature, 0.0) + step.moved
    order = sorted(merged, key=lambda at: (-round(moved[at], 6), inputs[at].name))
    return {at: merged[at] for at in order}


def _narrowed(extent: Extent, step: _Step) -> Extent:
    edge, missing = _edge(step.threshold), extent.missing and step.missing
    if step.left:
        return replace(extent, high=min(extent.high, edge), missing=missing)
    return replace(extent, low=max(extent.low, edge), missing=missing)


def _edge(threshold: float) -> float:
    """Give the number up to which single precision, in which trees read, stays at a threshold.

    An infinite threshold is scikit-learn's way to part the missing values from all others.
    """
    at = np.float32(threshold)
    if float(at) > threshold:
        at = np.nextafter(at, np.float32(-math.inf))
    return (float(at) + float(np.nextafter(at, np.float32(math.inf)))) / 2


def _as_seen(extent: Extent, seen: Seen, leaf: int) -> Extent:
    """Bring the ends to numbers that occur: whole ones, or the one smallest value."""
    if leaf in seen.missing and leaf not in seen.known:
        return Extent(math.inf, -math.inf)
    low, high = extent.low, extent.high
    if seen.whole:
        low = float(math.ceil(low)) if math.isfinite(low) else low
        high = float(math.floor(high)) if math.isfinite(high) else high
    if low <= seen.least <= high < seen.next_least:
        low = high = seen.least
    return Extent(low, high, extent.missing and leaf in seen.missing, seen.whole)


def _part(
    chosen: npt.NDArray[np.intp],
    points: npt.NDArray[np.floating],
    values: npt.NDArray[np.floating],
    inputs: Sequence[Input],
    fields: Catalogue,
) -> pl.Series:
    """Write one point a customer, each different text once; null where it rounds to 0.0."""
    rows = np.arange(len(chosen))
    tenths = np.rint(np.round(np.nan_to_num(points[rows, chosen]), 6) * 10).astype(np.int64)
    stands = values[rows, chosen]
    side = np.where(np.isnan(stands), 2, stands >= 0).astype(np.int64)
    words = 3 * len(inputs)
    codes, place = np.unique(tenths * words + chosen * 3 + side, return_inverse=True)
    sides: tuple[Side, ...] = ("low", "high", "missing")
    texts = [
        f"{trait(inputs[code % words // 3], sides[code % 3], fields)} ({code // words / 10:+.1f})"
        if code // words
        else None
        for code in codes.tolist()
    ]
    return pl.Series("reason", texts, dtype=pl.String).gather(place)
