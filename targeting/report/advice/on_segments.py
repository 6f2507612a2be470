"""Advice on segments: for whom there is no rule, whom no rule fits, whose spending falls."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from targeting.frames import CUSTOMER, RULE, SEGMENT
from targeting.report.advice.piece import (
    RESTS,
    Advice,
    active_rules,
    file_of,
    share_of_customers,
    share_of_sales,
    title,
)
from targeting.report.advice.spending import Spent, spending
from targeting.report.numbers import Night
from targeting.report.parts import has, mapping, real, rows_of, whole
from targeting.report.sales import DAYS
from targeting.report.speech import Speech

_HIGH, _LOW = 0.65, 0.35  # where a segment's median stands among all customers
_MUCH_LEFT_OUT = 0.2  # of a segment, whom no rule fits
_MOST_LEFT_OUT = 0.5
_FEWEST = 10
_FALLS_BEHIND = 0.1  # how much more a segment's spending falls than the shop's
_STAYED_AWAY = 0.75  # a segment of those who have not come for long falls by its making

# What suits customers whose medians stand there; the first that fits.
_OFFERS: Sequence[tuple[Mapping[str, bool], str]] = (
    ({"recency_days": True, "monetary": True}, "VIP perks that bring good customers back"),
    (
        {"average_order_value": True, "brand_affinity": True},
        "loyalty rewards and early access to what is new of their brand",
    ),
    ({"frequency": True, "average_order_value": False}, "bundles of what goes together"),
    ({"tenure_days": False, "frequency": False}, "a reason to come a second time"),
    ({"average_order_value": True, "frequency": False}, "what goes with a large purchase"),
    ({"brand_affinity": False}, "a guide that helps to choose between brands"),
)


def on_segments(night: Night, figures: Mapping[str, object], speech: Speech) -> Iterator[Advice]:
    """Look at each segment with its rules and its spending."""
    segments = [row for row in rows_of(figures.get("segments")) if row.get("name") is not None]
    if not has(night.customers, CUSTOMER, SEGMENT):
        return
    spent = spending(night)
    for segment in segments:
        rules = _rules_for(str(segment["name"]), night)
        if not rules or _passed_over(segment, rules, spent):
            yield _no_rule(segment, rules, spent, night, speech)
        else:
            yield from _left_out(segment, rules, spent, night, speech)
        yield from _falls(segment, rules, spent, night, speech)


Row = Mapping[str, object]


def _rules_for(segment: str, night: Night) -> list[Row]:
    """List the active rules that name a segment, or none at all."""
    found = []
    for rule in active_rules(night):
        named = rule.get("segments")
        if not isinstance(named, Sequence) or segment in named:
            found.append(rule)
    return found


def _passed_over(segment: Row, rules: list[Row], spent: Spent) -> bool:
    """Say whether no rule names a segment, and those for anybody fit few of it."""
    left = spent.get(str(segment["name"]), {}).get("left", 0)
    named = any(rule.get("segments") for rule in rules)
    return not named and left >= max(_FEWEST, _MOST_LEFT_OUT * whole(segment.get("size")))


def _no_rule(segment: Row, rules: list[Row], spent: Spent, night: Night, speech: Speech) -> Advice:
    name, size = str(segment["name"]), whole(segment.get("size"))
    now = spent.get(name, {}).get("now", 0)
    money = f" and spent {speech.short_money(now)} in the last {DAYS} days" if now > 0 else ""
    left = speech.number(spent.get(name, {}).get("left", 0))
    why = f"names them, and {left} of them are met by none" if rules else "is for them"
    return Advice(
        do=f"Write a rule for {name}: {_offer(segment)}.",
        because=f"No active rule {why}. They are {speech.count(size, 'customer')}{money}.",
        where="rules/marketing (targeting new marketing NAME)",
        touches=max(share_of_customers(size, night), share_of_sales(now, night)),
    )


def _offer(segment: Row) -> str:
    ranks = mapping(segment.get("ranks"))

    def stands(field: str, high: bool) -> bool:
        rank = real(ranks.get(field))
        return rank is not None and (rank >= _HIGH if high else rank <= _LOW)

    suits = (
        offer for wanted, offer in _OFFERS if all(stands(f, high) for f, high in wanted.items())
    )
    return next(suits, "a first offer of their own")


def _left_out(
    segment: Row, rules: list[Row], spent: Spent, night: Night, speech: Speech
) -> Iterator[Advice]:
    """Tell of a segment that has rules, and of whom many are met by none."""
    name, size = str(segment["name"]), whole(segment.get("size"))
    told = spent.get(name, {})
    left, money = told.get("left", 0), told.get("left_now", 0)
    if left < _FEWEST or left < _MUCH_LEFT_OUT * size:
        return
    text = (
        f"{speech.number(left)} of {speech.count(size, 'customer')} are met by no rule tonight and"
        f" have not been contacted in the last {DAYS} days"
    )
    if money > 0:
        share = speech.percent(share_of_sales(money, night))
        text += f"; they spent {speech.short_money(money)} in that time, {share} of sales"
    line, rule, lost, before = _narrowest(rules, night)
    if line:
        text += (
            f". Of the rules for them {title(rule)} loses most at “{line}”:"
            f" {speech.number(lost)} of the {speech.number(before)} who came so far"
        )
    yield Advice(
        do=f"Find something for the {name} whom no rule fits: a wider rule, or one more.",
        because=text + ".",
        where=file_of(rule) if line else "rules",
        touches=max(share_of_sales(money, night), share_of_customers(left, night)),
    )


def _narrowest(rules: list[Row], night: Night) -> tuple[str, Row, int, int]:
    """Find the line after a rule's first that takes most away, of the rules that name segments."""
    own = [str(rule["name"]) for rule in rules if rule.get("segments")]
    if not has(night.funnel, RULE, "step", "line", "left", "lost"):
        return "", {}, 0, 0
    lines = night.funnel.filter(pl.col(RULE).is_in(own), pl.col("step") != "all")
    later = lines.filter(
        pl.int_range(pl.len()).over(RULE) > 0, ~pl.col("line").str.starts_with(RESTS)
    )
    if later.is_empty() or not later["lost"].max():
        return "", {}, 0, 0
    worst = later.sort("lost", RULE, "line", descending=[True, False, False]).row(0, named=True)
    rule = next(rule for rule in rules if rule["name"] == worst[RULE])
    return str(worst["line"]), rule, worst["lost"], worst["lost"] + worst["left"]


