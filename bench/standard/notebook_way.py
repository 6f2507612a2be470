"""The standard work as a shop's notebook does it, in pandas and scikit-learn.

    python -m bench.standard.notebook_way WORK OUT [--share 0.1] [--recipe]

The way an analyst writes: one groupby a figure, vectorised where that comes naturally, K-means with
scaled features on all customers, one decision tree, the rules as one function of plain ifs that
`apply` calls row by row, lists by `to_csv`. No loop over purchases, no iterrows, nothing made slow
on purpose; nor has anybody profiled it. `--recipe` takes recency by a recipe of many published RFM
notebooks, `agg` with `lambda x: (snapshot - x.max()).days`, called once a customer. `--share`
does the work for that share of the customers only.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
from sklearn.cluster import KMeans
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from bench.standard.clock import Clock
from bench.standard.notebook_rules import CHANNELS, HELD_OUT, ORDER, PICKS, rules_met

AS_OF = pd.Timestamp(2026, 11, 24)
DAY = pd.Timedelta(days=1)
Recency = Callable[[pd.DataFrame, pd.Timestamp], pd.DataFrame]
INPUTS = [
    "recency_days",
    "frequency",
    "monetary",
    "days_between_purchases",
    "spend_90_days",
    "spend_trend",
]


def read(work: Path, share: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read both files, and keep a share of the customers."""
    customers = pd.read_parquet(work / "data" / "customers.parquet")
    purchases = pd.read_parquet(work / "data" / "purchases.parquet")
    purchases["purchased_on"] = pd.to_datetime(purchases["purchased_on"])
    for column in ("joined_on", "warranty_until"):
        customers[column] = pd.to_datetime(customers[column])
    if share < 1:
        customers = customers.sample(frac=share, random_state=1)
        purchases = purchases[purchases["customer_id"].isin(customers["customer_id"])]
    return customers, purchases


