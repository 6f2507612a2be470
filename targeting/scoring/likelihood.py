"""Likelihood: one decision tree, judged on what it has not seen, or the base rate and why.

A label from purchases is judged one label period back: a tree of the earlier cut-offs scores the
customers of the judged one. The tree that scores tonight is grown the same way with the judged
cut-off among its rows, since the newest behaviour is the best teacher. Its log odds are shifted so
that tonight's mean is the base rate of the last complete label window (BG/NBD's forecast will take
that place). A label that is a column has one tree: judged customers never teach it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Literal

import numpy as np
import polars as pl

from targeting.frames import CUSTOMER
from targeting.scoring.baselines import baselines
from targeting.scoring.judge import (
    CurvePoint,
    Probability,
    Ranking,
    calibration_curve,
    chance_limit,
    deciles,
    probability,
    ranking,
    ranking_dict,
)
from targeting.scoring.label import (
    CUT_OFF,
    LABEL,
    Asked,
    History,
    Labelled,
    base_rate,
    from_column,
    from_purchases,
    label_words,
)
from targeting.scoring.leakage import leaks
from targeting.scoring.matrix import Input, in_hash_order, inputs_of, numbers, tree_matrix
from targeting.scoring.note import Note
from targeting.scoring.tree import Tree, fit_tree, leaf_rates, read_tree, shift_to, shifted
from targeting.workspace.catalogue import Catalogue
from targeting.workspace.scores import Likelihood

Kind = Literal["cart", "base_rate", "none"]

FEWEST = 20  # of each class: fewer teach nothing that would last
MOST_ROWS = 200_000


@dataclass(frozen=True)
class LikelihoodModel:
    """What scores a customer: a tree, the base rate for everyone, or (kind none) nothing.

    `scores` holds each node's likelihood after the shift, to 6 decimals. `buyers_only`: the label
    is about people who had bought, so a customer without a purchase gets no score.
    """

    name: str
    kind: Kind
    form_digest: str
    buyers_only: bool
    inputs: tuple[Input, ...] = ()
    tree: Tree = field(default=None, compare=False, repr=False)
    scores: tuple[float, ...] = ()
    shift: float = 0.0
    base_rate: float | None = None
    fitted_rows: int = 0


@dataclass(frozen=True)
class Evaluation:
    """An honest judgement of one likelihood; `warnings` say where not to trust it."""

    model: str
    scored_by: Kind
    label: str
    train: dict[str, object]
    judged: dict[str, object]
    base_rate: float | None
    ranking: Ranking | None = None
    probability: Probability | None = None
    baselines: dict[str, Ranking] = field(default_factory=dict)
    warnings: tuple[Note, ...] = ()
    calibration: tuple[CurvePoint, ...] = ()
    deciles: tuple[float | None, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Give the manifest's entry (design.md 7)."""
        spread = self.probability
        chances = asdict(spread) if spread else dict.fromkeys(Probability.__annotations__)
        return {
            "model": self.model,
            "scored_by": self.scored_by,
            "label": self.label,
            "train": self.train,
            "judged": self.judged,
            "base_rate": self.base_rate,
            **ranking_dict(self.ranking),
            **chances,
            "baselines": {name: ranking_dict(value) for name, value in self.baselines.items()},
            "warnings": [note.as_dict() for note in self.warnings],
        }


def form_digest(form: Likelihood) -> str:
    """Give 16 hex digits that change with what was asked for."""
    return hashlib.sha256(form.model_dump_json().encode()).hexdigest()[:16]


def fit_likelihood(  # noqa: PLR0913  everything that a label can be made from
    name: str,
    form: Likelihood,
    customers: pl.DataFrame,
    *,
    key: str,
    as_of: dt.date,
    history: History | None,
    purchases: pl.DataFrame | None,
    field_types: Catalogue,
    unfilled: pl.DataFrame | None = None,
) -> tuple[LikelihoodModel, Evaluation, pl.DataFrame]:
    """Fit and judge one likelihood; the frame has the judged rows.

    Its columns: customer_id, cut_off (null for a label that is a column), name, label (0 or 1),
    score. `unfilled` are the customers before missing values were filled, for the search for
    leakage. What stands in the way of a tree becomes a warning, and the base rate everyone's score;
    without any label every score is missing.
    """
    asked = Asked(name, form, key, as_of, field_types)
    rows = _labelled(asked, customers, history, purchases)
    if rows is None or not (rows.judged.height or rows.train.height):
        return _without_label(asked)
    tried = _learnt(asked, rows.inputs, rows.train)
    tried = _at_rate(tried, rows.judged, rows.rate_before)
    judged = _judged_rows(asked, rows.judged, tried)
    evaluation = _evaluated(asked, rows, tried, judged)
    found = leaks(asked, rows.train, rows.judged, unfilled)
    evaluation = replace(evaluation, warnings=(*evaluation.warnings, *found))
    return _final(asked, rows, tried, evaluation, customers), evaluation, judged


