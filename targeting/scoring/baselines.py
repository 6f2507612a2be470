"""What any shop could do without a model: call the latest buyers, or the best RFM score."""

from __future__ import annotations

import polars as pl

from targeting.scoring.label import LABEL
from targeting.scoring.matrix import Floats, numbers

BGNBD = "bgnbd_buys"  # the likelihood to buy within the label's period by BG/NBD
PROBABILITIES = ("base_rate", "bgnbd")  # the baselines that can be judged as likelihoods too


def baseline_scores(judged: pl.DataFrame) -> dict[str, Floats]:
    """Give each baseline's scores, one a row, none missing, where its fields are there.

    `base_rate` is everyone's share of buyers: AUC 0.5, PR AUC the share p, lift 1, Brier p(1 - p).
    `bgnbd` needs the column `bgnbd_buys`; a customer without one has never bought, and has 0.
    """
    columns = set(judged.columns)
    scores = {"base_rate": pl.repeat(_base_rate(judged), pl.len())}
    if "recency_days" in columns:
        scores["recency"] = -_missing_last(pl.col("recency_days"))
    if {"recency_days", "frequency", "monetary"} <= columns:
        scores["rfm"] = rfm()
    if BGNBD in columns:
        scores["bgnbd"] = pl.col(BGNBD).fill_nan(None).fill_null(0.0)
    return {name: _of(judged, score) for name, score in scores.items()}


def rfm() -> pl.Expr:
    """Add up the quintiles (1 to 5) of recency, frequency and monetary; equal values share one."""
    recent = _fifth(-_missing_last(pl.col("recency_days")))
    return recent + _fifth(pl.col("frequency")) + _fifth(pl.col("monetary"))


def _of(judged: pl.DataFrame, score: pl.Expr) -> Floats:
    return numbers(judged.select(score).to_series())


def _base_rate(judged: pl.DataFrame) -> float:
    return int(judged[LABEL].sum()) / max(judged.height, 1)


def _fifth(value: pl.Expr) -> pl.Expr:
    place = (value.fill_null(0).rank("average") - 0.5) / pl.len()
    return (place * 5).floor().cast(pl.Int64) + 1


def _missing_last(days: pl.Expr) -> pl.Expr:
    """Put those who never bought behind everybody who did."""
    return days.cast(pl.Float64).fill_null(days.max() + 1).fill_null(0)
