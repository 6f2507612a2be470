"""Likelihood: a model, judged on what it has not seen, or the base rate and why.

A label from purchases is judged one label period back: models of the earlier cut-offs score the
customers of the judged one. The model that scores tonight is made the same way with the judged
cut-off among its rows, since the newest behaviour is the best teacher. Log odds are shifted so that
the mean is the base rate to expect (`rate`). A label that is a column has one model: judged
customers never teach it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from targeting.frames import CUSTOMER
from targeting.scoring.doubts import FALL_BACK, another_way, why_not_learnt, why_not_trusted
from targeting.scoring.drift import profile
from targeting.scoring.evaluation import Evaluation, judge
from targeting.scoring.label import (
    CUT_OFF,
    LABEL,
    Asked,
    History,
    Labelled,
    base_rate,
    bought_lines,
    from_column,
    from_purchases,
    label_words,
    sign,
)
from targeting.scoring.leakage import dated_after, leaks, newer_than_then
from targeting.scoring.lesson import Lesson, Validation, too_few, validated
from targeting.scoring.matrix import Floats, in_hash_order, inputs_of, numbers, tree_matrix
from targeting.scoring.model import (
    Kind,
    LikelihoodModel,
    OneOnly,
    can_be_scored,
    complete,
    form_digest,
    log_odds,
    predict,
)
from targeting.scoring.note import Note
from targeting.scoring.rate import foreseen_rate, shift_to, sigmoid
from targeting.scoring.rhythm import RhythmModel, fit_rhythm, raw_rhythm
from targeting.workspace.catalogue import Catalogue
from targeting.workspace.scores import Likelihood
from targeting.workspace.settings import Derived

MOST_ROWS = 200_000
KINDS: tuple[Kind, ...] = ("tree", "points", "blend", "cart")


@dataclass(frozen=True)
class _Tried:
    """What came out of the judged cut-off: the model, and the lesson it was learnt in."""

    model: LikelihoodModel
    lesson: Lesson | None = None
    validation: Validation | None = None


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
    derived: Mapping[str, Derived] | None = None,
) -> tuple[LikelihoodModel, Evaluation, pl.DataFrame]:
    """Fit and judge one likelihood; the frame has the judged rows.

    Its columns: customer_id, cut_off (null for a label that is a column), name, label (0 or 1),
    score. `unfilled` are the customers before missing values were filled, for the search for
    leakage. What stands in the way of a model becomes a warning, and the base rate everyone's
    score; without any label every score is missing.
    """
    asked = Asked(name, form, key, as_of, field_types)
    rows = _labelled(asked, customers, history, purchases)
    if rows is None or not (rows.judged.height or rows.train.height):
        return _without_label(asked)
    tried = _tried(asked, rows)
    judged = _judged_rows(asked, rows.judged, tried.model)
    evaluation = _evaluated(asked, rows, tried, judged)
    found = _leaks(asked, rows, customers, unfilled, derived or {})
    evaluation = replace(evaluation, warnings=(*evaluation.warnings, *found))
    tonight = _tonight(asked, customers, purchases)
    model = _final(asked, rows, tried, evaluation, tonight)
    return _profiled(model, tonight), evaluation, judged


def _leaks(
    asked: Asked,
    rows: Labelled,
    customers: pl.DataFrame,
    unfilled: pl.DataFrame | None,
    derived: Mapping[str, Derived],
) -> list[Note]:
    """Name the inputs that define the label or know the future; each once."""
    found = leaks(asked, rows.train, rows.judged, unfilled)
    if rows.days is not None and rows.judged.height:
        today = customers if unfilled is None else unfilled
        cut_off, judged = rows.judged[CUT_OFF][0], rows.judged[CUSTOMER]
        found += dated_after(rows.inputs, derived, today, cut_off, judged, asked.field_types)
        found += newer_than_then(asked, rows.train, rows.judged, derived)
    named = {note.field: note for note in reversed(found)}
    return [note for note in found if named[note.field] is note]


def _profiled(model: LikelihoodModel, tonight: pl.DataFrame) -> LikelihoodModel:
    """Remember how the inputs are spread; who has been here for longer is no drift."""
    people = complete(tonight, model, None)
    people = people.filter(can_be_scored(model))
    inputs = [entering for entering in model.inputs if entering.name != "tenure_days"]
    return replace(model, profiles=profile(people, inputs))


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


def _plain(asked: Asked, kind: Kind) -> LikelihoodModel:
    predicts = asked.form.predicts
    about: OneOnly = "" if predicts.field is not None else "buyers"
    if predicts.comes_back_within is not None:
        about = "bought_once"
    return LikelihoodModel(asked.name, kind, form_digest(asked.form), about)


def _without_label(asked: Asked) -> tuple[LikelihoodModel, Evaluation, pl.DataFrame]:
    what = asked.form.predicts.field
    why = "purchases do not reach back far enough" if what is None else f"'{what}' is empty"
    note = Note("M003", what or "", f"there is no label to learn from ({why}): nobody gets a score")
    evaluation = Evaluation(
        model=asked.form.model,
        scored_by="none",
        label=label_words(asked.form.predicts),
        train={"rows": 0, "positives": 0},
        judged={"rows": 0, "positives": 0},
        base_rate=None,
        warnings=(note,),
    )
    return _plain(asked, "none"), evaluation, _NO_JUDGED_ROWS.clone()


def _tried(asked: Asked, rows: Labelled) -> _Tried:
    """Learn from the earlier cut-offs, or keep to the base rate where they cannot teach."""
    rhythm = _rhythm(asked, rows, rows.buyers)
    plain = replace(_plain(asked, "base_rate"), rhythm=rhythm)
    train = complete(rows.train, plain, None)
    judged = complete(rows.judged, plain, None)
    names = _names(rows, rhythm)
    seen = _sample(asked, names, train)
    rate = _rate(asked, rows, rhythm, judged, rows.train.filter(_newest))
    if too_few(seen):
        rate = base_rate(rows.train) if rate is None else rate
        return _Tried(replace(plain, base_rate=rate, fitted_rows=rows.train.height))
    inputs = tuple(inputs_of(seen, names, asked.field_types))
    tuned, validation = validated(asked, seen, inputs)
    lesson = Lesson(asked, plain, inputs, seen, judged, tuned)
    model = lesson.model(_kind(asked, validation))
    return _Tried(_at_rate(model, judged, rate), lesson, validation)


def _final(
    asked: Asked,
    rows: Labelled,
    tried: _Tried,
    evaluation: Evaluation,
    tonight: pl.DataFrame,
) -> LikelihoodModel:
    """Give the model that scores tonight."""
    if rows.days is None and evaluation.scored_by != "base_rate":
        return tried.model
    rhythm = _rhythm(asked, rows, tonight)
    plain = replace(_plain(asked, "base_rate"), rhythm=rhythm)
    people = complete(tonight, plain, None)
    people = people.filter(can_be_scored(plain))
    rate = _rate(asked, rows, rhythm, people, rows.judged)
    if evaluation.scored_by == "base_rate":
        newest = rows.newest if rows.newest.height else rows.judged
        rate = base_rate(newest) if rate is None else rate
        return replace(plain, base_rate=rate, fitted_rows=rows.newest.height)
    names = _names(rows, rhythm)
    seen = _sample(asked, names, complete(rows.newest, plain, None))
    inputs = tuple(inputs_of(seen, names, asked.field_types))
    assert tried.lesson is not None
    sample = in_hash_order(people, asked.key, "fit", asked.name).head(MOST_ROWS)
    lesson = Lesson(asked, plain, inputs, seen, sample, tried.lesson.tuned)
    return _at_rate(lesson.model(evaluation.scored_by), people, rate)


def _rhythm(asked: Asked, rows: Labelled, people: pl.DataFrame) -> RhythmModel | None:
    """Fit on everybody who bought; those whom the label is about may all have come once."""
    if rows.days is None:
        return None
    return fit_rhythm(in_hash_order(people, asked.key, "fit", "rhythm"), rows.days)


def _names(rows: Labelled, rhythm: RhythmModel | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*rows.inputs, *(rhythm.inputs if rhythm is not None else ())]))


def _rate(
    asked: Asked,
    rows: Labelled,
    rhythm: RhythmModel | None,
    people: pl.DataFrame,
    last: pl.DataFrame,
) -> float | None:
    """Foresee the base rate; None for a column, whose scores stay as they were learnt."""
    if rhythm is None:
        return None
    return foreseen_rate(people, last, rhythm, sign(asked.form.predicts))


def _kind(asked: Asked, validation: Validation | None) -> Kind:
    """Take what was asked for, and points where a tree falls too far behind its teacher."""
    trails = validation is not None and validation.trails
    return "points" if asked.form.model == "tree" and trails else asked.form.model


def _tonight(asked: Asked, customers: pl.DataFrame, purchases: pl.DataFrame | None) -> pl.DataFrame:
    """Join what BG/NBD reads to tonight's customers."""
    if asked.form.predicts.field is not None or purchases is None:
        return customers
    bought = bought_lines(purchases.lazy())
    rhythm = raw_rhythm(bought, asked.as_of, asked.form.predicts.within)
    return customers.join(rhythm, on=CUSTOMER, how="left", maintain_order="left")


