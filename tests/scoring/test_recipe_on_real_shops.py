"""The recipe beside plain scikit-learn, on days and departments that no choice was made on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
from scipy.stats import rankdata
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from targeting.scoring.evaluation import Evaluation
from targeting.scoring.likelihood import fit_likelihood
from targeting.scoring.model import LikelihoodModel
from targeting.workspace.catalogue import Catalogue, Field
from targeting.workspace.scores import Likelihood

Floats = npt.NDArray[np.float64]
PerDay = Callable[[dt.date], pl.DataFrame]
INPUTS = (
    *("recency_days", "frequency", "monetary"),
    *("tenure_days", "days_between_purchases", "spend_90_days"),
)


@dataclass(frozen=True)
class Night:
    """One shop on one day: what the program says, and what plain models say of the same people."""

    model: LikelihoodModel
    evaluation: Evaluation
    judged: pl.DataFrame
    plain: dict[str, Floats]

    @property
    def labels(self) -> npt.NDArray[np.int8]:
        return self.judged["label"].to_numpy()

    @property
    def scores(self) -> Floats:
        return self.judged["score"].to_numpy()

    def auc(self, scores: Floats) -> float:
        return float(roc_auc_score(self.labels, scores))


def followed(lines: pl.DataFrame, day: dt.date, days: int, category: str | None) -> pl.Series:
    later = lines.filter(
        pl.col("purchased_on") > day,
        pl.col("purchased_on") <= day + dt.timedelta(days=days),
        pl.col("amount") > 0,
    )
    if category is not None:
        later = later.filter(pl.col("category") == category)
    return later["customer_id"].unique()


def labelled(
    lines: pl.DataFrame, history: PerDay, day: dt.date, days: int, category: str | None
) -> tuple[pl.DataFrame, npt.NDArray[np.bool_]]:
    rows = history(day)
    ids = followed(lines, day, days, category)
    return rows, rows["customer_id"].is_in(ids.implode()).to_numpy()


def logarithms(values: Floats) -> Floats:
    return np.asarray(np.sign(values) * np.log1p(np.abs(values)))


def plainly(
    train: list[tuple[pl.DataFrame, npt.NDArray[np.bool_]]], judged: pl.DataFrame
) -> dict[str, Floats]:
    """Fit scikit-learn's own on the same fields at the same cut-offs."""
    seen = np.vstack([rows.select(INPUTS).cast(pl.Float64).to_numpy() for rows, _ in train])
    labels = np.concatenate([did for _, did in train])
    unseen = judged.select(INPUTS).cast(pl.Float64).to_numpy()
    models = {
        "logistic": make_pipeline(
            FunctionTransformer(logarithms),
            SimpleImputer(add_indicator=True),
            StandardScaler(),
            LogisticRegression(max_iter=1_000),
        ),
        "boosting": HistGradientBoostingClassifier(early_stopping=False, random_state=0),
        "small trees": HistGradientBoostingClassifier(
            learning_rate=0.05, max_leaf_nodes=8, early_stopping=False, random_state=0
        ),
    }
    return {
        name: np.asarray(model.fit(seen, labels).predict_proba(unseen)[:, 1])
        for name, model in models.items()
    }


def night(
    lines: pl.DataFrame,
    spending_of: Callable[[pl.DataFrame], PerDay],
    types: Catalogue,
    as_of: dt.date,
    days: int,
    category: str | None,
    kind: str = "tree",
) -> Night:
    lines = lines.filter(pl.col("purchased_on") <= as_of)
    history = spending_of(lines)
    predicts: dict[str, Any] = {"buys_within": f"{days} days"}
    if category is not None:
        predicts["in"] = {"category": category}
    model, evaluation, judged = fit_likelihood(
        "likelihood",
        Likelihood.model_validate({"predicts": predicts, "from": INPUTS, "model": kind}),
        history(as_of),
        key="k",
        as_of=as_of,
        history=history,
        purchases=lines,
        field_types=types,
    )
    cut_offs: Any = evaluation.train["cut_offs"]
    past = [dt.date.fromisoformat(day) for day in cut_offs]
    rows, did = labelled(lines, history, as_of - dt.timedelta(days=days), days, category)
    assert judged["customer_id"].equals(rows["customer_id"])
    assert (judged["label"].to_numpy() == did).all()
    train = [labelled(lines, history, day, days, category) for day in past]
    return Night(model, evaluation, judged, plainly(train, rows))


SHOPS = {
    "cdnow": (dt.date(1998, 5, 15), 45, None),
    "produce": (dt.date(2017, 11, 10), 14, "PRODUCE"),
    "seafood": (dt.date(2017, 10, 20), 30, "SEAFOOD-PCKGD"),
}


@pytest.fixture(scope="module", params=SHOPS)
def shop(
    request: pytest.FixtureRequest,
    cdnow: pl.DataFrame,
    journey: pl.DataFrame,
    history_of: Callable[[pl.DataFrame], PerDay],
    spending_types: Catalogue,
) -> Night:
    as_of, days, category = SHOPS[request.param]
    lines = journey
    if category is None:  # a fifth of the customers, for time
        lines = cdnow.filter(pl.col("customer_id").str.slice(-1).is_in(["1", "7"]))
    return night(lines, history_of, spending_types, as_of, days, category)


def gap_within(night: Night, ours: Floats, allowed: float) -> bool:
    """Tell whether the best plain model leads by that much, beyond what resampling explains."""
    best = max(night.plain.values(), key=night.auc)
    if night.auc(best) - night.auc(ours) <= allowed:
        return True
    random, gaps = np.random.default_rng(1), []
    for _ in range(200):
        at = random.integers(0, night.labels.size, night.labels.size)
        gaps.append(
            roc_auc_score(night.labels[at], best[at]) - roc_auc_score(night.labels[at], ours[at])
        )
    return bool(np.quantile(gaps, 0.025) <= 0)


