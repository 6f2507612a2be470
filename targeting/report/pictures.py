"""Plain values become charts: columns, lines, bars, lift, calibration, heat maps."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from targeting.report.svg import AMBER, INK, TEAL, as_svg, chart_of

if TYPE_CHECKING:
    import altair as alt

WIDTH, HEIGHT = 300, 175  # small, so that text stays legible on a phone
_CLEAR_TEAL, _FULL_TEAL = "rgba(47,138,131,0.04)", "rgba(47,138,131,0.85)"
_AGAINST, _NEUTRAL, _WITH = (
    "rgba(196,110,40,0.85)",
    "rgba(129,137,148,0.06)",
    "rgba(75,123,196,0.85)",
)

Say = Callable[[float], str]


@dataclass(frozen=True)
class Point:
    """A value under a label; `pale` marks what is not complete."""

    label: str
    value: float
    pale: bool = False


@dataclass(frozen=True)
class Cell:
    """A square of a heat map."""

    x: str
    y: str
    value: float
    text: str


def columns(name: str, points: Sequence[Point], say: Say, shown: Sequence[str]) -> str:
    """Draw upright columns, such as sales by month; `shown` are the labels that fit."""
    import altair as alt

    ruler = _Ruler.over([point.value for point in points], say)
    base = chart_of(ruler.scaled(points))
    bars = base.mark_bar(color=TEAL, cornerRadiusEnd=2).encode(
        x=_along(shown),
        y=ruler.axis(),
        opacity=alt.condition("datum.pale", alt.value(0.4), alt.value(1)),
    )
    return as_svg(name, bars.properties(width=WIDTH, height=HEIGHT))


def line(name: str, points: Sequence[Point], say: Say, shown: Sequence[str]) -> str:
    """Draw a line over time with its last point marked."""
    import altair as alt

    ruler = _Ruler.over([point.value for point in points], say)
    base = chart_of(ruler.scaled(points)).encode(x=_along(shown), y=ruler.axis())
    path = base.mark_line(color=TEAL, strokeWidth=2, strokeJoin="round")
    dots = base.mark_circle(color=TEAL, size=22).encode(
        opacity=alt.condition("datum.pale", alt.value(0.4), alt.value(1))
    )
    return as_svg(name, (path + dots).properties(width=WIDTH, height=HEIGHT))


def lift(name: str, points: Sequence[Point], say: Say, average: str) -> str:
    """Draw lift by tenth, with the line that a blind choice would reach."""
    import altair as alt

    ruler = _Ruler.over([1.0, *(point.value for point in points)], say)
    labels = [point.label for point in points]
    bars = chart_of(ruler.scaled(points)).mark_bar(color=TEAL, cornerRadiusEnd=2)
    along = _along(labels, "tenths of the customers, the likeliest first")
    height = ruler.axis("times the average")  # the same in every layer, or its ticks are lost
    bars = bars.encode(x=along, y=height)
    blind = chart_of([{"value": 1 / ruler.step, "text": average}])
    rule = blind.mark_rule(color=AMBER, strokeWidth=2, strokeDash=[6, 4]).encode(y=height)
    text = blind.mark_text(align="right", baseline="bottom", dy=-4, color=INK).encode(
        x=alt.value("width"), y=height, text="text:N"
    )
    return as_svg(name, (bars + rule + text).properties(width=WIDTH, height=HEIGHT))


def calibration(name: str, points: Sequence[tuple[float, float]], say: Say) -> str:
    """Draw what was said against what happened; on the dashed line both agree."""
    import altair as alt

    ruler = _Ruler.over([side for point in points for side in point], say)
    rows = [{"said": s / ruler.step, "value": h / ruler.step} for s, h in points]
    height = ruler.axis("who did")
    across = alt.X("said:Q", **ruler.keywords("likelihood said", grid=True))
    dots = chart_of(rows).mark_circle(color=TEAL, size=50, opacity=0.85)
    dots = dots.encode(x=across, y=height)
    ends = [{"said": ruler.low, "value": ruler.low}, {"said": ruler.high, "value": ruler.high}]
    agree = chart_of(ends).mark_line(color=AMBER, strokeWidth=2, strokeDash=[6, 4])
    agree = agree.encode(x=across, y=height)
    return as_svg(name, (agree + dots).properties(width=WIDTH, height=HEIGHT + 20))


def bars(name: str, points: Sequence[Point], texts: Sequence[str]) -> str:
    """Draw lying bars with their numbers at the end, largest first as given."""
    import altair as alt

    highest = max((point.value for point in points), default=0) or 1
    rows = [
        {"label": p.label, "value": p.value / highest, "text": text}
        for p, text in zip(points, texts, strict=True)
    ]
    base = chart_of(rows).encode(
        y=alt.Y("label:N", sort=None, title=None, axis=alt.Axis(domain=False, ticks=False)),
        x=alt.X("value:Q", scale=alt.Scale(domain=[0, 1.25]), axis=None),
    )
    drawn = base.mark_bar(color=TEAL, cornerRadiusEnd=2, height=alt.RelativeBandSize(0.62))
    text = base.mark_text(align="left", dx=5, color=INK).encode(text="text:N")
    height = max(50, 24 * len(rows))
    return as_svg(name, (drawn + text).properties(width=WIDTH, height=height))


def cohort_map(name: str, cells: Sequence[Cell], order: Order) -> str:
    """Draw who comes back: the more, the fuller the square."""
    import altair as alt

    highest = max((cell.value for cell in cells), default=0) or 1
    shades = alt.Scale(domain=[0, highest], range=[_CLEAR_TEAL, _FULL_TEAL], interpolate="rgb")
    titles = ("months after the first purchase", "first purchase (customers)")
    return _squares(name, cells, order, shades, titles, 0)


def link_map(name: str, cells: Sequence[Cell], order: Order) -> str:
    """Draw what moves together (blue) and against each other (orange)."""
    import altair as alt

    range_ = [_AGAINST, _NEUTRAL, _WITH]
    shades = alt.Scale(domain=[-1, 0, 1], range=range_, interpolate="rgb")
    return _squares(name, cells, order, shades, (None, None), -45)


Order = tuple[Sequence[str], Sequence[str]]  # labels from left to right, from top to bottom


def _squares(
    name: str,
    cells: Sequence[Cell],
    order: Order,
    shades: alt.Scale,
    titles: tuple[str | None, str | None],
    angle: int,
) -> str:
    import altair as alt

    across, down = order
    rows = [{"x": c.x, "y": c.y, "value": c.value, "text": c.text} for c in cells]
    plain: dict[str, Any] = {"domain": False, "ticks": False, "grid": False, "labelLimit": 190}
    top = alt.Axis(orient="top", labelAngle=angle, **plain)
    base = chart_of(rows).encode(
        x=alt.X("x:N", sort=list(across), title=titles[0], axis=top),
        y=alt.Y("y:N", sort=list(down), title=titles[1], axis=alt.Axis(**plain)),
    )
    colour = alt.Color("value:Q", scale=shades, legend=None)
    squares = base.mark_rect(cornerRadius=2).encode(color=colour)
    text = base.mark_text(fontSize=11, color=INK).encode(text="text:N")
    return as_svg(name, (squares + text).properties(width=alt.Step(37), height=alt.Step(27)))


@dataclass(frozen=True)
class _Ruler:
    """An axis counted in round steps, so that its labels can be written by the shop's locale."""

    low: int
    high: int
    step: float
    labels: tuple[str, ...]

    @classmethod
    def over(cls, values: Sequence[float], say: Say) -> _Ruler:
        lowest, highest = min(0.0, *values, 0.0), max(0.0, *values, 0.0)
        step = _round_step((highest - lowest) / 5 or 0.2)
        low, high = math.floor(lowest / step), math.ceil(highest / step)
        labels = tuple(say(round(tick * step, 10)) for tick in range(low, high + 1))
        return cls(low, high, step, labels)

    def scaled(self, points: Sequence[Point]) -> list[dict[str, object]]:
        return [{"label": p.label, "value": p.value / self.step, "pale": p.pale} for p in points]

    def axis(self, title: str | None = None) -> alt.Y:
        import altair as alt

        return alt.Y("value:Q", **self.keywords(title, grid=True))

    def keywords(self, title: str | None, *, grid: bool) -> dict[str, Any]:
        import altair as alt

        words = json.dumps(self.labels)
        ticks = list(range(self.low, self.high + 1))
        return {
            "title": title,
            "scale": alt.Scale(domain=[self.low, self.high], nice=False),
            "axis": alt.Axis(
                values=ticks,
                labelExpr=f"{words}[datum.value - ({self.low})]",
                grid=grid,
                labelOverlap=False,
                domain=False,
                ticks=False,
            ),
        }


def _round_step(least: float) -> float:
    tenth = 10.0 ** math.floor(math.log10(least))
    return next(f * tenth for f in (1, 2, 5, 10) if f * tenth >= least * (1 - 1e-9))


def _along(shown: Sequence[str], title: str | None = None) -> alt.X:
    import altair as alt

    axis = alt.Axis(values=list(shown), labelAngle=0, ticks=False, labelPadding=6)
    return alt.X("label:N", sort=None, title=title, axis=axis, scale=alt.Scale(paddingInner=0.2))
