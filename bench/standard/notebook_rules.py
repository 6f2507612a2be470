"""The 30 rules of shop/rules as a notebook has them: plain ifs over one customer's row."""

from __future__ import annotations

import pandas as pd  # type: ignore[import-untyped]

NORTH = ["Rawalpindi", "Peshawar", "Islamabad"]
DAY = pd.Timedelta(days=1)
AS_OF = pd.Timestamp(2026, 11, 24)
YEAR_AGO = pd.Timestamp(2025, 11, 24)
SUMMER_2022 = pd.Timestamp(2022, 6, 1)
DAYS_30_AGO, DAYS_60_AGO = AS_OF - 30 * DAY, AS_OF - 60 * DAY
DAYS_180_AGO, IN_60_DAYS = AS_OF - 180 * DAY, AS_OF + 60 * DAY


def rules_met(row: pd.Series) -> list[str]:  # noqa: PLR0912, PLR0915
    """Name every rule that a customer meets."""
    met = []
    segment, city, gender, age = row["segment"], row["city"], row["gender"], row["age"]
    recency, frequency, monetary = row["recency_days"], row["frequency"], row["monetary"]
    average, spend_90, trend = (
        row["average_order_value"],
        row["spend_90_days"],
        row["spend_trend"],
    )
    likelihood, return_rate, points = row["likelihood"], row["return_rate"], row["points"]
    online, last_online = row["orders_online"], row["last_online_on"]
    joined, warranty = row["joined_on"], row["warranty_until"]
    mail, app = row["email_consent"] == True, row["app_consent"] == True  # noqa: E712
    reachable = mail or app
    ends_soon = AS_OF < warranty <= IN_60_DAYS

    # retention
    if reachable:
        if segment == "Fading" and monetary >= 80000 and 60 <= recency <= 365:
            met.append("fading_call")
        if segment == "Fading" and 20000 <= monetary <= 79999 and 60 <= recency <= 365:
            met.append("fading_voucher")
        if trend <= -0.5 and monetary >= 50000 and not return_rate >= 0.5:
            met.append("falling_spend")
        if recency > row["days_between_purchases"] and 90 <= recency <= 200 and frequency >= 6:
            met.append("overdue")
        if likelihood < 0.2 and monetary >= 60000:
            met.append("unlikely_but_valuable")
        if 0.2 <= return_rate <= 0.6 and recency <= 60 and frequency >= 2:
            met.append("returns_trouble")
        if DAYS_30_AGO < warranty <= AS_OF and recency <= 365 and city != "Quetta":
            met.append("warranty_ended")
        if pd.isna(recency) and joined <= DAYS_60_AGO and not points < 50:
            met.append("never_bought")
    if segment == "Quiet" and recency > 365 and mail:
        met.append("last_hello")
    if pd.isna(age) and frequency >= 3 and app and not points >= 1500:
        met.append("unknown_age")

    # marketing: nobody under 18
    if age < 18:
        return met
    if segment == "Small and often" and spend_90 < 3000:
        met.append("small_quiet_quarter")
    if app and 18 <= age <= 30 and frequency >= 2 and not return_rate >= 0.3:
        met.append("young_app_users")
    if not reachable:
        return met
    if segment == "Loyal regulars" and points >= 500:
        met.append("regulars_early_access")
    if segment == "Loyal regulars" and online >= 3 and city not in ["Quetta", "Peshawar"]:
        met.append("regulars_online")
    if segment == "Big baskets" and average >= 6000 and 30 <= recency <= 150 and not ends_soon:
        met.append("big_baskets_trade_in")
    if segment == "Big baskets" and ends_soon:
        met.append("big_baskets_warranty")
    if segment == "Small and often" and average <= 2500 and spend_90 >= 3000:
        met.append("small_bundles")
    if 1 <= frequency <= 2 and recency <= 45 and joined > YEAR_AGO:
        met.append("second_visit")
    if likelihood >= 0.6 and city in NORTH:
        met.append("likely_buyers_north")
    if 0.3 <= likelihood <= 0.6 and average < 3000 and gender != "Other":
        met.append("undecided_small")
    if city == "Karachi" and row["spend_in_town"] > 0 and (age >= 21 or pd.isna(age)):
        met.append("clifton_evening")
    if row["places_visited"] <= 2 and last_online > DAYS_60_AGO:
        met.append("only_online")
    if recency <= 60 and (last_online <= DAYS_180_AGO or pd.isna(last_online)) and frequency >= 4:
        met.append("back_online")
    if gender == "Female" and 30 <= age <= 50 and trend >= 0.2:
        met.append("women_growing")
    if gender != "Female" and average >= 5000 and age >= 18 and not return_rate >= 0.3:
        met.append("big_baskets_not_women")
    if trend >= 0.5 and monetary >= 50000:
        met.append("growing")
    if spend_90 > average and frequency >= 5 and city not in ["Quetta", "Multan"]:
        met.append("more_than_one_basket")
    if points >= 1500 and row["points_per_order"] >= 100 and not recency > 400:
        met.append("points_to_spend")
    if (
        joined < SUMMER_2022
        and frequency >= 10
        and city not in ["Quetta", "Multan"]
        and gender != "Other"
    ):
        met.append("old_friends")
    if city in NORTH and (online >= 2 or row["spend_in_town"] > 5000 or age > 60) and spend_90 != 0:
        met.append("north_week")
    return met


