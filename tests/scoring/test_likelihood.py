from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import polars as pl
import pytest

from targeting.scoring.evaluation import Evaluation
from targeting.scoring.judge import chance_limit
from targeting.scoring.label import bought_lines
from targeting.scoring.likelihood import fit_likelihood
from targeting.scoring.model import LikelihoodModel, predict
from targeting.scoring.rhythm import raw_rhythm
from targeting.workspace.catalogue import Catalogue, Field
from targeting.workspace.scores import Likelihood

Fitted = tuple[LikelihoodModel, Evaluation, pl.DataFrame]
History = Callable[[pl.DataFrame], Callable[[dt.date], pl.DataFrame]]
DAY = dt.date(2026, 6, 30)
SPENDING = ("recency_days", "frequency", "monetary", "tenure_days", "days_between_purchases")
NUMBER_TYPES = {name: Field(name, "number", "customers") for name in ("x", "noise", "filled")}


def asked(predicts: Mapping[str, Any], inputs: tuple[str, ...], **more: Any) -> Likelihood:
    return Likelihood.model_validate(
        {"predicts": predicts, "from": inputs, "model": "cart", **more}
    )


def by_column(customers: pl.DataFrame, *inputs: str, **more: Any) -> Fitted:
    form = asked({"field": "did", "is": "yes"}, inputs or ("x", "noise"))
    return fit_likelihood(
        "likelihood",
        form,
        customers,
        key="k",
        as_of=DAY,
        history=None,
        purchases=None,
        field_types=NUMBER_TYPES | more.pop("types", {}),
        **more,
    )


def by_time(
    purchases: pl.DataFrame,
    history_of: History,
    types: Catalogue,
    as_of: dt.date,
    predicts: Mapping[str, Any],
    **more: Any,
) -> Fitted:
    history = history_of(purchases)
    return fit_likelihood(
        "likelihood",
        asked(predicts, SPENDING, **more),
        history(as_of),
        key="k",
        as_of=as_of,
        history=history,
        purchases=purchases,
        field_types=types,
    )


def customers(rows: int = 1_000, seed: int = 1) -> pl.DataFrame:
    """Who has a larger x did it more often; noise tells nothing."""
    random = np.random.default_rng(seed)
    x = random.normal(size=rows)
    did = random.random(rows) < 1 / (1 + np.exp(1 - 2 * x))
    return pl.DataFrame(
        {
            "customer_id": [f"c{n:05}" for n in range(rows)],
            "x": x,
            "noise": random.normal(size=rows),
            "did": did,
        }
    )


def codes(evaluation: Evaluation) -> list[str]:
    return [note.code for note in evaluation.warnings]


def auc(evaluation: Evaluation) -> float:
    assert evaluation.auc is not None
    return evaluation.auc


def rhythm(purchases: pl.DataFrame, as_of: dt.date) -> pl.DataFrame:
    return raw_rhythm(bought_lines(purchases.lazy()), as_of, None)


def test_likelihoods_are_calibrated_and_ordered_by_what_counts() -> None:
    model, evaluation, judged = by_column(customers(4_000))
    assert evaluation.scored_by == "cart"
    assert auc(evaluation) > 0.8
    assert evaluation.warnings == ()
    scores = predict(customers(4_000), model)
    assert scores.is_between(0, 1).all()
    assert scores.mean() == pytest.approx(evaluation.base_rate, abs=0.04)
    assert judged.columns == ["customer_id", "cut_off", "name", "label", "score"]


def test_judged_rows_carry_the_scores_that_lists_show_and_never_teach() -> None:
    rows = customers()
    model, _, judged = by_column(rows)
    now = rows.select("customer_id", now=predict(rows, model))
    assert judged.join(now, on="customer_id")["now"].equals(judged["score"], check_names=False)
    assert model.fitted_rows == rows.height - judged.height


