"""Scores of the night: saved models where they still answer what is asked, else a new fit."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from targeting.customers.table import CustomerData
from targeting.frames import CUSTOMER
from targeting.problems import Place, Problem, Refused
from targeting.scoring.likelihood import MOST_ROWS, fit_likelihood, predict
from targeting.scoring.matrix import in_hash_order
from targeting.scoring.segments import assign_segments, fit_segments
from targeting.scoring.store import Models, check_models, digest, load_models, save_models
from targeting.workspace.load import Workspace

EVALUATION = "evaluation.json"
JUDGED = "judged.parquet"
OBJECTION = "profiling_consent"  # decisions.md 4: no segment and no likelihood for who objects

JUDGED_SCHEMA = {
    CUSTOMER: pl.String,
    "cut_off": pl.Date,
    "name": pl.String,
    "label": pl.Int8,
    "score": pl.Float64,
}


@dataclass(frozen=True)
class Fitted:
    """Models and how well they do: `evaluations` as the manifest shows them, `judged` the rows."""

    models: Models
    evaluations: Mapping[str, Any]
    judged: pl.DataFrame

    @property
    def digest(self) -> str:
        """A digest of all fitted parameters."""
        return digest(self.models)


def fit(
    data: CustomerData,
    customers: pl.DataFrame,
    unfilled: pl.DataFrame,
    as_of: dt.date,
    previous: Fitted | None = None,
) -> Fitted:
    """Fit and judge every model that segments/ asks for."""
    workspace = data.workspace
    segments = None
    if workspace.segments is not None:
        before = previous.models.segments if previous is not None else None
        rows = _windowed(data, customers, as_of)
        key = workspace.policy.key
        segments = fit_segments(rows, workspace.segments, key=key, previous=before)
    likelihoods, evaluations, judged = {}, {}, [pl.DataFrame(schema=JUDGED_SCHEMA)]
    if customers.height > MOST_ROWS:
        data, customers, unfilled = _sampled(data, customers, unfilled)
    lines = None if data.lines is None else data.lines.collect()
    for name, form in (workspace.scores.likelihoods if workspace.scores else {}).items():
        model, evaluation, rows = fit_likelihood(
            name,
            form,
            customers,
            key=workspace.policy.key,
            as_of=as_of,
            history=data.buyers if lines is not None else None,
            purchases=lines,
            field_types=workspace.customer_fields,
            unfilled=unfilled,
        )
        likelihoods[name], evaluations[name] = model, evaluation.as_dict()
        judged.append(rows.select(pl.col(c).cast(t) for c, t in JUDGED_SCHEMA.items()))
    return Fitted(Models(segments, likelihoods), evaluations, pl.concat(judged))


def _sampled(
    data: CustomerData, customers: pl.DataFrame, unfilled: pl.DataFrame
) -> tuple[CustomerData, pl.DataFrame, pl.DataFrame]:
    """Keep the customers of lowest hash, before their past is computed day by day."""
    key = data.workspace.policy.key
    ids = in_hash_order(customers.select(CUSTOMER), key, "fit", "likelihood").head(MOST_ROWS)
    return (
        data.only(ids),
        customers.join(ids, on=CUSTOMER, how="semi", maintain_order="left"),
        unfilled.join(ids, on=CUSTOMER, how="semi", maintain_order="left"),
    )


def add_scores(
    data: CustomerData, customers: pl.DataFrame, as_of: dt.date, models: Models
) -> pl.DataFrame:
    """Add `segment` and each likelihood; missing for who objects to profiling."""
    scores = [predict(customers, model) for model in models.likelihoods.values()]
    if models.segments is not None:
        scores.append(assign_segments(_windowed(data, customers, as_of), models.segments))
    scored = customers.with_columns(scores)
    if OBJECTION not in customers.columns:
        return scored
    allowed = pl.col(OBJECTION).fill_null(True)
    return scored.with_columns(
        pl.when(allowed).then(pl.col(score.name)).alias(score.name) for score in scores
    )


def save_fitted(folder: Path, fitted: Fitted) -> None:
    """Write models and their evaluation."""
    save_models(folder, fitted.models.segments, fitted.models.likelihoods)
    text = json.dumps(fitted.evaluations, indent=1, ensure_ascii=False)
    (folder / EVALUATION).write_text(text, encoding="utf-8")
    fitted.judged.write_parquet(folder / JUDGED)


def load_fitted(folder: Path, workspace: Workspace) -> tuple[Fitted | None, list[Problem]]:
    """Read saved models; where they do not fit the settings any more there are none, and why."""
    try:
        models = load_models(folder)
    except Refused as error:
        return None, [_made_again(problem) for problem in error.problems]
    if models is None:
        return None, []
    problems = check_models(models, workspace.segments, workspace.scores, folder)
    try:
        evaluations = json.loads((folder / EVALUATION).read_bytes())
        judged = pl.read_parquet(folder / JUDGED, glob=False)
    except (OSError, ValueError, pl.exceptions.PolarsError):
        place = Place(str(folder / EVALUATION))
        problems.append(Problem("M010", "the evaluation cannot be read", place))
    if problems:
        return None, [_made_again(problem) for problem in problems]
    return Fitted(models, evaluations, judged), []


def _made_again(problem: Problem) -> Problem:
    """Turn the refusal of a saved model into a warning: the run makes a new one."""
    message = f"the saved models are not used: {problem.message}"
    place = Place(Path(problem.place.file).name)
    return Problem(problem.code, message, place, "new ones were made", "warning")


def _windowed(data: CustomerData, customers: pl.DataFrame, as_of: dt.date) -> pl.DataFrame:
    """Give the segments' features, spending taken over their window; rows as `customers`."""
    form = data.workspace.segments
    if form is None or form.window == "all" or data.lines is None:
        return customers
    return data.table(as_of, window=form.window).collect()
