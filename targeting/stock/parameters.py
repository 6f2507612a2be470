"""What inventory rules set for each product and location, parameter by parameter."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import polars as pl

from targeting.rules.match import match
from targeting.rules.model import Planning, Rule

_UNITS = ("units", "packs", "money", "weeks")


def parameters(
    table: pl.DataFrame, rules: Sequence[Rule], as_of: dt.date, minor: int
) -> pl.DataFrame:
    """Settle each parameter by itself: of the rules that set it, the lowest priority number wins.

    One row a product and location: service_level, cover_days, order_at_most_units, _packs, _money
    (minor units), _weeks, flags, notes, and `rule`, which rule set what.
    """
    own = [rule for rule in rules if rule.kind == "inventory" and rule.is_active(as_of)]
    hits = match(table.lazy(), own, as_of, minor).collect()
    keys = table.select("product_id", "location")
    frame = keys if hits.width == 0 else pl.concat([keys, hits], how="horizontal")
    by_priority = sorted(own, key=lambda rule: rule.priority)
    settled = frame.with_columns(
        _winner(by_priority, _service_level, pl.Float64).alias("service_level"),
        _winner(by_priority, lambda then: _cover_days(then, as_of), pl.Int64).alias("cover_days"),
        *(
            _winner(by_priority, _cap(unit, minor), pl.Float64).alias(f"order_at_most_{unit}")
            for unit in _UNITS
        ),
        _winner(by_priority, lambda then: then.flag, pl.String).alias("_flag"),
        _winner(by_priority, lambda then: then.note, pl.String).alias("_note"),
        pl.concat_str(
            [_who(by_priority, name, read) for name, read in _NAMED],
            separator="; ",
            ignore_nulls=True,
        ).alias("rule"),
    )
    return settled.select(
        "product_id",
        "location",
        "service_level",
        "cover_days",
        *(f"order_at_most_{unit}" for unit in _UNITS),
        pl.concat_list("_flag").list.drop_nulls().alias("flags"),
        pl.concat_list("_note").list.drop_nulls().alias("notes"),
        "rule",
    )


_Reading = Callable[[Planning], Any]


def _winner(rules: Sequence[Rule], read: _Reading, dtype: Any) -> pl.Expr:
    """Chain the rules that set a parameter, the first of them on the outside."""
    value: pl.Expr = pl.lit(None, dtype=dtype)
    for rule in reversed(rules):
        assert isinstance(rule.then, Planning)
        found = read(rule.then)
        if found is not None:
            chosen = pl.lit(None if found is _NONE else found, dtype=dtype)
            value = pl.when(pl.col(rule.name)).then(chosen).otherwise(value)
    return value


def _who(rules: Sequence[Rule], name: str, read: _Reading) -> pl.Expr:
    """Name the rule that set a parameter."""
    setters = [rule for rule in rules if isinstance(rule.then, Planning) and read(rule.then)]
    who: pl.Expr = pl.lit(None, dtype=pl.String)
    for rule in reversed(setters):
        who = pl.when(pl.col(rule.name)).then(pl.lit(f"{name}: {rule.name}")).otherwise(who)
    return who


_NONE = object()  # a rule that sets the limit in another unit clears this one


def _service_level(then: Planning) -> float | None:
    return None if then.service_level is None else float(then.service_level)


def _cover_days(then: Planning, as_of: dt.date) -> int | None:
    return None if then.cover is None else (then.cover.after(as_of) - as_of).days


def _cap(unit: str, minor: int) -> _Reading:
    def read(then: Planning) -> float | object | None:
        if then.order_at_most is None:
            return None
        own, amount = then.order_at_most
        if own != unit:
            return _NONE
        return float(amount * minor) if unit == "money" else float(amount)

    return read


_NAMED: tuple[tuple[str, _Reading], ...] = (
    ("service level", lambda then: then.service_level),
    ("cover", lambda then: then.cover),
    ("order limit", lambda then: then.order_at_most),
    ("flag", lambda then: then.flag),
    ("note", lambda then: then.note),
)