def predict(customers: pl.DataFrame, model: LikelihoodModel) -> pl.Series:
    """Give each customer's likelihood, 0 to 1 to 6 decimals.

    Missing where there is no model, where a likelihood to buy again is asked of somebody who never
    bought, and where the tree knows none of a customer's inputs.
    """
    if model.kind == "none" or (model.kind == "base_rate" and model.base_rate is None):
        return pl.Series(model.name, [None] * customers.height, dtype=pl.Float64)
    if model.kind == "base_rate":
        scores = pl.Series(model.name, [model.base_rate], dtype=pl.Float64)
        scores = scores.new_from_index(0, customers.height).round(6)
    else:
        matrix = tree_matrix(customers, model.inputs)
        scores = pl.Series(model.name, read_tree(model.tree, matrix, model.scores))
    scored = customers.select(_can_be_scored(model, customers)).to_series()
    return pl.select(pl.when(scored).then(scores)).to_series().alias(model.name)


def _can_be_scored(model: LikelihoodModel, customers: pl.DataFrame) -> pl.Expr:
    known = pl.repeat(True, pl.len())
    if model.kind == "cart":
        inputs = [pl.col(entering.name).is_not_null() for entering in model.inputs]
        known &= pl.any_horizontal(inputs)
    if model.buyers_only and "recency_days" in customers.columns:
        known &= pl.col("recency_days").is_not_null()
    return known


def _labelled(
    asked: Asked,
    customers: pl.DataFrame,
    history: History | None,
    purchases: pl.DataFrame | None,
) -> Labelled | None:
    if asked.form.predicts.field is not None:
        return from_column(asked, customers)
    if history is None or purchases is None:
        return None
    return from_purchases(asked, customers, history, purchases)


def _model(asked: Asked, kind: Kind) -> LikelihoodModel:
    buyers_only = asked.form.predicts.field is None
    return LikelihoodModel(asked.name, kind, form_digest(asked.form), buyers_only)


def _without_label(asked: Asked) -> tuple[LikelihoodModel, Evaluation, pl.DataFrame]:
    what = asked.form.predicts.field
    why = "purchases do not reach back far enough" if what is None else f"'{what}' is empty"
    note = Note("M003", what or "", f"there is no label to learn from ({why}): nobody gets a score")
    evaluation = Evaluation(
        model="none",
        scored_by="none",
        label=label_words(asked.form.predicts),
        train={"rows": 0, "positives": 0},
        judged={"rows": 0, "positives": 0},
        base_rate=None,
        warnings=(note,),
    )
    return _model(asked, "none"), evaluation, _NO_JUDGED_ROWS.clone()


def _learnt(asked: Asked, names: Sequence[str], train: pl.DataFrame) -> LikelihoodModel:
    """Grow the tree, or keep to the base rate where the rows cannot teach one."""
    plain = replace(_model(asked, "base_rate"), base_rate=base_rate(train))
    seen = _sample(asked, names, train)
    if _too_few(seen):
        return replace(plain, fitted_rows=train.height)
    inputs = tuple(inputs_of(seen, names, asked.field_types))
    matrix = tree_matrix(seen, inputs)
    labels = seen[LABEL].to_numpy()
    tree = fit_tree(matrix, labels, asked.form.leaves)
    rates = leaf_rates(tree, matrix, labels)
    return replace(
        plain,
        kind="cart",
        inputs=inputs,
        tree=tree,
        scores=tuple(np.round(rates, 6).tolist()),
        fitted_rows=seen.height,
    )


def _sample(asked: Asked, names: Sequence[str], train: pl.DataFrame) -> pl.DataFrame:
    known = train.filter(pl.any_horizontal(False, *(pl.col(name).is_not_null() for name in names)))
    return in_hash_order(known, asked.key, "fit", asked.name).head(MOST_ROWS)


def _too_few(rows: pl.DataFrame) -> bool:
    yes = int(rows[LABEL].sum())
    return min(yes, rows.height - yes) < FEWEST


def _at_rate(model: LikelihoodModel, rows: pl.DataFrame, rate: float | None) -> LikelihoodModel:
    """Shift a model's scores so that their mean over the rows is a base rate (None: leave them)."""
    if rate is None:
        return model
    if model.kind != "cart":
        return replace(model, base_rate=rate)
    scored = rows.filter(_can_be_scored(model, rows))
    nodes = model.tree.apply(tree_matrix(scored, model.inputs))
    rates = np.asarray(model.scores)
    shift = shift_to(rate, rates, np.bincount(nodes, minlength=len(rates)))
    scores = tuple(np.round(shifted(rates, shift), 6).tolist())
    return replace(model, shift=shift, scores=scores, base_rate=rate)