def test_the_manifest_entry_has_the_fields_of_the_design() -> None:
    _, evaluation, _ = by_column(customers())
    figures: dict[str, Any] = evaluation.as_dict()
    assert set(figures) == {
        *("model", "scored_by", "label", "train", "judged", "base_rate", "auc", "pr_auc", "brier"),
        *("ece", "ece_floor_mean", "ece_floor_95", "lift_top_tenth", "share_top_fifth"),
        *("accuracy", "precision", "recall", "baselines", "warnings"),
        *("intervals", "compared", "calibration", "deciles", "validation"),
    }
    assert set(figures["compared"]) == {"tree", "points", "blend", "logistic", "boosted"}
    assert len(figures["deciles"]) == 10
    assert sum(point["customers"] for point in figures["calibration"]) == figures["judged"]["rows"]
    assert set(figures["validation"]) == {"rows", "teacher", "tree", "points"}


@pytest.mark.parametrize("order", [1, 2])
def test_the_order_of_rows_changes_nothing(order: int) -> None:
    rows = customers()
    model, evaluation, judged = by_column(rows)
    again, its_evaluation, its_judged = by_column(rows.sample(fraction=1, shuffle=True, seed=order))
    assert again == model
    assert its_evaluation == evaluation
    assert its_judged.equals(judged)
    assert predict(rows.reverse(), again).equals(predict(rows, model).reverse())


def test_a_shuffled_label_is_no_better_than_chance_and_everyone_gets_the_base_rate() -> None:
    rows = customers(2_000)
    shuffled = rows.with_columns(rows["did"].shuffle(seed=4))
    model, evaluation, judged = by_column(shuffled)
    assert auc(evaluation) == pytest.approx(0.5, abs=0.08)
    assert auc(evaluation) < chance_limit(judged["label"].to_numpy())
    assert codes(evaluation) == ["M004"]
    assert evaluation.scored_by == "base_rate"
    assert predict(rows, model).n_unique() == 1


def test_too_few_to_learn_from_give_the_base_rate_and_say_why() -> None:
    rows = customers(600).with_columns(did=pl.int_range(pl.len()) % 60 == 0)
    model, evaluation, _ = by_column(rows)
    assert codes(evaluation) == ["M002"]
    assert "customers did and" in evaluation.warnings[0].text
    assert predict(rows, model).to_list() == [round(model.base_rate or 0, 6)] * 600
    assert model.base_rate == pytest.approx(1 / 60, abs=0.008)


@pytest.mark.parametrize("everyone", [True, False])
def test_one_class_alone_is_said(everyone: bool) -> None:
    rows = customers(100).with_columns(did=pl.lit(everyone))
    model, evaluation, _ = by_column(rows)
    assert codes(evaluation) == ["M002"]
    assert evaluation.as_dict()["auc"] is None
    assert set(predict(rows, model)) == {float(everyone)}


def test_no_label_at_all_gives_no_score() -> None:
    rows = customers(100).with_columns(did=pl.lit(None, dtype=pl.Boolean))
    model, evaluation, judged = by_column(rows)
    assert codes(evaluation) == ["M003"]
    assert judged.height == 0
    assert predict(rows, model).null_count() == 100
    assert evaluation.as_dict()["base_rate"] is None


def test_a_note_of_the_base_rate_is_always_followed_by_it() -> None:
    for rows in (customers(few) for few in (1, 2, 3, 30)):
        model, evaluation, _ = by_column(rows)
        assert evaluation.warnings[0].text.endswith("everyone gets the base rate")
        assert predict(rows, model).null_count() == 0


def test_nobody_at_all_is_no_score_and_no_crash() -> None:
    model, _, _ = by_column(customers())
    nobody = customers().clear()
    assert predict(nobody, model).len() == 0
    assert by_column(nobody)[0].kind == "none"