def _sample(asked: Asked, names: Sequence[str], train: pl.DataFrame) -> pl.DataFrame:
    known = train.filter(pl.any_horizontal(False, *(pl.col(name).is_not_null() for name in names)))
    return in_hash_order(known, asked.key, "fit", asked.name).head(MOST_ROWS)


def _at_rate(model: LikelihoodModel, rows: pl.DataFrame, rate: float | None) -> LikelihoodModel:
    """Shift a model's log odds so that their mean over the rows is a base rate (None: do not)."""
    if rate is None:
        return model
    scored = rows.filter(can_be_scored(model))
    odds = log_odds(model, tree_matrix(scored, model.inputs))
    values, customers = np.unique(np.round(odds, 6), return_counts=True)
    shift = shift_to(rate, values, customers.astype(np.float64))
    return replace(model, shift=shift, base_rate=rate)


def _judged_rows(asked: Asked, judged: pl.DataFrame, model: LikelihoodModel) -> pl.DataFrame:
    scored = judged.with_columns(predict(judged, model).alias("score"))
    name = pl.lit(asked.name).alias("name")
    return scored.select(CUSTOMER, CUT_OFF, name, LABEL, "score").drop_nulls("score")


def _evaluated(asked: Asked, rows: Labelled, tried: _Tried, judged: pl.DataFrame) -> Evaluation:
    known = complete(rows.judged, tried.model, None).join(
        judged.select(CUSTOMER, "score"), on=CUSTOMER, how="inner", maintain_order="left"
    )
    evaluation = Evaluation(
        model=asked.form.model,
        scored_by=tried.model.kind,
        label=label_words(asked.form.predicts),
        train=_counted(rows.train),
        judged=_counted(judged),
        base_rate=_rounded(base_rate(judged if judged.height else rows.judged)),
        validation=tried.validation,
    )
    if known.height:
        others = _others(tried, known)
        figures = judge(known, numbers(known["score"]), others, sign(asked.form.predicts))
        evaluation = replace(evaluation, figures=figures)
    learnt = tried.lesson is not None
    doubts = why_not_learnt(rows) if not learnt else why_not_trusted(evaluation, judged)
    if any(note.code in FALL_BACK for note in doubts):
        return replace(evaluation, scored_by="base_rate", warnings=(*rows.notes, *doubts))
    return replace(evaluation, warnings=(*rows.notes, *another_way(evaluation), *doubts))


