"""The tree behind a likelihood: its first splits as a picture, all its leaves as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from string import ascii_uppercase

from targeting.report.parts import Figure, Table, mapping, real, rows_of, whole
from targeting.report.speech import NOTHING, Speech
from targeting.report.tree_drawing import Spot, draw_tree
from targeting.workspace.catalogue import slug

_DEEPEST, _MOST_ENDS = 4, 8  # splits one after the other, and ends, that still can be read
_MOST_ROWS = 100


@dataclass(frozen=True)
class _Node:
    """One node: its question (none: a leaf), and the two nodes that answer it."""

    number: int
    asks: str
    because: str
    customers: int
    likelihood: float | None
    answers: tuple[tuple[str, _Node], ...] = ()

    @property
    def leaves(self) -> tuple[_Node, ...]:
        """All leaves below, or the leaf itself."""
        if not self.answers:
            return (self,)
        return tuple(leaf for _, child in self.answers for leaf in child.leaves)


def tree_picture(name: str, model: Mapping[str, object], speech: Speech) -> Figure | None:
    """Draw the tree that analysis.json holds; None where a likelihood has none."""
    told = mapping(model.get("tree"))
    nodes = rows_of(told.get("nodes"))
    if len(nodes) < 2:
        return None
    root = _grown(nodes)
    among_points = told.get("scored_by") == "points"
    spots = list(_lettered(_spots(root, _drawn(root), root.customers, speech)))
    picture = f"tree-{slug(name)}"
    title = "The tree that the points lean on" if among_points else "The tree that scores"
    return Figure(
        picture,
        title,
        " ".join(_reading(root, spots, among_points, speech)),
        draw_tree(picture, spots),
        _table(root, spots, among_points, speech),
        "wide",
    )


def _grown(nodes: Sequence[Mapping[str, object]]) -> _Node:
    """Join nodes from the last one up: a child's number is larger than its parent's."""
    waiting: dict[int, dict[str, _Node]] = {}
    made = _Node(0, "", "", 0, None)
    for row in sorted(nodes, key=lambda row: -whole(row.get("node"))):
        number = whole(row.get("node"))
        below = waiting.pop(number, {})
        made = _Node(
            number,
            str(row.get("asks") or ""),
            str(row.get("because") or ""),
            whole(row.get("customers")),
            real(row.get("likelihood")),
            tuple((answer, below[answer]) for answer in ("yes", "no") if answer in below),
        )
        if row.get("parent") is not None:
            waiting.setdefault(whole(row["parent"]), {})[str(row.get("answer"))] = made
    return made


def _drawn(root: _Node) -> frozenset[int]:
    """Choose the splits to draw, level by level, those of most customers first."""
    chosen: list[int] = []
    level = [root]
    for _ in range(_DEEPEST):
        splits = [node for node in level if node.answers]
        splits = sorted(splits, key=lambda node: (-node.customers, node.number))
        splits = splits[: _MOST_ENDS - 1 - len(chosen)]
        chosen += [node.number for node in splits]
        level = [child for node in splits for _, child in node.answers]
    return frozenset(chosen)


def _spots(
    node: _Node,
    drawn: frozenset[int],
    everyone: int,
    speech: Speech,
    parent: Spot | None = None,
    answer: str = "",
) -> Iterator[Spot]:
    """Walk down the splits that are drawn, yes before no."""
    is_end = node.number not in drawn
    spot = Spot(
        node=node.number,
        parent=None if parent is None else parent.node,
        answer=answer,
        depth=0 if parent is None else parent.depth + 1,
        share=node.customers / (everyone or 1),
        text="" if is_end else node.asks[:1].upper() + node.asks[1:],
        is_end=is_end,
        likelihood=node.likelihood or 0.0,
        words=_words(node, speech) if is_end else (),
    )
    yield spot
    for said, child in () if is_end else node.answers:
        yield from _spots(child, drawn, everyone, speech, spot, said)


def _words(node: _Node, speech: Speech) -> tuple[str, ...]:
    more = f", {speech.number(len(node.leaves))} leaves" if len(node.leaves) > 1 else ""
    return (
        f"{speech.percent(node.likelihood)}{more}",
        speech.count(node.customers, "customer"),
    )


def _lettered(spots: Iterator[Spot]) -> Iterator[Spot]:
    letters = iter(ascii_uppercase)
    for spot in spots:
        yield replace(spot, text=next(letters)) if spot.is_end else spot


def _reading(
    root: _Node, spots: Sequence[Spot], among_points: bool, speech: Speech
) -> Iterator[str]:
    if among_points:
        yield (
            "Points score; one of the things that they are given for is what similar customers do:"
            " those who end in the same leaf of this tree."
        )
    leaves = speech.count(len(root.leaves), "leaf", "leaves")
    if len(root.leaves) > sum(spot.is_end for spot in spots):
        splits = speech.count(sum(not spot.is_end for spot in spots), "split")
        yield f"Drawn are its first {splits}; all its {leaves} stand in the table."
    else:
        yield f"Drawn is the whole of it, {leaves}."
    known = [s for s in spots if s.is_end and s.share > 0]
    if known:
        best = max(known, key=lambda spot: spot.likelihood)
        worst = min(known, key=lambda spot: spot.likelihood)
        yield (
            f"Likeliest is {best.text} ({speech.percent(best.likelihood)}), unlikeliest"
            f" {worst.text} ({speech.percent(worst.likelihood)})."
        )
    yield "A way is as wide as the share of customers who go it."


def _table(root: _Node, spots: Sequence[Spot], among_points: bool, speech: Speech) -> Table:
    by_number = {node.number: node for node in _all(root)}
    letters = {
        leaf.number: spot.text
        for spot in spots
        if spot.is_end
        for leaf in by_number[spot.node].leaves
    }
    ranked = sorted(root.leaves, key=lambda leaf: (-(leaf.likelihood or 0.0), leaf.number))
    shown = ranked[:_MOST_ROWS]
    cut = "" if len(shown) == len(ranked) else " The others stand in analysis.json."
    mean = "Likelihood (mean)" if among_points else "Likelihood"
    return Table(
        f"The {speech.count(len(ranked), 'leaf', 'leaves')}, the likeliest first",
        ("Leaf", "End", "Customers", mean),
        tuple(
            (
                leaf.because or "Everybody else",
                letters[leaf.number],
                speech.number(leaf.customers),
                NOTHING if leaf.likelihood is None else speech.percent(leaf.likelihood),
            )
            for leaf in shown
        ),
        words=frozenset({1}),
        note=f"End: the letter in the picture. Customers: those who are scored tonight.{cut}",
    )


def _all(node: _Node) -> Iterator[_Node]:
    yield node
    for _, child in node.answers:
        yield from _all(child)