def test_inputs_that_nobody_has_give_the_base_rate() -> None:
    rows = customers(400).with_columns(x=pl.lit(None, dtype=pl.Float64))
    model, evaluation, _ = by_column(rows, "x")
    assert codes(evaluation) == ["M002"]
    assert "inputs are missing" in evaluation.warnings[0].text
    assert predict(rows, model).n_unique() == 1


def test_a_customer_of_whom_nothing_is_known_has_no_score() -> None:
    model, _, _ = by_column(customers())
    rows = pl.DataFrame(
        {"customer_id": ["a", "b"], "x": [1.0, None], "noise": [None, None]},
        schema_overrides={"noise": pl.Float64},
    )
    scores = predict(rows, model)
    assert scores[0] is not None
    assert scores[1] is None


def test_a_gap_is_a_value_of_its_own() -> None:
    rows = customers(2_000).with_columns(
        x=pl.when(pl.col("did") | (pl.col("noise") > 0)).then("noise")
    )
    _, evaluation, _ = by_column(rows, "x")
    assert auc(evaluation) > 0.7


def test_categories_and_yes_no_enter_and_a_new_category_is_missing() -> None:
    rows = customers(2_000).with_columns(
        city=pl.when("did").then(pl.lit("Quetta")).otherwise(pl.lit("Karachi")),
        member=pl.col("noise") > 0,
    )
    mixed = rows.with_columns(
        city=pl.when(pl.col("noise") > 1).then(pl.lit("Lahore")).otherwise("city")
    )
    types = {
        "city": Field("city", "category", "customers"),
        "member": Field("member", "yes/no", "customers"),
    }
    model, evaluation, _ = by_column(mixed, "city", "member", types=types)
    assert model.inputs[0].categories == ("Karachi", "Lahore", "Quetta")
    assert auc(evaluation) > 0.85
    stranger = pl.DataFrame({"customer_id": ["s"], "city": ["Multan"], "member": [True]})
    assert predict(stranger, model)[0] is not None


def test_a_planted_leak_is_named() -> None:
    rows = customers().with_columns(noise=pl.col("did") * 10.0 + 1)
    _, evaluation, _ = by_column(rows)
    assert [(note.code, note.field) for note in evaluation.warnings] == [("L001", "noise")]
    assert "'noise' alone tells 'did' (AUC 1.000)" in evaluation.warnings[0].text


def test_a_gap_that_tells_the_label_is_seen_before_filling() -> None:
    raw = customers().with_columns(filled=pl.when("did").then("noise"))
    rows = raw.with_columns(pl.col("filled").fill_null(0.123))
    half = raw.with_columns(filled=pl.when(pl.col("did")).then(pl.col("noise").round(0)))
    unseen = half.with_columns(pl.col("filled").fill_null(0.0))
    assert codes(by_column(unseen, "x", "filled")[1]) == []
    _, evaluation, _ = by_column(rows, "x", "filled", unfilled=raw.reverse())
    assert [(note.code, note.field) for note in evaluation.warnings] == [("L001", "filled")]


def test_imtiaz_purchase_frequency_is_named_as_the_label(
    imtiaz: pl.DataFrame, imtiaz_unfilled: pl.DataFrame, imtiaz_types: Catalogue
) -> None:
    inputs = ("age", "gender", "average_spend", "purchase_frequency", "brand_affinity", "loyalty")
    model, evaluation, _ = fit_likelihood(
        "likelihood",
        asked({"field": "will_purchase", "is": "yes"}, inputs, model="tree"),
        imtiaz,
        key="k",
        as_of=DAY,
        history=None,
        purchases=None,
        field_types=imtiaz_types,
        unfilled=imtiaz_unfilled,
    )
    named = [note.field for note in evaluation.warnings if note.code == "L001"]
    assert "purchase_frequency" in named
    assert {"age", "gender", "average_spend", "brand_affinity"}.isdisjoint(named)
    assert evaluation.scored_by == "tree"
    assert evaluation.figures is not None
    assert evaluation.figures.probability.accuracy > 0.9
    assert evaluation.base_rate == pytest.approx(0.87, abs=0.05)
    assert predict(imtiaz, model).null_count() == 0


