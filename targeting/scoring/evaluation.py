"""What is told of a likelihood: figures on customers it had not seen, beside simpler ways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import polars as pl

from targeting.scoring.baselines import PROBABILITIES, baseline_scores
from targeting.scoring.intervals import differences, intervals
from targeting.scoring.judge import (
    CurvePoint,
    Labels,
    Probability,
    Ranking,
    calibration_curve,
    deciles,
    probability,
    ranking,
    ranking_dict,
)
from targeting.scoring.label import LABEL
from targeting.scoring.lesson import Validation
from targeting.scoring.matrix import Floats
from targeting.scoring.model import Kind
from targeting.scoring.note import Note
from targeting.scoring.rhythm import ALL, WITHIN


@dataclass(frozen=True)
class Figures:
    """The judgement of one set of scores; `more` are 95% intervals and differences to others."""

    ranking: Ranking
    probability: Probability
    calibration: tuple[CurvePoint, ...]
    deciles: tuple[float | None, ...]
    intervals: Mapping[str, Any]
    baselines: Mapping[str, Mapping[str, Any]]
    compared: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Evaluation:
    """An honest judgement of one likelihood; `warnings` say where not to trust it."""

    model: str
    scored_by: Kind
    label: str
    train: dict[str, object]
    judged: dict[str, object]
    base_rate: float | None
    figures: Figures | None = None
    validation: Validation | None = None
    warnings: tuple[Note, ...] = field(default=())

    @property
    def auc(self) -> float | None:
        """The area under the ROC curve; None where nothing could be judged."""
        return self.figures.ranking.auc if self.figures is not None else None

    def as_dict(self) -> dict[str, object]:
        """Give the manifest's entry (design.md 7)."""
        figures = self.figures
        chances = dict.fromkeys(Probability.__annotations__)
        return {
            "model": self.model,
            "scored_by": self.scored_by,
            "label": self.label,
            "train": self.train,
            "judged": self.judged,
            "base_rate": self.base_rate,
            **ranking_dict(figures.ranking if figures else None),
            **(asdict(figures.probability) if figures else chances),
            "intervals": dict(figures.intervals) if figures else {},
            "baselines": dict(figures.baselines) if figures else {},
            "compared": dict(figures.compared) if figures else {},
            "calibration": [asdict(point) for point in figures.calibration] if figures else [],
            "deciles": list(figures.deciles) if figures else [],
            "validation": asdict(self.validation) if self.validation else None,
            "warnings": [note.as_dict() for note in self.warnings],
        }


def judge(judged: pl.DataFrame, scores: Floats, others: Mapping[str, Floats], sign: int) -> Figures:
    """Judge scores on labelled rows, beside the baselines and other models' likelihoods.

    `sign` -1: the label is that nobody buys, and what is simple points the other way.
    """
    labels = judged[LABEL].to_numpy()
    simple = _simple(judged, sign)
    gaps = differences(labels, scores, {**simple, **others}, (*others, *PROBABILITIES))
    return Figures(
        ranking=ranking(labels, scores),
        probability=probability(labels, scores),
        calibration=calibration_curve(labels, scores),
        deciles=deciles(labels, scores),
        intervals=intervals(labels, scores),
        baselines={
            name: _figures(labels, values, name in PROBABILITIES) | _told(gaps.get(name))
            for name, values in simple.items()
        },
        compared={
            name: _figures(labels, values, chances=True) | _told(gaps.get(name))
            for name, values in others.items()
        },
    )


def _simple(judged: pl.DataFrame, sign: int) -> dict[str, Floats]:
    """Give the baselines' scores; BG/NBD speaks of the label's category where it has one."""
    if f"{WITHIN}_buys" in judged.columns:
        judged = judged.with_columns(pl.col(f"{WITHIN}_buys").alias(f"{ALL}_buys"))
    found = baseline_scores(judged)
    if sign >= 0:
        return found
    return {
        name: values if name == "base_rate" else 1 - values if name == "bgnbd" else -values
        for name, values in found.items()
    }


def _figures(labels: Labels, scores: Floats, chances: bool) -> dict[str, float | None]:
    told = ranking_dict(ranking(labels, scores))
    if not chances:
        return told
    spread = probability(labels, scores)
    return {**told, "brier": spread.brier, "ece": spread.ece}


def _told(gaps: Mapping[str, Any] | None) -> dict[str, object]:
    """Give the differences as [difference, low, high], this model's figure minus the other's."""
    found = {name: [gap.difference, gap.low, gap.high] for name, gap in (gaps or {}).items()}
    return {"differences": found} if found else {}
