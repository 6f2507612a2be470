"""What any shop could do without a model: call the latest buyers, or the best RFM score."""

from __future__ import annotations

import polars as pl

from targeting.scoring.judge import Ranking, ranking
from targeting.scoring.label import LABEL
from targeting.scoring.matrix import numbers


def baselines(judged: pl.DataFrame) -> dict[str, Ranking]:
    """Judge recency and RFM on the same rows, where their fields are there."""
    columns = set(judged.columns)
    scores = {}
    if "recency_days" in columns:
        scores["recency"] = -_missing_last(pl.col("recency_days"))
    if {"recency_days", "frequency", "monetary"} <= columns:
        scores["rfm"] = rfm()
    labels = judged[LABEL].to_numpy()
    return {
        name: ranking(labels, numbers(judged.select(score).to_series()))
        for name, score in scores.items()
    }


def rfm() -> pl.Expr:
    """Add up the quintiles (1 to 5) of recency, frequency and monetary; equal values share one."""
    recent = _fifth(-_missing_last(pl.col("recency_days")))
    return recent + _fifth(pl.col("frequency")) + _fifth(pl.col("monetary"))


def _fifth(value: pl.Expr) -> pl.Expr:
    place = (value.fill_null(0).rank("average") - 0.5) / pl.len()
    return (place * 5).floor().cast(pl.Int64) + 1


def _missing_last(days: pl.Expr) -> pl.Expr:
    """Put those who never bought behind everybody who did."""
    return days.cast(pl.Float64).fill_null(days.max() + 1).fill_null(0)