def test_cdnow_is_judged_on_the_newest_period(
    cdnow: pl.DataFrame, history_of: History, spending_types: Catalogue
) -> None:
    as_of = dt.date(1998, 6, 30)
    cdnow = cdnow.filter(pl.col("customer_id").str.slice(-1).is_in(["1", "6"]))
    model, evaluation, judged = by_time(
        cdnow, history_of, spending_types, as_of, {"buys_within": "30 days"}
    )
    bought = cdnow.filter(
        pl.col("purchased_on").is_between(dt.date(1998, 6, 1), as_of), pl.col("amount") > 0
    )["customer_id"].unique()
    assert evaluation.figures is not None
    assert set(judged["cut_off"]) == {dt.date(1998, 5, 31)}
    assert judged["label"].sum() == judged["customer_id"].is_in(bought.implode()).sum()
    assert auc(evaluation) > 0.84
    assert auc(evaluation) > evaluation.figures.baselines["recency"]["auc"]
    assert evaluation.train["cut_offs"][0] == "1998-05-01"  # type: ignore[index]
    assert evaluation.warnings == ()
    scores = predict(history_of(cdnow)(as_of), model, rhythm(cdnow, as_of))
    assert scores.mean() == pytest.approx(model.base_rate, abs=1e-5)
    assert model.base_rate == pytest.approx(judged["label"].mean(), abs=0.01)


def test_a_field_that_knows_the_future_of_purchases_is_named(
    history_of: History, spending_types: Catalogue
) -> None:
    lines = small_shop(300).filter(pl.struct(pl.all()).hash(seed=1) % 4 == 0)
    honest = history_of(lines)

    def prophetic(cut_off: dt.date) -> pl.DataFrame:
        day = pl.col("purchased_on")
        soon = lines.filter(day > cut_off, day <= cut_off + dt.timedelta(days=30))
        known = honest(cut_off)
        return known.with_columns(
            monetary=pl.col("customer_id").is_in(soon["customer_id"].implode())
        )

    _, evaluation, _ = fit_likelihood(
        "likelihood",
        asked({"buys_within": "30 days"}, SPENDING),
        honest(DAY),
        key="k",
        as_of=DAY,
        history=prophetic,
        purchases=lines,
        field_types=spending_types,
    )
    assert [note.field for note in evaluation.warnings if note.code == "L001"] == ["monetary"]


def test_a_journey_department_beats_its_baselines(
    journey: pl.DataFrame, history_of: History, spending_types: Catalogue
) -> None:
    predicts = {"buys_within": "30 days", "in": {"category": "DELI"}}
    lines = journey.filter(pl.col("purchased_on") <= dt.date(2017, 6, 30))
    _, evaluation, judged = by_time(
        lines, history_of, spending_types, dt.date(2017, 6, 30), predicts
    )
    assert evaluation.label == "buys within 30 days in category DELI"
    assert evaluation.figures is not None
    assert auc(evaluation) > evaluation.figures.baselines["rfm"]["auc"]
    scores, labels = judged["score"].to_numpy(), judged["label"].to_numpy()
    assert evaluation.figures.probability.brier == pytest.approx(
        ((scores - labels) ** 2).mean(), abs=1e-6
    )


def small_shop(days: int) -> pl.DataFrame:
    """60 customers who come every 20 days, from so many days before on."""
    lines = [
        (f"c{customer:02}", DAY - dt.timedelta(days=back), 100)
        for customer in range(60)
        for back in range(customer % 20, days, 20)
    ]
    return pl.DataFrame(lines, schema=["customer_id", "purchased_on", "amount"], orient="row")


