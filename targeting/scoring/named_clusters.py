"""From points to clusters with names: from where the names were, by description, or by letter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from targeting.scoring.clusters import Clusters, clustered, smallest_segment
from targeting.scoring.matrix import Floats
from targeting.scoring.names import letters, match_names
from targeting.scoring.note import Note
from targeting.scoring.stability import chosen, trials
from targeting.workspace.scores import Segments

TIGHTER = 0.02  # scores.md: a warm start costs at most 0.6% on monthly refits

Tried = tuple[tuple[int, float, float | None, float], ...]


@dataclass(frozen=True)
class NamedClusters:
    """Clusters in their order with their names; `asked` of K-means before any was dissolved.

    `stability` and `tried` are there only where the number was chosen: SegmentModel says how.
    """

    clusters: Clusters
    names: tuple[str, ...]
    asked: int
    notes: tuple[Note, ...] = ()
    stability: float | None = None
    tried: Tried = ()


def named_clusters(
    points: Floats, form: Segments, start: dict[str, Sequence[float]]
) -> NamedClusters:
    """Cluster points, in the order of the hash, and name the clusters.

    From where each name starts, if `start` says so, else into letters or into described names.
    """
    distinct = len(np.unique(points, axis=0))
    if start and len(start) <= distinct:
        return _refitted(points, form, start)
    if form.choose is not None:
        return _lettered(points, min(form.choose.at_most, distinct))
    asked = min(len(form.names), distinct)
    clusters = clustered(points, asked)
    matched = match_names(clusters.centroids, points, list(form.features), form.names)
    return _in_order(clusters, matched, list(form.names), asked)


def _refitted(points: Floats, form: Segments, start: dict[str, Sequence[float]]) -> NamedClusters:
    """Refit from where each name was, and compare with a fit that knows nothing of it."""
    clusters = clustered(points, np.array(list(start.values())))
    before = list(start)
    kept = {place: before[at] for place, at in enumerate(clusters.kept)}
    found = _in_order(clusters, kept, before, len(start))
    fresh = clustered(points, len(start))
    if fresh.inertia >= (1 - TIGHTER) * clusters.inertia:
        return found
    return replace(found, notes=(*found.notes, _looser(1 - fresh.inertia / clusters.inertia)))


def _lettered(points: Floats, at_most: int) -> NamedClusters:
    """Choose the number of segments; the largest is A."""
    tried = trials(points, at_most)
    best = chosen(tried)
    if best is None:
        return NamedClusters(clustered(points, 1), ("A",), 1)
    clusters = clustered(points, best.asked)
    sizes = np.bincount(clusters.labels, minlength=len(clusters.centroids)).tolist()
    return NamedClusters(
        clusters,
        tuple(letters(sizes)),
        best.asked,
        tuple(_fewer_than_chosen(best.number, sizes)),
        best.stability if len(sizes) == best.number else None,
        tuple((t.number, t.stability, t.silhouette, t.inertia) for t in tried),
    )


def _fewer_than_chosen(number: int, sizes: list[int]) -> list[Note]:
    if len(sizes) == number:
        return []
    counted = f"{_segments(len(sizes))}, though {number} were chosen on a sample"
    return [Note("M007", "", f"{counted}: {_too_small(sum(sizes))}")]


def _in_order(
    clusters: Clusters, matched: dict[int, str], wanted: list[str], asked: int
) -> NamedClusters:
    """Bring clusters into the order of the names, and say which name goes to nobody."""
    order = sorted(matched, key=lambda place: wanted.index(matched[place]))
    labels = np.argsort(order)[clusters.labels]
    in_order = replace(clusters, centroids=clusters.centroids[order], labels=labels)
    names = tuple(matched[place] for place in order)
    customers = len(clusters.labels)
    return NamedClusters(in_order, names, asked, tuple(_fewer(names, wanted, asked, customers)))


def _fewer(names: Sequence[str], wanted: list[str], asked: int, customers: int) -> list[Note]:
    if len(names) == len(wanted):
        return []
    reasons = []
    if asked < len(wanted):
        reasons.append(f"only {asked} customers differ in the features")
    if len(names) < asked:
        reasons.append(_too_small(customers))
    nobody = ", ".join(name for name in wanted if name not in names)
    counted = f"{_segments(len(names))} for {len(wanted)} names"
    return [Note("M007", "", f"{counted}: {', and '.join(reasons)}; nobody is called {nobody}")]


def _segments(number: int) -> str:
    return "1 segment" if number == 1 else f"{number} segments"


def _too_small(customers: int) -> str:
    least = smallest_segment(customers)
    return f"a group of fewer than {least} of {customers} customers is no segment"


def _looser(share: float) -> Note:
    text = (
        f"a fresh fit would be tighter: its sum of squares is {share:.1%} smaller than that of the "
        "segments that keep their names; refit: fresh in segments/customers.yaml makes it"
    )
    return Note("M014", "", text)