def test_the_default_is_within_a_hundredth_of_the_best(shop: Night) -> None:
    assert shop.evaluation.scored_by in ("tree", "points")
    assert gap_within(shop, shop.scores, 0.01)


def test_the_blend_is_within_three_thousandths_of_the_best(shop: Night) -> None:
    assert shop.evaluation.figures is not None
    blend = shop.evaluation.figures.compared["blend"]["auc"]
    best = max(map(shop.auc, shop.plain.values()))
    assert best - blend <= 0.003


def test_the_best_tenth_is_at_least_rfm_s(shop: Night) -> None:
    assert shop.evaluation.figures is not None
    rfm = shop.evaluation.figures.baselines["rfm"]["lift_top_tenth"]
    assert shop.evaluation.figures.ranking.lift_top_tenth >= rfm


def test_likelihoods_are_as_calibrated_as_a_perfect_model_s_could_be(shop: Night) -> None:
    assert shop.evaluation.figures is not None
    told = shop.evaluation.figures.probability
    assert told.ece <= max(0.02, told.ece_floor_95)


def lift_of_best(labels: npt.NDArray[np.int8], scores: Floats, share: float) -> float:
    """Give the share of buyers in the best-scored share; who ties at the edge comes in parts."""
    places = rankdata(-scores, method="min") - 1
    sizes = np.bincount(places.astype(np.int64), minlength=labels.size)[places.astype(np.int64)]
    inside = np.clip((share * labels.size - places) / sizes, 0, 1)
    return float((labels * inside).sum() / labels.sum())


def test_the_figures_are_those_of_scikit_learn_from_the_judged_rows(shop: Night) -> None:
    figures: Any = shop.evaluation.as_dict()
    labels, scores = shop.labels, shop.scores
    assert figures["auc"] == pytest.approx(roc_auc_score(labels, scores), abs=1e-6)
    assert figures["pr_auc"] == pytest.approx(average_precision_score(labels, scores), abs=1e-6)
    assert figures["brier"] == pytest.approx(brier_score_loss(labels, scores), abs=1e-6)
    assert figures["base_rate"] == pytest.approx(labels.mean(), abs=1e-6)
    assert figures["judged"]["rows"] == labels.size
    assert figures["judged"]["positives"] == labels.sum()
    tenth, fifth = (lift_of_best(labels, scores, share) for share in (0.1, 0.2))
    assert figures["lift_top_tenth"] == pytest.approx(10 * tenth, abs=1e-5)
    assert figures["share_top_fifth"] == pytest.approx(fifth, abs=1e-6)
    order = np.argsort(scores, kind="stable")
    bins = np.array_split(order, 15)
    error = sum(abs(float((scores[at] - labels[at]).sum())) for at in bins) / labels.size
    assert figures["ece"] == pytest.approx(error, abs=1e-6)
    told = [(point["customers"], point["share"]) for point in figures["calibration"]]
    assert told == [(at.size, round(float(labels[at].mean()), 6)) for at in bins]


def test_a_model_lies_between_its_interval_s_ends(shop: Night) -> None:
    assert shop.evaluation.figures is not None
    low, high = shop.evaluation.figures.intervals["auc"]
    assert low < shop.auc(shop.scores) < high


def dealt_out(lines: pl.DataFrame, seed: int = 2) -> pl.DataFrame:
    """Give every line to any customer, so that nobody's past says anything of what follows."""
    ids = lines["customer_id"].unique().sort()
    at = np.random.default_rng(seed).integers(0, ids.len(), lines.height)
    return lines.sort(pl.all()).with_columns(customer_id=ids.gather(at))


def test_purchases_dealt_out_at_random_give_everyone_the_base_rate(
    journey: pl.DataFrame,
    history_of: Callable[[pl.DataFrame], PerDay],
    spending_types: Catalogue,
) -> None:
    fish = journey.filter(pl.col("category") == "SEAFOOD-PCKGD")
    told = night(dealt_out(fish), history_of, spending_types, dt.date(2017, 11, 5), 30, None)
    assert told.evaluation.scored_by == "base_rate"
    assert "M004" in [note.code for note in told.evaluation.warnings]
    assert told.auc(told.scores) == pytest.approx(0.5, abs=0.05)
    assert told.model.kind == "base_rate"


def test_a_field_planted_from_the_future_is_named(
    cdnow: pl.DataFrame,
    history_of: Callable[[pl.DataFrame], PerDay],
    spending_types: Catalogue,
) -> None:
    as_of = dt.date(1998, 5, 15)
    some = pl.col("customer_id").str.slice(-1) == "8"
    lines = cdnow.filter(some, pl.col("purchased_on") <= as_of)
    soon = followed(lines, as_of - dt.timedelta(days=45), 45, None)
    noise = pl.col("customer_id").hash(seed=5) % 10 == 0  # right nine times in ten
    knows = (pl.col("customer_id").is_in(soon.implode()) ^ noise).cast(pl.Float64)
    tonight = history_of(lines)(as_of).with_columns(knows.alias("knows"))
    _, evaluation, _ = fit_likelihood(
        "likelihood",
        Likelihood.model_validate(
            {"predicts": {"buys_within": "45 days"}, "from": (*INPUTS, "knows")}
        ),
        tonight,
        key="k",
        as_of=as_of,
        history=history_of(lines),
        purchases=lines,
        field_types={**spending_types, "knows": Field("knows", "number", "customers")},
    )
    leaks = [(note.code, note.field) for note in evaluation.warnings if note.code[0] == "L"]
    assert leaks == [("L003", "knows")]
