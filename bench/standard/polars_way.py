"""The standard work as an able engineer writes it by hand in Polars: one script, nothing checked.

    python -m bench.standard.polars_way WORK OUT [--scores CUSTOMERS.PARQUET]

One pass over the purchases for every field, rank-transformed K-means and one decision tree fitted
on 200,000 customers at most, 30 rules in one lazy select, holdouts and ties by the hash that the
shop uses, one list a rule and segment. Nothing of the program is called. Left out: what a program
gives besides (checks, rejects, evaluation, reasons, evidence, a report). `--scores` takes segments
and likelihoods from a run, so that both ways' lists can be compared name by name.
"""

from __future__ import annotations

import argparse
import datetime as dt
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import polars_hash as plh
from polars import col

from bench.standard.clock import Clock
from bench.standard.polars_customers import BOUGHT, customers_of, spending, with_rates
from bench.standard.polars_rules import AS_OF, RULES, Rule

KEY = "standard-work"
SAMPLE = 200_000
HORIZON = dt.timedelta(days=60)
FEATURES = (
    "recency_days",
    "frequency_180",
    "monetary_180",
    "average_order_180",
    "days_between_180",
)
INPUTS = (
    "recency_days",
    "frequency",
    "monetary",
    "days_between_purchases",
    "spend_90_days",
    "spend_trend",
)
# Centroids to look for, as quantiles of the features above; None: anywhere.
NAMES = {
    "Loyal regulars": (None, 0.95, 0.95, None, None),
    "Small and often": (None, 0.95, None, 0.25, None),
    "Big baskets": (None, 0.5, None, 0.95, None),
    "Steady and small": (None, 0.5, None, 0.25, None),
    "Fading": (0.75, None, 0.25, None, None),
    "Quiet": (0.95, 0.05, None, None, None),
}

Floats = npt.NDArray[np.float64]


def ranked(customers: pl.DataFrame, sample: pl.DataFrame) -> Floats:
    """Bring each feature to its rank in the sample, from 0 to 1; the median where it is missing."""
    columns = []
    for name in FEATURES:
        known = np.sort(sample[name].drop_nulls().to_numpy().astype(float))
        values = customers[name].cast(pl.Float64).fill_null(float(np.median(known))).to_numpy()
        low, high = np.searchsorted(known, values), np.searchsorted(known, values, side="right")
        columns.append((low + high) / (2 * known.size))
    return np.column_stack(columns)


def segments_of(customers: pl.DataFrame) -> pl.Series:
    """Cluster everybody by K-means of a sample, and name the clusters by their centroids."""
    from scipy.optimize import linear_sum_assignment
    from sklearn.cluster import KMeans

    sample = customers.sample(min(SAMPLE, customers.height), seed=1)
    model = KMeans(len(NAMES), random_state=1).fit(ranked(sample, sample))
    wanted = np.array([[np.nan if q is None else q for q in row] for row in NAMES.values()])
    far = np.nanmean((model.cluster_centers_[None] - wanted[:, None]) ** 2, axis=2)
    names, clusters = linear_sum_assignment(far)
    words = pl.Series(list(NAMES)).gather(names[np.argsort(clusters)])
    return words.gather(model.predict(ranked(customers, sample))).alias("segment")


def likelihoods_of(work: Path, customers: pl.DataFrame) -> pl.Series:
    """Score by one tree, taught on what was known 60 days ago and on what followed."""
    from sklearn.tree import DecisionTreeClassifier

    sample = customers.select("customer_id").sample(min(SAMPLE, customers.height), seed=2)
    lines = pl.scan_parquet(work / "data" / "purchases.parquet").join(
        sample.lazy(), on="customer_id", how="semi"
    )
    cut = AS_OF - HORIZON
    known = spending(lines.filter(col("purchased_on") <= cut), cut)
    after = lines.filter((col("purchased_on") > cut) & BOUGHT).select("customer_id").unique()
    taught = (
        with_rates(known, cut)
        .join(after.with_columns(bought=True), on="customer_id", how="left")
        .filter(col("recency_days").is_not_null())
        .select(*INPUTS, col("bought").fill_null(False))
        .collect(engine="streaming")
    )
    tree = DecisionTreeClassifier(max_leaf_nodes=64, min_samples_leaf=50, random_state=1)
    tree.fit(matrix(taught), taught["bought"].to_numpy())
    chance = tree.predict_proba(matrix(customers))[:, 1].round(6)
    buyers = customers["recency_days"].is_not_null()
    return pl.Series("likelihood", chance).zip_with(buyers, pl.Series([None], dtype=pl.Float64))


def matrix(table: pl.DataFrame) -> Floats:
    """Give the tree's inputs as numbers, NaN where missing."""
    return table.select(col(INPUTS).cast(pl.Float64)).fill_null(np.nan).to_numpy()


