"""The figures of a first analysis beside what costs nothing to know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from targeting.report.first_analysis import FirstAnalysis, first_analysis
from targeting.report.numbers import Night
from targeting.report.speech import Speech

REGRESSION = {"target": "spend", "fields": ["age", "income"], "r2": -0.013, "n_test": 244}
TREE = {
    "model": "cart",
    "scored_by": "cart",
    "label": "will_purchase is yes",
    "judged": {"rows": 240, "positives": 211},
    "base_rate": 0.88,
    "accuracy": 0.92,
    "precision": 0.95,
    "recall": 0.96,
    "auc": 0.9,
    "warnings": [],
}
LEAK = {"code": "L001", "field": "often", "text": "'often' alone tells 'will_purchase'"}
KMEANS = {"stability": 0.343, "silhouette": 0.155}

NightOf = Callable[..., Night]


def read(night_of: NightOf, regression: Any, *models: Any) -> FirstAnalysis | None:
    night = night_of(manifest={"segments": [{"name": "A", "size": 3}] * 7, "segment_model": KMEANS})
    named = {f"likelihood_{k}": model for k, model in enumerate(models)}
    figures = {"linear_regression": regression, "models": named}
    return first_analysis(night, figures, Speech(night.shop))


def rows(night_of: NightOf, regression: Any, *models: Any) -> dict[str, tuple[str, ...]]:
    found = read(night_of, regression, *models)
    assert found is not None
    return {row[1].split(" ", maxsplit=1)[0]: row[2:] for row in found.table.rows}


def test_an_r2_near_nothing_explains_nothing(night_of: NightOf) -> None:
    told = rows(night_of, REGRESSION)
    assert told["R²"] == (
        "-0.013",
        "0: always saying the average",
        "Explains nothing: the average does as well.",
    )
    assert "Explains little: 5.8%" in rows(night_of, {**REGRESSION, "r2": 0.058})["R²"][2]
    assert rows(night_of, {**REGRESSION, "r2": None})["R²"][0] == "–"


def test_the_published_accuracy_is_little_beside_the_base_rate(night_of: NightOf) -> None:
    told = rows(night_of, REGRESSION, TREE)
    assert told["Accuracy"] == (
        "0.920",
        "0.880: saying yes of everyone",
        "Little: only 4 more right answers in 100.",
    )
    assert told["Precision"][:2] == ("0.950", "0.880: saying yes of everyone")
    assert told["Recall"][:2] == ("0.960", "1.000: saying yes of everyone")
    assert told["AUC"][:2] == ("0.900", "0.5: drawing lots")


def test_a_rare_label_is_beside_saying_no(night_of: NightOf) -> None:
    told = rows(night_of, None, {**TREE, "base_rate": 0.1, "accuracy": 0.9})
    assert told["Accuracy"][1:] == (
        "0.900: saying no of everyone",
        "Worth nothing: one answer for everyone is right as often.",
    )


def test_leakage_explains_the_rest(night_of: NightOf) -> None:
    leaking = {**TREE, "accuracy": 0.99, "warnings": [LEAK]}
    found = read(night_of, REGRESSION, leaking)
    assert found is not None
    assert "'often' alone tells 'will_purchase'" in " ".join(found.reading)
    told = rows(night_of, REGRESSION, leaking)
    assert told["Accuracy"][2] == "11 more right answers in 100, and leakage explains them."
    assert told["AUC"][2] == "Says nothing: a field knows the answer."


def test_k_means_stands_with_its_number_and_its_stability(night_of: NightOf) -> None:
    found = read(night_of, REGRESSION)
    assert found is not None
    assert found.table.rows[-1] == (
        "K-means: 7 segments",
        "Stability (adjusted Rand index)",
        "0.343",
        "0.85: stable",
        "Not the same again on other samples.",
    )


def test_a_label_from_purchases_alone_makes_no_such_chapter(night_of: NightOf) -> None:
    bought = {**TREE, "judged": {"cut_offs": ["2026-10-25"], "rows": 240}}
    assert read(night_of, None, bought) is None
    assert read(night_of, None, TREE) is not None
    assert read(night_of, None) is None
