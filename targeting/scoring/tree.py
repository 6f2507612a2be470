"""A decision tree with a likelihood in each leaf, fitted by scikit-learn and read with numpy."""

from __future__ import annotations

from collections.abc import Sequence
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


def leaf_rates(tree: Tree, matrix: npt.NDArray[np.float32], labels: Labels) -> Floats:
    """Give each node's share of buyers, drawn towards the base rate by ten customers of it."""
    node = tree.apply(matrix)
    customers = np.bincount(node, minlength=tree.node_count)
    buyers = np.bincount(node, weights=labels, minlength=tree.node_count)
    base = float(labels.sum()) / labels.size
    rates: Floats = (buyers + SHRINKAGE * base) / (customers + SHRINKAGE)
    return np.asarray(np.clip(rates, SMALLEST, 1 - SMALLEST), dtype=np.float64)


def shift_to(rate: float, rates: Floats, customers: npt.NDArray[np.intp]) -> float:
    """Find what to add to every log odds so that the customers' mean becomes a rate.

    `customers` counts them by node. 0 where there is nobody or the rate is 0 or 1.
    """
    from scipy.optimize import brentq

    if not customers.sum() or not 0 < rate < 1:
        return 0.0

    def off(shift: float) -> float:
        return float((shifted(rates, shift) * customers).sum() / customers.sum()) - rate

    return round(float(brentq(off, -30.0, 30.0, xtol=1e-9)), 6)


def shifted(rates: Floats, shift: float) -> Floats:
    """Add to the log odds."""
    odds = rates / (1 - rates) * np.exp(shift)
    return np.asarray(odds / (1 + odds), dtype=np.float64)


def read_tree(tree: Tree, matrix: npt.NDArray[np.float32], scores: Sequence[float]) -> Floats:
    """Give each row the score of its leaf."""
    found: Floats = np.asarray(scores, dtype=np.float64)[tree.apply(matrix)]
    return found
