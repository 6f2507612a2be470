"""The 30 rules of shop/rules as an engineer writes them in Polars, in the order of their turns."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import polars as pl
from polars import col

AS_OF = dt.date(2026, 11, 24)
NORTH = ["Rawalpindi", "Peshawar", "Islamabad"]
REACHABLE = col("email_consent").fill_null(False) | col("app_consent").fill_null(False)
ADULT = ~(col("age") < 18).fill_null(False)


@dataclass(frozen=True)
class Rule:
    """Who is wanted, how many of them at most and which first, how many are held out."""

    name: str
    wanted: pl.Expr
    most: int | None = None
    by: str | None = None
    lowest: bool = False
    held_out: int = 0  # percent
    channels: tuple[str, ...] = ("email", "app")


def ago(days: int) -> dt.date:
    """Give the day so many days before the run's."""
    return AS_OF - dt.timedelta(days=days)


def unless(excluded: pl.Expr) -> pl.Expr:
    """Keep who is not excluded; nobody is by a missing value."""
    return ~excluded.fill_null(False)


RETENTION = [
    Rule(
        "fading_call",
        (col("segment") == "Fading")
        & (col("monetary") >= 80_000)
        & col("recency_days").is_between(60, 365)
        & REACHABLE,
        most=2_000, by="monetary", held_out=10,
    ),
    Rule(
        "fading_voucher",
        (col("segment") == "Fading")
        & col("monetary").is_between(20_000, 79_999)
        & col("recency_days").is_between(60, 365)
        & REACHABLE,
        most=20_000, by="likelihood", held_out=10,
    ),
    Rule(
        "last_hello",
        (col("segment") == "Quiet") & (col("recency_days") > 365) & col("email_consent"),
        most=30_000, by="recency_days", lowest=True, channels=("email",),
    ),
    Rule(
        "falling_spend",
        (col("spend_trend") <= -0.5)
        & (col("monetary") >= 50_000)
        & REACHABLE
        & unless(col("return_rate") >= 0.5),
        most=20_000, by="monetary", held_out=10,
    ),
    Rule(
        "overdue",
        (col("recency_days") > col("days_between_purchases"))
        & col("recency_days").is_between(90, 200)
        & (col("frequency") >= 6)
        & REACHABLE,
        most=20_000, by="frequency", held_out=10,
    ),
    Rule(
        "unlikely_but_valuable",
        (col("likelihood") < 0.2) & (col("monetary") >= 60_000) & REACHABLE,
        most=5_000, by="monetary",
    ),
    Rule(
        "returns_trouble",
        col("return_rate").is_between(0.2, 0.6)
        & (col("recency_days") <= 60)
        & REACHABLE
        & (col("frequency") >= 2),
    ),
    Rule(
        "unknown_age",
        col("age").is_null()
        & (col("frequency") >= 3)
        & col("app_consent")
        & unless(col("points") >= 1_500),
        most=10_000, by="points",
    ),
    Rule(
        "warranty_ended",
        (col("warranty_until") > ago(30))
        & (col("warranty_until") <= AS_OF)
        & (col("recency_days") <= 365)
        & REACHABLE
        & unless(col("city") == "Quetta"),
        held_out=10,
    ),
    Rule(
        "never_bought",
        col("recency_days").is_null()
        & (col("joined_on") <= ago(60))
        & REACHABLE
        & unless(col("points") < 50),
        most=5_000, by="points", held_out=10,
    ),
]  # fmt: skip