def _judged_rows(asked: Asked, judged: pl.DataFrame, model: LikelihoodModel) -> pl.DataFrame:
    scored = judged.with_columns(predict(judged, model).alias("score"))
    name = pl.lit(asked.name).alias("name")
    return scored.select(CUSTOMER, CUT_OFF, name, LABEL, "score").drop_nulls("score")


def _evaluated(
    asked: Asked, rows: Labelled, tried: LikelihoodModel, judged: pl.DataFrame
) -> Evaluation:
    labels, scores = judged[LABEL].to_numpy(), numbers(judged["score"])
    evaluation = Evaluation(
        model=tried.kind,
        scored_by=tried.kind,
        label=label_words(asked.form.predicts),
        train=_counted(rows.train),
        judged=_counted(judged),
        base_rate=_rounded(base_rate(judged if judged.height else rows.judged)),
    )
    if judged.height:
        evaluation = replace(
            evaluation,
            ranking=ranking(labels, scores),
            probability=probability(labels, scores),
            baselines=baselines(rows.judged.join(judged, on=CUSTOMER, how="semi")),
            calibration=calibration_curve(labels, scores),
            deciles=deciles(labels, scores),
        )
    notes = [
        *_not_built(asked),
        *rows.notes,
        *_doubts(rows, tried, evaluation, chance_limit(labels)),
    ]
    scored_by: Kind = "base_rate" if any(note.code in _FALL_BACK for note in notes) else tried.kind
    return replace(evaluation, scored_by=scored_by, warnings=tuple(notes))


def _final(
    asked: Asked,
    rows: Labelled,
    tried: LikelihoodModel,
    evaluation: Evaluation,
    customers: pl.DataFrame,
) -> LikelihoodModel:
    """Give the model that scores tonight."""
    if evaluation.scored_by == "base_rate":
        rate = rows.rate_now
        if rate is None:
            rate = base_rate(rows.newest if rows.newest.height else rows.judged)
        plain = replace(_model(asked, "base_rate"), base_rate=rate)
        return replace(plain, fitted_rows=rows.newest.height)
    if rows.rate_now is None:
        return tried
    return _at_rate(_learnt(asked, rows.inputs, rows.newest), customers, rows.rate_now)


def _counted(rows: pl.DataFrame) -> dict[str, object]:
    days = rows[CUT_OFF].unique().drop_nulls().sort(descending=True)
    counts: dict[str, object] = {"rows": rows.height, "positives": int(rows[LABEL].sum())}
    return {"cut_offs": [day.isoformat() for day in days], **counts} if len(days) else counts


def _not_built(asked: Asked) -> list[Note]:
    if asked.form.model == "cart":
        return []
    text = f"model '{asked.form.model}' is not built yet; scored by cart"
    return [Note("M001", "", text)]


def _doubts(
    rows: Labelled, tried: LikelihoodModel, evaluation: Evaluation, limit: float
) -> list[Note]:
    """Say why there is no tree, or why not to trust it."""
    if not rows.train.height:
        what = "past cut-off" if rows.rate_now is not None else "customer with a label"
        return [Note("M003", "", f"there is no {what} to learn from: {_EVERYONE}")]
    if tried.kind != "cart":
        return [_no_tree(rows)]
    reached = evaluation.ranking.auc if evaluation.ranking else None
    notes = []
    if (few := _fewer_class(evaluation)) < FEWEST:
        notes.append(Note("M005", "", f"only {few} of one class are judged: the figures are rough"))
    if reached is None or reached <= limit:
        said = (
            "cannot be judged" if reached is None else f"is no better than chance ({reached:.3f})"
        )
        notes.append(Note("M004", "", f"the tree {said}: {_EVERYONE}"))
    return notes


def _no_tree(rows: Labelled) -> Note:
    yes = int(rows.train[LABEL].sum())
    no = rows.train.height - yes
    if min(yes, no) < FEWEST:
        text = f"{yes} customers did and {no} did not, and {FEWEST} of each are needed to learn"
        return Note("M002", "", f"{text}: {_EVERYONE}")
    return Note("M006", "", f"the inputs are missing in nearly all who could teach: {_EVERYONE}")


def _fewer_class(evaluation: Evaluation) -> int:
    rows, positives = evaluation.judged["rows"], evaluation.judged["positives"]
    assert isinstance(rows, int)
    assert isinstance(positives, int)
    return min(positives, rows - positives)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


_EVERYONE = "everyone gets the base rate"
_FALL_BACK = ("M002", "M003", "M004")
_NO_JUDGED_ROWS = pl.DataFrame(
    schema={
        CUSTOMER: pl.String,
        CUT_OFF: pl.Date,
        "name": pl.String,
        LABEL: pl.Int8,
        "score": pl.Float64,
    }
)
