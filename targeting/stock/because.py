"""Each line in words: one sentence with three facts and the rule behind it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import polars as pl

from targeting.stock.inputs import RECENT_WEEKS


def because(rules: Iterable[str]) -> pl.Expr:
    """Tell three facts, what follows from them, and who set the terms.

    `rules` are all that stand in the column `rule`. Reads `gets` and `gives` (transfers in words),
    `left` (what they leave short, in packs), `to_buy` (left within the limit), `quantity` (within
    the budget), `limit` and what `terms` settled.
    """
    facts = pl.format(
        "{}; {}; a new delivery takes {}", _sales(), _stock(), _count("lead_time_days", "day")
    )
    order = pl.format("{}: {}.", facts, _decision())
    sentence = (
        pl.when("discontinued")
        .then(pl.format("Discontinued: nothing to order. {}{}.", _capital(_stock()), _moved()))
        .when("listed_refused")
        .then(pl.format("{} {}{}.", _UNREAD, _capital(_stock()), _moved()))
        .when("silent")
        .then(pl.format("{}: nothing to order. {}{}.", _silence(), _capital(_stock()), _moved()))
        .otherwise(order)
    )
    notes = pl.col("rule_notes").list.eval(pl.lit(" ") + pl.element()).list.join("")
    terms = pl.when("orderable").then(pl.format(" {}", _terms(rules))).otherwise(pl.lit(""))
    return pl.concat_str(sentence, terms, notes).alias("because")


_UNREAD: Final = pl.lit(
    "Its row in the list of products was rejected: nothing to order until it is mended."
)


def plain(number: pl.Expr, decimals: int = 0) -> pl.Expr:
    """Write a number without needless decimals: 4.2, 12."""
    text = number.cast(pl.Float64).round(decimals).cast(pl.String)
    return text.str.strip_suffix(".0")


def _count(column: str, unit: str) -> pl.Expr:
    number = plain(pl.col(column), 1)
    return pl.concat_str(
        number, pl.when(number == "1").then(pl.lit(f" {unit}")).otherwise(pl.lit(f" {unit}s"))
    )


def _sales() -> pl.Expr:
    rate = pl.col("weekly_demand")
    sells = (
        pl.when(rate <= 0)
        .then(pl.lit("Not sold lately"))
        .when(rate < 0.5)
        .then(pl.format("Sells 1 in {} weeks", plain(1 / rate)))
        .otherwise(pl.format("Sells {} a week", plain(rate, 1)))
    )
    return pl.concat_str(sells, _new(), _out_of_stock(), _campaigns())


def _new() -> pl.Expr:
    text = pl.format(" (new: {} count as half a week)", "borrowed")
    return pl.when(pl.col("borrowed").is_not_null()).then(text).otherwise(pl.lit(""))


def _out_of_stock() -> pl.Expr:
    days = pl.col("days_out_of_stock")
    text = f" (out of stock {{}} of the last {RECENT_WEEKS * 7} days, taken out of the rate)"
    return pl.when(days > 0).then(pl.format(text, days)).otherwise(pl.lit(""))


def _campaigns() -> pl.Expr:
    """Write the units that come with tonight's contacts, unless there are next to none."""
    units = pl.col("campaign_units").round(1)
    text = pl.format(", +{} for tonight's campaigns", plain(units, 1))
    return pl.when(units > 0).then(text).otherwise(pl.lit(""))


def _stock() -> pl.Expr:
    """Write what is there and how long it lasts: '6 on hand and 12 on order last 30 days'."""
    hand, coming, kept = pl.col("on_hand"), pl.col("on_order"), pl.col("reserved")
    counted = pl.col("was_on_hand").is_not_null()
    nothing = pl.when(counted).then(pl.lit("none on hand")).otherwise(pl.lit("no count of stock"))
    there = pl.when(hand > 0).then(pl.format("{} on hand", plain(hand, 1))).otherwise(nothing)
    due = pl.when(coming > 0).then(pl.format(" and {} on order", plain(coming, 1)))
    promised = pl.when(kept > 0).then(pl.format(" ({} of it reserved)", plain(kept, 1)))
    days = pl.col("days_of_cover")
    years = pl.format(" last {} years", plain(days / 365))
    lasts = (
        pl.when((days >= 1) & (days < 1000))
        .then(pl.format(" last {} days", plain(days)))
        .when(days >= 1000)
        .then(years)
    )
    parts = [part.otherwise(pl.lit("")) for part in (due, promised, lasts)]
    return pl.concat_str(there, *parts)


def _capital(text: pl.Expr) -> pl.Expr:
    return text.str.head(1).str.to_uppercase() + text.str.tail(-1)


