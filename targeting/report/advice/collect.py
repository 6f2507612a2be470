"""All advice, what touches most first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from targeting.report.advice.on_rules import on_rules
from targeting.report.advice.on_segments import on_segments
from targeting.report.advice.on_shop import on_shop
from targeting.report.advice.on_stock import on_stock
from targeting.report.advice.piece import Advice
from targeting.report.numbers import Night
from targeting.report.speech import Speech

MOST = 8
_MOST_OF_A_KIND = 3  # so that many segments do not hide the stock


def advice(night: Night, figures: Mapping[str, object], speech: Speech) -> tuple[Advice, ...]:
    """Give at most eight pieces of advice, by the share of customers or sales that each touches."""
    kinds = (
        on_segments(night, figures, speech),
        on_rules(night, speech),
        on_stock(night, speech),
        on_shop(night, figures, speech),
    )
    found = [piece for kind in kinds for piece in _ranked(kind)[:_MOST_OF_A_KIND]]
    return tuple(_ranked(found)[:MOST])


def _ranked(pieces: Iterable[Advice]) -> list[Advice]:
    return sorted(pieces, key=lambda piece: (-round(piece.touches, 6), piece.do))
