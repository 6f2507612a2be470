"""What scores a customer: one tree, points, a blend, or the base rate; frozen, as it was fitted."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import polars as pl

from targeting.frames import CUSTOMER
from targeting.scoring.boosted import Boosted
from targeting.scoring.drift import Profile
from targeting.scoring.linear import Linear
from targeting.scoring.matrix import Floats, Input, tree_matrix
from targeting.scoring.rate import sigmoid
from targeting.scoring.rhythm import REPEATS, RhythmModel, add_rhythm
from targeting.scoring.teacher import Matrix, Teacher
from targeting.scoring.tree import Tree
from targeting.workspace.scores import Likelihood

Kind = Literal["tree", "points", "blend", "cart", "base_rate", "none"]
OneOnly = Literal["", "buyers", "bought_once"]


@dataclass(frozen=True)
class LikelihoodModel:
    """What scores a customer; kind base_rate: the same for everyone, none: nothing.

    `values` are the log odds of a tree's nodes, before `shift` is added to every log odds.
    `scores_only`: whom the label is about: people who had bought, or had bought once; others get no
    score. `rhythm` adds BG/NBD's fields to a customer; None for a label that is a column.
    `profiles`: how tonight's customers' inputs were spread when it was made.
    """

    name: str
    kind: Kind
    form_digest: str
    scores_only: OneOnly = ""
    inputs: tuple[Input, ...] = ()
    rhythm: RhythmModel | None = None
    tree: Tree = field(default=None, compare=False, repr=False)
    values: tuple[float, ...] = ()
    linear: Linear | None = None
    boosted: Boosted | None = field(default=None, compare=False, repr=False)
    share: float = 0.0
    shift: float = 0.0
    base_rate: float | None = None
    fitted_rows: int = 0
    profiles: tuple[Profile, ...] = ()


def form_digest(form: Likelihood) -> str:
    """Give 16 hex digits that change with what was asked for."""
    return hashlib.sha256(form.model_dump_json().encode()).hexdigest()[:16]


def log_odds(model: LikelihoodModel, matrix: Matrix) -> Floats:
    """Give the log odds of each row of `tree_matrix`, without the shift."""
    if model.kind == "blend":
        assert model.linear is not None
        return Teacher(model.linear, model.boosted, model.share).log_odds(matrix)
    leaves: Floats = np.asarray(model.values, dtype=np.float64)[model.tree.apply(matrix)]
    if model.kind == "points":
        assert model.linear is not None
        return model.linear.log_odds(with_leaves(matrix, leaves))
    return leaves


def with_leaves(matrix: Matrix, leaves: Floats) -> Matrix:
    """Put a tree's log odds beside the inputs: the last column that points are given for."""
    return np.column_stack([matrix, leaves]).astype(np.float32)


def predict(
    customers: pl.DataFrame, model: LikelihoodModel, rhythm: pl.DataFrame | None = None
) -> pl.Series:
    """Give each customer's likelihood, 0 to 1 to 6 decimals.

    `rhythm` has the columns of `raw_rhythm` by customer_id, where `customers` does not have them
    already. Missing where there is no model, for customers whom the label is not about, and where
    the model knows none of a customer's inputs.
    """
    if model.kind == "none" or (model.kind == "base_rate" and model.base_rate is None):
        return pl.Series(model.name, [None] * customers.height, dtype=pl.Float64)
    people = complete(customers, model, rhythm)
    if model.kind == "base_rate":
        scores = pl.Series(model.name, [model.base_rate], dtype=pl.Float64)
        scores = scores.new_from_index(0, customers.height).round(6)
    else:
        scores = pl.Series(model.name, _scores(model, tree_matrix(people, model.inputs)))
    scored = people.select(can_be_scored(model)).to_series()
    return pl.select(pl.when(scored).then(scores)).to_series().alias(model.name)


def complete(
    customers: pl.DataFrame, model: LikelihoodModel, rhythm: pl.DataFrame | None
) -> pl.DataFrame:
    """Give the customers, in their order, with what `can_be_scored` and the model read of them."""
    if rhythm is not None and REPEATS not in customers.columns:
        customers = customers.join(rhythm, on=CUSTOMER, how="left", maintain_order="left")
    if REPEATS not in customers.columns:
        customers = customers.with_columns(pl.lit(None, dtype=pl.Float64).alias(REPEATS))
    return add_rhythm(customers, model.rhythm) if model.rhythm is not None else customers


def can_be_scored(model: LikelihoodModel) -> pl.Expr:
    """Tell whom a model can say something about, from the columns of `complete`."""
    known = pl.repeat(True, pl.len())
    given = [entering.name for entering in model.inputs]
    if given:
        known &= pl.any_horizontal(pl.col(name).is_not_null() for name in given)
    if model.scores_only == "buyers":
        known &= pl.col(REPEATS).is_not_null()
    elif model.scores_only == "bought_once":
        known &= (pl.col(REPEATS) == 0).fill_null(False)
    return known


def chances(model: LikelihoodModel) -> Floats:
    """Give the likelihood of each node of a tree, to 6 decimals."""
    return np.round(sigmoid(np.asarray(model.values) + model.shift), 6)


def _scores(model: LikelihoodModel, matrix: Matrix) -> Floats:
    """Give the shifted likelihoods; a tree's are worked out once a leaf."""
    if model.kind in ("tree", "cart"):
        found: Floats = chances(model)[model.tree.apply(matrix)]
        return found
    return np.round(sigmoid(log_odds(model, matrix) + model.shift), 6)
