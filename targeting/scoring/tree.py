"""A decision tree with a likelihood in each leaf, fitted by scikit-learn and read with numpy."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from targeting.scoring.judge import Labels
from targeting.scoring.matrix import Floats
from targeting.scoring.threads import one_thread

Tree: TypeAlias = Any  # sklearn.tree._tree.Tree: untyped, and not loaded until used

SEED = 0
SHRINKAGE = 10.0  # customers of the base rate added to each leaf
SMALLEST = 1e-6  # no leaf is certain
SMALLEST_STUDENT_LEAF = 5


def smallest_leaf(rows: int) -> int:
    """Give the fewest rows a leaf may have: 20, or one in a hundred.

    Below 20 a rate is noise. Rows of several cut-offs repeat the same customers, so a leaf needs
    more of them to be as sure; 64 leaves still find room. Of four shares tried on 14 splits of
    CDNOW and Complete Journey, one in 100 had a mean AUC of 0.763 and one in 500 of 0.756. Chosen
    on those splits, so their figures flatter it; and it is coarse on many rows: on CDNOW (30 days,
    141,012 rows) PR AUC fell from 0.339 (one in 500, Gini) to 0.293 and Brier rose by 0.001.
    """
    return max(20, rows // 100)


def fit_tree(matrix: npt.NDArray[np.float32], labels: Labels, leaves: int) -> Tree:
    """Grow a tree best leaf first; missing values go to the side that fits them."""
    from sklearn.tree import DecisionTreeClassifier

    classifier = DecisionTreeClassifier(
        criterion="log_loss",
        max_leaf_nodes=max(2, leaves),
        min_samples_leaf=smallest_leaf(len(labels)),
        random_state=SEED,
    )
    with one_thread():
        return classifier.fit(matrix, labels).tree_


def node_rates(tree: Tree) -> Floats:
    """Give each node's share of buyers, drawn towards the base rate by ten customers of it."""
    customers = tree.weighted_n_node_samples
    buyers = tree.value[:, 0, 1] * customers
    base = float(tree.value[0, 0, 1])
    rates: Floats = (buyers + SHRINKAGE * base) / (customers + SHRINKAGE)
    return np.asarray(np.clip(rates, SMALLEST, 1 - SMALLEST), dtype=np.float64)


def fit_student(matrix: npt.NDArray[np.float32], odds: Floats, leaves: int) -> Tree:
    """Grow the tree that comes nearest to the teacher's log odds.

    They are not noisy as labels are: a leaf of one row in a thousand still holds.
    """
    from sklearn.tree import DecisionTreeRegressor

    student = DecisionTreeRegressor(
        max_leaf_nodes=max(2, leaves),
        min_samples_leaf=max(SMALLEST_STUDENT_LEAF, len(odds) // 1_000),
        random_state=SEED,
    )
    with one_thread():
        return student.fit(matrix, odds).tree_


def node_means(tree: Tree) -> Floats:
    """Give the mean of the teacher's log odds in each node of a student."""
    return np.asarray(tree.value[:, 0, 0], dtype=np.float64)
