"""One self-contained HTML file: no network, no script, the same bytes each time."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from targeting.problems import Problem
from targeting.report.chapters import chapters
from targeting.report.numbers import Night
from targeting.report.paper import write_paper

if TYPE_CHECKING:
    import jinja2

_HERE = Path(__file__).parent


def write_report(path: Path, night: Night, figures: Mapping[str, object]) -> tuple[Problem, ...]:
    """Write the page of a night and, beside it, the paper; `figures` are those of analysis.json.

    Gives a warning where there is no paper.
    """
    content = chapters(night, figures)
    path.write_bytes(_rendered(content).encode("utf-8"))
    return write_paper(path.with_suffix(".pdf"), content)


def page(night: Night, figures: Mapping[str, object]) -> str:
    """Make the page: each chapter's values first, then one template."""
    return _rendered(chapters(night, figures))


def _rendered(content: Mapping[str, object]) -> str:
    style = (_HERE / "page.css").read_text("utf-8")
    return _template().render(style=style, **content)


@functools.cache
def _template() -> jinja2.Template:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2")