def test_a_short_history_gives_the_base_rate_of_its_one_window(
    history_of: History, spending_types: Catalogue
) -> None:
    lines = small_shop(45)
    model, evaluation, judged = by_time(
        lines, history_of, spending_types, DAY, {"buys_within": "30 days"}
    )
    assert codes(evaluation) == ["M003"]
    assert judged.height == 0
    assert set(predict(history_of(lines)(DAY), model, rhythm(lines, DAY))) == {1.0}


def test_no_history_gives_no_score(history_of: History, spending_types: Catalogue) -> None:
    lines = small_shop(10)
    model, evaluation, _ = by_time(
        lines, history_of, spending_types, DAY, {"buys_within": "30 days"}
    )
    assert codes(evaluation) == ["M003"]
    assert predict(history_of(lines)(DAY), model).null_count() == lines["customer_id"].n_unique()


@pytest.mark.parametrize(
    ("predicts", "without"),
    [
        ("comes_back_within", "never twice"),
        ("buys_within", "never"),
        ("buys_nothing_within", "never"),
    ],
)
def test_who_is_not_spoken_of_has_no_score(
    journey: pl.DataFrame,
    history_of: History,
    spending_types: Catalogue,
    predicts: str,
    without: str,
) -> None:
    as_of = dt.date(2017, 3, 20)
    lines = journey.filter(pl.col("purchased_on") <= as_of, pl.col("category") == "FUEL")
    model, evaluation, _ = by_time(
        lines, history_of, spending_types, as_of, {predicts: "14 days"}, model="tree"
    )
    known = history_of(lines)(as_of)
    stranger = known.head(1).with_columns(
        pl.lit("x").alias("customer_id"), *(pl.lit(None).alias(name) for name in SPENDING)
    )
    rows = pl.concat([known, stranger], how="vertical_relaxed")
    scored = rows.with_columns(score=predict(rows, model, rhythm(lines, as_of)))
    about = scored.filter(pl.col("score").is_not_null())
    whom = pl.col("frequency").is_not_null()
    whom &= pl.col("frequency") == 1 if without == "never twice" else True
    assert evaluation.scored_by != "none"
    assert 20 < about.height < rows.height
    assert about["customer_id"].equals(rows.filter(whom)["customer_id"])


def test_a_model_of_purchases_foresees_by_the_same_fields_as_it_was_judged_by(
    cdnow: pl.DataFrame, history_of: History, spending_types: Catalogue
) -> None:
    few = cdnow.filter(pl.col("customer_id").str.ends_with("7"))
    model, evaluation, _ = by_time(
        few,
        history_of,
        spending_types,
        dt.date(1998, 1, 31),
        {"comes_back_within": "90 days"},
        model="tree",
    )
    assert evaluation.figures is not None
    assert "bgnbd" in evaluation.figures.baselines
    assert model.rhythm is not None
    assert model.rhythm.all is not None


def test_a_year_s_shop_says_who_buys_nothing(
    history_of: History, spending_types: Catalogue
) -> None:
    lines = small_shop(400).filter(pl.col("customer_id").hash(seed=3) % 3 > 0)
    gone = DAY - dt.timedelta(days=120)
    away = pl.col("customer_id").hash(seed=1) % 2 == 0
    lines = lines.filter(~away | (pl.col("purchased_on") < gone))
    predicts = {"buys_nothing_within": "30 days"}
    model, evaluation, judged = by_time(lines, history_of, spending_types, DAY, predicts)
    rows = history_of(lines)(DAY)
    scored = rows.with_columns(
        pl.when(away).then(pl.lit("gone")).otherwise(pl.lit("here")).alias("is"),
        score=predict(rows, model, rhythm(lines, DAY)),
    )
    ends = {is_: part["score"].to_numpy() for (is_,), part in scored.group_by("is")}
    assert judged["label"].sum() == lines.filter(away)["customer_id"].n_unique()
    assert ends["gone"].min() > ends["here"].max()
    assert evaluation.label == "buys nothing within 30 days"
