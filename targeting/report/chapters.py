"""What the report says, chapter by chapter: the one content of the page and of the paper."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from targeting.behind import abreast
from targeting.report.about_data import bridged, origin_table, rejected_table
from targeting.report.about_likelihood import about_likelihood
from targeting.report.about_overlap import about_overlap
from targeting.report.about_rules import rule_cards
from targeting.report.about_segments import about_segments
from targeting.report.about_shop import about_shop
from targeting.report.about_stock import about_stock
from targeting.report.advice.collect import advice
from targeting.report.first_analysis import first_analysis
from targeting.report.numbers import Night
from targeting.report.speech import Speech
from targeting.report.tonight import first_screen


def chapters(night: Night, figures: Mapping[str, object]) -> dict[str, object]:
    """Make every chapter's values, by the name under which a template finds them."""
    speech = Speech(night.shop)
    made: dict[str, Callable[[], object]] = {
        "likelihoods": lambda: about_likelihood(night, figures, speech),
        "tonight": lambda: first_screen(night, speech),
        "advice": lambda: advice(night, figures, speech),
        "rules": lambda: rule_cards(night, speech),
        "overlap": lambda: about_overlap(night, figures, speech),
        "segments": lambda: about_segments(night, figures, speech),
        "shop": lambda: about_shop(night, figures, speech),
        "first_analysis": lambda: first_analysis(night, figures, speech),
        "stock": lambda: about_stock(night, speech),
        "rejected": lambda: rejected_table(night, speech),
        "origin": lambda: origin_table(night),
        "bridged": lambda: bridged(night, speech),
    }
    # Some count customers and some draw, which takes one core: beside each other they take two.
    values = abreast(lambda chapter: chapter(), made.values())
    return {"night": night, "speech": speech, **dict(zip(made, values, strict=True))}
