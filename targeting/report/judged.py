"""How good each likelihood is on customers it had not seen, beside its baselines."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import polars as pl

_MILLION = 1_000_000  # scores have six decimals: as whole millionths their sums are exact


def judged_models(
    manifest: Mapping[str, object], judged: pl.DataFrame | None
) -> dict[str, dict[str, object]]:
    """Give each likelihood's figures as the manifest has them, and its curves where rows are left.

    calibration: 15 equal slices of customers from the lowest score up (n, said, happened).
    lift: ten from the highest down (n, buyers' share, times the average). Ties are shared out
    evenly over the slices they span.
    """
    scores = manifest.get("scores")
    told = dict(scores) if isinstance(scores, Mapping) else {}
    return {str(name): _model(str(name), told[name], judged) for name in told}


def _model(name: str, told: object, judged: pl.DataFrame | None) -> dict[str, object]:
    figures: dict[str, object] = dict(told) if isinstance(told, Mapping) else {}
    groups = _groups(name, judged)
    if not groups:
        return figures
    return {
        **_at_one_half(groups),
        **figures,
        "calibration": [
            {"n": n, "said": said / n, "happened": happened / n}
            for n, said, happened in _slices(groups, 15)
        ],
        "lift": _lift(groups),
    }


Group = tuple[int, int, int]  # customers of one score, the score in millionths, buyers among them


def _groups(name: str, judged: pl.DataFrame | None) -> list[Group]:
    """Give the judged customers by score, lowest first."""
    if judged is None or not {"name", "label", "score"} <= set(judged.columns):
        return []
    rows = judged.filter(pl.col("name") == name).select(
        (pl.col("score") * _MILLION).round().cast(pl.Int64).alias("score"),
        pl.col("label").cast(pl.Int64),
    )
    grouped = rows.drop_nulls().group_by("score").agg(pl.len(), pl.col("label").sum())
    return [(n, score, buyers) for score, n, buyers in grouped.sort("score").iter_rows()]


def _slices(groups: list[Group], most: int) -> list[tuple[float, float, float]]:
    """Cut into equal slices: customers, sum of what was said (0 to 1), and what happened."""
    total = sum(n for n, _, _ in groups)
    count = min(most, total)
    said = _running([n * score for n, score, _ in groups])
    happened = _running([buyers for _, _, buyers in groups])
    reached = _running([n for n, _, _ in groups])
    cuts = [total * k / count for k in range(count + 1)]
    tops = [(_at(cut, reached, said), _at(cut, reached, happened)) for cut in cuts]
    return [(total / count, (s1 - s0) / _MILLION, h1 - h0) for (s0, h0), (s1, h1) in pairwise(tops)]


def _running(parts: list[int]) -> list[int]:
    sums = [0]
    for part in parts:
        sums.append(sums[-1] + part)
    return sums


def _at(cut: float, reached: list[int], sums: list[int]) -> float:
    """Read a running sum at any number of customers, straight lines between the groups."""
    from bisect import bisect_left

    after = bisect_left(reached, cut)
    if after == 0 or reached[after] == cut:
        return float(sums[after])
    before = after - 1
    part = (cut - reached[before]) / (reached[after] - reached[before])
    return sums[before] + part * (sums[after] - sums[before])


def _lift(groups: list[Group]) -> list[dict[str, float | None]]:
    buyers = sum(b for _, _, b in groups)
    total = sum(n for n, _, _ in groups)
    return [
        {
            "n": n,
            "share_of_buyers": happened / buyers if buyers else None,
            "lift": (happened / n) / (buyers / total) if buyers else None,
        }
        for n, _, happened in reversed(_slices(groups, 10))
    ]


def _at_one_half(groups: list[Group]) -> dict[str, object]:
    """Judge the plain yes or no at a likelihood of one half."""
    total = sum(n for n, _, _ in groups)
    buyers = sum(b for _, _, b in groups)
    yes = [(n, b) for n, score, b in groups if score >= _MILLION // 2]
    said_yes, hits = sum(n for n, _ in yes), sum(b for _, b in yes)
    right = hits + (total - said_yes) - (buyers - hits)
    return {
        "accuracy": right / total,
        "precision": hits / said_yes if said_yes else None,
        "recall": hits / buyers if buyers else None,
    }
