"""One self-contained HTML file: no network, no script, the same bytes each time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from targeting.report.about_data import bridged, origin_table, rejected_table
from targeting.report.about_likelihood import about_likelihood
from targeting.report.about_rules import rule_cards
from targeting.report.about_segments import about_segments
from targeting.report.about_shop import about_shop
from targeting.report.about_stock import about_stock
from targeting.report.first_analysis import first_analysis
from targeting.report.numbers import Night
from targeting.report.speech import Speech
from targeting.report.tonight import first_screen

if TYPE_CHECKING:
    import jinja2

_HERE = Path(__file__).parent


def write_report(path: Path, night: Night, figures: Mapping[str, object]) -> None:
    """Write the page of a night; `figures` are those of analysis.json."""
    path.write_bytes(page(night, figures).encode("utf-8"))


def page(night: Night, figures: Mapping[str, object]) -> str:
    """Make the page: each chapter's values first, then one template."""
    speech = Speech(night.shop)
    return _template().render(
        night=night,
        speech=speech,
        style=(_HERE / "page.css").read_text("utf-8"),
        tonight=first_screen(night, speech),
        rules=rule_cards(night, speech),
        segments=about_segments(night, figures, speech),
        likelihoods=about_likelihood(night, figures, speech),
        first_analysis=first_analysis(night, figures, speech),
        shop=about_shop(night, figures, speech),
        stock=about_stock(night, speech),
        rejected=rejected_table(night, speech),
        origin=origin_table(night),
        bridged=bridged(night, speech),
    )


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
