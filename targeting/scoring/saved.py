"""Models and their judgement on disk, for the nights after the fit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from targeting.frames import CUSTOMER
from targeting.problems import Place, Refused, refuse
from targeting.scoring.store import (
    FIT_AGAIN,
    Models,
    check_models,
    digest,
    load_models,
    save_models,
)
from targeting.workspace.load import Workspace

EVALUATION = "evaluation.json"
JUDGED = "judged.parquet"

JUDGED_SCHEMA = {
    CUSTOMER: pl.String,
    "cut_off": pl.Date,
    "name": pl.String,
    "label": pl.Int8,
    "score": pl.Float64,
}


@dataclass(frozen=True)
class Fitted:
    """Models and how well they do: `evaluations` as the manifest shows them, `judged` the rows.

    `since_last` says what the fit changed: drift of the inputs by likelihood, and who changed
    segment by it; empty where it was the first.
    """

    models: Models
    evaluations: Mapping[str, Any]
    judged: pl.DataFrame
    since_last: Mapping[str, Any] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """A digest of all fitted parameters."""
        return digest(self.models)


def save_fitted(folder: Path, fitted: Fitted) -> None:
    """Write models and their evaluation."""
    save_models(folder, fitted.models.segments, fitted.models.likelihoods)
    told = {
        "models": fitted.digest,
        "scores": fitted.evaluations,
        "since_last": fitted.since_last,
    }
    text = json.dumps(told, indent=1, ensure_ascii=False)
    (folder / EVALUATION).write_text(text, encoding="utf-8")
    fitted.judged.write_parquet(folder / JUDGED)


def load_fitted(folder: Path, workspace: Workspace) -> Fitted | None:
    """Read saved models; None where there are none.

    Raises:
        Refused: for models that cannot be read, were made by another version, with other fields, or
            for another question than the workspace asks now.
    """
    models = load_models(folder)
    if models is None:
        return None
    problems = check_models(models, workspace.segments, workspace.scores, folder)
    if problems:
        raise Refused(problems)
    try:
        told = json.loads((folder / EVALUATION).read_bytes())
        judged = pl.read_parquet(folder / JUDGED, glob=False).cast(JUDGED_SCHEMA)  # type: ignore[arg-type]
        fitted = Fitted(models, told["scores"], judged, told["since_last"])
        if told["models"] == fitted.digest:
            return fitted
        message = "the evaluation is that of other models"
    except (OSError, ValueError, KeyError, TypeError, pl.exceptions.PolarsError):
        message = "the evaluation cannot be read"
    raise refuse("M010", message, Place(str(folder / EVALUATION)), FIT_AGAIN)


def previous_fit(folder: Path, workspace: Workspace) -> Fitted | None:
    """Read the models that a new fit may begin from; None where they do not fit any more."""
    try:
        return load_fitted(folder, workspace)
    except Refused:
        return None