def by_recipe(bought: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Give days since the last purchase and between first and last, as the recipe does."""
    return bought.groupby("customer_id").agg(
        recency_days=("purchased_on", lambda x: (as_of - x.max()).days),
        span=("purchased_on", lambda x: (x.max() - x.min()).days),
    )


def with_care(bought: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Give the same from two columns."""
    days = bought.groupby("customer_id")["purchased_on"]
    first, last = days.min(), days.max()
    return pd.DataFrame({"recency_days": (as_of - last).dt.days, "span": (last - first).dt.days})


def rfm(purchases: pd.DataFrame, as_of: pd.Timestamp, recency: Recency) -> pd.DataFrame:
    """Make one row a customer who has purchases."""
    bought = purchases[(purchases["amount"] > 0) & (purchases["quantity"] >= 0)]
    back = purchases[(purchases["amount"] < 0) | (purchases["quantity"] < 0)]
    last_90 = purchases[purchases["purchased_on"] > as_of - 90 * DAY]
    days = purchases["purchased_on"]
    before = purchases[(days > as_of - 180 * DAY) & (days <= as_of - 90 * DAY)]
    by = bought.groupby("customer_id")
    table = purchases.groupby("customer_id").agg(monetary=("amount", "sum"))
    table["frequency"] = by["transaction_id"].nunique()
    table = table.join(recency(bought, as_of))
    table["units"] = by["quantity"].sum()
    table["returned"] = back.groupby("customer_id")["quantity"].sum().abs()
    table["spend_90_days"] = last_90.groupby("customer_id")["amount"].sum()
    table["before"] = before.groupby("customer_id")["amount"].sum()
    zero = ["frequency", "returned", "spend_90_days", "before"]
    table[zero] = table[zero].fillna(0)
    orders = table["frequency"]
    table["average_order_value"] = table["monetary"] / orders.where(orders > 0)
    table["days_between_purchases"] = table["span"] / (orders - 1).where(orders >= 2)
    table["return_rate"] = table["returned"] / table["units"].where(table["units"] > 0)
    spent = table["before"].where(table["before"] > 0)
    table["spend_trend"] = table["spend_90_days"] / spent - 1
    return table


def measures(purchases: pd.DataFrame) -> pd.DataFrame:
    """Count what the rules ask for besides."""
    online = purchases[purchases["location"] == "Online"]
    year = online[(online["purchased_on"] > "2025-11-24") & (online["amount"] > 0)]
    town = purchases[purchases["location"] == "Clifton"]
    town = town[town["purchased_on"] > AS_OF - 90 * DAY]
    table = purchases.groupby("customer_id").agg(places_visited=("location", "nunique"))
    table["orders_online"] = year.groupby("customer_id")["transaction_id"].nunique()
    table["spend_in_town"] = town.groupby("customer_id")["amount"].sum()
    table["last_online_on"] = online.groupby("customer_id")["purchased_on"].max()
    return table


def customer_table(
    customers: pd.DataFrame, purchases: pd.DataFrame, recency: Recency
) -> pd.DataFrame:
    """Join all of it to the customers."""
    table = customers.merge(rfm(purchases, AS_OF, recency), on="customer_id", how="left")
    table = table.merge(measures(purchases), on="customer_id", how="left")
    zero = ["monetary", "frequency", "spend_90_days"]
    zero += ["orders_online", "spend_in_town", "places_visited"]
    table[zero] = table[zero].fillna(0)
    orders = table["frequency"]
    table["points_per_order"] = table["points"] / orders.where(orders > 0)
    return table


def segments(table: pd.DataFrame) -> pd.Series:
    """Cluster all customers, and name the clusters by looking at their means."""
    features = ["recency_days", "frequency", "monetary", "average_order_value"]
    features += ["days_between_purchases"]
    filled = table[features].fillna(table[features].median())
    scaled = StandardScaler().fit_transform(filled)
    cluster = pd.Series(KMeans(6, n_init=10, random_state=1).fit_predict(scaled), table.index)
    means = filled.groupby(cluster).mean().rank()
    names: dict[int, str] = {}
    for name, score in {
        "Quiet": means["recency_days"],
        "Loyal regulars": means["frequency"] + means["monetary"],
        "Big baskets": means["average_order_value"],
        "Small and often": means["frequency"] - means["average_order_value"],
        "Fading": means["recency_days"],
        "Steady and small": means["frequency"],
    }.items():
        names[score.drop(list(names)).idxmax()] = name
    return cluster.map(names)


def likelihoods(table: pd.DataFrame, purchases: pd.DataFrame, recency: Recency) -> pd.Series:
    """Teach a tree on what was known 60 days ago, and score today's customers."""
    cut = AS_OF - 60 * DAY
    past = rfm(purchases[purchases["purchased_on"] <= cut], cut, recency)
    past = past[past["recency_days"].notna()]
    after = purchases[(purchases["purchased_on"] > cut) & (purchases["amount"] > 0)]
    label = past.index.isin(after["customer_id"].unique())
    tree = DecisionTreeClassifier(max_leaf_nodes=64, min_samples_leaf=50, random_state=1)
    tree.fit(past[INPUTS], label)
    chance = pd.Series(tree.predict_proba(table[INPUTS])[:, 1], table.index)
    return chance.where(table["recency_days"].notna())


def bucket(text: str) -> int:
    """Give a stable number from 0 to 99."""
    return int(hashlib.md5(text.encode()).hexdigest(), 16) % 100  # noqa: S324  # no secret


def lists(table: pd.DataFrame, out: Path) -> None:
    """Write a list a rule and segment; nobody is on two, and holdouts are on none."""
    held = table["email"].apply(lambda email: bucket("universal" + email) < 5)
    table = table[~held]
    wishes = table.explode("rules")
    taken: set[str] = set()
    for rule in ORDER:
        who = wishes[(wishes["rules"] == rule) & ~wishes["email"].isin(taken)]
        by_mail = (who["email_consent"] == True) & ("email" in CHANNELS[rule])  # noqa: E712
        by_app = who["app_consent"] & ("app" in CHANNELS[rule])
        who = who.assign(channel=np.where(by_mail, "email", "app"), offer=rule)
        who = who[by_mail | by_app].drop_duplicates("email")
        if rule in PICKS:
            most, field, lowest = PICKS[rule]
            who = who.sort_values(field, ascending=lowest).head(most)
        taken.update(who["email"])
        numbers = who["email"].apply(lambda email, rule=rule: bucket(rule + email)).astype(int)
        for segment, rows in who[numbers >= HELD_OUT[rule]].groupby("segment"):
            (out / rule).mkdir(parents=True, exist_ok=True)
            columns = ["customer_id", "rules", "segment", "likelihood", "channel", "email", "offer"]
            name = str(segment).lower().replace(" ", "_")
            rows[columns].to_csv(out / rule / f"{name}.csv", index=False)


def main() -> None:
    """Run all the cells."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--recipe", action="store_true")
    asked = parser.parse_args()
    recency = by_recipe if asked.recipe else with_care
    clock = Clock(asked.out)
    customers, purchases = read(asked.work, asked.share)
    clock.tell("reading")
    table = customer_table(customers, purchases, recency)
    clock.tell("purchases to customers")
    table["segment"] = segments(table)
    clock.tell("segments")
    table["likelihood"] = likelihoods(table, purchases, recency)
    clock.tell("likelihood")
    table["rules"] = table.apply(rules_met, axis=1)
    clock.tell("rules")
    lists(table, asked.out / "contacts")
    clock.tell("deciding and lists")
    clock.write()
    table[["customer_id", "rules"]].to_parquet(asked.out / "met.parquet", index=False)


if __name__ == "__main__":
    main()