MARKETING = [
    Rule(
        "regulars_early_access",
        (col("segment") == "Loyal regulars") & (col("points") >= 500) & REACHABLE & ADULT,
        most=20_000, by="likelihood", held_out=10,
    ),
    Rule(
        "regulars_online",
        (col("segment") == "Loyal regulars")
        & (col("orders_online") >= 3)
        & REACHABLE
        & ADULT
        & unless(col("city").is_in(["Quetta", "Peshawar"])),
        held_out=10,
    ),
    Rule(
        "big_baskets_trade_in",
        (col("segment") == "Big baskets")
        & (col("average_order_value") >= 6_000)
        & col("recency_days").is_between(30, 150)
        & REACHABLE
        & ADULT
        & unless(col("warranty_until").is_between(AS_OF, ago(-60), closed="right")),
        most=5_000, by="average_order_value",
    ),
    Rule(
        "big_baskets_warranty",
        (col("segment") == "Big baskets")
        & col("warranty_until").is_between(AS_OF, ago(-60), closed="right")
        & REACHABLE
        & ADULT,
        held_out=10,
    ),
    Rule(
        "small_bundles",
        (col("segment") == "Small and often")
        & (col("average_order_value") <= 2_500)
        & (col("spend_90_days") >= 3_000)
        & REACHABLE
        & ADULT,
        most=20_000, by="likelihood", held_out=10,
    ),
    Rule(
        "small_quiet_quarter",
        (col("segment") == "Small and often") & (col("spend_90_days") < 3_000) & ADULT,
        most=10_000, by="frequency",
    ),
    Rule(
        "second_visit",
        col("frequency").is_between(1, 2)
        & (col("recency_days") <= 45)
        & (col("joined_on") > dt.date(2025, 11, 24))
        & REACHABLE
        & ADULT,
        held_out=10,
    ),
    Rule(
        "young_app_users",
        col("app_consent")
        & col("age").is_between(18, 30)
        & (col("frequency") >= 2)
        & unless(col("return_rate") >= 0.3),
        most=20_000, by="spend_90_days", channels=("app",),
    ),
    Rule(
        "likely_buyers_north",
        (col("likelihood") >= 0.6) & col("city").is_in(NORTH) & REACHABLE & ADULT,
        most=10_000, by="likelihood", held_out=10,
    ),
    Rule(
        "undecided_small",
        col("likelihood").is_between(0.3, 0.6)
        & (col("average_order_value") < 3_000)
        & REACHABLE
        & ADULT
        & unless(col("gender") == "Other"),
        most=30_000, by="recency_days", lowest=True,
    ),
    Rule(
        "clifton_evening",
        (col("city") == "Karachi")
        & (col("spend_in_town") > 0)
        & (col("age") >= 21).fill_null(True)
        & REACHABLE,
        most=2_000, by="spend_in_town",
    ),
    Rule(
        "only_online",
        (col("places_visited") <= 2)
        & (col("last_online_on") > ago(60))
        & REACHABLE
        & ADULT,
        held_out=10,
    ),
    Rule(
        "back_online",
        (col("recency_days") <= 60)
        & REACHABLE
        & (col("last_online_on") <= ago(180)).fill_null(True)
        & ADULT
        & (col("frequency") >= 4),
        most=20_000, by="monetary", held_out=10,
    ),
    Rule(
        "women_growing",
        (col("gender") == "Female")
        & col("age").is_between(30, 50)
        & (col("spend_trend") >= 0.2)
        & REACHABLE,
    ),
    Rule(
        "big_baskets_not_women",
        (col("gender") != "Female").fill_null(True)
        & (col("average_order_value") >= 5_000)
        & REACHABLE
        & (col("age") >= 18)
        & unless(col("return_rate") >= 0.3),
        most=10_000, by="average_order_value",
    ),
    Rule(
        "growing",
        (col("spend_trend") >= 0.5) & (col("monetary") >= 50_000) & REACHABLE & ADULT,
        most=10_000, by="spend_trend", held_out=10,
    ),
    Rule(
        "more_than_one_basket",
        (col("spend_90_days") > col("average_order_value"))
        & (col("frequency") >= 5)
        & REACHABLE
        & unless(col("city").is_in(["Quetta", "Multan"]))
        & ADULT,
        most=50_000, by="likelihood", held_out=20,
    ),
    Rule(
        "points_to_spend",
        (col("points") >= 1_500)
        & (col("points_per_order") >= 100)
        & REACHABLE
        & ADULT
        & unless(col("recency_days") > 400),
    ),
    Rule(
        "old_friends",
        (col("joined_on") < dt.date(2022, 6, 1))
        & (col("frequency") >= 10)
        & REACHABLE
        & unless(col("city").is_in(["Quetta", "Multan"]))
        & unless(col("gender") == "Other")
        & ADULT,
        most=20_000, by="frequency", held_out=10,
    ),
    Rule(
        "north_week",
        col("city").is_in(NORTH)
        & REACHABLE
        & (
            (col("orders_online") >= 2)
            | (col("spend_in_town") > 5_000)
            | (col("age") > 60).fill_null(False)
        )
        & ADULT
        & (col("spend_90_days") != 0),
        held_out=10,
    ),
]  # fmt: skip

RULES = RETENTION + MARKETING
