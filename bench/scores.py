"""Scoring and fitting beside the same work by hand with numpy and scikit-learn, in one run.

    .venv/bin/python -m bench.scores --customers 1000000

Scoring: customers of 8 numbers, one value in ten missing, by a tree of 64 leaves, and their
segments by four of them. Fitting: the likelihood to buy within 90 days on CDNOW, where by hand the
same teachers and tree are fitted on the same matrices the same three times (to validate, to judge,
to score); what the program does besides, it does alone: the rows of the past, BG/NBD, points, the
tree of the labels, leakage, 1,000 draws for each interval.
"""

from __future__ import annotations

import argparse
import datetime as dt
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

import numpy as np
import polars as pl

from targeting.scoring.boosted import SETTINGS, SMALLEST_LEAF
from targeting.scoring.likelihood import fit_likelihood
from targeting.scoring.linear import STEPS, C
from targeting.scoring.matrix import Input, tree_matrix
from targeting.scoring.model import LikelihoodModel, predict
from targeting.scoring.rate import sigmoid
from targeting.scoring.scaling import FeatureScale
from targeting.scoring.segments import assign_segments, fit_segments
from targeting.scoring.tree import fit_student, node_means
from targeting.workspace.catalogue import Field
from targeting.workspace.scores import Likelihood, Segments

T = TypeVar("T")
NAMES = tuple(f"field_{letter}" for letter in "abcdefgh")
INPUTS = tuple(Input(name, "number") for name in NAMES)
FIELDS = ("recency_days", "frequency", "monetary", "days_between_purchases", "spend_90_days")


def customers(number: int) -> pl.DataFrame:
    """Make customers of 8 numbers."""
    draw = np.random.default_rng(20261124)
    values = draw.normal(size=(number, len(NAMES)))
    values[draw.random(values.shape) < 0.1] = np.nan
    frame = pl.from_numpy(values, list(NAMES)).with_columns(pl.all().fill_nan(None))
    return frame.select(pl.int_range(pl.len()).cast(pl.String).alias("customer_id"), pl.all())


def timed(work: Callable[[], T], times: int = 5) -> tuple[float, T]:
    """Give the seconds of the fastest of some runs, and what came out."""
    best, found = float("inf"), None
    for _ in range(times):
        start = time.perf_counter()
        found = work()
        best = min(best, time.perf_counter() - start)
    assert found is not None
    return best, found


def scoring(number: int) -> None:
    """Score customers, and put them into segments."""
    people = customers(number)
    matrix = tree_matrix(people, INPUTS)
    odds = np.nan_to_num(matrix[:20_000]) @ np.linspace(1, -1, len(NAMES)) - 2
    tree = fit_student(matrix[:20_000], odds, 64)
    values = tuple(node_means(tree).tolist())
    model = LikelihoodModel("likelihood", "tree", "", inputs=INPUTS, tree=tree, values=values)

    def by_hand() -> np.ndarray:
        laid = np.column_stack([people[name].cast(pl.Float32).to_numpy() for name in NAMES])
        return np.round(sigmoid(tree.predict(laid)[:, 0]), 6)

    ours, scores = timed(lambda: predict(people, model))
    theirs, plain = timed(by_hand)
    assert np.allclose(scores.to_numpy(), plain, atol=2e-6)
    print(f"scoring {number:,} customers by 8 fields: {ours:.2f} s, {ours / theirs:.2f} times")
    segments(people)


def segments(people: pl.DataFrame) -> None:
    """Put customers into seven segments by four fields."""
    from sklearn.cluster import KMeans

    features = {name: {"scale": "plain"} for name in NAMES[:4]}
    form = Segments.model_validate({"features": features, "choose": {"at_most": 7}})
    small = people.head(20_000)
    model = fit_segments(small, form, key="k")
    scales: tuple[FeatureScale, ...] = model.features
    kmeans = KMeans(len(model.names), n_init=1, init=np.array(model.centroids), max_iter=1)
    kmeans.fit(np.random.default_rng(1).normal(size=(100, 4)))
    kmeans.cluster_centers_ = np.array(model.centroids)

    def by_hand() -> np.ndarray:
        columns = [people[s.name].fill_null(s.median).to_numpy() for s in scales]
        moved = [(c - s.mean) / s.spread for c, s in zip(columns, scales, strict=True)]
        return np.asarray(kmeans.predict(np.column_stack(moved)))

    ours, _ = timed(lambda: assign_segments(people, model))
    theirs, _ = timed(by_hand)
    print(f"segments of {people.height:,} by 4 fields: {ours:.2f} s, {ours / theirs:.2f} times")