def _others(tried: _Tried, judged: pl.DataFrame) -> dict[str, Floats]:
    """Give the likelihoods that the other kinds of model, and the teacher's halves, would say."""
    lesson = tried.lesson
    if lesson is None:
        return {}
    matrix = tree_matrix(judged, lesson.inputs)
    odds: dict[str, Floats] = {
        kind: log_odds(lesson.model(kind), matrix) for kind in KINDS if kind != tried.model.kind
    }
    odds["logistic"] = lesson.teacher.linear.log_odds(matrix)
    if lesson.teacher.boosted is not None:
        odds["boosted"] = lesson.teacher.boosted.log_odds(matrix)
    rate = tried.model.base_rate
    shifts = {name: 0.0 if rate is None else shift_to(rate, found) for name, found in odds.items()}
    return {name: np.round(sigmoid(found + shifts[name]), 6) for name, found in odds.items()}


def _counted(rows: pl.DataFrame) -> dict[str, object]:
    days = rows[CUT_OFF].unique().drop_nulls().sort(descending=True)
    counts: dict[str, object] = {"rows": rows.height, "positives": int(rows[LABEL].sum())}
    return {"cut_offs": [day.isoformat() for day in days], **counts} if len(days) else counts


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


_newest = pl.col(CUT_OFF) == pl.col(CUT_OFF).max()
_NO_JUDGED_ROWS = pl.DataFrame(
    schema={
        CUSTOMER: pl.String,
        CUT_OFF: pl.Date,
        "name": pl.String,
        LABEL: pl.Int8,
        "score": pl.Float64,
    }
)
