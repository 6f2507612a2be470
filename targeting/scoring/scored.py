"""Tonight's customers with a score each, and the reason for it in words."""

from __future__ import annotations

import numpy as np
import polars as pl

from targeting.scoring.linear import LEAF
from targeting.scoring.matrix import tree_matrix
from targeting.scoring.model import (
    LikelihoodModel,
    can_be_scored,
    chances,
    complete,
    log_odds,
    with_leaves,
)
from targeting.scoring.rate import sigmoid
from targeting.scoring.reasons import leaf_reasons, point_reasons, reasons_of, seen_in
from targeting.scoring.teacher import Matrix
from targeting.workspace.catalogue import Catalogue, because_field
from targeting.workspace.settings import Shop

MOST_CLAUSES = 4
NOTHING_KNOWN = "the same for everyone: the shop's base rate"


def scored(
    customers: pl.DataFrame,
    model: LikelihoodModel,
    rhythm: pl.DataFrame | None,
    fields: Catalogue,
    shop: Shop,
) -> pl.DataFrame:
    """Give each customer's likelihood (0 to 1 to 6 decimals) and why, in the order of `customers`.

    Columns NAME and NAME_because. Of a tree the path to the customer's leaf, of points the three
    largest; a blend gives no reason. Both are missing where there is no score.
    """
    people = complete(customers, model, rhythm)
    if model.kind == "none" or (model.kind == "base_rate" and model.base_rate is None):
        nobody = pl.repeat(False, people.height, eager=True)
        return _columns(model, pl.lit(None), pl.lit(None), people, nobody)
    asked = people.select(can_be_scored(model)).to_series()
    if model.kind == "base_rate":
        score = pl.lit(model.base_rate, dtype=pl.Float64).round(6)
        return _columns(model, score, pl.lit(NOTHING_KNOWN), people, asked)
    matrix = tree_matrix(people, model.inputs)
    if model.kind in ("tree", "cart"):
        nodes = model.tree.apply(matrix)
        seen = seen_in(people.filter(asked), model.inputs, nodes[asked.to_numpy()])
        texts = leaf_reasons(
            model.tree, model.inputs, model.values, seen, fields, shop, most=MOST_CLAUSES
        )
        why = reasons_of(nodes, texts, "why")
        return _columns(model, pl.Series(chances(model)[nodes]), why, people, asked)
    odds = pl.Series(np.round(sigmoid(log_odds(model, matrix) + model.shift), 6))
    points = _points(model, matrix, fields) if model.kind == "points" else pl.lit(None)
    return _columns(model, odds, points, people, asked)


def _points(model: LikelihoodModel, matrix: Matrix, fields: Catalogue) -> pl.Series:
    assert model.linear is not None
    leaves = np.asarray(model.values)[model.tree.apply(matrix)]
    inputs = (*model.inputs, LEAF)
    beside = with_leaves(matrix, leaves)
    points = model.linear.points(beside, len(inputs))
    return point_reasons(points, model.linear.stands(beside, len(inputs)), inputs, fields)


def _columns(
    model: LikelihoodModel,
    score: pl.Series | pl.Expr,
    why: pl.Series | pl.Expr,
    people: pl.DataFrame,
    asked: pl.Series,
) -> pl.DataFrame:
    return people.select(
        pl.when(asked).then(score).cast(pl.Float64).alias(model.name),
        pl.when(asked).then(why).cast(pl.String).alias(because_field(model.name)),
    )
