"""The 30 rules of shop/rules as hand-written SQL conditions over the finished customers."""

from __future__ import annotations

_REACHABLE = "(coalesce(email_consent, false) OR coalesce(app_consent, false))"
_ADULT = "NOT coalesce(age < 18, false)"
_NORTH = "city IN ('Rawalpindi', 'Peshawar', 'Islamabad')"
_WARRANTY_ENDS = "warranty_until > DATE '2026-11-24' AND warranty_until <= DATE '2027-01-23'"

CONDITIONS = {
    "fading_call": f"segment = 'Fading' AND monetary >= 80000 "
    f"AND recency_days BETWEEN 60 AND 365 AND {_REACHABLE}",
    "fading_voucher": f"segment = 'Fading' AND monetary BETWEEN 20000 AND 79999 "
    f"AND recency_days BETWEEN 60 AND 365 AND {_REACHABLE}",
    "last_hello": "segment = 'Quiet' AND recency_days > 365 AND email_consent",
    "falling_spend": f"spend_trend <= -0.5 AND monetary >= 50000 AND {_REACHABLE} "
    "AND NOT coalesce(return_rate >= 0.5, false)",
    "overdue": f"recency_days > days_between_purchases AND recency_days BETWEEN 90 AND 200 "
    f"AND frequency >= 6 AND {_REACHABLE}",
    "unlikely_but_valuable": f"likelihood < 0.2 AND monetary >= 60000 AND {_REACHABLE}",
    "returns_trouble": f"return_rate BETWEEN 0.2 AND 0.6 AND recency_days <= 60 AND {_REACHABLE} "
    "AND frequency >= 2",
    "unknown_age": "age IS NULL AND frequency >= 3 AND app_consent "
    "AND NOT coalesce(points >= 1500, false)",
    "warranty_ended": "warranty_until > DATE '2026-10-25' AND warranty_until <= DATE '2026-11-24' "
    f"AND recency_days <= 365 AND {_REACHABLE} AND NOT coalesce(city = 'Quetta', false)",
    "never_bought": f"recency_days IS NULL AND joined_on <= DATE '2026-09-25' AND {_REACHABLE} "
    "AND NOT coalesce(points < 50, false)",
    "regulars_early_access": f"segment = 'Loyal regulars' AND points >= 500 AND {_REACHABLE} "
    f"AND {_ADULT}",
    "regulars_online": f"segment = 'Loyal regulars' AND orders_online >= 3 AND {_REACHABLE} "
    f"AND {_ADULT} AND NOT coalesce(city IN ('Quetta', 'Peshawar'), false)",
    "big_baskets_trade_in": "segment = 'Big baskets' AND average_order_value >= 6000 "
    f"AND recency_days BETWEEN 30 AND 150 AND {_REACHABLE} AND {_ADULT} "
    f"AND NOT coalesce({_WARRANTY_ENDS}, false)",
    "big_baskets_warranty": f"segment = 'Big baskets' AND {_WARRANTY_ENDS} AND {_REACHABLE} "
    f"AND {_ADULT}",
    "small_bundles": "segment = 'Small and often' AND average_order_value <= 2500 "
    f"AND spend_90_days >= 3000 AND {_REACHABLE} AND {_ADULT}",
    "small_quiet_quarter": f"segment = 'Small and often' AND spend_90_days < 3000 AND {_ADULT}",
    "second_visit": "frequency BETWEEN 1 AND 2 AND recency_days <= 45 "
    f"AND joined_on > DATE '2025-11-24' AND {_REACHABLE} AND {_ADULT}",
    "young_app_users": "app_consent AND age BETWEEN 18 AND 30 AND frequency >= 2 "
    "AND NOT coalesce(return_rate >= 0.3, false)",
    "likely_buyers_north": f"likelihood >= 0.6 AND {_NORTH} AND {_REACHABLE} AND {_ADULT}",
    "undecided_small": "likelihood BETWEEN 0.3 AND 0.6 AND average_order_value < 3000 "
    f"AND {_REACHABLE} AND {_ADULT} AND NOT coalesce(gender = 'Other', false)",
    "clifton_evening": "city = 'Karachi' AND spend_in_town > 0 AND coalesce(age >= 21, true) "
    f"AND {_REACHABLE}",
    "only_online": "places_visited <= 2 AND last_online_on > DATE '2026-09-25' "
    f"AND {_REACHABLE} AND {_ADULT}",
    "back_online": f"recency_days <= 60 AND {_REACHABLE} "
    "AND (last_online_on <= DATE '2026-05-28' OR last_online_on IS NULL) "
    f"AND {_ADULT} AND frequency >= 4",
    "women_growing": "gender = 'Female' AND age BETWEEN 30 AND 50 AND spend_trend >= 0.2 "
    f"AND {_REACHABLE}",
    "big_baskets_not_women": "coalesce(gender <> 'Female', true) AND average_order_value >= 5000 "
    f"AND {_REACHABLE} AND age >= 18 AND NOT coalesce(return_rate >= 0.3, false)",
    "growing": f"spend_trend >= 0.5 AND monetary >= 50000 AND {_REACHABLE} AND {_ADULT}",
    "more_than_one_basket": "spend_90_days > average_order_value AND frequency >= 5 "
    f"AND {_REACHABLE} AND NOT coalesce(city IN ('Quetta', 'Multan'), false) AND {_ADULT}",
    "points_to_spend": f"points >= 1500 AND points_per_order >= 100 AND {_REACHABLE} AND {_ADULT} "
    "AND NOT coalesce(recency_days > 400, false)",
    "old_friends": f"joined_on < DATE '2022-06-01' AND frequency >= 10 AND {_REACHABLE} "
    "AND NOT coalesce(city IN ('Quetta', 'Multan'), false) "
    f"AND NOT coalesce(gender = 'Other', false) AND {_ADULT}",
    "north_week": f"{_NORTH} AND {_REACHABLE} AND (orders_online >= 2 OR spend_in_town > 5000 "
    f"OR coalesce(age > 60, false)) AND {_ADULT} AND spend_90_days <> 0",
}