def hits_of(customers: pl.DataFrame) -> pl.DataFrame:
    """Say who meets each rule, all rules in one pass."""
    wanted = [rule.wanted.fill_null(False).alias(rule.name) for rule in RULES]
    return customers.lazy().select(wanted).collect()


def hashed(purpose: str, name: str, who: str) -> pl.Expr:
    """Hash a person for one purpose."""
    parts = [pl.lit(KEY), pl.lit(purpose), pl.lit(name), col(who)]
    number: pl.Expr = plh.concat_str(*parts, separator="\x1f").nchash.xxh3_64()
    return number


def selected(customers: pl.DataFrame, hits: pl.DataFrame) -> list[pl.DataFrame]:
    """Give each rule's people: one turn a person, by priority; its holdout is left out."""
    mailbox = col("email").str.to_lowercase()
    people = (
        customers.select(
            "customer_id",
            "segment",
            "likelihood",
            col("email").alias("address"),
            email_consent=col("email_consent") & col("email").is_not_null(),
            app_consent="app_consent",
            own=hashed("person", "", "customer_id"),
            mailbox=mailbox,
        )
        .with_row_index("row")
        .with_columns(person=col("customer_id").sort_by("own").first().over("mailbox"))
        .with_columns(one=col("row").min().over("mailbox"))
        .with_columns(free=hashed("universal", "", "person") % 10_000 >= 500)
    )
    taken = np.zeros(people.height, dtype=bool)
    return [list_of(rule, people, customers, hits[rule.name], taken) for rule in RULES]


def list_of(
    rule: Rule,
    people: pl.DataFrame,
    customers: pl.DataFrame,
    hit: pl.Series,
    taken: npt.NDArray[np.bool_],
) -> pl.DataFrame:
    """Give one rule's list, and mark who has had a turn (by the person's first row)."""
    channel = pl.coalesce(
        *(pl.when(col(f"{name}_consent")).then(pl.lit(name)) for name in rule.channels)
    )
    pick = [customers[rule.by].alias("pick")] if rule.by else []
    order = ["pick", "tie"] if rule.by else ["tie"]
    waiting = people.with_columns(channel.alias("channel"), *pick).filter(
        hit & col("free") & col("channel").is_not_null()
    )
    waiting = waiting.filter(~pl.Series(taken[waiting["one"].to_numpy()]))
    down = [not rule.lowest, False] if rule.by else [False]
    if rule.by:
        waiting = waiting.sort("pick", "own", descending=down, nulls_last=True)
    else:
        waiting = waiting.sort("own")
    queue = waiting.unique("one", keep="first", maintain_order=True).with_columns(
        tie=hashed("tie", rule.name, "person")
    )
    if rule.most is not None:
        queue = queue.sort(order, descending=down, nulls_last=True).head(rule.most)
    taken[queue["one"].to_numpy()] = True
    kept = hashed("holdout", rule.name, "person") % 10_000 >= rule.held_out * 100
    return queue.filter(kept).select(
        "customer_id",
        pl.lit(rule.name).alias("rule"),
        "segment",
        col("likelihood").round(3),
        "channel",
        pl.when(channel == "email").then("address").alias("address"),
        pl.lit(rule.name).alias("offer"),
    )


def write(lists: list[pl.DataFrame], out: Path) -> None:
    """Write one file a rule and segment."""
    for each in lists:
        for (rule, segment), rows in each.sort("customer_id").group_by("rule", "segment"):
            folder = out / str(rule)
            folder.mkdir(parents=True, exist_ok=True)
            name = str(segment or "no_segment").lower().replace(" ", "_")
            rows.write_csv(folder / f"{name}.csv", include_bom=True)


def main() -> None:
    """Do the whole work, and say how long each step took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--scores", type=Path)
    asked = parser.parse_args()
    clock = Clock(asked.out)
    customers = customers_of(asked.work)
    clock.tell("purchases to customers")
    if asked.scores is None:
        segments = segments_of(customers)
        clock.tell("segments")
        likelihoods = likelihoods_of(asked.work, customers)
        clock.tell("likelihood")
        customers = customers.with_columns(segments, likelihoods)
    else:
        scores = pl.scan_parquet(asked.scores).select("customer_id", "segment", "likelihood")
        customers = customers.join(scores.collect(), on="customer_id", maintain_order="left")
    hits = hits_of(customers)
    clock.tell("rules")
    lists = selected(customers, hits)
    clock.tell("deciding")
    write(lists, asked.out / "contacts")
    clock.tell("lists")
    clock.write()
    if asked.scores is not None:
        hits.insert_column(0, customers["customer_id"]).write_parquet(asked.out / "hits.parquet")


if __name__ == "__main__":
    main()
