"""What a shop can do without a model, against plain computations."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from targeting.scoring import judge
from targeting.scoring.baselines import PROBABILITIES, baseline_scores

History = Callable[[pl.DataFrame], Callable[[dt.date], pl.DataFrame]]

JUDGED = pl.DataFrame(
    {
        "customer_id": list("abcde"),
        "recency_days": [5, 40, 1, None, 80],
        "frequency": [4, 2, 9, 0, 1],
        "monetary": [400, 100, 900, 0, 500],
        "bgnbd_buys": [0.5, 0.2, 0.9, None, 0.1],
        "label": [1, 0, 1, 0, 0],
    },
    schema_overrides={"label": pl.Int8},
)


def test_the_latest_buyer_is_first_and_who_never_bought_is_last() -> None:
    scores = baseline_scores(JUDGED)["recency"]
    assert np.argsort(-scores).tolist() == [2, 0, 1, 4, 3]


def test_rfm_adds_up_three_quintiles() -> None:
    # recency 4 3 5 1 2, frequency 4 3 5 1 2, monetary 3 2 5 1 4
    assert baseline_scores(JUDGED)["rfm"].tolist() == [11, 8, 15, 3, 8]


def test_equal_values_share_a_quintile() -> None:
    same = JUDGED.with_columns(frequency=pl.lit(3), monetary=pl.lit(7))
    assert baseline_scores(same)["rfm"].tolist() == [4 + 6, 3 + 6, 5 + 6, 1 + 6, 2 + 6]


def test_who_has_no_bgnbd_has_never_bought() -> None:
    assert baseline_scores(JUDGED)["bgnbd"].tolist() == [0.5, 0.2, 0.9, 0.0, 0.1]


def test_the_base_rate_orders_nobody() -> None:
    labels, scores = JUDGED["label"].to_numpy(), baseline_scores(JUDGED)["base_rate"]
    assert judge.ranking(labels, scores) == judge.Ranking(0.5, 0.4, 1.0, 0.2)
    assert judge.probability(labels, scores).brier == pytest.approx(0.4 * 0.6)


def test_a_baseline_needs_its_fields() -> None:
    assert list(baseline_scores(JUDGED)) == ["base_rate", "recency", "rfm", "bgnbd"]
    lacking = JUDGED.drop("monetary", "bgnbd_buys")
    assert list(baseline_scores(lacking)) == ["base_rate", "recency"]
    assert list(baseline_scores(JUDGED.select("customer_id", "label"))) == ["base_rate"]
    assert set(PROBABILITIES) <= set(baseline_scores(JUDGED))


def test_nobody_judged_gives_no_scores() -> None:
    assert {len(scores) for scores in baseline_scores(JUDGED.clear()).values()} == {0}


def test_every_baseline_scores_every_customer(cdnow: pl.DataFrame, history_of: History) -> None:
    day = dt.date(1998, 3, 31)
    soon = cdnow.filter(pl.col("purchased_on") > day)["customer_id"].unique()
    rows = history_of(cdnow)(day)
    rows = rows.with_columns(label=pl.col("customer_id").is_in(soon.implode()).cast(pl.Int8))
    labels = rows["label"].to_numpy()
    for name, scores in baseline_scores(rows).items():
        assert scores.shape == labels.shape
        assert not np.isnan(scores).any(), name
    by_rfm = judge.ranking(labels, baseline_scores(rows)["rfm"])
    assert 0.75 < (by_rfm.auc or 0) < 0.85