def _falls(
    segment: Row, rules: list[Row], spent: Spent, night: Night, speech: Speech
) -> Iterator[Advice]:
    """Tell of spending that falls faster than the shop's."""
    name, told = str(segment["name"]), spent.get(str(segment["name"]), {})
    now, before = told.get("now", 0), told.get("before", 0)
    shop_now = night.trade.sales(night.as_of)
    shop_before = night.trade.sales(night.as_of - dt.timedelta(days=DAYS))
    away = real(mapping(segment.get("ranks")).get("recency_days")) or 0.0
    if before <= 0 or shop_before <= 0 or away >= _STAYED_AWAY or now >= before:
        return
    fall, usual = 1 - now / before, 1 - shop_now / shop_before
    if fall - usual < _FALLS_BEHIND:
        return
    shop = (
        f"falls by {speech.percent(usual)}" if usual > 0 else f"rises by {speech.percent(-usual)}"
    )
    contacted = speech.number(whole(segment.get("contacted")))
    yield Advice(
        do=f"Look at what {name} get and want: their spending falls faster than the shop’s.",
        because=f"They spent {speech.short_money(now)} in the last {DAYS} days and"
        f" {speech.short_money(before)} in the {DAYS} before, {speech.percent(fall)} less; the shop"
        f" as a whole {shop}. {contacted} of their {speech.number(whole(segment.get('size')))} are"
        " contacted tonight.",
        where=", ".join(dict.fromkeys(file_of(r) for r in rules if r.get("segments"))) or "rules",
        touches=share_of_sales(before - now, night),
    )