def cdnow() -> pl.DataFrame:
    """Read 69,659 purchases of 23,570 customers."""
    found = find_spec("lifetimes")
    assert found is not None
    assert found.origin is not None
    path = Path(found.origin).parent / "datasets" / "CDNOW_master.txt"
    lines = [line.split() for line in path.read_text().splitlines()[1:]]
    rows = [(customer, day, float(value)) for customer, day, _, value in lines]
    frame = pl.DataFrame(rows, schema=["customer_id", "purchased_on", "amount"], orient="row")
    return frame.with_columns(
        pl.col("purchased_on").str.to_date("%Y%m%d"),
        (pl.col("amount") * 100).round().cast(pl.Int64),
        quantity=pl.lit(1),
    )


def past(purchases: pl.DataFrame, cut_off: dt.date) -> pl.DataFrame:
    """Give the five fields of everybody who had bought by a day."""
    day = pl.col("purchased_on")
    known = purchases.filter(day <= cut_off).group_by("customer_id")
    days, lately = day.n_unique(), day > cut_off - dt.timedelta(days=90)
    return known.agg(
        (pl.lit(cut_off) - day.max()).dt.total_days().alias("recency_days"),
        days.cast(pl.Int64).alias("frequency"),
        pl.col("amount").sum().alias("monetary"),
        pl.when(days > 1)
        .then((day.max() - day.min()).dt.total_days() / (days - 1))
        .alias("days_between_purchases"),
        pl.col("amount").filter(lately).sum().alias("spend_90_days"),
    ).sort("customer_id")


def fitting() -> None:
    """Fit the whole recipe, and the same teachers and trees by hand."""
    purchases, as_of = cdnow(), dt.date(1998, 6, 30)
    form = Likelihood.model_validate({"predicts": {"buys_within": "90 days"}, "from": FIELDS})
    types = {name: Field(name, "number", "purchases") for name in FIELDS}

    def recipe() -> pl.DataFrame:
        return fit_likelihood(
            "likelihood",
            form,
            past(purchases, as_of),
            key="k",
            as_of=as_of,
            history=lambda day: past(purchases, day),
            purchases=purchases,
            field_types=types,
        )[2]

    whole, _ = timed(recipe, 2)
    rows = sum(_by_hand(count) for count in (117_000, 141_000, 141_000))
    print(f"fitting CDNOW, 90 days: {whole:.1f} s, {whole / rows:.2f} times")


def _by_hand(rows: int) -> float:
    """Fit logistic regression, boosted trees and a tree of 64 leaves; give the seconds."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.tree import DecisionTreeRegressor
    from threadpoolctl import threadpool_limits

    frame = past(cdnow(), dt.date(1998, 1, 1))
    at = np.random.default_rng(1).integers(frame.height, size=rows)
    matrix = tree_matrix(frame, [Input(name, "number") for name in FIELDS])[at]
    matrix = np.column_stack([matrix, matrix[:, :2]]).astype(np.float32)
    labels = (np.random.default_rng(2).random(rows) < 0.5 / (1 + matrix[:, 0] / 30)).astype(int)
    start = time.perf_counter()
    with threadpool_limits(limits=1):
        logs = np.log1p(np.abs(np.nan_to_num(matrix)))
        logs = (logs - logs.mean(axis=0)) / logs.std(axis=0)
        linear = LogisticRegression(C=C, max_iter=STEPS).fit(logs, labels)
        boosted = HistGradientBoostingClassifier(
            **SETTINGS, max_iter=150, min_samples_leaf=SMALLEST_LEAF, early_stopping=False
        ).fit(matrix, labels)
        odds = (linear.decision_function(logs) + boosted.decision_function(matrix)) / 2
        DecisionTreeRegressor(max_leaf_nodes=64, min_samples_leaf=rows // 1_000).fit(matrix, odds)
    return time.perf_counter() - start


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    scoring(parser.parse_args().customers)
    fitting()