# How many at most, by which column, and whether the lowest come first.
PICKS = {
    "fading_call": (2000, "monetary", False),
    "fading_voucher": (20000, "likelihood", False),
    "last_hello": (30000, "recency_days", True),
    "falling_spend": (20000, "monetary", False),
    "overdue": (20000, "frequency", False),
    "unlikely_but_valuable": (5000, "monetary", False),
    "unknown_age": (10000, "points", False),
    "never_bought": (5000, "points", False),
    "regulars_early_access": (20000, "likelihood", False),
    "big_baskets_trade_in": (5000, "average_order_value", False),
    "small_bundles": (20000, "likelihood", False),
    "small_quiet_quarter": (10000, "frequency", False),
    "young_app_users": (20000, "spend_90_days", False),
    "likely_buyers_north": (10000, "likelihood", False),
    "undecided_small": (30000, "recency_days", True),
    "clifton_evening": (2000, "spend_in_town", False),
    "back_online": (20000, "monetary", False),
    "big_baskets_not_women": (10000, "average_order_value", False),
    "growing": (10000, "spend_trend", False),
    "more_than_one_basket": (50000, "likelihood", False),
    "old_friends": (20000, "frequency", False),
}
HELD_OUT = {
    "fading_call": 10,
    "fading_voucher": 10,
    "last_hello": 0,
    "falling_spend": 10,
    "overdue": 10,
    "unlikely_but_valuable": 0,
    "returns_trouble": 0,
    "unknown_age": 0,
    "warranty_ended": 10,
    "never_bought": 10,
    "regulars_early_access": 10,
    "regulars_online": 10,
    "big_baskets_trade_in": 0,
    "big_baskets_warranty": 10,
    "small_bundles": 10,
    "small_quiet_quarter": 0,
    "second_visit": 10,
    "young_app_users": 0,
    "likely_buyers_north": 10,
    "undecided_small": 0,
    "clifton_evening": 0,
    "only_online": 10,
    "back_online": 10,
    "women_growing": 0,
    "big_baskets_not_women": 0,
    "growing": 10,
    "more_than_one_basket": 20,
    "points_to_spend": 0,
    "old_friends": 10,
    "north_week": 10,
}
ORDER = list(HELD_OUT)
CHANNELS = {name: ["email", "app"] for name in ORDER}
CHANNELS["last_hello"] = ["email"]
CHANNELS["young_app_users"] = ["app"]
