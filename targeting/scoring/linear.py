"""Logistic regression on logarithms: what each field adds to the log odds of a customer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from targeting.scoring.judge import Labels
from targeting.scoring.matrix import Floats, Input
from targeting.scoring.threads import one_thread

C = 0.1  # of scikit-learn's penalty; of 0.01, 0.1 and 1 none was better on 28 real labels
MOST_CATEGORIES = 30
STEPS = 500
LEAF = Input("leaf of the tree", "number")  # a tree's log odds, taken as they are


@dataclass(frozen=True)
class Term:
    """One column of the regression: what is read from which input, standardised.

    `kind` number: the logarithm; plain: the number itself; missing: 1 where the value is missing;
    category: 1 where the input is the category of that place. A missing number lies at the mean.
    """

    at: int
    kind: Literal["number", "plain", "missing", "category"]
    place: float = 0.0
    mean: float = 0.0
    spread: float = 1.0
    weight: float = 0.0


@dataclass(frozen=True)
class Linear:
    """A fitted regression: log odds are the intercept and the sum of all terms' points."""

    terms: tuple[Term, ...]
    intercept: float

    def log_odds(self, matrix: npt.NDArray[np.floating]) -> Floats:
        """Give the log odds of each row."""
        total = np.full(len(matrix), self.intercept)
        for term in self.terms:
            total += term.weight * _standardised(_read(matrix, term), term)
        return np.asarray(total)

    def points(self, matrix: npt.NDArray[np.floating], inputs: int) -> Floats:
        """Give what each input adds to the log odds of a row, beyond the average customer's."""
        points = np.zeros((len(matrix), inputs))
        for term in self.terms:
            points[:, term.at] += term.weight * _standardised(_read(matrix, term), term)
        return points

    def stands(self, matrix: npt.NDArray[np.floating], inputs: int) -> Floats:
        """Say where each input of a row stands: 0 the average, in standard deviations; NaN missing.

        A category stands above the average.
        """
        stands = np.where(np.isnan(matrix[:, :inputs]), np.nan, 0.0)
        for term in self.terms:
            if term.kind in ("number", "plain"):
                stands[:, term.at] = (_read(matrix, term) - term.mean) / term.spread
        return np.asarray(stands)


def fit_linear(
    matrix: npt.NDArray[np.floating],
    labels: Labels,
    inputs: Sequence[Input],
    signs: Sequence[int] = (),
) -> Linear:
    """Fit by scikit-learn, every column standardised; a column without spread is left out.

    `signs`, one an input, say which way a number must point (0: either way). Of fields that say
    nearly the same one can get the wrong sign, which no reader of its points would believe: such a
    column is left out, and the rest fitted again.
    """
    unfitted = [_measured(matrix, term) for term in _terms(matrix, inputs)]
    fitted = _fitted(matrix, labels, [term for term in unfitted if term.spread > 0])
    while wrong := [term for term in fitted.terms if _points_wrong(term, signs)]:
        kept = [term for term in fitted.terms if term not in wrong]
        fitted = _fitted(matrix, labels, kept)
    return fitted


def _points_wrong(term: Term, signs: Sequence[int]) -> bool:
    known = term.kind in ("number", "plain") and bool(signs)
    return known and term.weight * signs[term.at] < 0


def _fitted(matrix: npt.NDArray[np.floating], labels: Labels, terms: Sequence[Term]) -> Linear:
    from sklearn.linear_model import LogisticRegression

    columns = [_standardised(_read(matrix, term), term) for term in terms]
    if not columns:
        rate = np.clip(float(labels.mean()), 1e-6, 1 - 1e-6)
        return Linear((), round(float(np.log(rate / (1 - rate))), 6))
    with one_thread():
        fitted = LogisticRegression(C=C, max_iter=STEPS).fit(np.column_stack(columns), labels)
    weights = [round(float(weight), 6) for weight in fitted.coef_[0]]
    weighted = (replace(term, weight=weight) for term, weight in zip(terms, weights, strict=True))
    return Linear(tuple(weighted), round(float(fitted.intercept_[0]), 6))


def _terms(matrix: npt.NDArray[np.floating], inputs: Sequence[Input]) -> list[Term]:
    terms = []
    for at, entering in enumerate(inputs):
        if entering.kind == "category":
            terms += [Term(at, "category", place) for place in _most_frequent(matrix[:, at])]
        else:
            terms.append(Term(at, "plain" if entering == LEAF else "number"))
        terms.append(Term(at, "missing"))
    return terms


def _most_frequent(column: npt.NDArray[np.floating]) -> list[float]:
    places, customers = np.unique(column[~np.isnan(column)], return_counts=True)
    order = np.lexsort((places, -customers))[:MOST_CATEGORIES]
    return sorted(float(places[at]) for at in order)


def _measured(matrix: npt.NDArray[np.floating], term: Term) -> Term:
    column = _read(matrix, term)
    seen = column[~np.isnan(column)]
    mean, spread = (float(seen.mean()), float(seen.std())) if seen.size else (0.0, 0.0)
    return replace(term, mean=mean, spread=spread if spread > 1e-9 else 0.0)


def _read(matrix: npt.NDArray[np.floating], term: Term) -> Floats:
    column: Floats = matrix[:, term.at].astype(np.float64)
    match term.kind:
        case "missing":
            return np.asarray(np.isnan(column), dtype=np.float64)
        case "category":
            return np.asarray(column == term.place, dtype=np.float64)
        case "plain":
            return column
        case "number":  # symmetric, since returns can make a sum of money negative
            return np.asarray(np.sign(column) * np.log1p(np.abs(column)))


def _standardised(column: Floats, term: Term) -> Floats:
    moved = (column - term.mean) / term.spread
    return np.where(np.isnan(moved), 0.0, moved)