def _silence() -> pl.Expr:
    last = pl.col("last_sold_on")
    since = pl.format("Not sold since {}", last.dt.to_string("%Y-%m-%d"))
    return pl.when(last.is_null()).then(pl.lit("Never sold")).otherwise(since)


def _moved() -> pl.Expr:
    """Write what goes from or to a line that is not ordered: '; 8 go to Saddar'."""
    moves = pl.coalesce("gets", "gives")
    return pl.when(moves.is_not_null()).then(pl.format("; {}", moves)).otherwise(pl.lit(""))


def _decision() -> pl.Expr:
    gets = pl.when(pl.col("gets").is_not_null()).then(pl.format("{}, ", "gets"))
    return (
        pl.when(pl.col("gives").is_not_null())
        .then(pl.format("more than enough, {}", "gives"))
        .otherwise(pl.concat_str(gets.otherwise(pl.lit("")), _order()))
    )


def _order() -> pl.Expr:
    quantity, to_buy, left = pl.col("quantity"), pl.col("to_buy"), pl.col("left")
    ordered = pl.format("order {}", _in_packs())
    cut = pl.format("{}, not the {} needed: that is what the budget allows", ordered, to_buy)
    life = pl.format("its shelf life of {}", _count("shelf_life_days", "day"))
    fresh = pl.format("{}, not the {} needed: no more sells within {}", ordered, left, life)
    capped = pl.format("{}, not the {} needed: a rule's limit", ordered, left)
    return (
        pl.when((left == 0) & (pl.col("gets").is_not_null() | (pl.col("weekly_demand") <= 0)))
        .then(pl.lit("nothing to order"))
        .when(left == 0)
        .then(pl.lit("enough, order nothing"))
        .when((to_buy == 0) & pl.col("would_expire"))
        .then(
            pl.format(
                "{} needed, but no order of {} or more sells within {}",
                left,
                pl.col("least_order"),
                life,
            )
        )
        .when(to_buy == 0)
        .then(
            pl.format(
                "{} needed, but the limit of {} is under the smallest order of {}",
                left,
                pl.col("limit"),
                pl.col("smallest_order"),
            )
        )
        .when(quantity == 0)
        .then(pl.format("{} needed, but the budget went where more margin is at stake", to_buy))
        .when(quantity < to_buy)
        .then(cut)
        .when(pl.col("would_expire"))
        .then(fresh)
        .when(to_buy < left)
        .then(capped)
        .otherwise(ordered)
    )


def _in_packs() -> pl.Expr:
    pack = pl.col("pack_size")
    packs = pl.col("quantity") // pack
    word = pl.when(packs == 1).then(pl.lit("pack")).otherwise(pl.lit("packs"))
    parts = pl.format("{} ({} {} of {})", "quantity", packs, word, pack)
    return pl.when(pack == 1).then(pl.col("quantity").cast(pl.String)).otherwise(parts)


def _terms(rules: Iterable[str]) -> pl.Expr:
    """Write who set the service level, and what else rules set."""
    share = pl.format("{}% service", plain(pl.col("service_level") * 100, 2))
    texts = sorted(set(rules))
    said = pl.col("rule").replace_strict(texts, [_said(text) for text in texts], default="")
    by_class = pl.format("{} (class {})", share, pl.col("abc").fill_null("C"))
    besides = pl.when(said == "").then(pl.lit("")).otherwise(pl.format("; {}", said))
    settled = (
        pl.when(said.str.starts_with("service"))
        .then(said.str.replace("service", share, literal=True))
        .otherwise(pl.concat_str(by_class, besides))
    )
    return pl.concat_str(settled, _economic(), pl.lit("."))


def _economic() -> pl.Expr:
    """Say where the cost of an order makes orders larger than the supplier's minimum."""
    text = pl.format("; {} or more at a time, by the cost of an order", pl.col("smallest_order"))
    larger = pl.col("smallest_order") > pl.col("least_order")
    return pl.when(larger & ~pl.col("would_expire")).then(text).otherwise(pl.lit(""))


def _said(rules: str) -> str:
    """Turn 'service level: a; cover: b; order limit: a' into words, the service level first."""
    by_rule: dict[str, list[str]] = {}
    parts = [part.partition(": ") for part in rules.split("; ") if part]
    for what, _, rule in sorted(parts, key=lambda part: part[0] != "service level"):
        by_rule.setdefault(rule, []).append(_WORDS.get(what, what))
    return "; ".join(f"{_and(whats)} set by {rule}" for rule, whats in by_rule.items())


_WORDS = {"service level": "service", "order limit": "limit"}


def _and(words: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
