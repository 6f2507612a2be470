"""Leakage: an input that alone tells the label is its definition, or knows the future."""

from __future__ import annotations

import polars as pl

from targeting.frames import CUSTOMER
from targeting.scoring.judge import auc
from targeting.scoring.label import LABEL, Asked
from targeting.scoring.matrix import Floats, in_hash_order, inputs_of, tree_matrix
from targeting.scoring.note import Note

TELLS_ALL = 0.99
MOST_ROWS = 50_000
SEED = 0


def leaks(
    asked: Asked, train: pl.DataFrame, judged: pl.DataFrame, unfilled: pl.DataFrame | None
) -> list[Note]:
    """Name each input that judges alone with an AUC of 0.99 or more, by a tree of depth 3.

    Seen before filling: a median put for a missing value hides what the gap itself tells.
    """
    inputs = [name for name in asked.form.inputs if name in train.columns and judged.height]
    sample = in_hash_order(train, asked.key, "fit", asked.name).head(MOST_ROWS)
    before, after = (_before_filling(asked, rows, unfilled) for rows in (sample, judged))
    found = []
    for name in inputs:
        alone = _auc_alone(name, asked, before, after)
        if alone is not None and alone >= TELLS_ALL - 1e-9:
            found.append(_named(asked, name, alone))
    return found


def _auc_alone(name: str, asked: Asked, train: pl.DataFrame, judged: pl.DataFrame) -> float | None:
    from sklearn.tree import DecisionTreeClassifier

    labels = train[LABEL].to_numpy()
    entering = inputs_of(train, [name], asked.field_types)
    if len(set(labels.tolist())) < 2 or train[name].null_count() == train.height:
        return None
    tree = DecisionTreeClassifier(max_depth=3, random_state=SEED)
    tree.fit(tree_matrix(train, entering), labels)
    scores: Floats = tree.predict_proba(tree_matrix(judged, entering))[:, 1]
    return auc(judged[LABEL].to_numpy(), scores)


def _before_filling(
    asked: Asked, rows: pl.DataFrame, unfilled: pl.DataFrame | None
) -> pl.DataFrame:
    """Put the gaps back. At a past cut-off only attributes are taken from today's rows."""
    if unfilled is None:
        return rows
    column = asked.form.predicts.field is not None
    known = [name for name in asked.form.inputs if name in unfilled.columns]
    raw = [name for name in known if column or asked.field_types[name].origin == "customers"]
    kept = rows.drop([name for name in raw if name in rows.columns])
    return kept.join(unfilled.select(CUSTOMER, *raw), on=CUSTOMER, how="left")


def _named(asked: Asked, name: str, alone: float) -> Note:
    predicts = asked.form.predicts
    what = f"'{predicts.field}'" if predicts.field is not None else "the label"
    text = (
        f"'{name}' alone tells {what} (AUC {alone:.3f}): it defines the label or knows the future, "
        "so the figures say nothing about behaviour; take it out of from"
    )
    return Note("L001", name, text)
