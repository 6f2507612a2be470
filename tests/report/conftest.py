"""Nights small enough to be read: an empty one, and one where something of everything happens."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from targeting.problems import Place, Problem
from targeting.report.numbers import Night
from targeting.report.sales import Trade
from targeting.workspace.catalogue import Field
from targeting.workspace.settings import Shop
from tests.report.placed import placed
from tests.report.traded import traded

AS_OF = dt.date(2026, 11, 24)

EMPTY = Night(
    shop=Shop(name="Corner Shop", currency="PKR", region="PK", locale="en_PK"),
    run_id="2026-11-24-00000000",
    as_of=AS_OF,
    draft=False,
    manifest={},
    catalogue={},
    customers=pl.DataFrame(),
    trade=Trade(),
    decisions=pl.DataFrame(),
    funnel=pl.DataFrame(),
    summary=pl.DataFrame(),
    rules=(),
    suggestions={},
    linear_regression=None,
    problems=(),
)

CATALOGUE = {
    field.name: field
    for field in (
        Field("customer_id", "text", "customers"),
        Field("first_name", "text", "customers", personal=True),
        Field("age", "number", "customers", unit="years"),
        Field("recency_days", "number", "purchases", unit="days"),
        Field("frequency", "number", "purchases"),
        Field("monetary", "money", "purchases"),
        Field("email_consent", "yes/no", "customers"),
        Field("segment", "category", "segments"),
        Field("likelihood", "number", "likelihood"),
        Field("likelihood_because", "text", "likelihood"),
    )
}


_COUNT = 12
_IDS = [f"secret-{k:02}" for k in range(_COUNT)]

CUSTOMERS = pl.DataFrame(
    {
        "customer_id": _IDS,
        "first_name": ["Zubaida"] * _COUNT,
        "age": [20, 30, None, 40, 50, 60, 33, 44, 55, 66, 27, 38],
        "recency_days": [1, 5, 9, 30, 60, 90, 2, 3, 4, 200, 210, None],
        "frequency": [9, 8, 7, 3, 2, 1, 9, 9, 8, 1, 1, 0],
        "monetary": [900_00, 800_00, 700_50, 30_00, 20_00, 10_00, 9_00, 9_00, 8_00, 5_00, 5_00, 0],
        "email_consent": [True, True, True, False, None, True, True, True, True, True, True, False],
        "segment": ["Loyal"] * 6 + ["Small"] * 5 + [None],
        "likelihood": [0.9, 0.8, 0.7, 0.3, 0.2, 0.1, 0.6, 0.6, 0.6, 0.05, 0.05, 0.01],
        "likelihood_because": [
            *(f"buys often (+{k}.2); is new (-0.1)" for k in range(9)),
            *["buys seldom (-0.8)"] * 3,
        ],
    }
)

PURCHASES = pl.DataFrame(
    [
        (_IDS[0], "t1", dt.date(2026, 8, 3), 500_00),
        (_IDS[0], "t1", dt.date(2026, 8, 3), 100_00),
        (_IDS[0], "t2", dt.date(2026, 10, 3), 300_00),
        (_IDS[1], "t3", dt.date(2026, 8, 20), 800_00),
        (_IDS[1], "t4", dt.date(2026, 9, 1), -100_00),
        (_IDS[2], "t5", dt.date(2026, 10, 30), 700_50),
        (_IDS[2], "t6", dt.date(2026, 11, 2), 1_00),
        (None, "t7", dt.date(2026, 11, 2), 50_00),
        *((customer, "t8", dt.date(2026, 9, 9), 20_00) for customer in _IDS[3:9]),
        (_IDS[3], "t9", dt.date(2026, 10, 9), 10_00),
    ],
    orient="row",
    schema={
        "customer_id": pl.String,
        "transaction_id": pl.String,
        "purchased_on": pl.Date,
        "amount": pl.Int64,
    },
)

CHANGED = {
    "share_changed": 0.3,
    "movement": [
        {"before": "Loyal", "now": "Loyal", "customers": 4},
        {"before": "Loyal", "now": "Small", "customers": 1},
        {"before": "Small", "now": "Loyal", "customers": 2},
        {"before": "Small", "now": "Small", "customers": 3},
        {"before": None, "now": "Small", "customers": 1},
    ],
}

_BESIDE = {"auc": 0.7, "pr_auc": 0.6, "lift_top_tenth": 1.2, "share_top_fifth": 0.25}

LIKELIHOOD = {
    "model": "tree",
    "scored_by": "points",
    "label": "buys within 30 days",
    "train": {"cut_offs": ["2026-09-25"], "rows": 40, "positives": 20},
    "judged": {"cut_offs": ["2026-10-25"], "rows": 12, "positives": 6},
    "base_rate": 0.5,
    "auc": 0.8123456,
    "pr_auc": 0.79,
    "brier": 0.2,
    "ece": 0.131,
    "ece_floor_mean": 0.09,
    "ece_floor_95": 0.12,
    "lift_top_tenth": 1.8,
    "share_top_fifth": 0.36,
    "accuracy": 0.75,
    "precision": 0.7,
    "recall": None,
    "intervals": {"auc": [0.701, 0.902], "pr_auc": None, "ece": [0.111, 0.333]},
    "baselines": {
        "recency": {**_BESIDE, "differences": {"auc": [0.1123456, 0.051, 0.172]}},
        "bgnbd": {**_BESIDE, "auc": 0.815, "differences": {"auc": [-0.0026544, -0.02, 0.018]}},
    },
    "compared": {
        "tree": {**_BESIDE, "auc": 0.78},
        "boosted": {**_BESIDE, "auc": 0.84, "differences": {"auc": [-0.0276544, -0.05, -0.011]}},
    },
    "calibration": [
        {"customers": 6, "mean_score": 0.4, "share": 0.0},
        {"customers": 6, "mean_score": 0.9, "share": 1.0},
    ],
    "deciles": [1.8, 1.7, 1.5, 1.2, 1.0, 0.9, 0.8, 0.6, 0.3, 0.2],
    "validation": {"rows": 30, "teacher": 0.83, "tree": 0.8},
    "warnings": [
        {"code": "M001", "field": "", "text": "one tree cannot follow"},
        {"code": "L001", "field": "frequency", "text": "frequency says it all"},
    ],
}

_DECIDED = pl.DataFrame(
    [
        (_IDS[0], "perks", "retention", "Loyal", "email", "selected", "", 25.0),
        (_IDS[1], "perks", "retention", "Loyal", "sms", "selected", "", 250.0),
        (_IDS[2], "perks", "retention", "Loyal", "email", "held_out", "", 25.0),
        (_IDS[3], "perks", "retention", "Loyal", "email", "refused", "no_consent", 0.0),
        (_IDS[4], "perks", "retention", "Loyal", "email", "refused", "no_consent", 0.0),
        (_IDS[0], "bundle", "marketing", "Loyal", "email", "refused", "outranked", 0.0),
        (_IDS[6], "bundle", "marketing", "Small", "email", "held_out", "universal_holdout", 0.0),
        (_IDS[7], "bundle", "marketing", "Small", "email", "selected", "", 25.0),
    ],
    orient="row",
    schema=["customer_id", "rule", "kind", "segment", "channel", "outcome", "reason", "cost"],
)
DECISIONS = placed(_DECIDED, CUSTOMERS)

TREE = {
    "scored_by": "tree",
    "nodes": [
        {"node": 0, "parent": None, "answer": None, "asks": "bought at most once",
         "because": "", "customers": 12, "likelihood": 0.45},
        {"node": 1, "parent": 0, "answer": "yes", "asks": None,
         "because": "bought at most once", "customers": 4, "likelihood": 0.0525},
        {"node": 2, "parent": 0, "answer": "no", "asks": None,
         "because": "bought more than once", "customers": 8, "likelihood": 0.64875},
    ],
}  # fmt: skip

FULL = replace(
    EMPTY,
    trees={"likelihood": TREE},
    persons=pl.Series([0, 0, *range(2, _COUNT)]),
    manifest={
        "inputs": [
            {"name": "customers", "file": "customers.csv", "rows": 14, "sha256": "ab" * 32},
            {"name": "purchases", "file": "purchases.csv", "rows": 9, "sha256": "cd" * 32},
        ],
        "rejected": {"customers": {"duplicate": 2}, "purchases": {"after_as_of": 1}},
        "set_aside": {},
        "filled": {"customers": {"age": 2}},
        "without_customer": 1,
        "versions": {"targeting": "0.1.0"},
        "scores": {"likelihood": LIKELIHOOD},
        "drift": {
            "likelihood": [
                {
                    "field": "frequency",
                    "psi": 0.31,
                    "level": "much",
                    "said": "frequency: much has changed (PSI 0.31)",
                }
            ]
        },
        "since_last_fit": {
            "drift": {
                "likelihood": [
                    {
                        "field": "frequency",
                        "psi": 0.0,
                        "level": "little",
                        "said": "frequency: little has changed (PSI 0.00)",
                    }
                ]
            },
            "segments": CHANGED,
        },
        "segments": [{"name": "Loyal", "size": 6}, {"name": "Small", "size": 5}],
        "segment_model": {
            "fitted_rows": 12,
            "stability": 0.731,
            "silhouette": 0.412,
            "tried": [
                {"segments": 2, "stability": 0.731, "silhouette": 0.412, "sum_of_squares": 9.5},
                {"segments": 3, "stability": 0.5, "silhouette": None, "sum_of_squares": 7.25},
            ],
            "warnings": [{"code": "M009", "field": "", "text": "the number is not stable"}] * 2,
            "changed_in_30_days": CHANGED,
        },
    },
    catalogue=CATALOGUE,
    customers=CUSTOMERS,
    trade=traded(PURCHASES, AS_OF),
    decisions=DECISIONS,
    funnel=pl.DataFrame(
        [
            ("perks", "when", "segment is Loyal", 6, 6, 1),
            ("perks", "when", "frequency is at least 2", 5, 1, 0),
        ],
        orient="row",
        schema=["rule", "step", "line", "left", "lost", "lost_missing"],
    ),
    summary=pl.DataFrame(
        {
            "rule": ["perks", "bundle", "bundle"],
            "segment": ["Loyal", "Loyal", "Small"],
            "planned_cost": [300.0, 0.0, 25.0],
            "real_cost": [275.0, 0.0, 25.0],
        }
    ),
    rules=(
        {"name": "perks", "kind": "retention", "title": "Perks for the loyal", "priority": 10},
        {"name": "bundle", "kind": "marketing", "title": "Bundles", "priority": 20},
        {"name": "restock", "kind": "inventory", "title": "Keep it in stock"},
    ),
    suggestions={
        "lines": pl.DataFrame(
            {
                "product_id": ["P1", "P2", "P3"],
                "product": ["Nova phone", "Kite laptop", "Aster radio"],
                "location": ["Clifton", "Clifton", "Saddar"],
                "category": ["Phones", "Laptops", "Audio"],
                "supplier": ["Alpha", "Beta", "Alpha"],
                "available": [1, 2, 30],
                "weekly_demand": [4.0, 3.5, 0.1],
                "stockout_risk": [0.97, 0.6, 0.01],
                "quantity": [10, 5, 0],
                "line_cost": [1_000_00, 2_500_00, 0],
                "rule": ["cover: restock; note: other", None, "note: restock_not"],
                "because": ["Sells 4 a week; 1 available.", "Sells 3.5 a week.", ""],
            }
        ),
        "by_segment": pl.DataFrame({"segment": ["Loyal", "Small"], "expected_units": [5.5, 2.0]}),
    },
    linear_regression={"target": "monetary", "fields": ["age"], "r2": -0.01, "n_test": 3},
    problems=(Problem("D004", "the feed is old", Place("targeting.yaml", 6), "look", "warning"),),
)


@pytest.fixture
def empty_night() -> Night:
    return EMPTY


@pytest.fixture
def full_night() -> Night:
    return FULL


NightOf = Callable[..., Night]


@pytest.fixture
def night_of() -> NightOf:
    """An empty night but for what the test names."""

    def make(**changes: Any) -> Night:
        night = replace(EMPTY, **changes)
        if "customer_id" not in night.decisions.columns or "place" in night.decisions.columns:
            return night
        customers = night.customers.lazy().collect()
        return replace(night, decisions=placed(night.decisions, customers))

    return make


@pytest.fixture
def shuffled() -> Callable[[Night], Night]:
    """The same night with rows in another order (customers and a rule's steps keep theirs)."""

    def mix(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.sample(fraction=1, shuffle=True, seed=5)

    def shuffle(night: Night) -> Night:
        return replace(
            night,
            trade=traded(mix(PURCHASES), AS_OF),
            decisions=mix(night.decisions),
            summary=mix(night.summary),
            suggestions={name: mix(frame) for name, frame in night.suggestions.items()},
        )

    return shuffle
