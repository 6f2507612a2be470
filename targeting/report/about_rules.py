"""Each rule: whom it fits line by line, and its lists by segment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from targeting.frames import HELD_OUT, OUTCOME, REFUSED, RULE, SEGMENT, SELECTED
from targeting.report.numbers import Night
from targeting.report.outcomes import outcomes_by_rule
from targeting.report.parts import Table, contact_cost, has, title_of, total
from targeting.report.speech import NOTHING, Speech


@dataclass(frozen=True)
class RuleCard:
    """One rule, ready to be shown."""

    name: str
    title: str
    kind: str
    about: tuple[tuple[str, str], ...]
    summary: str
    reading: str
    funnel: Table
    lists: Table


def rule_cards(night: Night, speech: Speech) -> list[RuleCard]:
    """Show every rule in the order given, and any other that has left decisions."""
    named = {str(rule.get("name")): rule for rule in night.rules}
    counts = outcomes_by_rule(night)
    for name in counts:
        named.setdefault(name, {"name": name})
    return [_card(night, speech, rule, counts.get(name)) for name, rule in named.items()]


def _card(
    night: Night,
    speech: Speech,
    rule: Mapping[str, object],
    counts: tuple[int, int, int, int] | None,
) -> RuleCard:
    name, kind = str(rule.get("name")), str(rule.get("kind") or "")
    funnel = _steps(night, name)
    return RuleCard(
        name=name,
        title=str(rule.get("title") or title_of(name)),
        kind=kind,
        about=tuple(
            (label, str(rule[key]))
            for label, key in (("Owner", "owner"), ("Priority", "priority"), ("File", "file"))
            if rule.get(key) is not None
        ),
        summary=_summary(night, speech, name, kind, counts),
        reading=_reading(funnel, speech, "product" if kind == "inventory" else "customer"),
        funnel=_funnel_table(funnel, speech),
        lists=_lists(night, speech, name),
    )


def _summary(
    night: Night,
    speech: Speech,
    name: str,
    kind: str,
    counts: tuple[int, int, int, int] | None,
) -> str:
    if kind == "inventory":
        return _orders(night, speech, name)
    if counts is None:
        return "fits nobody tonight"
    selected, held, refused, _ = counts
    told = [f"{speech.number(selected)} contacted"]
    told += [f"{speech.number(held)} held out"] if held else []
    told += [f"{speech.number(refused)} not contacted"] if refused else []
    cost = _cost(night, name)
    return ", ".join(told) + (f"; costs {speech.money(cost)}" if cost else "")


def _cost(night: Night, name: str) -> float:
    if not has(night.summary, RULE):
        return 0.0
    return contact_cost(night.summary.filter(pl.col(RULE) == name), "real_cost")


def _orders(night: Night, speech: Speech, name: str) -> str:
    """Say which lines a rule has a say in: `rule` names them all ("cover: a; note: b")."""
    lines = night.suggestions.get("lines")
    if lines is None or not has(lines, RULE, "quantity"):
        return "fits no product tonight"
    own = lines.filter(pl.col(RULE).str.contains(rf"(^|[:;,] ?){re.escape(name)}([;,]|$)"))
    if own.is_empty():
        return "fits no product tonight"
    bought = own.filter(pl.col("quantity") > 0)
    orders = f"{speech.number(bought.height)} to order, {speech.money(total(bought, 'line_cost'))}"
    return f"fits {speech.count(own.height, 'line')}; {orders}"


def _steps(night: Night, name: str) -> list[dict[str, object]]:
    if not has(night.funnel, RULE, "step", "left"):
        return []
    return night.funnel.filter(pl.col(RULE) == name).to_dicts()


def _count(row: Mapping[str, object], key: str) -> int:
    value = row.get(key)
    return int(value) if isinstance(value, (int, float)) else 0


def _said(row: Mapping[str, object]) -> str:
    line, step = row.get("line"), str(row.get("step") or "")
    return str(line) if isinstance(line, str) and line else title_of(step)


def _reading(funnel: list[dict[str, object]], speech: Speech, noun: str) -> str:
    if not funnel:
        return ""
    first = _count(funnel[0], "left") + _count(funnel[0], "lost")
    last = _count(funnel[-1], "left")
    tail = "remains" if last == 1 else "remain"
    text = f"Of {speech.count(first, noun)} {speech.number(last)} {tail}."
    worst = max(funnel, key=lambda row: _count(row, "lost"))
    if _count(worst, "lost"):
        text += f" “{_said(worst)}” takes away the most: {speech.number(_count(worst, 'lost'))}"
        missing = _count(worst, "lost_missing")
        text += (
            f", {speech.number(missing)} of them because the value is missing." if missing else "."
        )
    return text


def _funnel_table(funnel: list[dict[str, object]], speech: Speech) -> Table:
    top = max((_count(row, "left") + _count(row, "lost") for row in funnel), default=0) or 1
    return Table(
        "Step by step",
        ("Line", "Step", "Left", "Taken away", "Value missing"),
        tuple(
            (
                _said(row),
                title_of(str(row.get("step") or "")),
                speech.number(_count(row, "left")),
                speech.number(_count(row, "lost")),
                speech.number(_count(row, "lost_missing")) if row.get("lost_missing") else NOTHING,
            )
            for row in funnel
        ),
        words=frozenset({1}),
        bars=tuple((_count(row, "left") / top,) for row in funnel),
    )


def _lists(night: Night, speech: Speech, name: str) -> Table:
    """Count a rule's decisions by segment; empty for rules without any."""
    caption, heads = "Lists by segment", ("Segment", "Contacted", "Held out", "Not contacted")
    if not has(night.decisions, RULE, SEGMENT, OUTCOME):
        return Table(caption, heads, ())
    own = night.decisions.filter(pl.col(RULE) == name)
    kinds = [(pl.col(OUTCOME) == kind).sum().alias(kind) for kind in (SELECTED, HELD_OUT, REFUSED)]
    counted = own.group_by(pl.col(SEGMENT).cast(pl.String)).agg(*kinds)
    rows = list(counted.sort(SELECTED, SEGMENT, descending=[True, False], nulls_last=True).rows())
    most = max((sum(row[1:]) for row in rows), default=0) or 1
    return Table(
        caption,
        heads,
        tuple((segment or "No segment", *map(speech.number, row)) for segment, *row in rows),
        bars=tuple(tuple(n / most for n in row[1:]) for row in rows),
    )
