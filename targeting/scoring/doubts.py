"""Why there is no model, why it is another than was asked for, and why not to trust it."""

from __future__ import annotations

import polars as pl

from targeting.scoring.evaluation import Evaluation
from targeting.scoring.judge import chance_limit
from targeting.scoring.label import LABEL, Labelled
from targeting.scoring.lesson import FAR_BEHIND, FEWEST
from targeting.scoring.note import Note

FALL_BACK = ("M002", "M003", "M004")  # everyone gets the base rate
_EVERYONE = "everyone gets the base rate"


def another_way(evaluation: Evaluation) -> list[Note]:
    """Say where the tree gave way to points."""
    seen = evaluation.validation
    if seen is None or evaluation.model != "tree" or evaluation.scored_by != "points":
        return []
    text = (
        f"one tree cannot follow what is known here (AUC {seen.tree:.3f} in validation, of its "
        f"teacher {seen.teacher:.3f}): scored by points ({seen.points:.3f})"
    )
    if seen.teacher - seen.points > FAR_BEHIND:
        text += ", which trail it too: `model: blend` scores better, and gives no reasons"
    return [Note("M001", "", text)]


def why_not_learnt(rows: Labelled) -> list[Note]:
    """Say why there is no model."""
    if not rows.train.height:
        what = "past cut-off" if rows.days is not None else "customer with a label"
        return [Note("M003", "", f"there is no {what} to learn from: {_EVERYONE}")]
    yes = int(rows.train[LABEL].sum())
    no = rows.train.height - yes
    if min(yes, no) < FEWEST:
        text = f"{yes} customers did and {no} did not, and {FEWEST} of each are needed to learn"
        return [Note("M002", "", f"{text}: {_EVERYONE}")]
    text = f"the inputs are missing in nearly all who could teach: {_EVERYONE}"
    return [Note("M002", "", text)]


def why_not_trusted(evaluation: Evaluation, judged: pl.DataFrame) -> list[Note]:
    """Say what the judged customers do not bear out."""
    labels, reached = judged[LABEL].to_numpy(), evaluation.auc
    fewer = min(int(labels.sum()), labels.size - int(labels.sum()))
    notes = []
    if fewer < FEWEST:
        text = f"only {fewer} of one class are judged: the figures are rough"
        notes.append(Note("M005", "", text))
    if reached is None or reached <= chance_limit(labels):
        said = (
            "cannot be judged" if reached is None else f"is no better than chance ({reached:.3f})"
        )
        notes.append(Note("M004", "", f"the model {said}: {_EVERYONE}"))
    return notes
