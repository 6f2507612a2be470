"""Charts become SVG text that can stand in a light page, a dark page and print.

Text and axes take the page's own colour (currentColor), marks are middle tones, the ground is
transparent. Nothing in a picture is read aloud: the page says it in a sentence and a table.
"""

from __future__ import annotations

import functools
import json
import re
import resource
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from targeting.problems import Place, Problem

if TYPE_CHECKING:
    import altair as alt

TEAL, AMBER, GREY = "#2f8a83", "#b87a1e", "#818994"
INK = "currentColor"


def chart_of(rows: Sequence[Mapping[str, object]]) -> alt.Chart:
    """Begin a chart of rows that stand in it."""
    import altair as alt

    return alt.Chart(alt.InlineData(values=list(rows)))


_CONFIG: dict[str, Any] = {
    "background": "transparent",
    "font": "sans-serif",
    "aria": False,
    "padding": 4,
    "view": {"stroke": None},
    "axis": {
        "labelColor": INK,
        "titleColor": INK,
        "domainColor": INK,
        "gridColor": INK,
        "gridOpacity": 0.14,
        "domainOpacity": 0.4,
        "labelFontSize": 11,
        "titleFontSize": 11,
        "titleFontWeight": "normal",
    },
    "text": {"fontSize": 11},
}


# Control characters as JSON writes them: one in a name, and the renderer ends the whole program.
_NOT_IN_XML = re.compile(r"(?<!\\)((?:\\\\)*)\\u(?:00[01][0-9a-f]|fff[ef])")


# Address space that the renderer (V8) reserves, used or not; with less it ends the program.
_RESERVED = 68 * 2**30
_STATM = Path("/proc/self/statm")  # its first number: pages of address space in use


@functools.cache
def can_draw() -> bool:
    """Say whether `ulimit -v` leaves the renderer what it reserves."""
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit == resource.RLIM_INFINITY:
        return True
    pages = int(_STATM.read_text().split()[0]) if _STATM.exists() else 0
    return limit - pages * resource.getpagesize() >= _RESERVED


def undrawn() -> tuple[Problem, ...]:
    """Warn of a report without pictures."""
    if can_draw():
        return ()
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    text = (
        f"the report has no pictures: ulimit -v allows {limit // 10**9:,} GB of address space, and "
        f"what draws them reserves {_RESERVED // 10**9} GB, used or not"
    )
    instead = (
        "its sentences and tables say the same; bound memory by --memory or a container instead"
    )
    return (Problem("X006", text, Place("report.html"), instead, "warning"),)


def renderer_started() -> None:
    """Draw nothing: the first picture of a process takes a second longer than the others."""
    if not can_draw():
        return
    import vl_convert

    nothing = {"mark": "point", "data": {"values": []}}
    vl_convert.vegalite_to_svg(json.dumps(nothing))


def as_svg(name: str, chart: alt.Chart | alt.LayerChart) -> str:
    """Render without a browser, where it can draw; ids stand under the picture's name."""
    if not can_draw():
        return ""
    import vl_convert

    spec = json.dumps(chart.to_dict() | {"config": _CONFIG})
    svg = str(vl_convert.vegalite_to_svg(_NOT_IN_XML.sub(r"\1 ", spec)))
    svg = re.sub(r' xmlns(:xlink)?="[^"]*"', "", svg)
    svg = re.sub(r' aria-[a-z]+="[^"]*"| role="[^"]*"', "", svg)
    svg = _with_own_ids(name, svg)
    return svg.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)


def _with_own_ids(name: str, svg: str) -> str:
    """Number a picture's ids from 1 under its name.

    The renderer counts them through the life of the process: two pictures would share ids, and a
    second page would differ from the first.
    """
    written = dict.fromkeys(re.findall(r' id="([^"]+)"', svg))
    own = {old: f"{name}-{k}" for k, old in enumerate(written, start=1)}
    svg = re.sub(r' id="([^"]+)"', lambda found: f' id="{own[found[1]]}"', svg)
    return re.sub(r"url\(#([^)]+)\)", lambda found: f"url(#{own.get(found[1], '')})", svg)
