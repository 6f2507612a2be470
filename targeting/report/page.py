"""One self-contained HTML file: no network, no script, the same bytes each time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from targeting.report.chapters import chapters
from targeting.report.numbers import Night

if TYPE_CHECKING:
    import jinja2

_HERE = Path(__file__).parent


def write_report(path: Path, night: Night, figures: Mapping[str, object]) -> None:
    """Write the page of a night; `figures` are those of analysis.json."""
    path.write_bytes(page(night, figures).encode("utf-8"))


def page(night: Night, figures: Mapping[str, object]) -> str:
    """Make the page: each chapter's values first, then one template."""
    style = (_HERE / "page.css").read_text("utf-8")
    return _template().render(style=style, **chapters(night, figures))


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
