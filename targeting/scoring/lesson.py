"""One set of labelled rows, and every kind of model that can be learnt from it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl

from targeting.scoring.boosted import points_to
from targeting.scoring.judge import Labels, auc
from targeting.scoring.label import CUT_OFF, LABEL, Asked, label_period, sign
from targeting.scoring.linear import LEAF, Linear, fit_linear
from targeting.scoring.matrix import Floats, Input, share_by_hash, tree_matrix
from targeting.scoring.model import Kind, LikelihoodModel, with_leaves
from targeting.scoring.rate import log_odds
from targeting.scoring.teacher import Matrix, Teacher, Tuned, fit_teacher, tune
from targeting.scoring.tree import Tree, fit_student, fit_tree, node_means, node_rates

VALIDATING_SHARE = 0.25
SOONER = {"days_between_purchases": -1}  # no reader would believe the other way, but a tree may
FAR_BEHIND = 0.01  # of AUC
FEWEST = 20  # of each class: fewer teach nothing that would last


@dataclass(frozen=True)
class Validation:
    """The AUC of teacher, tree and points on rows that taught none of them."""

    rows: int
    teacher: float
    tree: float
    points: float

    @property
    def trails(self) -> bool:
        """Say whether the tree is no student of its teacher (scores.md, 3)."""
        return self.teacher - self.tree > FAR_BEHIND


@dataclass(frozen=True)
class Lesson:
    """Labelled rows in the order of their hash; `people` are rows to be scored, without a label.

    The tree learns from the people too: their teacher's scores are known.
    """

    asked: Asked
    plain: LikelihoodModel
    inputs: tuple[Input, ...]
    rows: pl.DataFrame
    people: pl.DataFrame
    tuned: Tuned

    def model(self, kind: Kind) -> LikelihoodModel:
        """Give one kind of model; the teacher and the tree are fitted once for all kinds."""
        model = replace(
            self.plain, kind=kind, inputs=self.inputs, fitted_rows=self.rows.height, base_rate=None
        )
        match kind:
            case "cart":
                tree = fit_tree(self.matrix, self.labels, self.asked.form.leaves)
                return replace(model, tree=tree, values=_rounded(log_odds(node_rates(tree))))
            case "blend":
                teacher = self.teacher
                return replace(
                    model, linear=teacher.linear, boosted=teacher.boosted, share=teacher.share
                )
            case "points":
                tree = replace(model, tree=self.student, values=_rounded(node_means(self.student)))
                return replace(tree, linear=self._points(tree))
            case _:
                return replace(model, tree=self.student, values=_rounded(node_means(self.student)))

    @cached_property
    def matrix(self) -> Matrix:
        """The inputs of the labelled rows."""
        return tree_matrix(self.rows, self.inputs)

    @cached_property
    def labels(self) -> Labels:
        """The labels, 0 or 1."""
        return np.asarray(self.rows[LABEL].to_numpy(), dtype=np.int8)

    @cached_property
    def teacher(self) -> Teacher:
        """Logistic regression and boosted trees."""
        direction = sign(self.asked.form.predicts)
        return fit_teacher(self.matrix, self.labels, self.inputs, sign=direction, tuned=self.tuned)

    @cached_property
    def student(self) -> Tree:
        """The tree that learnt from the teacher."""
        everyone = np.vstack([self.matrix, tree_matrix(self.people, self.inputs)])
        return fit_student(everyone, self.teacher.log_odds(everyone), self.asked.form.leaves)

    def _points(self, tree: LikelihoodModel) -> Linear:
        leaves = np.asarray(tree.values)[tree.tree.apply(self.matrix)]
        return _points(self.asked, self.matrix, leaves, self.labels, self.inputs)


def validated(
    asked: Asked, rows: pl.DataFrame, inputs: Sequence[Input]
) -> tuple[Tuned, Validation | None]:
    """Tune the teacher on rows that do not teach, and see how far the tree trails it there.

    The newest cut-off judges those a period or more before it (or, where there are none, all
    others); without cut-offs a quarter of the customers judges. None where either has too few.
    """
    learn, judge = _parts(asked, rows)
    if too_few(learn) or too_few(judge):
        return Tuned(), None
    (matrix, labels), (unseen, truth) = (
        (tree_matrix(part, inputs), part[LABEL].to_numpy()) for part in (learn, judge)
    )
    direction = sign(asked.form.predicts)
    teacher, tuned = tune((matrix, labels), (unseen, truth), inputs, sign=direction)
    everyone = np.vstack([matrix, unseen])
    student = fit_student(everyone, teacher.log_odds(everyone), asked.form.leaves)
    values = node_means(student)
    leaves, leaves_there = values[student.apply(matrix)], values[student.apply(unseen)]
    points = _points(asked, matrix, leaves, labels, inputs)
    said = (
        teacher.log_odds(unseen),
        leaves_there,
        points.log_odds(with_leaves(unseen, leaves_there)),
    )
    reached = [auc(truth, odds) for odds in said]  # never None: there are both classes
    return tuned, Validation(len(truth), *(round(each or 0.0, 6) for each in reached))


def _points(
    asked: Asked, matrix: Matrix, leaves: Floats, labels: Labels, inputs: Sequence[Input]
) -> Linear:
    """Fit points on the inputs and a tree's log odds; none points the wrong way."""
    direction = sign(asked.form.predicts)
    ways = [points_to(entering) or SOONER.get(entering.name, 0) for entering in inputs]
    signs = [*(direction * way for way in ways), 1]
    return fit_linear(with_leaves(matrix, leaves), labels, (*inputs, LEAF), signs)


def too_few(rows: pl.DataFrame) -> bool:
    """Say whether one class has fewer rows than can teach."""
    yes = int(rows[LABEL].sum())
    return min(yes, rows.height - yes) < FEWEST


def _parts(asked: Asked, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    period = label_period(asked.form.predicts)
    if rows[CUT_OFF].n_unique() < 2 or period is None:
        judges = share_by_hash(asked.key, f"{asked.name}, validation", VALIDATING_SHARE)
        return rows.filter(~judges), rows.filter(judges)
    newest = rows[CUT_OFF].max()
    assert isinstance(newest, dt.date)
    apart = [day for day in rows[CUT_OFF].unique() if period.after(day) <= newest]
    learn = rows.filter(pl.col(CUT_OFF).is_in(apart))
    judges = pl.col(CUT_OFF) == newest
    return (learn if learn.height else rows.filter(~judges)), rows.filter(judges)


def _rounded(values: Floats) -> tuple[float, ...]:
    return tuple((np.round(values, 6) + 0.0).tolist())
