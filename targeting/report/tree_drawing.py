"""A tree from left to right: a split in each box, yes above no, and a bar at each end."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from targeting.report.svg import GREY, INK, TEAL, as_svg, chart_of

if TYPE_CHECKING:
    import altair as alt

_BOX, _GAP, _ROW = 178, 44, 50  # pixels: a split, the branches after it, the row of an end
_MARK, _BAR, _WORDS = 18, 84, 106  # of an end: its letter, its bar, what is written beside it
_LETTERS, _LINES, _LEADING = 26, 4, 13  # what fits into a box, and pixels a line
_THICKEST = 9  # pixels of a branch that everybody takes

Row = dict[str, Any]


@dataclass(frozen=True)
class Spot:
    """A node that is drawn.

    text: what it splits by, or the letter of an end. words: what an end says beside its bar.
    share: of all customers, how wide the branch to it is.
    """

    node: int
    parent: int | None
    answer: str
    depth: int
    share: float
    text: str
    is_end: bool = False
    likelihood: float = 0.0
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Canvas:
    """A chart that is measured in pixels from the top left."""

    width: float
    height: float

    def at(self, x: str, y: str, x2: str = "", y2: str = "") -> dict[str, Any]:
        """Place marks by the columns that hold their pixels."""
        import altair as alt

        across = alt.Scale(domain=[0, self.width], nice=False, zero=False)
        down = alt.Scale(domain=[0, self.height], nice=False, zero=False, reverse=True)
        ends: dict[str, Any] = {"x2": alt.X2(f"{x2}:Q")} if x2 else {}
        ends |= {"y2": alt.Y2(f"{y2}:Q")} if y2 else {}
        return {
            "x": alt.X(f"{x}:Q", scale=across, axis=None),
            "y": alt.Y(f"{y}:Q", scale=down, axis=None),
            **ends,
        }


def draw_tree(name: str, spots: Sequence[Spot]) -> str:
    """Draw nodes, given in the order of a walk: each after its parent, yes before no."""
    import altair as alt

    questions = [spot for spot in spots if not spot.is_end]
    ends = [spot for spot in spots if spot.is_end]
    last = max((spot.depth for spot in questions), default=-1) + 1
    middles = _middles(questions, ends, spots)
    lefts = {s.node: (last if s.is_end else s.depth) * (_BOX + _GAP) for s in spots}
    canvas = _Canvas(last * (_BOX + _GAP) + _MARK + _BAR + _WORDS, _ROW * len(ends))
    layers = [
        *_branches([s for s in spots if s.parent is not None], lefts, middles, canvas),
        *_boxes(questions, lefts, middles, canvas),
        *_bars(ends, lefts, middles, canvas),
    ]
    chart = alt.LayerChart(layer=layers, width=canvas.width, height=canvas.height)
    return as_svg(name, chart)


def _middles(
    questions: Sequence[Spot], ends: Sequence[Spot], spots: Sequence[Spot]
) -> Mapping[int, float]:
    """Give each end a row of its own, and a question the middle of its two answers."""
    middles = {end.node: (row + 0.5) * _ROW for row, end in enumerate(ends)}
    for spot in reversed(questions):
        below = [middles[child.node] for child in spots if child.parent == spot.node]
        middles[spot.node] = sum(below) / len(below)
    return middles


_Pixels = Mapping[int, float]


def _branches(
    spots: Sequence[Spot], lefts: _Pixels, middles: _Pixels, canvas: _Canvas
) -> list[alt.Chart]:
    """Draw each way as wide as the share of customers who go it, with its answer above it."""
    if not spots:
        return []
    steps: list[Row] = []
    answers: list[Row] = []
    for spot in spots:
        assert spot.parent is not None
        start, level = lefts[spot.parent] + _BOX, middles[spot.parent]
        y, bend = middles[spot.node], start + 14
        width = 1 + (_THICKEST - 1) * spot.share
        corners = ((start, level), (bend, level), (bend, y), (lefts[spot.node] - 4, y))
        steps += [
            {"way": spot.node, "step": k, "x": at, "y": down, "width": width}
            for k, (at, down) in enumerate(corners)
        ]
        answers.append({"x": bend + 8, "y": y - width / 2 - 3, "answer": spot.answer})
    ways = chart_of(steps).mark_line(color=GREY, opacity=0.55, strokeJoin="round")
    ways = ways.encode(
        **canvas.at("x", "y"), detail="way:N", order="step:Q", strokeWidth=_as_written("width")
    )
    said = chart_of(answers).mark_text(align="left", baseline="bottom", fontSize=10, color=INK)
    return [ways, said.encode(**canvas.at("x", "y"), text="answer:N")]


def _as_written(column: str) -> alt.StrokeWidth:
    import altair as alt

    return alt.StrokeWidth(f"{column}:Q", scale=None, legend=None)


def _boxes(
    spots: Sequence[Spot], lefts: _Pixels, middles: _Pixels, canvas: _Canvas
) -> list[alt.Chart]:
    if not spots:
        return []
    rows = []
    for spot in spots:
        lines = textwrap.wrap(spot.text, _LETTERS, max_lines=_LINES, placeholder=" …")
        half = (len(lines) * _LEADING + 12) / 2
        left, middle = lefts[spot.node], middles[spot.node]
        rows.append(
            {
                "left": left,
                "right": left + _BOX,
                "top": middle - half,
                "bottom": middle + half,
                "x": left + 8,
                "y": middle - half + 6,
                "text": "\n".join(lines),
            }
        )
    boxes = chart_of(rows).mark_rect(
        cornerRadius=4, fill=TEAL, fillOpacity=0.1, stroke=TEAL, strokeOpacity=0.7
    )
    text = chart_of(rows).mark_text(
        align="left", baseline="top", lineBreak="\n", lineHeight=_LEADING, color=INK
    )
    return [
        boxes.encode(**canvas.at("left", "top", "right", "bottom")),
        text.encode(**canvas.at("x", "y"), text="text:N"),
    ]


def _bars(
    spots: Sequence[Spot], lefts: _Pixels, middles: _Pixels, canvas: _Canvas
) -> list[alt.Chart]:
    rows = []
    for spot in spots:
        bar, middle = lefts[spot.node] + _MARK, middles[spot.node]
        rows.append(
            {
                "letter": spot.text,
                "mark": bar - 6,
                "bar": bar,
                "reaches": bar + _BAR * spot.likelihood,
                "full": bar + _BAR,
                "top": middle - 8,
                "middle": middle,
                "bottom": middle + 8,
                "beside": bar + _BAR + 8,
                "first": middle - 13,
                "words": "\n".join(spot.words),
            }
        )
    base = chart_of(rows)
    ground = base.mark_rect(cornerRadius=2, fill=GREY, fillOpacity=0.2)
    filled = base.mark_rect(cornerRadius=2, fill=TEAL)
    letter = base.mark_text(align="right", baseline="middle", fontWeight="bold", color=INK)
    words = base.mark_text(
        align="left", baseline="top", lineBreak="\n", lineHeight=_LEADING, color=INK
    )
    return [
        ground.encode(**canvas.at("bar", "top", "full", "bottom")),
        filled.encode(**canvas.at("bar", "top", "reaches", "bottom")),
        letter.encode(**canvas.at("mark", "middle"), text="letter:N"),
        words.encode(**canvas.at("beside", "first"), text="words:N"),
    ]
