"""The pairs of rules that meet, in a sentence and a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from targeting.report.numbers import Night
from targeting.report.parts import Table, mapping, rows_of, title_of, whole
from targeting.report.speech import NOTHING, Speech

_MOST = 10


@dataclass(frozen=True)
class Overlap:
    """What is shown of rules that meet."""

    reading: str
    pairs: Table


def about_overlap(night: Night, figures: Mapping[str, object], speech: Speech) -> Overlap | None:
    """Tell of rules that fit the same customers; None where fewer than two rules fit anybody."""
    told = mapping(figures.get("overlap"))
    if not told.get("fitted") or night.decisions["rule"].n_unique() < 2:
        return None
    titles = {str(rule.get("name")): str(rule.get("title") or "") for rule in night.rules}
    pairs = rows_of(told.get("pairs"))
    return Overlap(_reading(told, pairs, titles, speech), _table(pairs, titles, speech))


Titles = Mapping[str, str]
Row = Mapping[str, object]


def _reading(told: Row, pairs: list[Row], titles: Titles, speech: Speech) -> str:
    fitted, twice = whole(told.get("fitted")), whole(told.get("fitted_twice"))
    contacted = whole(told.get("contacted_twice"))
    text = f"Of {speech.count(fitted, 'customer')} whom a rule fits,"
    if not twice:
        text += " none is fitted by two."
    else:
        share = speech.percent(twice / fitted)
        are = "is" if twice == 1 else "are"
        text += f" {speech.number(twice)} ({share}) {are} fitted by two or more."
    if contacted:
        are = speech.count(contacted, "is", "are")
        text += f" {are} contacted by two or more, each on another channel or as the policy allows."
    return text + _turns(pairs, titles, speech)


def _turns(pairs: list[Row], titles: Titles, speech: Speech) -> str:
    taken = sum(whole(row.get(key)) for row in pairs for key in _TAKEN)
    if not taken:
        return ""
    most = max(pairs, key=lambda row: whole(row.get("taken_by_rule")))
    return (
        f" {speech.count(taken, 'time')} a rule came too late, as another had taken the person’s"
        f" turn; most often “{_title(most, 'rule', titles)}” before"
        f" “{_title(most, 'other', titles)}”"
        f" ({speech.number(whole(most.get('taken_by_rule')))})."
    )


_TAKEN = ("taken_by_rule", "taken_by_other")


def _title(row: Row, key: str, titles: Titles) -> str:
    name = str(row.get(key))
    return titles.get(name) or title_of(name)


def _table(pairs: list[Row], titles: Titles, speech: Speech) -> Table:
    shown = pairs[:_MOST]
    most = max((whole(row.get("both")) for row in shown), default=0) or 1
    cut = f" {len(shown)} of {speech.count(len(pairs), 'pair')}; all stand in analysis.json."
    turns = [
        (key, head)
        for key, head in (
            ("taken_by_rule", "First took the turn"),
            ("taken_by_other", "Second took it"),
        )
        if any(whole(row.get(key)) for row in shown)
    ]
    keys = ("contacted_both", *(key for key, _ in turns))
    return Table(
        "Rules that meet",
        ("Rule", "And", "Fit both", "Of the smaller", "Both contact", *(head for _, head in turns)),
        tuple(
            (
                _title(row, "rule", titles),
                _title(row, "other", titles),
                _number(row, "both", speech),
                speech.percent(_of_the_smaller(row)) if whole(row.get("both")) else NOTHING,
                *(_number(row, key, speech) for key in keys),
            )
            for row in shown
        ),
        words=frozenset({1}),
        bars=tuple((whole(row.get("both")) / most,) for row in shown),
        note="Customers whom both rules fit, and the share they are of the rule that fits fewer."
        + (" A turn can be taken by another record of the same person." if turns else "")
        + (cut if len(pairs) > len(shown) else ""),
    )


def _number(row: Row, key: str, speech: Speech) -> str:
    return speech.number(whole(row.get(key))) if whole(row.get(key)) else NOTHING


def _of_the_smaller(row: Row) -> float:
    smaller = min(whole(row.get("fit_rule")), whole(row.get("fit_other")))
    return whole(row.get("both")) / (smaller or 1)
